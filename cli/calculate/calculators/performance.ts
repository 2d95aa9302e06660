/** NannyML's PerformanceCalculator and CBPE. */
import { InvalidInput } from '../../../domain/errors.js';
import type { ProblemType } from '../../../domain/schema.js';
import { NO_COLUMNS } from '../../../engine/index.js';
import { ANY_KIND, ONLY_CONTINUOUS, readAll, type CalculatorConstruction } from '../construction.js';
import { CHUNK_PARAMETERS, chunkingOf, objectOf, Parameters, thresholdsOfParameters } from '../parameters.js';
import { classificationSettings, metricsOf } from './metrics.js';

type Kind = 'realized_performance' | 'estimated_performance';

const PROBLEM_TYPES: readonly ProblemType[] = ['classification_binary', 'classification_multiclass', 'regression'];
const METRIC_PARAMETERS = ['metrics', 'y_true', 'y_pred', 'y_pred_proba', 'problem_type', 'thresholds', 'normalize_confusion_matrix', 'business_value_matrix', 'normalize_business_value'];

export function constructPerformance(kind: Kind, name: string, given: Record<string, unknown>): CalculatorConstruction {
  const parameters = new Parameters(given, name, [...METRIC_PARAMETERS, ...(kind === 'estimated_performance' ? ['calibration', 'calibrator'] : []), ...CHUNK_PARAMETERS]);
  const problem: ProblemType = parameters.oneOf('problem_type', PROBLEM_TYPES);
  if (kind === 'estimated_performance') {
    if (problem === 'regression') throw parameters.wrong('problem_type', 'classification_binary or classification_multiclass (DLE estimates regressions)');
    parameters.oneOfOrNull('calibration', ['isotonic']);
    if (parameters.has('calibrator')) throw parameters.wrong('calibrator', 'absent: calibrators of your own cannot be given as JSON');
  }
  switch (problem) {
    case 'classification_binary': return binary(kind, name, parameters);
    case 'classification_multiclass': return multiclass(kind, name, parameters);
    case 'regression': return regression(name, parameters);
  }
}

function binary(kind: Kind, name: string, parameters: Parameters): CalculatorConstruction {
  const target = parameters.text('y_true');
  const probability = parameters.raw('y_pred_proba');
  if (typeof probability !== 'string') throw parameters.wrong('y_pred_proba', 'the name of one column: the probability of class 1 (several classes are problem_type classification_multiclass)');
  const prediction = parameters.textOrNull('y_pred');
  const settings = classificationSettings(parameters, metricsOf(parameters, name, 'classification_binary'), 2);
  const unpredicted = settings.metrics.filter((metric) => metric !== 'roc_auc' && metric !== 'average_precision');
  if (prediction === null && unpredicted.length > 0) throw new InvalidInput(`${name}: ${unpredicted.join(', ')} ${unpredicted.length === 1 ? 'needs' : 'need'} 'y_pred', the name of the column of predictions`);
  return {
    calculator: name,
    chunking: chunkingOf(parameters),
    readings: readAll([target, probability, ...(prediction === null ? [] : [prediction])], 'as numbers'),
    kinds: ONLY_CONTINUOUS,
    requestOf: (split) => ({ kind, settings, columns: { ...NO_COLUMNS, ...split, target, prediction, probability } }),
  };
}

function multiclass(kind: Kind, name: string, parameters: Parameters): CalculatorConstruction {
  const target = parameters.text('y_true');
  const prediction = parameters.text('y_pred');
  const probabilities = probabilitiesOf(parameters);
  const settings = classificationSettings(parameters, metricsOf(parameters, name, 'classification_multiclass'), probabilities.size);
  return {
    calculator: name,
    chunking: chunkingOf(parameters),
    readings: new Map([...readAll([...probabilities.values()], 'as numbers'), ...readAll([target, prediction], 'as labels')]),
    kinds: ANY_KIND,
    classes: { target, probabilities },
    requestOf: (split, classProbabilities) => ({ kind, settings, columns: { ...NO_COLUMNS, ...split, problemType: 'classification_multiclass', target, prediction, classProbabilities } }),
  };
}

/** `{"class": "column", …}` */
function probabilitiesOf(parameters: Parameters): Map<string, string> {
  const given = parameters.raw('y_pred_proba');
  if (given === null || typeof given !== 'object' || Array.isArray(given)) throw parameters.wrong('y_pred_proba', 'an object that names the column of each class: {"class": "column"}');
  const classes = Object.entries(objectOf(given, "'y_pred_proba'"));
  const odd = classes.find(([, column]) => typeof column !== 'string');
  if (odd) throw parameters.wrong('y_pred_proba', `an object of texts; that of class '${odd[0]}' is none`);
  if (classes.length < 2) throw parameters.wrong('y_pred_proba', 'an object with a column for each of two or more classes');
  return new Map(classes as [string, string][]);
}

function regression(name: string, parameters: Parameters): CalculatorConstruction {
  const target = parameters.text('y_true');
  const prediction = parameters.text('y_pred');
  const settings = { metrics: metricsOf(parameters, name, 'regression'), thresholds: thresholdsOfParameters(parameters) };
  return {
    calculator: name,
    chunking: chunkingOf(parameters),
    readings: readAll([target, prediction], 'as numbers'),
    kinds: ONLY_CONTINUOUS,
    requestOf: (split) => ({ kind: 'realized_performance', settings, columns: { ...NO_COLUMNS, ...split, problemType: 'regression', target, prediction } }),
  };
}
