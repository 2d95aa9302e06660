/** Runs: begun once per (model, number), planned once, counted part by part, ended once. */
import type { Border } from '../domain/order.js';
import type { CalculatorFailure, RunState, RunSummary, RunTrigger } from '../domain/run.js';
import type { PlanPart } from '../domain/run-plan.js';
import type { ModelSettings } from '../domain/settings.js';
import { NotFound } from '../domain/errors.js';
import type { Queryable } from './pool.js';

/** What a run decided to do; the same for every retry. */
export interface StoredPlan {
  /** All rows first, then the segments. */
  populations: PopulationPlan[];
  /** Newest event time that had come; null: none. */
  newestMicros: number | null;
  withTargets: boolean;
  /** Calculators that this model's schema has no columns for. */
  failures: CalculatorFailure[];
  notes: string[];
  parts: PlanPart[];
  /** Rows read to share out the work. */
  rowsRead: number;
}

/** Rows that are looked at together, and how they become chunks. */
export interface PopulationPlan {
  /** domain/segment.ts segmentText; '' is all rows, and then column and value are null */
  segment: string;
  column: string | null;
  value: string | null;
  scheme: string;
  /** Rows per chunk; null: chunks are periods. */
  chunkSize: number | null;
  /** False for a fixed number of chunks: they are cut anew by every run. */
  canComplete: boolean;
}

/** A plan that was made before there were segments: of a run that was under way when the worker became a newer one. */
type PlanOfOld = Omit<StoredPlan, 'populations' | 'notes'> & Pick<PopulationPlan, 'scheme' | 'chunkSize' | 'canComplete'>;

export interface RunRow {
  id: number;
  modelId: number;
  versionId: number;
  number: number;
  state: RunState;
  horizon: number;
  settings: ModelSettings;
  settingsRevision: number;
  /** null: not planned yet */
  plan: StoredPlan | null;
}

export interface NewRun {
  modelId: number;
  versionId: number;
  number: number;
  trigger: RunTrigger;
  by: string;
  previousHorizon: number;
  horizon: number;
  settings: ModelSettings;
  settingsRevision: number;
}

const RUN_COLUMNS = `id, model_id as "modelId", version_id as "versionId", number, state, horizon, settings, settings_revision as "settingsRevision", plan`;

/** Creates the run's row, or finds what an earlier attempt created. */
export async function beginRun(db: Queryable, run: NewRun): Promise<RunRow> {
  await db.query(
    `insert into aftercare.run (model_id, version_id, number, state, trigger, requested_by, previous_horizon, horizon, settings, settings_revision, started_at)
     values ($1, $2, $3, 'running', $4, $5, $6, $7, $8, $9, now()) on conflict (model_id, number) do nothing`,
    [run.modelId, run.versionId, run.number, run.trigger, run.by, run.previousHorizon, run.horizon, JSON.stringify(run.settings), run.settingsRevision]);
  await db.query('update aftercare.model set last_run = $2 where id = $1 and last_run < $2', [run.modelId, run.number]);
  const { rows } = await db.query<RawRun>(`select ${RUN_COLUMNS} from aftercare.run where model_id = $1 and number = $2`, [run.modelId, run.number]);
  return fromRaw(rows[0]!);
}

/** @throws NotFound */
export async function readRun(db: Queryable, runId: number): Promise<RunRow> {
  const { rows } = await db.query<RawRun>(`select ${RUN_COLUMNS} from aftercare.run where id = $1`, [runId]);
  if (!rows[0]) throw new NotFound(`there is no run with id ${runId}`);
  return fromRaw(rows[0]);
}

/** Keeps the first plan that was made. */
export async function savePlan(db: Queryable, runId: number, plan: StoredPlan, needsFit: boolean): Promise<void> {
  const chunks = plan.parts.reduce((sum, part) => sum + part.ranges.reduce((n, range) => n + range.chunks, 0), 0);
  await db.query(
    `update aftercare.run set plan = $2, failures = $3, notes = $5, progress = $4 where id = $1 and plan is null`,
    [runId, JSON.stringify(plan), JSON.stringify(plan.failures), JSON.stringify({ step: needsFit ? 'fit' : plan.parts.length > 0 ? 'compute' : 'finish', done: 0, of: chunks }), JSON.stringify(plan.notes)]);
}

export async function saveProgress(db: Queryable, runId: number, progress: RunSummary['progress']): Promise<void> {
  await db.query(`update aftercare.run set progress = $2 where id = $1 and state = 'running'`, [runId, JSON.stringify(progress)]);
}

/** Failures of fits, and reference rows that were read for them; a repeat that found everything fitted read none. */
export async function saveFitOutcome(db: Queryable, runId: number, failures: readonly CalculatorFailure[], referenceRowsRead: number): Promise<void> {
  await db.query('update aftercare.run set failures = $2, reference_rows_read = greatest(reference_rows_read, $3) where id = $1', [runId, JSON.stringify(failures), referenceRowsRead]);
}

export interface RunEnd {
  chunks: number;
  chunksComputed: number;
  rowsRead: number;
  measurements: number;
  alerts: number;
  failures: CalculatorFailure[];
  notes: string[];
  /** What `finishRun` answers, for its retries. */
  outcome: object;
}

