/** What a model's people may choose, with defaults that need no thought. Plain data: it is stored, shown and diffed as it stands. */
import type { Chunking } from './chunking.js';
import type { CalculatorKind } from './measurement.js';
import { CHOSEN_METRICS, KEY_METRIC, type PerformanceMetric } from './metrics.js';
import type { ProblemType } from './schema.js';
import type { LifecycleSections } from './lifecycle-settings.js';
import type { ThresholdRule } from './threshold.js';

export { BINARY_METRICS, MULTICLASS_METRICS, REGRESSION_METRICS, type BinaryMetric, type MulticlassMetric, type PerformanceMetric, type RegressionMetric } from './metrics.js';

export type ContinuousMethod = 'jensen_shannon' | 'kolmogorov_smirnov' | 'wasserstein' | 'hellinger';
export type CategoricalMethod = 'jensen_shannon' | 'chi2' | 'hellinger' | 'l_infinity';

interface Columns {
  /** Absent: every column that the calculator can take. */
  columns?: string[];
}

export interface UnivariateDriftSettings extends Columns {
  continuousMethods: ContinuousMethod[];
  categoricalMethods: CategoricalMethod[];
  /** Per method; absent: mean + 3 standard deviations of the reference chunks. */
  thresholds?: Partial<Record<ContinuousMethod | CategoricalMethod, ThresholdRule>>;
}

export interface ReconstructionErrorSettings extends Columns {
  /** Share of variance to keep in (0, 1), or a whole number of components. */
  components: number;
  threshold?: ThresholdRule;
}

export interface DataQualitySettings extends Columns {
  /** true: share of rows, false: number of rows */
  normalize: boolean;
  threshold?: ThresholdRule;
}

export interface PerformanceSettings {
  /** Those of the model's problem type. */
  metrics: PerformanceMetric[];
  /** Names of metrics of one's own, which the workers' module defines (aftercare worker --metrics FILE). */
  customMetrics?: string[];
  /** Only estimates of a regression: the features that its loss is learnt from; absent: all. */
  columns?: string[];
  /** Only estimates of a regression: parameters of the boosting under LightGBM's names; absent: its defaults. */
  hyperparameters?: Record<string, unknown>;
  thresholds?: Partial<Record<string, ThresholdRule>>;
  /** null: counts */
  normalizeConfusionMatrix?: 'all' | 'true' | 'pred' | null;
  /** Rows by true class, columns by predicted class, classes in ascending order: [[true negative, false positive], [false negative, true positive]] for two. */
  businessValueMatrix?: number[][];
  normalizeBusinessValue?: 'per_prediction' | null;
}

/** avg: mean; std: sample standard deviation; row_count: rows of the chunk. */
export const SUMMARY_STATISTICS = ['avg', 'sum', 'std', 'median', 'row_count'] as const;
export type SummaryStatistic = (typeof SUMMARY_STATISTICS)[number];

export interface SummaryStatisticsSettings extends Columns {
  /** One or more. */
  statistics: SummaryStatistic[];
  /** Of all of them … */
  threshold?: ThresholdRule;
  /** … or of one, which goes before. */
  thresholds?: Partial<Record<SummaryStatistic, ThresholdRule>>;
}

/** How well a boosting tells a chunk's rows from the reference's: 0.5 not at all, 1 always. It trains models anew for every chunk: minutes where the others take seconds. */
export interface DomainClassifierSettings extends Columns {
  /** Parts that each chunk's rows are cut into, each predicted by a model of the others; absent: 5. */
  folds?: number;
  /** Parameters of the boosting under LightGBM's names; absent: its defaults. */
  hyperparameters?: Record<string, unknown>;
  /** Absent: below 0.45 or above 0.65. */
  threshold?: ThresholdRule;
}

/** null or absent: that calculator does not run. */
export interface CalculatorSettings {
  univariate_drift?: UnivariateDriftSettings | null;
  reconstruction_error?: ReconstructionErrorSettings | null;
  missing_values?: DataQualitySettings | null;
  unseen_values?: DataQualitySettings | null;
  numerical_range?: DataQualitySettings | null;
  estimated_performance?: PerformanceSettings | null;
  realized_performance?: PerformanceSettings | null;
  summary_statistics?: SummaryStatisticsSettings | null;
  domain_classifier?: DomainClassifierSettings | null;
}

/**
 * Parts of the rows that are looked at on their own: one for each value of a categorical column, called `column=value`. Each is a population of its own,
 * with its own reference rows, chunks, fitted state and thresholds.
 */
export interface SegmentSettings {
  /** Categorical columns that are kept: of the role `segment`, features, or a multiclass prediction. */
  by: string[];
  /** The most frequent values of each column in the reference, so many at most; absent: 20. */
  maxValues?: number;
  /** A value with fewer rows in the reference is left out: nothing can be learnt from them; absent: 500. */
  minReferenceRows?: number;
  /** How the rows of a segment become chunks; absent: as those of the model. */
  chunking?: Chunking;
}

export const SEGMENT_DEFAULTS = { maxValues: 20, minReferenceRows: 500 } as const;

/**
 * A threshold, or the side of it that counts, of some series: those of a calculator, further narrowed by metric, column and segment.
 * Where several speak of one series, the most specific has the word: segment before column before metric, of equals the last; for `rule` and `alertOn` apart.
 */
