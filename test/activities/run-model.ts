/** Runs of a model by direct calls of the activities, and a small model whose chunks fill quickly. */
import { finishRun } from '../../activities/finish-run.js';
import { fitPopulations } from '../../activities/fit-populations.js';
import { inlineThreads } from '../../activities/numeric-work.js';
import { planRun } from '../../activities/plan-run.js';
import type { RunOutcome, RunPlan } from '../../activities/contract.js';
import type { Chunking } from '../../domain/chunking.js';
import type { RunSummary } from '../../domain/run.js';
import type { ModelSchema } from '../../domain/schema.js';
import { defaultSettings, type ModelSettings } from '../../domain/settings.js';
import { createModel } from '../../store/create-model.js';
import type { Pool } from '../../store/pool.js';
import { readRunByNumber } from '../../store/runs.js';
import { memorySource, type Row } from '../store/memory-source.js';

export interface RunDone {
  plan: RunPlan;
  outcome: RunOutcome;
  record: RunSummary;
}

/** Plans, fits, computes every part (in the order given, all at once when absent) and finishes. @param options.horizon absent: all that has come @param options.nowMs absent: chunks do not begin to wait */
export async function runModel(pool: Pool, modelId: number, options: { horizon?: number; full?: boolean; nowMs?: number; partOrder?: (parts: number[]) => number[] } = {}): Promise<RunDone> {
  const { rows: [model] } = await pool.query<{ lastBatch: number; lastRun: number }>('select last_batch as "lastBatch", last_run as "lastRun" from aftercare.model where id = $1', [modelId]);
  const runNumber = model!.lastRun + 1;
  const plan = await planRun({ pool }, { modelId, runNumber, previousHorizon: 0, horizon: options.horizon ?? model!.lastBatch, trigger: 'manual', by: 'test', full: options.full ?? false });
  const threads = inlineThreads(pool);
  if (plan.needsFit) await fitPopulations({ pool, threads }, plan.runId, {});
  const parts = Array.from({ length: plan.parts }, (_, part) => part);
  for (const part of options.partOrder?.(parts) ?? parts) await threads.run({ kind: 'compute', runId: plan.runId, part });
  const outcome = await finishRun({ pool }, { runId: plan.runId, ...(options.nowMs === undefined ? {} : { nowMs: options.nowMs }) });
  return { plan, outcome, record: (await readRunByNumber(pool, modelId, runNumber))! };
}

export const SMALL_SCHEMA: ModelSchema = {
  problemType: 'classification_binary',
  columns: [
    { name: 'id', role: 'identifier', kind: 'text' },
    { name: 'at', role: 'timestamp', kind: 'timestamp' },
    { name: 'amount', role: 'feature', kind: 'continuous' },
    { name: 'colour', role: 'feature', kind: 'categorical' },
    { name: 'score', role: 'predicted_probability', kind: 'continuous' },
    { name: 'predicted', role: 'prediction', kind: 'continuous' },
    { name: 'repaid', role: 'target', kind: 'continuous' },
  ],
};

export const WITHOUT_TIME: ModelSchema = { ...SMALL_SCHEMA, columns: SMALL_SCHEMA.columns.filter(({ role }) => role !== 'timestamp') };

/** A number in [0, 1) that three whole numbers determine and nobody would guess. Finalizer of MurmurHash3. */
function mixed(a: number, b: number, c: number): number {
  let h = Math.imul(a + 1_000, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca77) ^ Math.imul(c + 1, 0xc2b2ae3d);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

const COLOURS = ['red', 'green', 'blue', 'grey'];
const START_MS = Date.UTC(2024, 2, 29, 20);
/** 37 minutes: periods of an hour have one or two rows, days about 39. */
const STEP_MS = 37 * 60_000;

/** Row `n` of a made-up table: the same whenever it is asked for. @param wobble another number gives the row other values under the same identifier */
export function smallRow(n: number, wobble = 0): Row {
  const noise = (salt: number): number => mixed(n, salt, wobble);
  const score = Math.round(noise(1) * 100) / 100;
  return {
    id: `row-${n}`,
    at: new Date(START_MS + n * STEP_MS).toISOString(),
    amount: noise(2) < 0.05 ? null : Math.round(noise(3) * 1e6) / 1e3 + (n > 150 ? 300 : 0),
    colour: noise(4) < 0.03 ? 'violet' : COLOURS[Math.floor(noise(5) * COLOURS.length)]!,
    score,
    predicted: score >= 0.5 ? 1 : 0,
  };
}

/** What came out for row `n`. */
export function smallTarget(n: number, wobble = 0): Row {
  return { id: `row-${n}`, repaid: mixed(n, 9, wobble) < 0.55 ? 1 : 0 };
}

export function smallSettings(chunking: Chunking, change: Partial<ModelSettings> = {}): ModelSettings {
  return { ...defaultSettings('classification_binary', chunking), ...change };
}

/** A model whose reference are rows −1 … −`rows`, with targets. */
export async function createSmallModel(pool: Pool, name: string, settings: ModelSettings, { schema = SMALL_SCHEMA, rows = 200 }: { schema?: ModelSchema; rows?: number } = {}): Promise<number> {
  const names = schema.columns.map((column) => column.name);
  const reference = Array.from({ length: rows }, (_, i) => pick({ ...smallRow(i - rows), ...smallTarget(i - rows) }, names));
  const { modelId } = await createModel(pool, { name, schema, settings, reference: memorySource(reference, { columnNames: names, blockRows: 64 }), by: 'test' });
  return modelId;
}

export function pick(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(names.filter((name) => name in row).map((name) => [name, row[name]]));
}
