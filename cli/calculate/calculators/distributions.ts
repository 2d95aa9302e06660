/** NannyML's ContinuousDistributionCalculator and CategoricalDistributionCalculator. */
import { CURVE_POINTS } from '../../../engine/index.js';
import { ANY_KIND, ONLY_CONTINUOUS, readAll, type DistributionConstruction } from '../construction.js';
import { CHUNK_PARAMETERS, chunkingOf, Parameters } from '../parameters.js';

export function constructDistribution(distribution: 'continuous' | 'categorical', name: string, given: Record<string, unknown>): DistributionConstruction {
  const parameters = new Parameters(given, name, ['column_names', ...(distribution === 'continuous' ? ['points_per_joy_plot'] : []), ...CHUNK_PARAMETERS]);
  return {
    calculator: name,
    chunking: chunkingOf(parameters),
    readings: readAll(parameters.texts('column_names'), distribution === 'continuous' ? 'as it is' : 'as texts'),
    kinds: distribution === 'continuous' ? ONLY_CONTINUOUS : ANY_KIND,
    distribution,
    points: parameters.has('points_per_joy_plot') ? parameters.wholeNumber('points_per_joy_plot') : CURVE_POINTS,
  };
}
