/** Summary statistics per continuous column and chunk (mean, sum, standard deviation, median), and the number of rows. The plainest look at data. */
import type { MetricPoint } from '../../domain/measurement.js';
import type { ThresholdRule } from '../../domain/threshold.js';
import { bandedPoint, plainPoint, type Calculator, type CalculatorColumns } from '../calculator.js';
import { continuousOf, type Frame } from '../frame.js';
import { medianOf } from '../stats/rank.js';
import { mean, pairwiseSum, standardDeviation, withoutNaN } from '../stats/sum.js';
import { STANDARD_RULE, type Limits } from '../threshold.js';

/** avg: mean; std: sample standard deviation. */
export type Statistic = 'avg' | 'sum' | 'std' | 'median' | 'row_count';

/** What one may choose. */
export interface SummaryStatisticsSettings {
  statistic: Statistic;
  threshold?: ThresholdRule;
}

/** What was learnt: the sampling errors' terms. */
export interface FittedSummaryStatistics {
  statistic: Statistic;
  columns: FittedColumn[];
}

/** Of the reference's values; NaN where there are too few. */
interface FittedColumn {
  column: string;
  /** Sample standard deviation. */
  deviation: number;
  /** Fourth central moment; only for the standard deviation. */
  fourthMoment: number;
  /** Density at the median; only for the median. ∞ for a constant. */
  densityAtMedian: number;
}

const METRICS: Record<Statistic, string> = { avg: 'values_avg', sum: 'values_sum', std: 'values_std', median: 'values_median', row_count: 'rows_count' };

/** Cost: a few passes per column, one sort for the median. */
export function fitSummaryStatistics(settings: SummaryStatisticsSettings, columns: CalculatorColumns, reference: Frame): FittedSummaryStatistics {
  const { statistic } = settings;
  return {
    statistic,
    columns: namesOf(settings, columns).map((column) => {
      const values = withoutNaN(continuousOf(reference, column).values);
      return {
        column,
        deviation: standardDeviation(values, 1),
        fourthMoment: statistic === 'std' ? fourthCentralMoment(values) : NaN,
        densityAtMedian: statistic === 'median' ? gaussianDensity(values, medianOf(values)) : NaN,
      };
    }),
  };
}

const namesOf = ({ statistic }: SummaryStatisticsSettings, columns: CalculatorColumns) => (statistic === 'row_count' ? [] : columns.continuous);

function fourthCentralMoment(values: Float64Array): number {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 4));
}

/** Gaussian kernel density with Scott's bandwidth. Source: SciPy's `gaussian_kde`. Cost O(values). */
function gaussianDensity(values: Float64Array, at: number): number {
  const deviation = standardDeviation(values, 1);
  if (deviation === 0) return Infinity;
  const bandwidth = deviation * values.length ** -0.2;
  return mean(values.map((value) => Math.exp(-0.5 * ((value - at) / bandwidth) ** 2))) / (bandwidth * Math.sqrt(2 * Math.PI));
}

/** Missing cells are left out of a value, but count among the rows of its sampling error, as in NannyML. The sum of no values is 0. */
export function calculateSummaryStatistics(fitted: FittedSummaryStatistics, chunk: Frame): MetricPoint[] {
  const { statistic } = fitted;
  const metric = METRICS[statistic];
  const rows = chunk.rowCount;
  if (statistic === 'row_count') return [plainPoint(metric, '', rows === 0 ? NaN : rows, 'the chunk has no rows')];
  return fitted.columns.map((column) => {
    const values = withoutNaN(continuousOf(chunk, column.column).values);
    const value = rows === 0 ? NaN : valueOf(statistic, values);
    const error = rows === 0 ? NaN : samplingErrorOf(statistic, column, rows);
    return bandedPoint(metric, column.column, value, error, limitsOf(fitted), rows === 0 ? 'the chunk has no rows' : 'the chunk has too few values');
  });
}

function valueOf(statistic: Exclude<Statistic, 'row_count'>, values: Float64Array): number {
  switch (statistic) {
    case 'avg': return mean(values);
    case 'sum': return pairwiseSum(values);
    case 'std': return standardDeviation(values, 1);
    case 'median': return medianOf(values);
  }
}

function samplingErrorOf(statistic: Exclude<Statistic, 'row_count'>, { deviation, fourthMoment, densityAtMedian }: FittedColumn, rows: number): number {
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

function limitsOf({ statistic }: FittedSummaryStatistics): Limits {
  return { lower: statistic === 'std' || statistic === 'row_count' ? 0 : null, upper: null, dropAtLimit: true };
}

/** Its entry in the catalogue. */
export const summaryStatistics: Calculator<SummaryStatisticsSettings, FittedSummaryStatistics> = {
  kind: 'summary_statistics',
  requiredColumns: (settings, columns) => ({ reference: namesOf(settings, columns), chunk: namesOf(settings, columns) }),
  fit: fitSummaryStatistics,
  calculate: calculateSummaryStatistics,
  ruleOf: (settings) => settings.threshold ?? STANDARD_RULE,
  limitsOf,
  alertsOnBound: true,
};
