/** Share or number of cells outside the range of the reference, per continuous column and chunk. */
import type { MetricPoint } from '../../domain/measurement.js';
import type { DataQualitySettings } from '../../domain/settings.js';
import { plainPoint, columnPieces, type Calculator, type CalculatorColumns } from '../calculator.js';
import { scanOf } from '../column-scan.js';
import { continuousOf, type ContinuousColumn, type Frame } from '../frame.js';
import type { Limits } from '../threshold.js';
import { NONE_ALLOWED } from './unseen-values.js';

/** What was learnt. */
export interface FittedNumericalRange {
  normalize: boolean;
  /** NaN where the reference has no values: then nothing is out of range. */
  columns: { column: string; min: number; max: number }[];
}

/** Learns the reference's smallest and largest value per column. */
export function fitNumericalRange(settings: DataQualitySettings, columns: CalculatorColumns, reference: Frame): FittedNumericalRange {
  return {
    normalize: settings.normalize,
    columns: columns.continuous.map((column) => {
      const { min, max } = scanOf(continuousOf(reference, column));
      return { column, min, max };
    }),
  };
}

/** A missing cell is never out of range, but it counts among the rows of a share. */
export function calculateNumericalRange(fitted: FittedNumericalRange, chunk: Frame): MetricPoint[] {
  const rows = chunk.rowCount;
  const metric = fitted.normalize ? 'out_of_range_values_rate' : 'out_of_range_values_count';
  return fitted.columns.map(({ column, min, max }) => {
    const outside = countOutside(continuousOf(chunk, column), min, max);
    return plainPoint(metric, column, rows === 0 ? NaN : fitted.normalize ? outside / rows : outside, 'the chunk has no rows');
  });
}

function countOutside(column: ContinuousColumn, min: number, max: number): number {
  const own = scanOf(column);
  if (own.min >= min && own.max <= max) return 0;
  let outside = 0;
  for (let i = 0; i < column.values.length; i++) {
    const value = column.values[i]!;
    outside += Number(value < min) | Number(value > max);
  }
  return outside;
}

/** Its entry in the catalogue. */
export const numericalRange: Calculator<DataQualitySettings, FittedNumericalRange> = {
  kind: 'numerical_range',
  requiredColumns: (_settings, columns) => ({ reference: columns.continuous, chunk: columns.continuous }),
  fit: fitNumericalRange,
  pieces: () => columnPieces(fitNumericalRange, ({ continuous }) => continuous, (states) => ({ ...states[0]!, columns: states.flatMap(({ columns }) => columns) })),
  calculate: calculateNumericalRange,
  ruleOf: (settings) => settings.threshold ?? NONE_ALLOWED,
  limitsOf: (state): Limits => ({ lower: 0, upper: state.normalize ? 1 : null }),
  alertsOnBound: false,
};
