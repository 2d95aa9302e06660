/** Data that Python makes bit for bit the same (make-hashes.py): whole-number hashing, then only additions, products and roundings down of doubles. */
import type { BoostingFeature } from '../../../engine/boosting/index.js';

/** 32 well-mixed bits of a stream and a row. */
function mixed(stream: number, row: number): number {
  let h = (Math.imul(row, 0x9e3779b1) + Math.imul(stream, 0x632be59b)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  return (h ^ (h >>> 16)) >>> 0;
}

/** In [0, 1), a multiple of 2⁻³². */
function uniform(stream: number, row: number): number {
  return mixed(stream, row) / 4294967296;
}

export interface Generated { features: BoostingFeature[]; values: Float64Array; labels: Float64Array }

const zeroed = (value: number) => (Number.isNaN(value) ? 0 : value);

/**
 * Continuous, skewed and whole-number columns, two with missing values, four sparse ones that hardly ever meet, two categorical ones;
 * a target with steps and noise, and a label drawn from it.
 */
export function generate(rows: number, seed: number): Generated {
  const column = (of: (row: number) => number) => Float64Array.from({ length: rows }, (_, row) => of(row));
  const u = (stream: number, row: number) => uniform(seed * 100 + stream, row);
  const bell = (stream: number, row: number) => u(stream, row) + u(stream + 1, row) + u(stream + 2, row) + u(stream + 3, row) - 2;
  const sparse = (which: number) => column((row) => (Math.floor(u(20, row) * 50) === which || Math.floor(u(21, row) * 20_000) === 7 ? Math.floor(u(22 + which, row) * 9) + 1 : 0));
  const smooth = column((row) => u(0, row) - 0.5);
  const spread = column((row) => bell(1, row) * 100);
  const whole = column((row) => Math.floor(u(5, row) * 60) - 10);
  const skewed = column((row) => u(6, row) * u(6, row) * u(6, row) * u(6, row) * 1000);
  const gaps = column((row) => (u(7, row) < 0.08 ? NaN : bell(8, row)));
  const few = column((row) => (u(12, row) < 0.01 ? NaN : Math.floor(u(13, row) * 5)));
  const sparseColumns = [0, 1, 2, 3].map(sparse);
  const many = column((row) => Math.floor(u(14, row) * u(14, row) * 40));
  const three = column((row) => (u(15, row) < 0.05 ? NaN : Math.floor(u(16, row) * 3)));
  const values = column((row) => {
    const step = (many[row]! * 7) % 11;
    const sparseSum = sparseColumns[0]![row]! - sparseColumns[1]![row]! + sparseColumns[2]![row]! * sparseColumns[3]![row]!;
    return smooth[row]! * 3 + zeroed(gaps[row]!) * zeroed(few[row]!) + (whole[row]! > 20 ? spread[row]! * 0.01 : skewed[row]! * 0.002) + step * 0.25 + sparseSum * 0.5 + zeroed(three[row]!) + bell(40, row);
  });
  const numeric = { smooth, spread, whole, skewed, gaps, few, sparse0: sparseColumns[0]!, sparse1: sparseColumns[1]!, sparse2: sparseColumns[2]!, sparse3: sparseColumns[3]! };
  return {
    features: [
      ...Object.entries(numeric).map(([name, numbers]): BoostingFeature => ({ name, kind: 'numeric', values: numbers })),
      { name: 'many', kind: 'categorical', values: many }, { name: 'three', kind: 'categorical', values: three },
    ],
    values,
    labels: column((row) => (values[row]! + bell(44, row) * 2 > 3 ? 1 : 0)),
  };
}
