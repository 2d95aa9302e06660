/** NannyML's DataReconstructionDriftCalculator. */
import type { CategoricalImputation, ContinuousImputation, SettingsByKind } from '../../../engine/index.js';
import { ANY_KIND, NO_ROLES, readAll, type CalculatorConstruction } from '../construction.js';
import { CHUNK_PARAMETERS, chunkingOf, objectOf, Parameters, thresholdOfParameters } from '../parameters.js';

const NAME = 'DataReconstructionDriftCalculator';

export function constructReconstruction(given: Record<string, unknown>): CalculatorConstruction {
  const parameters = new Parameters(given, NAME, ['column_names', 'n_components', 'imputer_categorical', 'imputer_continuous', 'threshold', ...CHUNK_PARAMETERS]);
  const components = parameters.raw('n_components') ?? 0.65;
  if (components !== 'mle' && (typeof components !== 'number' || !(components >= 0))) throw parameters.wrong('n_components', "a share of variance between 0 and 1, a whole number of components, or 'mle'");
  const settings: SettingsByKind['reconstruction_error'] = {
    components,
    threshold: thresholdOfParameters(parameters),
    imputeContinuous: continuousImputation(parameters),
    imputeCategorical: categoricalImputation(parameters),
  };
  return {
    calculator: NAME,
    chunking: chunkingOf(parameters),
    readings: readAll(parameters.texts('column_names'), 'as it is'),
    kinds: ANY_KIND,
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
