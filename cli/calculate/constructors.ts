/** From a calculator's name and parameters to what the engine is asked for. Column kinds are only known once the reference is read. */
import { InvalidInput } from '../../domain/errors.js';
import { BINARY_METRICS, type CategoricalMethod, type ContinuousMethod, type PerformanceSettings } from '../../domain/settings.js';
import type { CalculatorColumns, CategoricalImputation, ContinuousImputation, EngineRequest, Statistic } from '../../engine/index.js';
import { CHUNK_PARAMETERS, chunkingOf, objectOf, Parameters, thresholdOf, thresholdsOfParameters, type Chunking } from './parameters.js';

/** How a named column is to be read, whatever its type. */
export type ColumnReading = 'as it is' | 'as numbers' | 'as categories' | 'whole numbers as categories';

/** A calculator that is asked for, before its data are known. */
export interface Construction {
  chunking: Chunking;
  /** Columns that the calculator is about, and how each is read. */
  readings: Map<string, ColumnReading>;
  /** Kinds that it can take; others are refused (`only`) or passed over. */
  kinds: { continuous: boolean; categorical: boolean; refuseOthers: boolean };
  columns: Pick<CalculatorColumns, 'target' | 'prediction' | 'probability'>;
  /** @param split the columns of `readings` by kind */
  requestOf(split: Pick<CalculatorColumns, 'continuous' | 'categorical'>): EngineRequest;
}

const NO_ROLES: Omit<CalculatorColumns, 'continuous' | 'categorical'> = { problemType: 'classification_binary', target: null, prediction: null, probability: null, classProbabilities: [] };
const ANY_KIND = { continuous: true, categorical: true, refuseOthers: false };

/** Calculators of NannyML that are not there yet. */
const NOT_YET: Record<string, string> = {
  DLE: 'direct loss estimation (DLE)',
  DomainClassifierCalculator: 'the domain classifier',
  ContinuousDistributionCalculator: 'distributions of continuous columns',
  CategoricalDistributionCalculator: 'distributions of categorical columns',
};

const CONSTRUCTORS: Record<string, (parameters: Record<string, unknown>) => Construction> = {
  UnivariateDriftCalculator: constructUnivariateDrift,
  DataReconstructionDriftCalculator: constructReconstruction,
  MissingValuesCalculator: (parameters) => constructDataQuality('missing_values', 'MissingValuesCalculator', parameters),
  UnseenValuesCalculator: (parameters) => constructDataQuality('unseen_values', 'UnseenValuesCalculator', parameters),
  NumericalRangeCalculator: (parameters) => constructDataQuality('numerical_range', 'NumericalRangeCalculator', parameters),
  SummaryStatsAvgCalculator: (parameters) => constructSummaryStatistics('avg', 'SummaryStatsAvgCalculator', parameters),
  SummaryStatsSumCalculator: (parameters) => constructSummaryStatistics('sum', 'SummaryStatsSumCalculator', parameters),
  SummaryStatsStdCalculator: (parameters) => constructSummaryStatistics('std', 'SummaryStatsStdCalculator', parameters),
  SummaryStatsMedianCalculator: (parameters) => constructSummaryStatistics('median', 'SummaryStatsMedianCalculator', parameters),
  SummaryStatsRowCountCalculator: (parameters) => constructSummaryStatistics('row_count', 'SummaryStatsRowCountCalculator', parameters),
  PerformanceCalculator: (parameters) => constructPerformance('realized_performance', 'PerformanceCalculator', parameters),
  CBPE: (parameters) => constructPerformance('estimated_performance', 'CBPE', parameters),
};

/** @throws InvalidInput when there is no such calculator (or not yet), or a parameter is wrong */
export function construct(calculator: string, parameters: Record<string, unknown>): Construction {
  const constructor = CONSTRUCTORS[calculator];
  if (constructor) return constructor(parameters);
  const notYet = NOT_YET[calculator];
  throw new InvalidInput(notYet ? `${calculator}: ${notYet} is not there yet` : `there is no calculator '${calculator}'; there are ${Object.keys(CONSTRUCTORS).join(', ')}`);
}

