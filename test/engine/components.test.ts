import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { calculateChunk, fitCalculator, NO_COLUMNS, type ComponentChoice } from '../../engine/index.js';
import { fitPrincipalComponents, reconstructionErrors } from '../../engine/learn/principal-components.js';
import { loanFrame } from '../support/frames.js';

interface Oracle {
  cases: { name: string; columns: number[][]; fresh: number[][]; choices: ({ choice: ComponentChoice } & ({ kept: number; errors: number[] } | { refused: string }))[] }[];
}
const oracle = JSON.parse(readFileSync(new URL('../oracles/components.json', import.meta.url), 'utf8')) as Oracle;
const each = oracle.cases.flatMap((one) => one.choices.map((choice) => [`${one.name}, ${String(choice.choice)}`, one, choice] as const));

describe('principal components', () => {
  it.each(each)("keep as many as scikit-learn's PCA, and leave over what it leaves over: %s", (_, { columns, fresh }, choice) => {
    const data = columns.map((column) => Float64Array.from(column));
    if ('refused' in choice) {
      expect(() => fitPrincipalComponents(data, choice.choice)).toThrow(InvalidInput);
      return;
    }
    const fitted = fitPrincipalComponents(data, choice.choice);
    expect(fitted.kept).toBe(choice.kept);
    const errors = reconstructionErrors(fitted, fresh.map((column) => Float64Array.from(column)));
    choice.errors.forEach((want, i) => expect(Math.abs(errors[i]! - want), `row ${i}`).toBeLessThanOrEqual(1e-9 + 1e-9 * want));
  });

  it("say how many were possible, and what 'mle' needs", () => {
    const three = [1, 2, 3].map((seed) => Float64Array.from({ length: 2 }, (_, i) => Math.sin(seed + i)));
    expect(() => fitPrincipalComponents(three, 3)).toThrow('3 components were asked for, 3 columns and 2 rows have 2 at most');
    expect(() => fitPrincipalComponents(three, 'mle')).toThrow("cannot be estimated ('mle') from 3 columns and 2 rows: it needs as many rows as columns");
    expect(() => fitPrincipalComponents(three, 1.5)).toThrow("components is 1.5, it must be a whole number, a share of variance between 0 and 1, or 'mle'");
  });

  it('are estimated in the reconstruction error as well', () => {
    const columns = { ...NO_COLUMNS, continuous: ['amount', 'rate', 'score'], categorical: ['plan', 'city'] };
    const reference = loanFrame(600, 3);
    const fitted = fitCalculator({ kind: 'reconstruction_error', columns, settings: { components: 'mle' } }, reference, []);
    expect(fitted.state.components.kept).toBeGreaterThan(0);
    expect(calculateChunk(fitted, loanFrame(100, 4))[0]!.value).toBeGreaterThan(0);
  });
});
