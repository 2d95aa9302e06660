/** Summary statistics per continuous column and chunk (mean, sum, standard deviation, median), and the number of rows. The plainest look at data. */
import { InvalidInput } from '../../domain/errors.js';
import type { MetricPoint } from '../../domain/measurement.js';
import { SUMMARY_STATISTICS as STATISTICS, type SummaryStatistic, type SummaryStatisticsSettings } from '../../domain/settings.js';
import type { ThresholdRule } from '../../domain/threshold.js';
import { bandedPoint, columnPieces, plainPoint, type Calculator, type CalculatorColumns } from '../calculator.js';
import { scanOf, valuesOf } from '../column-scan.js';
import { continuousOf, type ContinuousColumn, type Frame } from '../frame.js';
import type { Range } from '../stats/order.js';
import { medianOf } from '../stats/rank.js';
import { mean, pairwiseSum, standardDeviation } from '../stats/sum.js';
import { STANDARD_RULE, type Limits } from '../threshold.js';

export type Statistic = SummaryStatistic;
type ColumnStatistic = Exclude<Statistic, 'row_count'>;

/** What was learnt: the sampling errors' terms. */
export interface FittedSummaryStatistics {
  statistics: Statistic[];
  columns: FittedColumn[];
}

/** Of the reference's values; NaN where there are too few, or no statistic needs it. */
interface FittedColumn {
  column: string;
  /** Sample standard deviation. */
  deviation: number;
  /** Fourth central moment; only for the standard deviation. */
  fourthMoment: number;
  /** Density at the median; only for the median. ∞ for a constant. */
  densityAtMedian: number;
}

/** What each statistic is called as a metric. */
export const STATISTIC_METRICS: Record<Statistic, string> = { avg: 'values_avg', sum: 'values_sum', std: 'values_std', median: 'values_median', row_count: 'rows_count' };

/** @throws InvalidInput when no statistic or an unknown one is asked for. Cost: a few passes per column, one sort for the median. */
export function fitSummaryStatistics(settings: SummaryStatisticsSettings, columns: CalculatorColumns, reference: Frame): FittedSummaryStatistics {
  const statistics = checkStatistics(settings.statistics);
  return { statistics, columns: namesOf(settings, columns).map((name) => fitColumn(name, reference, statistics)) };
}

function checkStatistics(statistics: readonly Statistic[]): Statistic[] {
  const unknown = statistics.filter((statistic) => !STATISTICS.includes(statistic));
  if (unknown.length > 0) throw new InvalidInput(`there is no summary statistic '${unknown.join("', '")}'; there are ${STATISTICS.join(', ')}`);
  if (statistics.length === 0) throw new InvalidInput(`no summary statistic was chosen; there are ${STATISTICS.join(', ')}`);
  return [...new Set(statistics)];
}

function fitColumn(column: string, reference: Frame, statistics: readonly Statistic[]): FittedColumn {
  const values = valuesOf(continuousOf(reference, column));
  const deviation = standardDeviation(values, 1);
  return {
    column,
    deviation,
    fourthMoment: statistics.includes('std') ? fourthCentralMoment(values) : NaN,
    densityAtMedian: statistics.includes('median') ? gaussianDensity(values, medianOf(values), deviation) : NaN,
  };
}

/** Columns that are looked at: none, if rows alone are counted. */
const namesOf = ({ statistics }: SummaryStatisticsSettings, columns: CalculatorColumns) => (statistics.every((statistic) => statistic === 'row_count') ? [] : columns.continuous);

function fourthCentralMoment(values: Float64Array): number {
  const centre = mean(values);
  const powers = new Float64Array(values.length);
  fillFourthPowers(values, centre, powers);
  return mean(powers);
}

function fillFourthPowers(values: Float64Array, centre: number, powers: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const square = (values[i]! - centre) * (values[i]! - centre);
    powers[i] = square * square;
  }
}

/** Gaussian kernel density with Scott's bandwidth. Source: SciPy's `gaussian_kde`. Cost: one pass. */
function gaussianDensity(values: Float64Array, at: number, deviation: number): number {
  if (deviation === 0) return Infinity;
  const bandwidth = deviation * values.length ** -0.2;
  const kernels = new Float64Array(values.length);
  fillKernels(values, at, bandwidth, kernels);
  return mean(kernels) / (bandwidth * Math.sqrt(2 * Math.PI));
}

