/** What realized and estimated performance of models of several classes share: checks of settings and columns, series, thresholds, limits. */
import { InvalidInput } from '../../domain/errors.js';
import { quoted } from '../../domain/schema.js';
import { MULTICLASS_METRICS, type MulticlassMetric, type PerformanceSettings } from '../../domain/settings.js';
import type { CalculatorColumns } from '../calculator.js';
import { categoricalOf, continuousOf, type Frame } from '../frame.js';
import { multiclassSeriesOf, ranksClasses, type LabelledClassRows, type MulticlassOptions, type MulticlassSeries } from '../metrics/multiclass-realized.js';
import type { Limits } from '../threshold.js';
import { metricOptions, metricsAmong } from './performance-settings.js';

/** What is asked for and of which columns: part of what is learnt. */
export interface MulticlassPlan {
  /** Ascending. */
  classes: string[];
  series: MulticlassSeries[];
  options: MulticlassOptions;
  columns: MulticlassColumns;
}

/** Names of columns; null: no metric needs it. */
export interface MulticlassColumns {
  target: string;
  prediction: string | null;
  /** One per class. */
  scores: string[] | null;
}

/** @throws InvalidInput when a metric is none of a multiclass model, the value matrix does not fit, or the model lacks a column that is needed */
export function multiclassPlan(what: string, settings: PerformanceSettings, columns: CalculatorColumns): MulticlassPlan {
  if (columns.target === null) throw new InvalidInput(`${what} needs a target column`);
  const classes = columns.classProbabilities.map((one) => one.class);
  if (classes.length < 2) throw new InvalidInput(`${what} of several classes needs a column of predicted probabilities for each class, ${classes.length === 0 ? 'none is' : 'only one is'} given`);
  const series = multiclassSeriesOf(metricsAmong<MulticlassMetric>(settings, MULTICLASS_METRICS, 'classification into several classes'), classes);
  const ofPredictions = [...new Set(series.filter((one) => !ranksClasses(one)).map(({ metric }) => metric))];
  if (ofPredictions.length > 0 && columns.prediction === null) throw new InvalidInput(`${ofPredictions.join(', ')} ${ofPredictions.length === 1 ? 'needs' : 'need'} a column of predictions`);
  return {
    classes,
    series,
    options: metricOptions(settings, classes.length),
    columns: {
      target: columns.target,
      prediction: ofPredictions.length > 0 ? columns.prediction : null,
      scores: series.some(ranksClasses) ? columns.classProbabilities.map(({ column }) => column) : null,
    },
  };
}

/** The columns of a plan. @throws InvalidInput when one is missing or of the wrong kind */
export function labelledRows({ target, prediction, scores }: MulticlassColumns, frame: Frame): LabelledClassRows {
  return {
    target: categoricalOf(frame, target),
    prediction: prediction === null ? null : categoricalOf(frame, prediction),
    scores: scores === null ? null : scores.map((name) => continuousOf(frame, name).values),
  };
}

/** @throws InvalidInput when the reference's targets have none of the classes: then labels and classes are written differently */
export function requireKnownLabels(frame: Frame, { classes, columns }: MulticlassPlan): void {
  const { categories, codes } = categoricalOf(frame, columns.target);
  const isClass = categories.map((label) => classes.includes(label));
  const first = codes.find((code) => code >= 0);
  if (first === undefined || codes.some((code) => code >= 0 && isClass[code]!)) return;
  throw new InvalidInput(`column ${quoted(columns.target)} of the reference: no target is one of the classes ${classes.slice(0, 5).map(quoted).join(', ')}${classes.length > 5 ? ' …' : ''} (the first is ${quoted(categories[first]!)}); classes must be written as the targets are`);
}

/** Shares lie in 0 … 1, counts are not negative, business value is anything. */
export function multiclassLimits(options: MulticlassOptions, series: string): Limits {
  if (series === 'business_value') return { lower: null, upper: null };
  return { lower: 0, upper: !isMetric(series) && options.normalizeConfusionMatrix === null ? null : 1 };
}

const isMetric = (series: string) => (MULTICLASS_METRICS as readonly string[]).includes(series);
