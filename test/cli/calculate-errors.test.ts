/** What `aftercare calculate` says to wrong requests: which stage, which column or parameter, which value, and what to do about it. */
import { describe, expect, it } from 'vitest';
import { answer } from '../../cli/calculate/answer.js';
import { DataShelf } from '../../cli/calculate/data.js';
import { readRefused, requestOf } from '../support/nannyml-fixtures.js';

const shelf = new DataShelf();
const COLUMNS = "'id', 'num_normal', 'num_ties', 'num_const', 'num_heavy', 'num_int', 'num_missing', 'flag', 'cat_few', 'cat_const', 'cat_missing', 'cat_unseen', 'y_pred_proba', 'y_pred', 'y_true', 'timestamp'";
const METRICS = 'roc_auc, f1, precision, recall, specificity, accuracy, average_precision, confusion_matrix, business_value';
const CONTINUOUS_METHODS = 'jensen_shannon, kolmogorov_smirnov, wasserstein, hellinger';
const MATRIX = "CBPE: 'business_value_matrix' must be a matrix of 2 × 2 numbers: a row per true class, a column per predicted class, it is";

/** Of NannyML's own refusals, by id; null: answered. */
const EXPECTED: Record<string, { stage: string; message: string } | null> = {
  empty_reference: { stage: 'fit', message: 'the reference data has no rows: at least one is needed' },
  empty_analysis: { stage: 'calculate', message: 'the analysis data has no rows: at least one is needed' },
  missing_column: { stage: 'fit', message: `the reference data lacks column 'nope'; it has ${COLUMNS}: correct the name, or add the column` },
  missing_column_in_analysis: { stage: 'calculate', message: `the analysis data lacks column 'num_normal'; it has ${COLUMNS.replace("'num_normal', ", '')}: correct the name, or add the column` },
  unknown_method: { stage: 'construct', message: `UnivariateDriftCalculator: 'continuous_methods' cannot be 'nope'; possible are ${CONTINUOUS_METHODS}` },
  categorical_method_on_continuous: { stage: 'construct', message: `UnivariateDriftCalculator: 'continuous_methods' cannot be 'chi2'; possible are ${CONTINUOUS_METHODS}` },
  period_without_timestamp: { stage: 'construct', message: "'chunk_period' 'W' needs 'timestamp_column_name', the name of the column of timestamps: give it, or chunk by 'chunk_size' or 'chunk_number'" },
  timestamp_not_in_data: { stage: 'fit', message: `the reference data lacks column 'nope'; it has ${COLUMNS}: correct the name, or add the column` },
  chunk_size_not_int: { stage: 'construct', message: "UnivariateDriftCalculator: 'chunk_size' must be a whole number above 0, it is 10.5" },
  chunk_size_negative: { stage: 'construct', message: "UnivariateDriftCalculator: 'chunk_size' must be a whole number above 0, it is -3" },
  chunk_size_zero_is_default: null,
  default_chunker_nine_rows: { stage: 'calculate', message: "the analysis data: 9 rows cannot be split into 10 chunks; give more rows, or other chunks ('chunk_size', 'chunk_number', 'chunk_period')" },
  constant_threshold_order: { stage: 'construct', message: "'threshold': lower threshold 0.5 is not below upper threshold 0.2; correct it, or give null for no bound on that side" },
  std_threshold_negative: { stage: 'construct', message: "'threshold': a threshold's multiplier of the standard deviation is -1, it must not be negative; correct it, or give null for no bound on that side" },
  threshold_type: { stage: 'construct', message: "'threshold': 'type' must be one of constant, standard_deviation, it is \"nope\"" },
  cbpe_missing_scores_in_analysis_while_calibrating: null,
  cbpe_no_metrics: { stage: 'construct', message: `CBPE: 'metrics' must be one or more of ${METRICS}, it is []` },
  cbpe_unknown_metric: { stage: 'construct', message: `CBPE: there is no metric 'nope' for a binary classification; there are ${METRICS}` },
  cbpe_regression: { stage: 'construct', message: "CBPE: 'problem_type' must be classification_binary or classification_multiclass (DLE estimates regressions), it is \"regression\"" },
  cbpe_proba_dict_binary: { stage: 'construct', message: "CBPE: 'y_pred_proba' must be the name of one column: the probability of class 1 (several classes are problem_type classification_multiclass), it is {\"a\":\"x\"}" },
  cbpe_missing_y_pred: { stage: 'construct', message: "CBPE: f1 needs 'y_pred', the name of the column of predictions" },
  cbpe_bad_normalization: { stage: 'construct', message: "CBPE: 'normalize_confusion_matrix' must be one of all, true, pred, it is \"rows\"" },
  cbpe_bv_without_matrix: { stage: 'construct', message: `${MATRIX} absent` },
  cbpe_bv_wrong_shape: { stage: 'construct', message: `${MATRIX} [[1,2,3]]` },
  cbpe_unknown_problem: { stage: 'construct', message: "CBPE: 'problem_type' must be one of classification_binary, classification_multiclass, regression, it is \"nope\"" },
  perf_no_target_in_analysis: { stage: 'calculate', message: `the analysis data lacks column 'y_true'; it has ${COLUMNS.replace("'y_true', ", '')}: correct the name, or add the column` },
  unseen_on_continuous: { stage: 'fit', message: "column 'num_normal' of the reference is continuous, UnseenValuesCalculator takes only categorical columns: leave it out" },
  range_on_categorical: { stage: 'fit', message: "column 'cat_few' of the reference is categorical, NumericalRangeCalculator takes only continuous columns: leave it out" },
  avg_on_categorical: { stage: 'fit', message: "column 'cat_few' of the reference is categorical, SummaryStatsAvgCalculator takes only continuous columns: leave it out" },
};

