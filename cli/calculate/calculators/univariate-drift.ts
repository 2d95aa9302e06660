/** NannyML's UnivariateDriftCalculator. */
import { InvalidInput } from '../../../domain/errors.js';
import type { CategoricalMethod, ContinuousMethod } from '../../../domain/settings.js';
import type { SettingsByKind } from '../../../engine/index.js';
import { ANY_KIND, NO_ROLES, type ColumnReading, type CalculatorConstruction } from '../construction.js';
import { CHUNK_PARAMETERS, chunkingOf, objectOf, Parameters, thresholdsOfParameters } from '../parameters.js';

const NAME = 'UnivariateDriftCalculator';
const CONTINUOUS_METHODS: readonly ContinuousMethod[] = ['jensen_shannon', 'kolmogorov_smirnov', 'wasserstein', 'hellinger'];
const CATEGORICAL_METHODS: readonly CategoricalMethod[] = ['jensen_shannon', 'chi2', 'hellinger', 'l_infinity'];

export function constructUnivariateDrift(given: Record<string, unknown>): CalculatorConstruction {
  const parameters = new Parameters(given, NAME, ['column_names', 'treat_as_numerical', 'treat_as_categorical', 'categorical_methods', 'continuous_methods', 'thresholds', 'computation_params', ...CHUNK_PARAMETERS]);
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
    calculator: NAME,
    chunking: chunkingOf(parameters),
    readings: new Map(parameters.texts('column_names').map((column) => [column, readingOf(column)])),
    kinds: ANY_KIND,
    requestOf: (split) => ({ kind: 'univariate_drift', settings, columns: { ...NO_ROLES, ...split } }),
  };
}

function methodsOf<T extends string>(parameters: Parameters, name: string, known: readonly T[]): T[] {
  return parameters.textsOr(name, ['jensen_shannon']).map((method) => {
    const found = known.find((one) => one === method);
    if (found === undefined) throw new InvalidInput(`${NAME}: '${name}' cannot be '${method}'; possible are ${known.join(', ')}`);
    return found;
  });
}

/**
 * `{"kolmogorov_smirnov": {"calculation_method": "exact", "n_bins": 50}}` as NannyML documents it (but ignores it), or the methods' names beside one
 * "calculation_method" and "n_bins" for both, which is what NannyML 0.13.1 takes.
 */
function distributionsOf(parameters: Parameters): SettingsByKind['univariate_drift']['distributions'] {
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
