/** Measurements and judgements of chunks, set-based. The same computed again writes nothing. */
import type { CalculatorKind, MetricPoint } from '../domain/measurement.js';
import { revise, type MeasuredValues, type Standing } from '../domain/revision.js';
import type { Bounds } from '../domain/threshold.js';
import type { Queryable } from './pool.js';

/** One value of one series in one chunk, with what it means under the thresholds of the run. */
export interface FoundMeasurement extends Standing {
  chunkId: number;
  fittedId: number;
  calculator: CalculatorKind;
  point: MetricPoint;
  thresholdKey: string;
  bounds: Bounds;
  alert: boolean | null;
}

export interface SaveContext {
  runId: number;
  horizon: number;
  engineVersion: string;
}

interface StoredRow extends MeasuredValues, Standing {
  id: number;
  chunkId: number;
  fittedId: number;
  metric: string;
  column: string;
  revision: number;
}

/** Rows that one statement takes at a time. */
const BLOCK = 5_000;

export async function saveMeasurements(db: Queryable, context: SaveContext, found: readonly FoundMeasurement[]): Promise<void> {
  for (let i = 0; i < found.length; i += BLOCK) await saveBlock(db, context, found.slice(i, i + BLOCK));
}

async function saveBlock(db: Queryable, context: SaveContext, found: readonly FoundMeasurement[]): Promise<void> {
  const stored = await readStored(db, found);
  const fresh: { found: FoundMeasurement; values: MeasuredValues; revision: number }[] = [];
  const overwritten: { id: number; found: FoundMeasurement; values: MeasuredValues }[] = [];
  const superseded: number[] = [];
  const marked: { id: number; found: FoundMeasurement }[] = [];
  const kept: { id: number; found: FoundMeasurement }[] = [];
  for (const item of found) {
    const values = valuesOf(item.point);
    const old = stored.get(seriesKey(item.chunkId, item.fittedId, item.point.metric, item.point.column));
    const fate = old ? revise(old, values, item) : null;
    if (!old) {
      fresh.push({ found: item, values, revision: 1 });
      continue;
    }
    if (fate === 'mark') marked.push({ id: old.id, found: item });
    if (fate === 'keep' || fate === 'mark') kept.push({ id: old.id, found: item });
    else if (fate === 'overwrite') overwritten.push({ id: old.id, found: item, values });
    else if (fate === 'supersede') {
      superseded.push(old.id);
      fresh.push({ found: item, values, revision: old.revision + 1 });
    }
  }
  if (marked.length > 0) {
    await db.query(`update aftercare.measurement m set provisional = n.provisional, chunk_open = n.open from unnest($1::bigint[], $2::boolean[], $3::boolean[]) as n (id, provisional, open) where m.id = n.id`,
      [marked.map(({ id }) => id), marked.map(({ found: { provisional } }) => provisional), marked.map(({ found: { open } }) => open)]);
  }
  if (superseded.length > 0) await db.query('update aftercare.measurement set current = false where id = any ($1::bigint[])', [superseded]);
  if (overwritten.length > 0) await overwrite(db, context, overwritten);
  const ids = fresh.length > 0 ? await insert(db, context, fresh) : [];
  // A value that stays may have been judged by other thresholds only: by a run that was cancelled under other settings.
  await saveJudgements(db, [
    ...[...kept, ...overwritten].map(({ id, found: { thresholdKey, bounds, alert } }) => ({ measurementId: id, thresholdKey, bounds, alert })),
    ...fresh.map(({ found: { thresholdKey, bounds, alert } }, i) => ({ measurementId: ids[i]!, thresholdKey, bounds, alert })),
  ]);
}

async function readStored(db: Queryable, found: readonly FoundMeasurement[]): Promise<Map<string, StoredRow>> {
  const chunks = [...new Set(found.map(({ chunkId }) => chunkId))];
  const fitted = [...new Set(found.map(({ fittedId }) => fittedId))];
  const { rows } = await db.query<StoredRow>(
    `select id, chunk_id as "chunkId", fitted_id as "fittedId", metric, column_name as "column", value, sampling_error as "samplingError",
       band_lower as "bandLower", band_upper as "bandUpper", own_alert as "ownAlert", reason, provisional, chunk_open as open, revision
     from aftercare.measurement where current and chunk_id = any ($1::bigint[]) and fitted_id = any ($2::bigint[])`, [chunks, fitted]);
  return new Map(rows.map((row) => [seriesKey(row.chunkId, row.fittedId, row.metric, row.column), row]));
}

function seriesKey(chunkId: number, fittedId: number, metric: string, column: string): string {
  return `${chunkId}\u0000${fittedId}\u0000${metric}\u0000${column}`;
}

function valuesOf(point: MetricPoint): MeasuredValues {
  return {
    value: known(point.value), samplingError: known(point.samplingError), bandLower: known(point.bandLower), bandUpper: known(point.bandUpper),
    ownAlert: point.alert ?? null, reason: point.reason ?? null,
  };
}

/** NaN is null in the store; −0 is 0 there and here, so that reading back what was written finds it unchanged. */
function known(value: number): number | null {
  return Number.isNaN(value) ? null : value + 0;
}