export async function completeRun(db: Queryable, runId: number, end: RunEnd): Promise<void> {
  await db.query(
    `update aftercare.run set state = 'completed', chunks = $2, chunks_computed = $3, rows_read = $4, measurements = $5, alerts = $6, failures = $7, outcome = $8, notes = $9,
       progress = jsonb_build_object('step', 'done', 'done', $3::integer, 'of', $3::integer), finished_at = clock_timestamp()
     where id = $1`,
    [runId, end.chunks, end.chunksComputed, end.rowsRead, end.measurements, end.alerts, JSON.stringify(end.failures), JSON.stringify(end.outcome), JSON.stringify(end.notes)]);
}

/** What a completed run answered; null while it is not completed. */
export async function readOutcome(db: Queryable, runId: number): Promise<unknown> {
  const { rows } = await db.query<{ outcome: unknown }>(`select outcome from aftercare.run where id = $1 and state = 'completed'`, [runId]);
  return rows[0]?.outcome ?? null;
}

export interface PartRow {
  part: number;
  rowsRead: number;
  chunks: number;
  measurements: number;
  failures: CalculatorFailure[];
  /** Values of the segments' columns that the reference does not have. */
  newValues: NewValue[];
}

export interface NewValue {
  column: string;
  value: string;
  rows: number;
}

export async function readPart(db: Queryable, runId: number, part: number): Promise<PartRow | null> {
  return (await readParts(db, runId)).find((row) => row.part === part) ?? null;
}

export async function readParts(db: Queryable, runId: number): Promise<PartRow[]> {
  const { rows } = await db.query<PartRow>(
    `select part, rows_read as "rowsRead", chunks, measurements, failures, new_values as "newValues" from aftercare.run_part where run_id = $1 order by part`, [runId]);
  return rows;
}

/** @returns false when the part was already counted: then nothing of this attempt may be kept */
export async function savePart(db: Queryable, runId: number, row: PartRow): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into aftercare.run_part (run_id, part, rows_read, chunks, measurements, failures, new_values) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [runId, row.part, row.rowsRead, row.chunks, row.measurements, JSON.stringify(row.failures), JSON.stringify(row.newValues)]);
  return rowCount === 1;
}

/** A run that will not be finished; one that ended otherwise stays as it is. */
export async function endRun(db: Queryable, modelId: number, number: number, state: 'failed' | 'cancelled', reason: string): Promise<void> {
  await db.query(
    `update aftercare.run set state = $3, finished_at = now(), outcome = $4 where model_id = $1 and number = $2 and state in ('scheduled', 'running')`,
    [modelId, number, state, JSON.stringify({ reason })]);
}

interface RawRun extends Omit<RunRow, 'plan'> {
  plan: StoredPlan | PlanOfOld | null;
}

/** JSON knows no −∞: a border of a model without timestamps comes back as null. */
function fromRaw(row: RawRun): RunRow {
  for (const part of row.plan?.parts ?? []) {
    for (const range of part.ranges) {
      range.after = revived(range.after);
      range.until = revived(range.until);
    }
  }
  return { ...row, plan: row.plan && currentPlan(row.plan) };
}

function currentPlan(plan: StoredPlan | PlanOfOld): StoredPlan {
  if ('populations' in plan) return plan;
  const { scheme, chunkSize, canComplete, ...rest } = plan;
  return {
    ...rest, notes: [], populations: [{ segment: '', column: null, value: null, scheme, chunkSize, canComplete }],
    parts: plan.parts.map(({ ranges }) => ({ ranges: ranges.map((range) => ({ ...range, segment: '' })) })),
  };
}

function revived(border: Border | null): Border | null {
  return border && { ...border, atMicros: border.atMicros ?? -Infinity };
}

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const SUMMARY_SQL = `select m.name as model, r.number, r.state, r.trigger, r.requested_by as "requestedBy", r.previous_horizon::float8 as "previousHorizon", r.horizon::float8 as horizon,
    r.chunks, r.chunks_computed as "chunksComputed", r.rows_read::float8 as "rowsRead", r.reference_rows_read::float8 as "referenceRowsRead", r.measurements, r.alerts, r.failures, r.notes, r.progress,
    ${utc('r.started_at')} as "startedAt", ${utc('r.finished_at')} as "finishedAt", round(extract(epoch from r.finished_at - r.started_at) * 1000)::float8 as "elapsedMs"
  from aftercare.run r join aftercare.model m on m.id = r.model_id`;

/** Runs of a model, newest last. @param last only so many of the newest */
export async function readRuns(db: Queryable, modelId: number, last?: number): Promise<RunSummary[]> {
  const { rows } = await db.query<RunSummary>(`${SUMMARY_SQL} where r.model_id = $1 order by r.number desc limit $2`, [modelId, last ?? null]);
  return rows.reverse();
}

/** @returns null while there is no such run (its workflow may not have begun it yet) */
export async function readRunByNumber(db: Queryable, modelId: number, number: number): Promise<RunSummary | null> {
  const { rows } = await db.query<RunSummary>(`${SUMMARY_SQL} where r.model_id = $1 and r.number = $2`, [modelId, number]);
  return rows[0] ?? null;
}
