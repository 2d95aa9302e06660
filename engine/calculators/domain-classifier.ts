/**
 * Domain classifier: can a boosting tell the chunk's rows from the reference's? Cross-validated ROC AUC: 0.5 where it cannot, 1 where every row gives itself away.
 * It sees any change of any combination of columns, and costs as many trainings per chunk as there are folds.
 */
import { InvalidInput } from '../../domain/errors.js';
import type { MetricPoint } from '../../domain/measurement.js';
import type { DomainClassifierSettings } from '../../domain/settings.js';
import type { ThresholdRule } from '../../domain/threshold.js';
import { boostingParametersFrom, type BoostingOptions } from '../boosting/index.js';
import { plainPoint, requireFinite, type Calculator, type CalculatorColumns } from '../calculator.js';
import { compareText, type Frame, type RowRange } from '../frame.js';
import { appendChunk, encodeReference, type EncodedColumn } from '../learn/domain-columns.js';
import { crossValidate } from '../learn/domain-folds.js';
import type { Limits } from '../threshold.js';

/** What one may choose. */
export interface DomainClassifierOptions extends DomainClassifierSettings {
  /** Number columns to be split as categories. */
  treatAsCategorical?: string[];
}

/** What was learnt: the reference itself, ready to be put beside a chunk. */
export interface FittedDomainClassifier {
  folds: number;
  boosting: BoostingOptions;
  rows: number;
  columns: EncodedColumn[];
}

const METRIC = 'domain_classifier_auroc';
const LIMITS: Limits = { lower: 0, upper: 1 };
const DEFAULT_FOLDS = 5;
const DEFAULT_RULE: ThresholdRule = { type: 'constant', lower: 0.45, upper: 0.65 };
/** NannyML's. The seed matters only where rows or columns are drawn: for bins beyond 200,000 rows, or by a hyperparameter. */
const DEFAULT_HYPERPARAMETERS = { random_state: 13 };

/** @throws InvalidInput when a setting is out of range, or a column holds ±∞. Cost: one copy of the columns. */
export function fitDomainClassifier(settings: DomainClassifierOptions, columns: CalculatorColumns, reference: Frame): FittedDomainClassifier {
  const folds = settings.folds ?? DEFAULT_FOLDS;
  if (!Number.isInteger(folds) || folds < 2) throw new InvalidInput(`the domain classifier was to have ${folds} folds, it must be a whole number of 2 or more`);
  const boosting = boostingOf(settings);
  const { categorical, continuous } = namesOf(settings, columns);
  if (categorical.length + continuous.length === 0) throw new InvalidInput('the domain classifier has no feature to learn from');
  for (const name of continuous) {
    const column = reference.columns.get(name);
    if (column?.kind === 'continuous') requireFinite(column, name);
  }
  return { folds, boosting, rows: reference.rowCount, columns: [...categorical.map((name) => encodeReference(name, 'categorical', reference)), ...continuous.map((name) => encodeReference(name, 'continuous', reference))] };
}

function boostingOf({ hyperparameters }: DomainClassifierOptions): BoostingOptions {
  const options = boostingParametersFrom(hyperparameters ?? DEFAULT_HYPERPARAMETERS);
  if (options.objective !== undefined && options.objective !== 'binary') throw new InvalidInput(`the domain classifier tells two sets of rows apart: hyperparameter objective cannot be '${options.objective}', only 'binary'`);
  return { ...options, objective: 'binary' };
}

/** NannyML's order, on which equally good splits depend: categories by name, then numbers that are treated as such, then numbers by name. */
function namesOf({ treatAsCategorical = [] }: DomainClassifierOptions, columns: CalculatorColumns): Pick<CalculatorColumns, 'categorical' | 'continuous'> {
  const treated = treatAsCategorical.filter((name, i) => columns.continuous.includes(name) && treatAsCategorical.indexOf(name) === i);
  return {
    categorical: [...[...columns.categorical].sort(compareText), ...treated],
    continuous: columns.continuous.filter((name) => !treated.includes(name)).sort(compareText),
  };
}

/** One point. The chunk's rows are told from all of the reference's. Cost: `folds` trainings on the reference and the chunk together. */
export function calculateDomainClassifier(fitted: FittedDomainClassifier, chunk: Frame): MetricPoint[] {
  if (chunk.rowCount === 0) return [plainPoint(METRIC, '', NaN, 'the chunk has no rows')];
  const isChunk = new Uint8Array(fitted.rows + chunk.rowCount).fill(1, fitted.rows);
  return [pointOf(fitted, fitted.columns.map((column) => appendChunk(column, chunk)), isChunk)];
}

/** One point of a chunk of the reference: its rows are told from the rest of the reference. */
export function calculateReferenceDomain(fitted: FittedDomainClassifier, chunk: RowRange): MetricPoint[] {
  if (chunk.end <= chunk.start) return [plainPoint(METRIC, '', NaN, 'the chunk has no rows')];
  const isChunk = new Uint8Array(fitted.rows).fill(1, chunk.start, chunk.end);
  return [pointOf(fitted, fitted.columns.map((column) => appendChunk(column, null)), isChunk)];
}

function pointOf(fitted: FittedDomainClassifier, features: Parameters<typeof crossValidate>[0], isChunk: Uint8Array): MetricPoint {
  const value = crossValidate(features, isChunk, fitted.folds, fitted.boosting);
  return plainPoint(METRIC, '', value, `neither the reference nor the chunk has ${fitted.folds} rows, one for each fold`);
}

/** Its entry in the catalogue. */
export const domainClassifier: Calculator<DomainClassifierOptions, FittedDomainClassifier> = {
  kind: 'domain_classifier',
  requiredColumns(_settings, columns) {
    const names = [...columns.categorical, ...columns.continuous];
    return { reference: names, chunk: names };
  },
  fit: fitDomainClassifier,
  calculate: calculateDomainClassifier,
  calculateReference: (fitted, _reference, chunk) => calculateReferenceDomain(fitted, chunk),
  ruleOf: (settings) => settings.threshold ?? DEFAULT_RULE,
  limitsOf: () => LIMITS,
  alertsOnBound: false,
};
