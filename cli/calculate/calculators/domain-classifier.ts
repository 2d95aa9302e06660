/** NannyML's DomainClassifierCalculator. */
import { ANY_KIND, NO_ROLES, readAll, type CalculatorConstruction } from '../construction.js';
import { CHUNK_PARAMETERS, chunkingOf, hyperparametersOf, Parameters, thresholdOfParameters } from '../parameters.js';

const NAME = 'DomainClassifierCalculator';

export function constructDomainClassifier(given: Record<string, unknown>): CalculatorConstruction {
  const parameters = new Parameters(given, NAME, ['feature_column_names', 'treat_as_categorical', 'cv_folds_num', 'hyperparameters', 'tune_hyperparameters', 'hyperparameter_tuning_config', 'threshold', ...CHUNK_PARAMETERS]);
  const settings = {
    treatAsCategorical: parameters.textsOr('treat_as_categorical', []),
    folds: parameters.has('cv_folds_num') ? parameters.wholeNumber('cv_folds_num') : undefined,
    hyperparameters: hyperparametersOf(parameters),
    threshold: thresholdOfParameters(parameters),
  };
  return {
    calculator: NAME,
    chunking: chunkingOf(parameters),
    readings: readAll(parameters.texts('feature_column_names'), 'as it is'),
    kinds: ANY_KIND,
    requestOf: (split) => ({ kind: 'domain_classifier', settings, columns: { ...NO_ROLES, ...split } }),
  };
}