export interface ThresholdOverride {
  calculator: CalculatorKind;
  metric?: string;
  column?: string;
  /** `column=value`; '' is all rows; absent: all rows and every segment. */
  segment?: string;
  /** Absent: as the calculator's settings say. */
  rule?: ThresholdRule;
  /** worse: only the side on which the metric gets worse; a metric without such a side keeps both. Absent: both. */
  alertOn?: 'both' | 'worse';
}

/**
 * How ground truth comes. A chunk waits for its targets from the moment at which it is complete: they are expected after `expectedDelayMs`; reminder,
 * escalation and the end of the wait count from there.
 */
export interface TargetSettings {
  arrival: 'instant' | 'delayed' | 'absent';
  /** Absent: 30 days where they are delayed, 1 hour where they come at once. */
  expectedDelayMs?: number;
  /** Share of a chunk's rows that must have their target for its realized values to be final, in (0, 1]; absent: 1. */
  completeAt?: number;
  /** After the expected moment; absent: 1 day, 7 days, 30 days. 0: no reminder, no escalation. */
  remindAfterMs?: number;
  escalateAfterMs?: number;
  /** Then what is missing counts as absent, and the values are final as they are. */
  absentAfterMs?: number;
}

/** When the lifecycle starts a run by itself. By hand is always possible. */
export interface RunSettings {
  /** A run after every so many accepted analysis rows; null: not by count. */
  everyRows: number | null;
  /** A run when targets were accepted. */
  onTargets: boolean;
  /** A run when there is something new and the last run is this long ago; null: not by time. */
  everyMs: number | null;
  /** A Temporal Schedule; null: none. */
  schedule: ScheduleSettings | null;
}

export interface ScheduleSettings {
  every: number;
  unit: 'hour' | 'day' | 'week' | 'month';
  /** Local time of day in the model's zone, for day, week and month. */
  at?: { hour: number; minute: number };
  /** For week: 0 = Sunday. For month: 1 … 28. */
  day?: number;
}

/** Silent: it predicts badly, or may. A function of the judgements of complete chunks. */
export type JudgedKind = 'estimated_performance' | 'realized_performance' | 'drift' | 'data_quality';
/** Loud: it fails to predict. No inferences, old ones, failed calls, rows that are not what the schema says. */
export type FailureKind = 'silence' | 'staleness' | 'error_rate' | 'schema';
export type IncidentKind = JudgedKind | FailureKind;

export const JUDGED_KINDS: readonly JudgedKind[] = ['estimated_performance', 'realized_performance', 'drift', 'data_quality'];
export const FAILURE_KINDS: readonly FailureKind[] = ['silence', 'staleness', 'error_rate', 'schema'];

/** Which incidents become a question to people, and how long it waits. */
export interface DecisionSettings {
  on: JudgedKind[];
  remindAfterMs: number;
  escalateAfterMs: number;
  deadlineMs: number;
  /** The answer that counts when nobody gave one by the deadline. */
  fallback: 'acknowledge' | 'ignore';
  /** E-mail addresses; used where the worker has a mail server. */
  notify: string[];
  /** true: also incidents of single segments; absent: only those of all rows together. */
  segments?: boolean;
}

export interface ModelSettings extends LifecycleSections {
  chunking: Chunking;
  /** IANA name. Timestamps without zone are wall time here, and periods begin here. */
  zone: string;
  /** Event time that must have passed a period's end before its chunk counts as complete. */
  allowedLatenessMs: number;
  targets: TargetSettings;
  /** The metric on which people judge this model, e.g. roc_auc. */
  keyMetric: string;
  calculators: CalculatorSettings;
  /** null or absent: only all rows together. */
  segments?: SegmentSettings | null;
  thresholds?: ThresholdOverride[];
  runs: RunSettings;
  decisions: DecisionSettings;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Settings of a model that nobody chose anything for, whose data have every column that its problem type knows. `chunking` depends on the reference and is given. */
export function defaultSettings(problemType: ProblemType, chunking: Chunking): ModelSettings {
  const metrics = CHOSEN_METRICS[problemType];
  return {
    chunking,
    zone: 'UTC',
    allowedLatenessMs: 0,
    targets: { arrival: 'delayed' },
    keyMetric: KEY_METRIC[problemType],
    calculators: {
      univariate_drift: { continuousMethods: ['jensen_shannon'], categoricalMethods: ['jensen_shannon'] },
      reconstruction_error: { components: 0.65 },
      missing_values: { normalize: true },
      unseen_values: { normalize: true },
      numerical_range: { normalize: true },
      estimated_performance: { metrics: [...metrics] },
      realized_performance: { metrics: [...metrics] },
      summary_statistics: null,
      domain_classifier: null,
    },
    segments: null,
    thresholds: [],
    runs: { everyRows: chunking.kind === 'size' ? chunking.size : null, onTargets: true, everyMs: null, schedule: null },
    decisions: { on: ['estimated_performance'], remindAfterMs: DAY_MS, escalateAfterMs: 3 * DAY_MS, deadlineMs: 30 * DAY_MS, fallback: 'acknowledge', notify: [] },
  };
}

/** Calculators that are switched on. */
export function enabledCalculators(settings: CalculatorSettings): CalculatorKind[] {
  return (Object.keys(settings) as CalculatorKind[]).filter((kind) => settings[kind] !== null && settings[kind] !== undefined);
}
