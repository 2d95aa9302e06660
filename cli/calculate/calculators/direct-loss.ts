/** NannyML's DLE: direct loss estimation of a regression. */
import { REGRESSION_METRICS, type PerformanceSettings } from '../../../domain/settings.js';
import { NO_COLUMNS } from '../../../engine/index.js';
import { readAll, type ColumnsByKind, type CalculatorConstruction } from '../construction.js';
import { CHUNK_PARAMETERS, chunkingOf, hyperparametersOf, Parameters, thresholdsOfParameters } from '../parameters.js';
import { metricsOf } from './metrics.js';

const NAME = 'DLE';

export function constructDirectLoss(given: Record<string, unknown>): CalculatorConstruction {
  const parameters = new Parameters(given, NAME, ['feature_column_names', 'y_pred', 'y_true', 'metrics', 'hyperparameters', 'tune_hyperparameters', 'hyperparameter_tuning_config', 'thresholds', ...CHUNK_PARAMETERS]);
  const features = parameters.texts('feature_column_names');
  const target = parameters.text('y_true');
  const prediction = parameters.text('y_pred');
  const settings: PerformanceSettings = {
    metrics: metricsOf(parameters, NAME, 'regression', REGRESSION_METRICS),
    columns: features,
    hyperparameters: hyperparametersOf(parameters),
    thresholds: thresholdsOfParameters(parameters),
  };
  const isFeature = (column: string) => features.includes(column);
  return {
    calculator: NAME,
    chunking: chunkingOf(parameters),
    readings: new Map([...readAll(features, 'as it is'), ...readAll([target, prediction], 'as numbers')]),
    kinds: { continuous: true, categorical: true, refuseOthers: true },
    requestOf: ({ continuous, categorical }: ColumnsByKind) => ({
      kind: 'estimated_performance',
      settings,
      columns: { ...NO_COLUMNS, continuous: continuous.filter(isFeature), categorical: categorical.filter(isFeature), problemType: 'regression', target, prediction },
    }),
  };
}
