/**
 * Estimates the quality of a committed batch and answers whether its predictions may be used.
 *
 * Idempotent by the batch: the first answer stands. Runs in a worker thread. Usual duration: 50 ms for 10,000 rows; longer once per version and metric, while
 * the estimate is learnt on the reference.
 */
import { Conflict, InvalidInput, NotFound } from '../../domain/errors.js';
import type { Gate, GateAnswer, GateRule, GateState } from '../../domain/gate.js';
import { METRICS_OF, type PerformanceMetric } from '../../domain/metrics.js';
import type { MetricPoint } from '../../domain/measurement.js';
import { approvalText } from '../../domain/names.js';
import type { Bounds } from '../../domain/threshold.js';
import { digits } from '../../domain/verdict-text.js';
import type { FittedCalculatorOf } from '../../engine/catalogue.js';
import { estimatedPerformance } from '../../engine/estimators/estimated-performance.js';
import type { Frame } from '../../engine/frame.js';
import { findBatch, readBatchRows, type BatchPlace } from '../../store/batch-rows.js';
import { CopyDecoder } from '../../store/copy-decode.js';
import { findGate, saveGate } from '../../store/gates.js';
import { readModelState, requireThere, type ModelState } from '../../store/model-state.js';
import { placeColumns, readColumns } from '../../store/model-tables.js';
import { inTransaction, type Pool } from '../../store/pool.js';
import { wantedCalculators } from '../calculators.js';
import type { GateTask, WorkOptions } from '../deps.js';
import type { FittedCache } from '../fitted-cache.js';
import { columnsToRead, frameFor, frameOf } from '../frames.js';
import { judgeFor } from '../judge.js';
import { estimateRequest, loadEstimator } from '../verdict/estimator.js';

const LEAST_ROWS = 100;
const STATE_OF: Record<GateAnswer, GateState> = { pass: 'passed', hold: 'held', 'cannot know': 'unknown' };

/** @throws NotFound no such batch; InvalidInput it holds no predictions, or the rule is none; Conflict the model is archived */
export async function askGate(pool: Pool, cache: FittedCache, { modelId, batch: key, rule, by, atMs }: GateTask['request'], options: WorkOptions = {}): Promise<Gate> {
  const known = await findGate(pool, modelId, key);
  if (known) return known;
  const model = requireThere(await readModelState(pool, modelId));
  if (model.state !== 'active') throw new Conflict(`model '${model.name}' is ${model.state}: nothing of it is held or let through any more`);
  const batch = await findBatch(pool, modelId, key);
  if (!batch) throw new NotFound(`model '${model.name}' has no batch '${key}': append it first`);
  if (batch.kind !== 'analysis') throw new InvalidInput(`batch '${key}' is of kind ${batch.kind}: only predictions pass a gate`);
  const version = await readModelState(pool, modelId, batch.versionId);
  const metric = metricOf(rule, version);
  const { rows, point, unknown } = await estimate(pool, cache, version, metric, batch);
  const bounds = rule.atLeast !== undefined || rule.atMost !== undefined ? { lower: rule.atLeast ?? null, upper: rule.atMost ?? null } : await boundsInForce(pool, cache, version, metric, options);
  const { answer, text } = judge(key, rule, metric, rows, point, bounds, unknown);
  const state = STATE_OF[answer];
  return saveGate(pool, {
    modelId, batch: key, answer, state, rule, value: finite(point?.value), samplingError: finite(point?.samplingError), lower: bounds?.lower ?? null, upper: bounds?.upper ?? null, rows, text,
    decisionId: state === 'held' ? approvalText(modelId, 'gate', key) : null, by, atMs,
  });
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

function metricOf({ metric: name, atLeast, atMost }: GateRule, { schema: { problemType } }: ModelState): PerformanceMetric {
  const metrics = METRICS_OF[problemType].filter((one) => one !== 'confusion_matrix');
  const metric = metrics.find((one) => one === name);
  if (!metric) throw new InvalidInput(`a gate cannot go by '${name}': there are ${metrics.join(', ')}`);
  if (atLeast !== undefined && atMost !== undefined && atLeast > atMost) throw new InvalidInput(`no ${metric} is at least ${atLeast} and at most ${atMost}`);
  return metric;
}

/** The batch's rows alone. A metric that cannot be estimated is an answer, not an error. */
async function estimate(pool: Pool, cache: FittedCache, version: ModelState, metric: PerformanceMetric, batch: BatchPlace): Promise<{ rows: number; point: MetricPoint | null; unknown: string | null }> {
  try {
    const { request } = estimateRequest(version, metric);
    const fitted = await loadEstimator(pool, cache, version, metric);
    const frame = frameFor(request, await readRows(pool, version, batch, columnsToRead([request], placeColumns(version.schema, await readColumns(pool, version.id))).filter(({ physical }) => physical !== 'target')));
    const point = estimatedPerformance.calculate(fitted, frame).find((one) => one.metric === metric) ?? null;
    return { rows: frame.rowCount, point, unknown: null };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return { rows: batch.rows, point: null, unknown: error.message };
  }
}

async function readRows(pool: Pool, version: ModelState, batch: BatchPlace, columns: ReturnType<typeof columnsToRead>): Promise<Frame> {
  const decoder = new CopyDecoder(columns.map(({ kind }) => kind), Math.max(16, Math.min(batch.rows, 1 << 20)), (row) => row + 1);
  const rows = await inTransaction(pool, async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    return readBatchRows(tx, version.id, batch, columns, decoder);
  });
  return frameOf(columns, decoder.columns, rows);
}

