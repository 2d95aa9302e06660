/** What a model's people may choose, with defaults that need no thought. Plain data: it is stored, shown and diffed as it stands. */
import type { Chunking } from './chunking.js';
import type { CalculatorKind } from './measurement.js';
import type { ThresholdRule } from './threshold.js';

export type ContinuousMethod = 'jensen_shannon' | 'kolmogorov_smirnov' | 'wasserstein' | 'hellinger';
export type CategoricalMethod = 'jensen_shannon' | 'chi2' | 'hellinger' | 'l_infinity';

export const BINARY_METRICS = ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy', 'average_precision', 'confusion_matrix', 'business_value'] as const;
export type BinaryMetric = (typeof BINARY_METRICS)[number];
/** Of several classes: the same names; all but accuracy, the confusion matrix and business value are means over the classes, one against the rest. */
export const MULTICLASS_METRICS = BINARY_METRICS;
export type MulticlassMetric = BinaryMetric;
export const REGRESSION_METRICS = ['mae', 'mape', 'mse', 'rmse', 'msle', 'rmsle'] as const;
export type RegressionMetric = (typeof REGRESSION_METRICS)[number];
export type PerformanceMetric = BinaryMetric | RegressionMetric;

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

/** null or absent: that calculator does not run. */
export interface CalculatorSettings {
  univariate_drift?: UnivariateDriftSettings | null;
  reconstruction_error?: ReconstructionErrorSettings | null;
  missing_values?: DataQualitySettings | null;
  unseen_values?: DataQualitySettings | null;
  numerical_range?: DataQualitySettings | null;
  estimated_performance?: PerformanceSettings | null;
  realized_performance?: PerformanceSettings | null;
}

/** How ground truth comes (acceptance row B9). Durable waits for it come later; what is declared is kept and shown. */
export interface TargetSettings {
  arrival: 'instant' | 'delayed' | 'absent';
  expectedDelayMs?: number;
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

export type IncidentKind = 'estimated_performance' | 'realized_performance' | 'drift' | 'data_quality';

/** Which incidents become a question to people, and how long it waits. */
export interface DecisionSettings {
  on: IncidentKind[];
  remindAfterMs: number;
  escalateAfterMs: number;
  deadlineMs: number;
  /** The answer that counts when nobody gave one by the deadline. */
  fallback: 'acknowledge' | 'ignore';
  /** E-mail addresses; used where the worker has a mail server. */
  notify: string[];
}

export interface ModelSettings {
  chunking: Chunking;
  /** IANA name. Timestamps without zone are wall time here, and periods begin here. */
  zone: string;
  /** Event time that must have passed a period's end before its chunk counts as complete. */
  allowedLatenessMs: number;
  targets: TargetSettings;
  /** The metric on which people judge this model, e.g. roc_auc. */
  keyMetric: string;
  calculators: CalculatorSettings;
  runs: RunSettings;
  decisions: DecisionSettings;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Settings of a binary model that nobody chose anything for. `chunking` depends on the reference and is given. */
export function defaultSettings(chunking: Chunking): ModelSettings {
  return {
    chunking,
    zone: 'UTC',
    allowedLatenessMs: 0,
    targets: { arrival: 'delayed' },
    keyMetric: 'roc_auc',
    calculators: {
      univariate_drift: { continuousMethods: ['jensen_shannon'], categoricalMethods: ['jensen_shannon'] },
      reconstruction_error: { components: 0.65 },
      missing_values: { normalize: true },
      unseen_values: { normalize: true },
      numerical_range: { normalize: true },
      estimated_performance: { metrics: ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy'] },
      realized_performance: { metrics: ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy'] },
    },
    runs: { everyRows: chunking.kind === 'size' ? chunking.size : null, onTargets: true, everyMs: null, schedule: null },
    decisions: { on: ['estimated_performance'], remindAfterMs: DAY_MS, escalateAfterMs: 3 * DAY_MS, deadlineMs: 30 * DAY_MS, fallback: 'acknowledge', notify: [] },
  };
}

/** Calculators that are switched on. */
export function enabledCalculators(settings: CalculatorSettings): CalculatorKind[] {
  return (Object.keys(settings) as CalculatorKind[]).filter((kind) => settings[kind] !== null && settings[kind] !== undefined);
}
