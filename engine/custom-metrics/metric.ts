/**
 * Metrics of one's own: functions that a user's module defines and the user's worker runs, beside the metrics that the engine brings.
 * A classification's metric calculates from targets, and estimates from the chances that targets have; a regression's metric is a loss per row,
 * which direct loss estimation learns, and what a chunk's losses add up to.
 */
import { InvalidInput } from '../../domain/errors.js';
import { REGRESSION_METRICS, BINARY_METRICS } from '../../domain/metrics.js';
import type { ProblemType } from '../../domain/schema.js';

/** Columns beside outcomes that a metric has declared. */
export interface FurtherColumns {
  rowCount: number;
  /** NaN: missing. @throws InvalidInput when the metric has not declared the column, or it is not numeric */
  numbers(column: string): Float64Array;
  /** null: missing. Numbers as text. @throws InvalidInput when the metric has not declared the column */
  texts(column: string): (string | null)[];
}

/** Rows of a classification that have a prediction and probabilities, if the model gives them. */
export interface ClassRows extends FurtherColumns {
  /** Ascending; '0' and '1' of a binary classification. Targets and predictions are places in it. */
  classes: readonly string[];
  /** @throws InvalidInput when the model has no predicted classes */
  readonly predictions: Int32Array;
  /** What the model gave: probabilities[k][row] is that of class k. @throws InvalidInput when the model has none */
  readonly probabilities: readonly Float64Array[];
}

/** Rows of a classification whose target is known. */
export interface LabelledClassRows extends ClassRows {
  targets: Int32Array;
}

/** Rows of a classification whose target is not known. */
export interface EstimatedClassRows extends ClassRows {
  /** Calibrated: targetProbabilities[k][row] is the chance that the target is class k. */
  targetProbabilities: readonly Float64Array[];
}

/** Rows of a regression that have a prediction. */
export interface PredictedRows extends FurtherColumns {
  predictions: Float64Array;
}

/** Rows of a regression that have a target as well. */
export interface LabelledRows extends PredictedRows {
  targets: Float64Array;
}

interface Named {
  /** As it is called in settings and results: small letters, digits and underscores, a letter first. */
  name: string;
  /** Changes whenever the function's figures do: results of an earlier version are computed anew. */
  version?: string;
  betterWhen: 'higher' | 'lower';
  /** Values are never beyond: bands and thresholds end there. */
  limits?: { lower?: number; upper?: number };
  /** Columns that its functions read beside outcomes. */
  columns?: readonly string[];
}

/** A metric of classifications. */
export interface ClassificationMetric extends Named {
  problemType: 'classification_binary' | 'classification_multiclass';
  calculate(rows: LabelledClassRows): number;
  /** Absent: the metric is only realized. */
  estimate?(rows: EstimatedClassRows): number;
  /** Deviation of what one row contributes, over the reference: a chunk of n rows gets the sampling error deviation / √n. Absent: it gets none. */
  rowDeviation?(reference: LabelledClassRows): number;
}

/** A metric of regressions. */
export interface RegressionLossMetric extends Named {
  problemType: 'regression';
  /** One number per row. */
  loss(rows: LabelledRows): Float64Array | readonly number[];
  /** Absent: the mean. For estimates, losses are those that the boosting foretells. */
  aggregate?(losses: Float64Array, rows: PredictedRows): number;
  /** As above. Absent: that of the losses if they are averaged, else none. */
  rowDeviation?(reference: LabelledRows): number;
}

/** A metric of one's own. */
export type CustomMetric = ClassificationMetric | RegressionLossMetric;

/** Metrics of one's own by name: what a worker knows. */
export type CustomMetrics = ReadonlyMap<string, CustomMetric>;

/** What the engine is told beside settings and rows: functions cannot be settings, which are data. */
export interface EngineContext {
  customMetrics?: CustomMetrics;
}

const BUILT_IN = new Set<string>([...BINARY_METRICS, ...REGRESSION_METRICS, 'true_positive', 'true_negative', 'false_positive', 'false_negative']);

/** Checks a metric and gives it back. @throws InvalidInput naming what is wrong with it */
export function defineMetric<M extends CustomMetric>(metric: M): M {
  const { name, problemType, limits } = metric;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_]{0,62}$/.test(name)) throw new InvalidInput(`a metric's name has small letters, digits and underscores, at most 63, a letter first; '${String(name)}' has not`);
  if (BUILT_IN.has(name)) throw new InvalidInput(`metric '${name}': the engine has a metric of this name, call it something else`);
  if (/^true_.+_pred_.+$/.test(name)) throw new InvalidInput(`metric '${name}': names like this are those of a confusion matrix`);
  const problems: readonly ProblemType[] = ['classification_binary', 'classification_multiclass', 'regression'];
  if (!problems.includes(problemType)) throw new InvalidInput(`metric '${name}': problemType is '${String(problemType)}', it must be one of ${problems.join(', ')}`);
  if (metric.betterWhen !== 'higher' && metric.betterWhen !== 'lower') throw new InvalidInput(`metric '${name}': betterWhen is '${String(metric.betterWhen)}', it must be 'higher' or 'lower'`);
  if (limits?.lower !== undefined && limits.upper !== undefined && limits.lower >= limits.upper) throw new InvalidInput(`metric '${name}': its lower limit ${limits.lower} is not below its upper limit ${limits.upper}`);
  const wanted = problemType === 'regression' ? { name: 'loss', is: metric.loss } : { name: 'calculate', is: metric.calculate };
  if (typeof wanted.is !== 'function') throw new InvalidInput(`metric '${name}': a metric of a ${problemType} needs a function '${wanted.name}'`);
  return metric;
}

/** @throws InvalidInput when two have the same name */
export function registerMetrics(metrics: readonly CustomMetric[]): CustomMetrics {
  const known = new Map<string, CustomMetric>();
  for (const metric of metrics) {
    if (known.has(metric.name)) throw new InvalidInput(`there are two metrics called '${metric.name}'`);
    known.set(metric.name, defineMetric(metric));
  }
  return known;
}

/** The metrics of these names. @throws InvalidInput naming one that the worker does not know, or that is for another problem type */
export function metricsNamed(names: readonly string[], problemType: ProblemType, { customMetrics }: EngineContext): CustomMetric[] {
  return names.map((name) => {
    const metric = customMetrics?.get(name);
    if (!metric) {
      const known = [...(customMetrics?.keys() ?? [])];
      throw new InvalidInput(`metric '${name}' is not known to this worker, which knows ${known.length === 0 ? 'no metrics of your own' : known.join(', ')}: start every worker with the module that defines it (aftercare worker --metrics FILE), or take it out of customMetrics`);
    }
    if (metric.problemType !== problemType) throw new InvalidInput(`metric '${name}' is for a ${metric.problemType}, this model is a ${problemType}`);
    return metric;
  });
}
