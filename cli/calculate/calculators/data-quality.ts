/** NannyML's MissingValuesCalculator, UnseenValuesCalculator and NumericalRangeCalculator. */
import { NO_ROLES, type ColumnReading, type CalculatorConstruction } from '../construction.js';
import { CHUNK_PARAMETERS, chunkingOf, Parameters, thresholdOfParameters } from '../parameters.js';

export function constructDataQuality(kind: 'missing_values' | 'unseen_values' | 'numerical_range', name: string, given: Record<string, unknown>): CalculatorConstruction {
  const casts = kind === 'unseen_values' ? ['y_pred_column_name', 'y_true_column_name'] : [];
  const parameters = new Parameters(given, name, ['column_names', 'normalize', 'threshold', ...casts, ...CHUNK_PARAMETERS]);
  const cast = casts.map((parameter) => parameters.textOrNull(parameter));
  const readingOf = (column: string): ColumnReading => (cast.includes(column) ? 'as categories' : kind === 'unseen_values' ? 'whole numbers as categories' : 'as it is');
  const settings = { normalize: parameters.flag('normalize', true), threshold: thresholdOfParameters(parameters) };
  return {
    calculator: name,
    chunking: chunkingOf(parameters),
    readings: new Map(parameters.texts('column_names').map((column) => [column, readingOf(column)])),
    kinds: { continuous: kind !== 'unseen_values', categorical: kind !== 'numerical_range', refuseOthers: true },
    requestOf: (split) => ({ kind, settings, columns: { ...NO_ROLES, ...split } }),
  };
}
