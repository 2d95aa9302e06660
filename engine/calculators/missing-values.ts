/** Share or number of missing cells, per column and chunk: a broken pipeline shows here first. */
import type { MetricPoint } from '../../domain/measurement.js';
import type { DataQualitySettings } from '../../domain/settings.js';
import { bandedPoint, columnPieces, type Calculator, type CalculatorColumns } from '../calculator.js';
import { scanOf } from '../column-scan.js';
import type { Column, Frame } from '../frame.js';
import { STANDARD_RULE, type Limits } from '../threshold.js';

/** What was learnt. */
export interface FittedMissingValues {
  normalize: boolean;
  /** The reference's share of missing cells, per column. */
  columns: { column: string; share: number }[];
}

/** Learns the reference's share of missing cells, for the sampling errors. */
export function fitMissingValues(settings: DataQualitySettings, columns: CalculatorColumns, reference: Frame): FittedMissingValues {
  const names = [...columns.continuous, ...columns.categorical];
  return { normalize: settings.normalize, columns: names.map((column) => ({ column, share: countMissing(reference.columns.get(column)!) / reference.rowCount })) };
}

/** Sampling error: of a share, √(q(1 − q)/n) with the reference's share q; of a number, n times that. */
export function calculateMissingValues(fitted: FittedMissingValues, chunk: Frame): MetricPoint[] {
  const rows = chunk.rowCount;
  const metric = metricOf(fitted);
  return fitted.columns.map(({ column, share }) => {
    const missing = countMissing(chunk.columns.get(column)!);
    const value = rows === 0 ? NaN : fitted.normalize ? missing / rows : missing;
    const deviation = Math.sqrt(share * (1 - share));
    const samplingError = rows === 0 ? NaN : fitted.normalize ? deviation / Math.sqrt(rows) : deviation * Math.sqrt(rows);
    return bandedPoint(metric, column, value, samplingError, limitsOf(fitted), 'the chunk has no rows');
  });
}

/** Cells of a column that are missing. */
export function countMissing(column: Column): number {
  switch (column.kind) {
    case 'continuous': return scanOf(column).missing;
    case 'categorical': return countNegative(column.codes);
    case 'timestamp': return countNaN(column.micros);
  }
}

function countNegative(codes: Int32Array): number {
  let missing = 0;
  for (let i = 0; i < codes.length; i++) missing += codes[i]! >>> 31;
  return missing;
}

function countNaN(values: Float64Array): number {
  let missing = 0;
  for (let i = 0; i < values.length; i++) missing += Number(values[i] !== values[i]);
  return missing;
}

const metricOf = (fitted: FittedMissingValues) => (fitted.normalize ? 'missing_values_rate' : 'missing_values_count');
const limitsOf = (fitted: FittedMissingValues): Limits => ({ lower: 0, upper: fitted.normalize ? 1 : null });

/** Its entry in the catalogue. */
export const missingValues: Calculator<DataQualitySettings, FittedMissingValues> = {
  kind: 'missing_values',
  requiredColumns(_settings, columns) {
    const names = [...columns.continuous, ...columns.categorical];
    return { reference: names, chunk: names };
  },
  fit: fitMissingValues,
  pieces: () => columnPieces(fitMissingValues, ({ continuous, categorical }) => [...continuous, ...categorical], (states) => ({ ...states[0]!, columns: states.flatMap(({ columns }) => columns) })),
  calculate: calculateMissingValues,
  ruleOf: (settings) => settings.threshold ?? STANDARD_RULE,
  limitsOf,
  alertsOnBound: false,
};