const CONTINUOUS_METHODS: readonly ContinuousMethod[] = ['jensen_shannon', 'kolmogorov_smirnov', 'wasserstein', 'hellinger'];
const CATEGORICAL_METHODS: readonly CategoricalMethod[] = ['jensen_shannon', 'chi2', 'hellinger', 'l_infinity'];

function methodsOf<T extends string>(parameters: Parameters, name: string, known: readonly T[]): T[] {
  return parameters.textsOr(name, ['jensen_shannon']).map((method) => {
    const found = known.find((one) => one === method);
    if (found === undefined) throw new InvalidInput(`UnivariateDriftCalculator: '${name}' cannot be '${method}'; possible are ${known.join(', ')}`);
    return found;
  });
}

function constructUnivariateDrift(given: Record<string, unknown>): Construction {
  const parameters = new Parameters(given, 'UnivariateDriftCalculator', ['column_names', 'treat_as_numerical', 'treat_as_categorical', 'categorical_methods', 'continuous_methods', 'thresholds', 'computation_params', ...CHUNK_PARAMETERS]);
  const asNumbers = parameters.textsOr('treat_as_numerical', []);
  const asCategories = parameters.textsOr('treat_as_categorical', []);
  const readingOf = (column: string): ColumnReading => (asCategories.includes(column) ? 'as categories' : asNumbers.includes(column) ? 'as numbers' : 'as it is');
  const settings = {
    continuousMethods: methodsOf(parameters, 'continuous_methods', CONTINUOUS_METHODS),
    categoricalMethods: methodsOf(parameters, 'categorical_methods', CATEGORICAL_METHODS),
    thresholds: thresholdsOfParameters(parameters),
    distributions: distributionsOf(parameters),
  };
  return {
    chunking: chunkingOf(parameters),
    readings: new Map(parameters.texts('column_names').map((column) => [column, readingOf(column)])),
    kinds: ANY_KIND,
    columns: NO_ROLES,
    requestOf: (split) => ({ kind: 'univariate_drift', settings, columns: { ...NO_ROLES, ...split } }),
  };
}

/**
 * `{"kolmogorov_smirnov": {"calculation_method": "exact", "n_bins": 50}}` as NannyML documents it (but ignores it), or the methods' names beside one
 * "calculation_method" and "n_bins" for both, which is what NannyML 0.13.1 takes.
 */
function distributionsOf(parameters: Parameters): Extract<EngineRequest, { kind: 'univariate_drift' }>['settings']['distributions'] {
  if (!parameters.has('computation_params')) return undefined;
  const known = ['calculation_method', 'n_bins'];
  const given = objectOf(parameters.raw('computation_params'), "'computation_params'");
  const chosen: NonNullable<ReturnType<typeof distributionsOf>> = {};
  for (const method of ['kolmogorov_smirnov', 'wasserstein'] as const) {
    if (given[method] === undefined || given[method] === null) continue;
    const nested = objectOf(given[method], `'computation_params' of '${method}'`);
    const choice = new Parameters({ calculation_method: given['calculation_method'], n_bins: given['n_bins'], ...nested }, `'computation_params' of '${method}'`, known);
    chosen[method] = {
      method: choice.oneOfOrNull('calculation_method', ['auto', 'exact', 'estimated']) ?? 'auto',
      bins: choice.has('n_bins') ? choice.wholeNumber('n_bins') : 10_000,
    };
  }
  return chosen;
}