async function insert(db: Queryable, context: SaveContext, rows: readonly { found: FoundMeasurement; values: MeasuredValues; revision: number }[]): Promise<number[]> {
  const { rows: inserted } = await db.query<{ id: number }>(
    `insert into aftercare.measurement (chunk_id, fitted_id, calculator, metric, column_name, value, sampling_error, band_lower, band_upper, own_alert, reason,
       provisional, chunk_open, revision, data_revision, run_id, engine_version)
     select n.*, $15, $16, $17
     from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::boolean[], $11::text[],
       $12::boolean[], $13::boolean[], $14::integer[]) as n
     returning id`,
    [rows.map(({ found }) => found.chunkId), rows.map(({ found }) => found.fittedId), rows.map(({ found }) => found.calculator),
      rows.map(({ found }) => found.point.metric), rows.map(({ found }) => found.point.column), ...valueArrays(rows),
      rows.map(({ found }) => found.provisional), rows.map(({ found }) => found.open), rows.map(({ revision }) => revision), context.horizon, context.runId, context.engineVersion]);
  return inserted.map(({ id }) => id);
}

async function overwrite(db: Queryable, context: SaveContext, rows: readonly { id: number; found: FoundMeasurement; values: MeasuredValues }[]): Promise<void> {
  const ids = rows.map(({ id }) => id);
  await db.query('delete from aftercare.judgement where measurement_id = any ($1::bigint[])', [ids]);
  await db.query(
    `update aftercare.measurement m set value = n.value, sampling_error = n.sampling_error, band_lower = n.band_lower, band_upper = n.band_upper,
       own_alert = n.own_alert, reason = n.reason, provisional = n.provisional, chunk_open = n.open, data_revision = $10, run_id = $11, engine_version = $12
     from unnest($1::bigint[], $2::float8[], $3::float8[], $4::float8[], $5::float8[], $6::boolean[], $7::text[], $8::boolean[], $9::boolean[])
       as n (id, value, sampling_error, band_lower, band_upper, own_alert, reason, provisional, open)
     where m.id = n.id`,
    [ids, ...valueArrays(rows), rows.map(({ found }) => found.provisional), rows.map(({ found }) => found.open), context.horizon, context.runId, context.engineVersion]);
}

function valueArrays(rows: readonly { values: MeasuredValues }[]): unknown[] {
  return [rows.map(({ values }) => values.value), rows.map(({ values }) => values.samplingError), rows.map(({ values }) => values.bandLower),
    rows.map(({ values }) => values.bandUpper), rows.map(({ values }) => values.ownAlert), rows.map(({ values }) => values.reason)];
}

export interface FoundJudgement {
  measurementId: number;
  thresholdKey: string;
  bounds: Bounds;
  alert: boolean | null;
}

export async function saveJudgements(db: Queryable, judgements: readonly FoundJudgement[]): Promise<void> {
  for (let i = 0; i < judgements.length; i += BLOCK) {
    const block = judgements.slice(i, i + BLOCK);
    await db.query(
      `insert into aftercare.judgement (measurement_id, threshold_key, lower, upper, alert)
       select * from unnest($1::bigint[], $2::text[], $3::float8[], $4::float8[], $5::boolean[]) on conflict (measurement_id, threshold_key) do nothing`,
      [block.map((j) => j.measurementId), block.map((j) => j.thresholdKey), block.map((j) => j.bounds.lower), block.map((j) => j.bounds.upper), block.map((j) => j.alert)]);
  }
}

/** "This chunk was judged by this fitted calculator, as the data were at the horizon." */
export async function saveCalculations(db: Queryable, horizon: number, rows: readonly { chunkId: number; fittedId: number; failure: string | null }[]): Promise<void> {
  for (let i = 0; i < rows.length; i += BLOCK) {
    const block = rows.slice(i, i + BLOCK);
    await db.query(
      `insert into aftercare.chunk_calculation as x (chunk_id, fitted_id, data_revision, failure)
       select n.chunk_id, n.fitted_id, $4, n.failure from unnest($1::bigint[], $2::bigint[], $3::text[]) as n (chunk_id, fitted_id, failure)
       on conflict (chunk_id, fitted_id) do update set data_revision = excluded.data_revision, failure = excluded.failure`,
      [block.map((row) => row.chunkId), block.map((row) => row.fittedId), block.map((row) => row.failure), horizon]);
  }
}

/** A calculator failed on these chunks: what it had said of them before says nothing of their rows as they are now. */
export async function forgetMeasurements(db: Queryable, pairs: readonly { chunkId: number; fittedId: number }[]): Promise<void> {
  if (pairs.length === 0) return;
  await db.query(
    `delete from aftercare.measurement m using unnest($1::bigint[], $2::bigint[]) as n (chunk_id, fitted_id) where m.chunk_id = n.chunk_id and m.fitted_id = n.fitted_id and m.current`,
    [pairs.map(({ chunkId }) => chunkId), pairs.map(({ fittedId }) => fittedId)]);
}
