/** What one pass over a column of numbers tells; asked for by several calculators, worked out once per column. */
import type { ContinuousColumn } from './frame.js';

/** One pass over a column. */
export interface ColumnScan {
  missing: number;
  /** Of the values that are not missing; NaN where there is none. */
  min: number;
  max: number;
}

/** By column object: a slice is an object of its own. A column's values are not written once it is in a frame that was given to the engine. */
const scans = new WeakMap<ContinuousColumn, ColumnScan>();

export function scanOf(column: ContinuousColumn): ColumnScan {
  let scan = scans.get(column);
  if (!scan) {
    scan = scanValues(column.values);
    scans.set(column, scan);
  }
  return scan;
}

function scanValues(values: Float64Array): ColumnScan {
  let missing = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    missing += Number(value !== value);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (missing === values.length) return { missing, min: NaN, max: NaN };
  // All +∞ or all −∞ leave the bound that was begun with, which is right.
  return { missing, min, max };
}

/** The column's values that are not missing, in order; the same array (no copy) when all are there. */
export function valuesOf(column: ContinuousColumn): Float64Array {
  const { missing } = scanOf(column);
  const { values } = column;
  if (missing === 0) return values;
  const kept = new Float64Array(values.length - missing);
  keepKnown(values, kept);
  return kept;
}

function keepKnown(values: Float64Array, kept: Float64Array): void {
  let at = 0;
  for (let i = 0; at < kept.length; i++) {
    const value = values[i]!;
    if (value === value) kept[at++] = value;
  }
}
