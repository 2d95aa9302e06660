/** Univariate drift: how far each column of a chunk is from the reference, by one or more methods. */
import type { MetricPoint } from '../../domain/measurement.js';
import type { UnivariateDriftSettings } from '../../domain/settings.js';
import type { ThresholdRule } from '../../domain/threshold.js';
import { columnPieces, type Calculator, type CalculatorColumns } from '../calculator.js';
import { categoricalOf, continuousOf, type Frame } from '../frame.js';
import type { Limits } from '../threshold.js';
import { calculateCategoricalColumn, fitCategoricalColumn, type FittedCategoricalColumn } from './categorical-drift.js';
import { calculateContinuousColumn, DEFAULT_DISTRIBUTION, fitContinuousColumn, type DistributionChoice, type FittedContinuousColumn } from './continuous-drift.js';

/** What one may choose. */
export interface UnivariateDriftOptions extends UnivariateDriftSettings {
  /** Absent: every value of fewer than 10,000, else 10,000 bins. */
  distributions?: Partial<Record<'kolmogorov_smirnov' | 'wasserstein', DistributionChoice>>;
}

/** What was learnt, column by column. */
export interface FittedUnivariateDrift {
  continuous: FittedContinuousColumn[];
  categorical: FittedCategoricalColumn[];
}

/** Only what is larger than usual is drift: no lower bound. */
const RULE: ThresholdRule = { type: 'standard_deviation', lowerMultiplier: null, upperMultiplier: 3 };

/** @throws InvalidInput when a column is of the wrong kind or the reference holds ±∞ */
export function fitUnivariateDrift(settings: UnivariateDriftOptions, columns: CalculatorColumns, reference: Frame): FittedUnivariateDrift {
  const choiceOf = (method: 'kolmogorov_smirnov' | 'wasserstein') => settings.distributions?.[method] ?? DEFAULT_DISTRIBUTION;
  return {
    continuous: columns.continuous.map((name) => fitContinuousColumn(name, continuousOf(reference, name), settings.continuousMethods, choiceOf)),
    categorical: columns.categorical.map((name) => fitCategoricalColumn(name, categoricalOf(reference, name), settings.categoricalMethods)),
  };
}

/** One point per column and method; NaN with a reason where the chunk or the reference has no values. */
export function calculateUnivariateDrift(fitted: FittedUnivariateDrift, chunk: Frame): MetricPoint[] {
  return [
    ...fitted.continuous.flatMap((column) => calculateContinuousColumn(column, continuousOf(chunk, column.column))),
    ...fitted.categorical.flatMap((column) => calculateCategoricalColumn(column, categoricalOf(chunk, column.column))),
  ];
}

/** Its entry in the catalogue. */
export const univariateDrift: Calculator<UnivariateDriftOptions, FittedUnivariateDrift> = {
  kind: 'univariate_drift',
  requiredColumns(_settings, columns) {
    const names = [...columns.continuous, ...columns.categorical];
    return { reference: names, chunk: names };
  },
  fit: fitUnivariateDrift,
  pieces: () => columnPieces(fitUnivariateDrift, ({ continuous, categorical }) => [...continuous, ...categorical], (states) => ({
    continuous: states.flatMap(({ continuous }) => continuous),
    categorical: states.flatMap(({ categorical }) => categorical),
  })),
  calculate: calculateUnivariateDrift,
  ruleOf: (settings, metric) => (metric === 'chi2' ? { type: 'none' } : (settings.thresholds?.[metric as keyof typeof settings.thresholds] ?? RULE)),
  limitsOf: (_state, metric): Limits => ({ lower: 0, upper: metric === 'kolmogorov_smirnov' ? 1 : null }),
  alertsOnBound: false,
};