/** Those of the calculator that monitors the version. null: nothing is in force, because it was never run or does not have the metric. */
async function boundsInForce(pool: Pool, cache: FittedCache, version: ModelState, metric: PerformanceMetric, options: WorkOptions): Promise<Bounds | null> {
  const wanted = wantedCalculators(version, version.settings, null, options).wanted.find(({ kind }) => kind === 'estimated_performance');
  const [loaded] = wanted ? await cache.load(pool, [wanted.key]) : [];
  const fitted = loaded?.calculator as FittedCalculatorOf<'estimated_performance'> | null | undefined;
  if (!wanted || !fitted || !fitted.thresholdValues.some((series) => series.metric === metric)) return null;
  return judgeFor(fitted, wanted)({ metric, column: '', value: NaN, samplingError: NaN, bandLower: NaN, bandUpper: NaN }).bounds;
}

function judge(key: string, { minRows = LEAST_ROWS }: GateRule, metric: string, rows: number, point: MetricPoint | null, bounds: Bounds | null, unknown: string | null): { answer: GateAnswer; text: string } {
  const cannot = (why: string): { answer: GateAnswer; text: string } => ({ answer: 'cannot know', text: `batch '${key}': ${metric} cannot be known: ${why}` });
  if (unknown !== null || point === null) return cannot(unknown ?? 'it is not estimated');
  if (rows < minRows) return cannot(`${rows} rows, ${minRows} are needed`);
  if (!Number.isFinite(point.value)) return cannot(point.reason ?? 'it cannot be estimated of these rows');
  const estimated = `batch '${key}': estimated ${metric} ${digits(point.value)}${Number.isFinite(point.samplingError) ? ` ± ${digits(point.samplingError)}` : ''} on ${rows.toLocaleString('en')} rows`;
  if (bounds === null || (bounds.lower === null && bounds.upper === null)) return cannot(`${estimated.slice(estimated.indexOf('estimated'))}, but no threshold of it is in force: say at least or at most what it must be, or run the model first`);
  if (bounds.lower !== null && point.value < bounds.lower) return { answer: 'hold', text: `${estimated} is below ${digits(bounds.lower)}` };
  if (bounds.upper !== null && point.value > bounds.upper) return { answer: 'hold', text: `${estimated} is above ${digits(bounds.upper)}` };
  const range = [bounds.lower === null ? null : `at least ${digits(bounds.lower)}`, bounds.upper === null ? null : `at most ${digits(bounds.upper)}`].filter((one) => one !== null).join(' and ');
  return { answer: 'pass', text: `${estimated} is ${range}` };
}