function fillKernels(values: Float64Array, at: number, bandwidth: number, kernels: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const z = (values[i]! - at) / bandwidth;
    kernels[i] = Math.exp(-0.5 * z * z);
  }
}

/** Missing cells are left out of a value, but count among the rows of its sampling error, as in NannyML. The sum of no values is 0. */
export function calculateSummaryStatistics(fitted: FittedSummaryStatistics, chunk: Frame): MetricPoint[] {
  const rows = chunk.rowCount;
  // All statistics of a column while its values are at hand.
  const ofColumns = fitted.columns.map((column) => ({ column, looked: valuesOfStatistics(continuousOf(chunk, column.column), fitted.statistics) }));
  return fitted.statistics.flatMap((statistic, i) => {
    const metric = STATISTIC_METRICS[statistic];
    if (statistic === 'row_count') return [plainPoint(metric, '', rows === 0 ? NaN : rows, 'the chunk has no rows')];
    return ofColumns.map(({ column, looked }) => {
      const value = rows === 0 ? NaN : looked.statistics[i]!;
      const error = rows === 0 ? NaN : samplingErrorOf(statistic, column, rows);
      return bandedPoint(metric, column.column, value, error, limitsOf(fitted, metric), reasonOf(statistic, rows, looked.count));
    });
  });
}

/** Why there is no value. */
function reasonOf(statistic: ColumnStatistic, rows: number, values: number): string {
  if (rows === 0) return 'the chunk has no rows';
  if (values === 0) return 'the chunk has no values';
  return statistic === 'std' && values === 1 ? 'the chunk has 1 value, a standard deviation needs 2' : 'the chunk has infinite values';
}

/** @returns how many values there are, and each statistic; NaN stands for the number of rows */
function valuesOfStatistics(column: ContinuousColumn, statistics: readonly Statistic[]): { count: number; statistics: number[] } {
  const values = valuesOf(column);
  const sum = pairwiseSum(values);
  return { count: values.length, statistics: statistics.map((statistic) => (statistic === 'row_count' ? NaN : valueOf(statistic, values, sum, scanOf(column)))) };
}

function valueOf(statistic: ColumnStatistic, values: Float64Array, sum: number, range: Range): number {
  switch (statistic) {
    case 'avg': return sum / values.length;
    case 'sum': return sum;
    case 'std': return standardDeviation(values, 1, sum / values.length);
    case 'median': return medianOf(values, range);
  }
}

function samplingErrorOf(statistic: ColumnStatistic, { deviation, fourthMoment, densityAtMedian }: FittedColumn, rows: number): number {
  switch (statistic) {
    case 'avg': return deviation / Math.sqrt(rows);
    case 'sum': return deviation * Math.sqrt(rows);
    case 'median': return Math.sqrt(1 / (4 * rows * densityAtMedian ** 2));
    case 'std': {
      // Variance of the sample variance, carried over to its root (Rao 1973).
      const spread = fourthMoment - ((rows - 3) * deviation ** 4) / (rows - 1);
      return Number.isFinite(spread) && spread >= 0 ? (1 / (2 * deviation)) * Math.sqrt(spread / rows) : NaN;
    }
  }
}

function limitsOf(_fitted: FittedSummaryStatistics, metric: string): Limits {
  return { lower: metric === STATISTIC_METRICS.std || metric === STATISTIC_METRICS.row_count ? 0 : null, upper: null, dropAtLimit: true };
}

function ruleOf({ threshold, thresholds }: SummaryStatisticsSettings, metric: string): ThresholdRule {
  const statistic = STATISTICS.find((one) => STATISTIC_METRICS[one] === metric);
  return (statistic && thresholds?.[statistic]) ?? threshold ?? STANDARD_RULE;
}

/** Its entry in the catalogue. */
export const summaryStatistics: Calculator<SummaryStatisticsSettings, FittedSummaryStatistics> = {
  kind: 'summary_statistics',
  requiredColumns: (settings, columns) => ({ reference: namesOf(settings, columns), chunk: namesOf(settings, columns) }),
  fit: fitSummaryStatistics,
  pieces: (settings, columns) => (namesOf(settings, columns).length === 0 ? null : columnPieces(fitSummaryStatistics, ({ continuous }) => continuous, (states) => ({ ...states[0]!, columns: states.flatMap((state) => state.columns) }))),
  calculate: calculateSummaryStatistics,
  ruleOf,
  limitsOf,
  alertsOnBound: true,
};
