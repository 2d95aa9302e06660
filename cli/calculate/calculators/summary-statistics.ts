/** NannyML's SummaryStats…Calculators. */
import type { Statistic } from '../../../engine/index.js';
import { NO_ROLES, ONLY_CONTINUOUS, readAll, type CalculatorConstruction } from '../construction.js';
import { CHUNK_PARAMETERS, chunkingOf, Parameters, thresholdOfParameters } from '../parameters.js';

export function constructSummaryStatistics(statistic: Statistic, name: string, given: Record<string, unknown>): CalculatorConstruction {
  const parameters = new Parameters(given, name, [...(statistic === 'row_count' ? [] : ['column_names']), 'threshold', ...CHUNK_PARAMETERS]);
  const settings = { statistics: [statistic], threshold: thresholdOfParameters(parameters) };
  return {
    calculator: name,
    chunking: chunkingOf(parameters),
    readings: readAll(statistic === 'row_count' ? [] : parameters.texts('column_names'), 'as it is'),
    kinds: ONLY_CONTINUOUS,
    requestOf: (split) => ({ kind: 'summary_statistics', settings, columns: { ...NO_ROLES, ...split } }),
  };
}
