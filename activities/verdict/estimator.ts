/** What estimates one metric of a version: learnt on that version's own reference, once for each, and kept. */
import { InvalidInput } from '../../domain/errors.js';
import type { PerformanceMetric } from '../../domain/metrics.js';
import type { ModelSettings, PerformanceSettings } from '../../domain/settings.js';
import { fitCalculator, requiredColumns, type CalculatorRequestOf, type FittedCalculatorOf } from '../../engine/catalogue.js';
import type { FittedEstimatedPerformance } from '../../engine/estimators/estimated-performance.js';
import { toFittedJson } from '../../engine/fitted-json.js';
import type { Frame } from '../../engine/frame.js';
import { CopyDecoder } from '../../store/copy-decode.js';
import { insertFitted } from '../../store/fitted.js';
import type { ModelState } from '../../store/model-state.js';
import { placeColumns, readColumns } from '../../store/model-tables.js';
import { inTransaction, type Pool } from '../../store/pool.js';
import { readReference } from '../../store/read-rows.js';
import { wantedCalculators } from '../calculators.js';
import type { FittedCache } from '../fitted-cache.js';
import { columnsToRead, frameFor, frameOf } from '../frames.js';

export type EstimateRequest = CalculatorRequestOf<'estimated_performance'>;

/** Performance settings of this metric alone, with what the model's own choose beside the metrics. */
export function settingsForMetric(settings: ModelSettings, metric: PerformanceMetric): PerformanceSettings {
  const { customMetrics: _own, thresholds: _bounds, ...chosen } = settings.calculators.estimated_performance ?? settings.calculators.realized_performance ?? { metrics: [] };
  return { ...chosen, metrics: [metric] };
}

/** @throws InvalidInput why this metric of this version cannot be estimated */
export function estimateRequest(version: ModelState, metric: PerformanceMetric): { request: EstimateRequest; key: string } {
  const settings: ModelSettings = { ...version.settings, calculators: { estimated_performance: settingsForMetric(version.settings, metric) } };
  const { wanted: [found], failures: [failure] } = wantedCalculators(version, settings);
  if (!found) throw new InvalidInput(failure?.message ?? `${metric} of version ${version.version} cannot be estimated`);
  const request = found.request as EstimateRequest;
  requiredColumns(request);
  // Without the reference's chunks, so it is none of those that monitoring keeps.
  return { request, key: `verdict:${found.key}` };
}

/** @throws InvalidInput when the reference does not allow it */
export async function loadEstimator(pool: Pool, cache: FittedCache, version: ModelState, metric: PerformanceMetric): Promise<FittedEstimatedPerformance> {
  const { request, key } = estimateRequest(version, metric);
  const [known] = await cache.load(pool, [key]);
  if (known) return stateOf(known.calculator as FittedCalculatorOf<'estimated_performance'> | null, known.failure);
  let fitted: FittedCalculatorOf<'estimated_performance'> | null = null;
  let failure: string | null = null;
  const reference = await readReferenceRows(pool, version, request);
  try {
    fitted = fitCalculator(request, frameFor(request, reference), []);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    failure = error.message;
  }
  await insertFitted(pool, { versionId: version.versionId, key, calculator: 'estimated_performance', body: fitted === null ? '' : toFittedJson(fitted), failure });
  return stateOf(fitted, failure);
}

function stateOf(fitted: FittedCalculatorOf<'estimated_performance'> | null, failure: string | null): FittedEstimatedPerformance {
  if (fitted === null) throw new InvalidInput(failure ?? 'the reference does not allow an estimate');
  return fitted.state;
}

async function readReferenceRows(pool: Pool, version: ModelState, request: EstimateRequest): Promise<Frame> {
  const columns = columnsToRead([request], placeColumns(version.schema, await readColumns(pool, version.id)));
  const decoder = new CopyDecoder(['micros', 'whole', ...columns.map(({ kind }) => kind)], 65_536, (row) => row + 1);
  const rows = await inTransaction(pool, (tx) => readReference(tx, { modelId: version.id, versionId: version.versionId, segment: null }, columns, decoder));
  return frameOf(columns, decoder.columns.slice(2), rows);
}
