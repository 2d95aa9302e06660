import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { splitRandomly } from '../../engine/index.js';

describe('splitRandomly', () => {
  it('deals every row to one part, in the same way for the same seed', () => {
    const parts = splitRandomly(1_000, { train: 0.4, validation: 0.1, test: 0.25, production: 0.25 }, 7);
    expect(Object.values(parts).map((rows) => rows.length)).toEqual([400, 100, 250, 250]);
    expect(Object.values(parts).flatMap((rows) => [...rows]).sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    expect(splitRandomly(1_000, { train: 0.4, validation: 0.1, test: 0.25, production: 0.25 }, 7)).toEqual(parts);
    expect(splitRandomly(1_000, { train: 0.4, validation: 0.1, test: 0.25, production: 0.25 }, 8)).not.toEqual(parts);
  });

  it('refuses a part that would get no row, and shares that are none', () => {
    expect(() => splitRandomly(5, { train: 0.95, test: 0.05 }, 1)).toThrow("part 'test' would be empty: 0.05 of 5 rows is none");
    expect(() => splitRandomly(100, { train: 0.9, test: 0.2 }, 1)).toThrow(InvalidInput);
    expect(() => splitRandomly(100, { train: 0 }, 1)).toThrow("the share of part 'train' is 0");
    expect(() => splitRandomly(0, { train: 1 }, 1)).toThrow("part 'train' would be empty");
  });
});