function constructReconstruction(given: Record<string, unknown>): Construction {
  const parameters = new Parameters(given, 'DataReconstructionDriftCalculator', ['column_names', 'n_components', 'imputer_categorical', 'imputer_continuous', 'threshold', ...CHUNK_PARAMETERS]);
  const components = parameters.raw('n_components') ?? 0.65;
  if (typeof components !== 'number' || !(components >= 0)) throw parameters.wrong('n_components', 'a share of variance between 0 and 1, or a whole number of components');
  const settings = {
    components,
    threshold: parameters.has('threshold') ? thresholdOf(parameters.raw('threshold'), "'threshold'") : undefined,
    imputeContinuous: continuousImputation(parameters),
    imputeCategorical: categoricalImputation(parameters),
  };
  return {
    chunking: chunkingOf(parameters),
    readings: new Map(parameters.texts('column_names').map((column) => [column, 'as it is'])),
    kinds: ANY_KIND,
    columns: NO_ROLES,
    requestOf: (split) => ({ kind: 'reconstruction_error', settings, columns: { ...NO_ROLES, ...split } }),
  };
}

function imputerOf(parameters: Parameters, name: string): Parameters {
  return new Parameters(objectOf(parameters.raw(name), `'${name}'`), name, ['strategy', 'fill_value', 'missing_values', 'copy', 'add_indicator', 'keep_empty_features']);
}

function continuousImputation(parameters: Parameters): ContinuousImputation | undefined {
  if (!parameters.has('imputer_continuous')) return undefined;
  const imputer = imputerOf(parameters, 'imputer_continuous');
  const strategy = imputer.oneOfOrNull('strategy', ['mean', 'median', 'most_frequent', 'constant']) ?? 'mean';
  if (strategy !== 'constant') return { strategy };
  const fillValue = imputer.raw('fill_value') ?? 0;
  if (typeof fillValue !== 'number') throw imputer.wrong('fill_value', 'a number');
  return { strategy, fillValue };
}

function categoricalImputation(parameters: Parameters): CategoricalImputation | undefined {
  if (!parameters.has('imputer_categorical')) return undefined;
  const imputer = imputerOf(parameters, 'imputer_categorical');
  const strategy = imputer.oneOf('strategy', ['most_frequent', 'constant']);
  return strategy === 'constant' ? { strategy, fillValue: imputer.textOrNull('fill_value') ?? 'missing_value' } : { strategy };
}

function constructDataQuality(kind: 'missing_values' | 'unseen_values' | 'numerical_range', name: string, given: Record<string, unknown>): Construction {
  const casts = kind === 'unseen_values' ? ['y_pred_column_name', 'y_true_column_name'] : [];
  const parameters = new Parameters(given, name, ['column_names', 'normalize', 'threshold', ...casts, ...CHUNK_PARAMETERS]);
  const cast = casts.map((cast) => parameters.textOrNull(cast));
  const readingOf = (column: string): ColumnReading => (cast.includes(column) ? 'as categories' : kind === 'unseen_values' ? 'whole numbers as categories' : 'as it is');
  const settings = {
    normalize: parameters.flag('normalize', true),
    threshold: parameters.has('threshold') ? thresholdOf(parameters.raw('threshold'), "'threshold'") : undefined,
  };
  return {
    chunking: chunkingOf(parameters),
    readings: new Map(parameters.texts('column_names').map((column) => [column, readingOf(column)])),
    kinds: { continuous: kind !== 'unseen_values', categorical: kind !== 'numerical_range', refuseOthers: true },
    columns: NO_ROLES,
    requestOf: (split) => ({ kind, settings, columns: { ...NO_ROLES, ...split } }),
  };
}

function constructSummaryStatistics(statistic: Statistic, name: string, given: Record<string, unknown>): Construction {
  const parameters = new Parameters(given, name, [...(statistic === 'row_count' ? [] : ['column_names']), 'threshold', ...CHUNK_PARAMETERS]);
  const settings = { statistics: [statistic], threshold: parameters.has('threshold') ? thresholdOf(parameters.raw('threshold'), "'threshold'") : undefined };
  return {
    chunking: chunkingOf(parameters),
    readings: new Map(statistic === 'row_count' ? [] : parameters.texts('column_names').map((column) => [column, 'as it is'])),
    kinds: { continuous: true, categorical: false, refuseOthers: true },
    columns: NO_ROLES,
    requestOf: (split) => ({ kind: 'summary_statistics', settings, columns: { ...NO_ROLES, ...split } }),
  };
}

