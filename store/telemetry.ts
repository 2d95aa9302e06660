/** Serving telemetry per version and minute: added up as it comes, read for guardrails, watches and people. */
import { NotFound } from '../domain/errors.js';
import { lifecycleSettings } from '../domain/lifecycle-settings.js';
import { addMinutes, DURATION_BOUNDS_MS, tailOf, type ServingMinute, type ServingSummary } from '../domain/telemetry.js';
import { findModel, requireActive, type ModelRef } from './find-model.js';
import { inTransaction, type Pool, type Queryable, type Transaction } from './pool.js';
import { tendBy } from './tending.js';
import { readOngoingFaults } from './watch.js';

const KEYS_KEPT_MS = 30 * 24 * 60 * 60_000;
/** Old keys that one write takes along. */
const KEYS_FORGOTTEN = 50;

/** Minutes that one statement takes. */
const BLOCK = 1_000;

/**
 * Adds minutes to what is there, once per key.
 *
 * @returns false: this key counted before, nothing was added
 * @throws NotFound a version that the model does not have; nothing is added then
 */
export async function addServing(tx: Transaction, modelId: number, minutes: readonly ServingMinute[], { key, nowMs }: { key: string; nowMs: number }): Promise<boolean> {
  const { rowCount } = await tx.query('insert into aftercare.telemetry_key (model_id, key, at) values ($1, $2, $3) on conflict do nothing', [modelId, key, new Date(nowMs)]);
  if (rowCount === 0) return false;
  await tx.query('delete from aftercare.telemetry_key where (model_id, key) in (select model_id, key from aftercare.telemetry_key where model_id = $1 and at < $2 order by at limit $3)',
    [modelId, new Date(nowMs - KEYS_KEPT_MS), KEYS_FORGOTTEN]);
  const versions = await versionIds(tx, modelId);
  for (const { version } of minutes) if (!versions.has(version)) throw new NotFound(`the model has no version ${version}: its versions are ${[...versions.keys()].filter((one) => one !== null).sort((a, b) => a - b).join(', ')}`);
  const rows = oneEach(minutes.map((minute) => ({ ...minute, versionId: versions.get(minute.version)! })));
  for (let i = 0; i < rows.length; i += BLOCK) {
    const block = rows.slice(i, i + BLOCK);
    await tx.query(
      `insert into aftercare.telemetry as t (version_id, minute, calls, errors, duration_sum_ms, duration_max_ms, buckets, last_at)
       select version_id, minute, calls, errors, duration_sum_ms, duration_max_ms, buckets::integer[], last_at
       from unnest($1::integer[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::float8[], $6::float8[], $7::text[], $8::timestamptz[])
         as n (version_id, minute, calls, errors, duration_sum_ms, duration_max_ms, buckets, last_at)
       on conflict (version_id, minute) do update set calls = t.calls + excluded.calls, errors = t.errors + excluded.errors,
         duration_sum_ms = t.duration_sum_ms + excluded.duration_sum_ms, duration_max_ms = greatest(t.duration_max_ms, excluded.duration_max_ms),
         buckets = array(select coalesce(a, 0) + coalesce(b, 0) from unnest(t.buckets, excluded.buckets) with ordinality as n (a, b, place) order by place),
         last_at = greatest(t.last_at, excluded.last_at)`,
      [block.map((row) => row.versionId), block.map((row) => new Date(row.minuteMs)), block.map((row) => row.calls), block.map((row) => row.errors), block.map((row) => row.durationSumMs),
        block.map((row) => row.durationMaxMs), block.map((row) => `{${row.buckets.join(',')}}`), block.map((row) => new Date(row.lastAtMs))]);
  }
  return true;
}

type MinuteOfVersion = ServingMinute & { versionId: number };

/** The champion is known by its number as well: what is one row becomes one, in the order in which every writer takes its locks. */
function oneEach(minutes: readonly MinuteOfVersion[]): MinuteOfVersion[] {
  const rows: MinuteOfVersion[] = [];
  for (const minute of [...minutes].sort((a, b) => a.versionId - b.versionId || a.minuteMs - b.minuteMs)) {
    const last = rows.at(-1);
    if (last?.versionId === minute.versionId && last.minuteMs === minute.minuteMs) rows[rows.length - 1] = { ...addMinutes(last, minute), versionId: last.versionId };
    else rows.push(minute);
  }
  return rows;
}

export interface RecordedServing {
  modelId: number;
  /** False: this key counted before. */
  counted: boolean;
  /** The lifecycle has something to look after. */
  due: boolean;
}

/**
 * Records telemetry of a model. Where calls of the version in charge failed, or had failed too often, the lifecycle is to look: noted here, so that its next look at
 * the ledger finds it even if nobody tells it.
 *
 * @throws NotFound, Conflict unknown or archived model, unknown version; nothing is recorded then
 */