describe("what NannyML refuses is refused with a message that says what, where and what to do", () => {
  const refused = readRefused().filter(({ id }) => id in EXPECTED);

  it('every case has its message', () => expect(refused.map(({ id }) => id).sort()).toEqual(Object.keys(EXPECTED).sort()));

  it.each(refused.map((fixture) => [fixture.id, fixture] as const))('%s', async (id, fixture) => {
    const answered = await answer(requestOf(fixture), shelf);
    expect('error' in answered ? answered.error : null).toEqual(EXPECTED[id]);
  });
});

const DATA = new URL('../../datasets/', import.meta.url).pathname;

/** A request on a data set of the edges. */
function request(calculator: string, parameters: object, dataset = 'regression'): object {
  return { calculator, parameters: { chunk_size: 200, ...parameters }, reference: { file: `${DATA}edge_${dataset}_reference.csv` }, analysis: { file: `${DATA}edge_${dataset}_analysis.csv` } };
}

const DLE = { feature_column_names: ['f_num'], y_true: 'y_true', y_pred: 'y_pred' };
const CLASSES = { y_true: 'y_true', y_pred: 'y_pred', problem_type: 'classification_multiclass', metrics: ['f1'] };

describe('requests for regressions, several classes, the domain classifier and distributions', () => {
  it.each<[string, object, string, string]>([
    ['DLE without features', request('DLE', { ...DLE, feature_column_names: null }), 'construct', "DLE: 'feature_column_names' must be a text or a list of texts, it is null"],
    ['DLE with a metric of classifications', request('DLE', { ...DLE, metrics: ['f1'] }), 'construct', "DLE: there is no metric 'f1' for a regression; there are mae, mape, mse, rmse, msle, rmsle"],
    ['DLE that is to search for hyperparameters', request('DLE', { ...DLE, tune_hyperparameters: true }), 'construct', "DLE: 'tune_hyperparameters' must be false or absent: a search that ends by the clock gives other figures each time; search once yourself and give what was found as 'hyperparameters', it is true"],
    ['classes without columns', request('CBPE', { ...CLASSES, y_pred_proba: 'p' }, 'multiclass'), 'construct', "CBPE: 'y_pred_proba' must be an object that names the column of each class: {\"class\": \"column\"}, it is \"p\""],
    ['one class', request('CBPE', { ...CLASSES, y_pred_proba: { a: 'p' } }, 'multiclass'), 'construct', "CBPE: 'y_pred_proba' must be an object with a column for each of two or more classes, it is {\"a\":\"p\"}"],
    ['a class whose column is no name', request('PerformanceCalculator', { ...CLASSES, y_pred_proba: { a: 'p', b: 1 } }, 'multiclass'), 'construct', "PerformanceCalculator: 'y_pred_proba' must be an object of texts; that of class 'b' is none, it is {\"a\":\"p\",\"b\":1}"],
    ['a regression without predictions', request('PerformanceCalculator', { y_true: 'y_true', problem_type: 'regression', metrics: ['mae'] }), 'construct', "PerformanceCalculator: 'y_pred' must be a text, it is absent"],
    ['folds that are none', request('DomainClassifierCalculator', { feature_column_names: ['f_num'], cv_folds_num: 1.5 }), 'construct', "DomainClassifierCalculator: 'cv_folds_num' must be a whole number above 0, it is 1.5"],
    ['one fold', request('DomainClassifierCalculator', { feature_column_names: ['y_pred'], cv_folds_num: 1 }), 'fit', 'the domain classifier was to have 1 folds, it must be a whole number of 2 or more'],
    ['the density of texts', request('ContinuousDistributionCalculator', { column_names: ['cat_few'] }, 'binary'), 'fit', "column 'cat_few' of the reference data is categorical, ContinuousDistributionCalculator takes only continuous columns: leave it out"],
    ['a parameter that there is not', request('CategoricalDistributionCalculator', { column_names: ['cat_few'], points_per_joy_plot: 3 }, 'binary'), 'construct', "CategoricalDistributionCalculator has no parameter 'points_per_joy_plot'; it has column_names, timestamp_column_name, chunk_size, chunk_number, chunk_period, chunker"],
    ['text among numbers', request('PerformanceCalculator', { y_true: 'cat_few', y_pred: 'y_pred', y_pred_proba: 'y_pred_proba', problem_type: 'classification_binary', metrics: ['f1'] }, 'binary'), 'fit', "column 'cat_few' holds text ('a'), numbers are needed: write its values as numbers, classes as 0 and 1"],
  ])('%s', async (_, given, stage, message) => {
    expect(await answer(given, shelf)).toEqual({ error: { stage, message } });
  });
});