const METRIC_PARAMETERS = ['metrics', 'y_true', 'y_pred', 'y_pred_proba', 'problem_type', 'thresholds', 'normalize_confusion_matrix', 'business_value_matrix', 'normalize_business_value'];

function constructPerformance(kind: 'realized_performance' | 'estimated_performance', name: string, given: Record<string, unknown>): Construction {
  const parameters = new Parameters(given, name, [...METRIC_PARAMETERS, ...(kind === 'estimated_performance' ? ['calibration', 'calibrator'] : []), ...CHUNK_PARAMETERS]);
  refuseOtherProblems(kind, name, parameters);
  if (kind === 'estimated_performance') {
    parameters.oneOfOrNull('calibration', ['isotonic']);
    if (parameters.has('calibrator')) throw parameters.wrong('calibrator', 'absent: calibrators of your own cannot be given as JSON');
  }
  const target = parameters.text('y_true');
  const probability = parameters.text('y_pred_proba');
  const prediction = parameters.textOrNull('y_pred');
  const settings = performanceSettings(parameters, name);
  const unpredicted = settings.metrics.filter((metric) => metric !== 'roc_auc' && metric !== 'average_precision');
  if (prediction === null && unpredicted.length > 0) throw new InvalidInput(`${name}: ${unpredicted.join(', ')} need 'y_pred'`);
  const columns = { target, prediction, probability };
  return {
    chunking: chunkingOf(parameters),
    readings: new Map([target, probability, ...(prediction === null ? [] : [prediction])].map((column) => [column, 'as numbers'])),
    kinds: { continuous: true, categorical: false, refuseOthers: true },
    columns,
    requestOf: (split) => ({ kind, settings, columns: { ...NO_ROLES, ...split, ...columns } }),
  };
}

function refuseOtherProblems(kind: string, name: string, parameters: Parameters): void {
  const problem = parameters.oneOf('problem_type', ['classification_binary', 'classification_multiclass', 'regression']);
  if (problem === 'regression' && kind === 'estimated_performance') throw parameters.wrong('problem_type', 'a classification: CBPE does not estimate regressions');
  if (problem !== 'classification_binary') throw new InvalidInput(`${name}: performance of ${problem} models is not there yet`);
}

function performanceSettings(parameters: Parameters, name: string): PerformanceSettings {
  const metrics = (parameters.has('metrics') ? parameters.texts('metrics') : []).map((metric) => {
    const found = BINARY_METRICS.find((one) => one === metric);
    if (found === undefined) throw new InvalidInput(`${name}: there is no metric '${metric}' for a binary classification; there are ${BINARY_METRICS.join(', ')}`);
    return found;
  });
  if (metrics.length === 0) throw parameters.wrong('metrics', `one or more of ${BINARY_METRICS.join(', ')}`);
  const matrix = parameters.raw('business_value_matrix');
  if (metrics.includes('business_value') && !isMatrix(matrix)) throw parameters.wrong('business_value_matrix', 'a matrix of 2 × 2 numbers');
  return {
    metrics,
    thresholds: thresholdsOfParameters(parameters),
    normalizeConfusionMatrix: parameters.oneOfOrNull('normalize_confusion_matrix', ['all', 'true', 'pred']),
    businessValueMatrix: isMatrix(matrix) ? matrix : undefined,
    normalizeBusinessValue: parameters.oneOfOrNull('normalize_business_value', ['per_prediction']),
  };
}

function isMatrix(value: unknown): value is number[][] {
  return Array.isArray(value) && value.length === 2 && value.every((row) => Array.isArray(row) && row.length === 2 && row.every((one) => typeof one === 'number'));
}