export async function recordServing(pool: Pool, ref: ModelRef, minutes: readonly ServingMinute[], { key, nowMs }: { key: string; nowMs: number }): Promise<RecordedServing> {
  const model = await findModel(pool, ref);
  requireActive(model);
  const { modelId, versionId, versionNumber } = model;
  return inTransaction(pool, async (tx) => {
    const counted = await addServing(tx, modelId, minutes, { key, nowMs });
    const own = minutes.filter(({ version }) => version === null || version === versionNumber);
    const due = counted && lifecycleSettings(model.settings).watch.errorRate !== null && own.length > 0
      && (own.some(({ errors }) => errors > 0) || (await readOngoingFaults(tx, versionId, ['error_rate'])).length > 0);
    if (due) await tendBy(tx, modelId, nowMs, nowMs);
    return { modelId, counted, due };
  });
}

async function versionIds(db: Queryable, modelId: number): Promise<Map<number | null, number>> {
  const { rows } = await db.query<{ id: number; number: number; champion: boolean }>(
    'select v.id, v.number, v.id = m.champion_version_id as champion from aftercare.version v join aftercare.model m on m.id = v.model_id where v.model_id = $1', [modelId]);
  const ids = new Map<number | null, number>(rows.map(({ id, number }) => [number, id]));
  for (const { id, champion } of rows) if (champion) ids.set(null, id);
  return ids;
}

interface SummaryRow {
  version: number;
  challenger: boolean;
  calls: number;
  errors: number;
  sumMs: number;
  maxMs: number;
  lastAt: string | null;
  buckets: number[];
}

/** A sum per bucket: thirty days of minutes take 0.4 s on a crowded machine; taking the arrays apart and grouping took 7 s and more. */
const SUMMARY_SQL = `
  with sums as (
    select version_id, sum(calls)::float8 as calls, sum(errors)::float8 as errors, sum(duration_sum_ms) as sum_ms, max(duration_max_ms) as max_ms, max(last_at) as last_at,
      array[${DURATION_BOUNDS_MS.map((_, i) => `sum(buckets[${i + 1}])`).join(', ')}]::float8[] as buckets
    from aftercare.telemetry where version_id = any ($1::integer[]) and minute >= $2 and minute < $3 group by version_id)
  select v.number as version, v.role = 'challenger' as challenger, coalesce(s.calls, 0) as calls, coalesce(s.errors, 0) as errors, coalesce(s.sum_ms, 0) as "sumMs", coalesce(s.max_ms, 0) as "maxMs",
    to_char(s.last_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "lastAt", coalesce(s.buckets, '{}') as buckets
  from aftercare.version v left join sums s on s.version_id = v.id
  where v.id = any ($1::integer[]) order by v.number`;

async function summarize(db: Queryable, versionIds: readonly number[], fromMs: number, toMs: number): Promise<ServingSummary[]> {
  const { rows } = await db.query<SummaryRow>(SUMMARY_SQL, [versionIds, new Date(fromMs), new Date(toMs)]);
  return rows.map(({ version, challenger, calls, errors, sumMs, maxMs, lastAt, buckets }) => ({
    version, role: challenger ? 'challenger' : 'main', calls, errors, errorRate: calls > 0 ? errors / calls : null, meanMs: calls > 0 ? sumMs / calls : null, tailMs: tailOf(buckets, maxMs), lastCallAt: lastAt,
  }));
}

/**
 * How a version served in the minutes that begin in [fromMs, toMs). A version that nobody logged has 0 calls.
 *
 * @throws NotFound when it is no version of this model
 */
export async function readServing(db: Queryable, modelId: number, versionId: number, fromMs: number, toMs: number): Promise<ServingSummary> {
  const { rows: [found] } = await db.query('select 1 from aftercare.version where id = $1 and model_id = $2', [versionId, modelId]);
  const [summary] = found ? await summarize(db, [versionId], fromMs, toMs) : [];
  if (!summary) throw new NotFound(`version id ${versionId} is none of model id ${modelId}`);
  return summary;
}

/** The same of every version of the model that was called in that time; by number. */
export async function readServingOfAll(db: Queryable, modelId: number, fromMs: number, toMs: number): Promise<ServingSummary[]> {
  const { rows } = await db.query<{ id: number }>('select id from aftercare.version where model_id = $1', [modelId]);
  return (await summarize(db, rows.map(({ id }) => id), fromMs, toMs)).filter(({ calls }) => calls > 0);
}

/** Calls and errors minute by minute, in order: what the error rate is judged by. Half open: after `fromMs`, up to and with the newest. */
export async function readErrorMinutes(db: Queryable, versionId: number, fromMs: number): Promise<{ minuteMs: number; calls: number; errors: number }[]> {
  const { rows } = await db.query<{ minuteMs: number; calls: number; errors: number }>(
    `select (extract(epoch from minute) * 1000)::float8 as "minuteMs", calls, errors from aftercare.telemetry where version_id = $1 and minute > $2 order by minute`, [versionId, new Date(fromMs)]);
  return rows;
}
