import { describe, expect, it } from 'vitest';
import { residualLengths, type Residuals } from '../../../engine/kernels/residuals.js';
import { uniform } from '../../support/frames.js';

function exampleOf(rows: number, width: number, count: number, seed: number): Residuals {
  const random = uniform(seed);
  return {
    columns: Array.from({ length: width }, (_, a) => (a % 3 === 2
      ? { kind: 'codes', codes: Int32Array.from({ length: rows }, () => Math.floor(5 * random()) - 1), values: Float64Array.of(0.1, 0.2, 0.3, 0.4), fill: 0.25 }
      : { kind: 'numbers', values: Float64Array.from({ length: rows }, () => (random() < 0.05 ? NaN : 100 * (random() - 0.5))), fill: 1.5 })),
    scalings: Array.from({ length: width }, () => ({ mean: random(), scale: 0.5 + random() })),
    vectors: Array.from({ length: count }, () => Array.from({ length: width }, () => random() - 0.5)),
  };
}

describe('residualLengths', () => {
  it.each([[1, 1, 1], [7, 3, 2], [8, 14, 6], [1_023, 5, 0], [1_024, 2, 2], [5_001, 14, 6], [2_500, 31, 30]])('%i rows × %i columns on %i vectors: WebAssembly and JavaScript give the same bits', (rows, width, count) => {
    const example = exampleOf(rows, width, count, rows + width);
    const fast = residualLengths(example, rows);
    expect(fast).toHaveLength(rows);
    expect(new BigInt64Array(fast.buffer)).toEqual(new BigInt64Array(residualLengths(example, rows, { webAssembly: false }).buffer));
  });

  it('measures the distance from a plane', () => {
    const column = (...values: number[]) => ({ kind: 'numbers' as const, values: Float64Array.from(values), fill: 7 });
    const example: Residuals = {
      columns: [column(3, NaN, 1), column(0, 0, 5), column(4, 0, -2)],
      scalings: [{ mean: 0, scale: 1 }, { mean: 0, scale: 1 }, { mean: 0, scale: 2 }],
      vectors: [[1, 0, 0], [0, 0, 1]],
    };
    expect([...residualLengths(example, 3)]).toEqual([Math.sqrt(9 + 4), 7, Math.sqrt(2)]);
  });

  it('knows no rows', () => {
    expect(residualLengths(exampleOf(0, 3, 1, 1), 0)).toHaveLength(0);
  });
});
