/** What readers see: the calculators, thresholds and chunks of the last finished run. */
import type { CalculatorKind, MetricPoint } from '../domain/measurement.js';
import type { Queryable } from './pool.js';
import type { SchemeKey } from './plan-state.js';

export interface InForce {
  calculator: CalculatorKind;
  fittedId: number;
  thresholdKey: string;
}

/** Puts these in the place of what was in force, and notes up to which ledger number the chunks agree with the data. */
export async function putInForce(db: Queryable, key: SchemeKey, runId: number, horizon: number, calculators: readonly InForce[]): Promise<void> {
  await db.query('delete from aftercare.in_force where version_id = $1 and segment = $2 and calculator <> all ($3::text[])', [key.versionId, key.segment, calculators.map(({ calculator }) => calculator)]);
  await db.query(
    `insert into aftercare.in_force (version_id, segment, calculator, scheme, fitted_id, threshold_key, run_id)
     select $1, $2, n.calculator, $3, n.fitted_id, n.threshold_key, $4 from unnest($5::text[], $6::bigint[], $7::text[]) as n (calculator, fitted_id, threshold_key)
     on conflict (version_id, segment, calculator) do update set scheme = excluded.scheme, fitted_id = excluded.fitted_id, threshold_key = excluded.threshold_key, run_id = excluded.run_id`,
    [key.versionId, key.segment, key.scheme, runId, calculators.map((c) => c.calculator), calculators.map((c) => c.fittedId), calculators.map((c) => c.thresholdKey)]);
  // And for readers of these settings, once they are not in force any more.
  await db.query(
    `with revision as (select settings_revision as number from aftercare.run where id = $3),
     gone as (delete from aftercare.in_force_history h using revision r where h.version_id = $1 and h.segment = $2 and h.settings_revision = r.number and h.calculator <> all ($4::text[]))
     insert into aftercare.in_force_history (version_id, settings_revision, segment, calculator, scheme, fitted_id, threshold_key, run_id)
     select f.version_id, r.number, f.segment, f.calculator, f.scheme, f.fitted_id, f.threshold_key, f.run_id from aftercare.in_force f, revision r where f.version_id = $1 and f.segment = $2
     on conflict (version_id, settings_revision, segment, calculator) do update set scheme = excluded.scheme, fitted_id = excluded.fitted_id, threshold_key = excluded.threshold_key, run_id = excluded.run_id`,
    [key.versionId, key.segment, runId, calculators.map(({ calculator }) => calculator)]);
  await db.query(
    `insert into aftercare.cut (version_id, segment, scheme, horizon) values ($1, $2, $3, $4)
     on conflict (version_id, segment, scheme) do update set horizon = excluded.horizon`, [key.versionId, key.segment, key.scheme, horizon]);
}

/** Segments that are not looked at any more: what was computed of them stays, and readers no longer see it. */
export async function removeOtherSegments(db: Queryable, versionId: number, segments: readonly string[]): Promise<void> {
  await db.query('delete from aftercare.in_force where version_id = $1 and segment <> all ($2::text[])', [versionId, segments]);
}

/** What is in force of these calculators already: every current value of theirs is judged. */
export async function readInForce(db: Queryable, key: SchemeKey): Promise<InForce[]> {
  const { rows } = await db.query<InForce>(
    `select calculator, fitted_id as "fittedId", threshold_key as "thresholdKey" from aftercare.in_force where version_id = $1 and segment = $2 and scheme = $3`,
    [key.versionId, key.segment, key.scheme]);
  return rows;
}

export interface Unjudged {
  measurementId: number;
  point: MetricPoint;
}

/** Current values of one fitted calculator that were never judged by these thresholds; of chunks that are there, at most `limit`. */
export async function readUnjudged(db: Queryable, key: SchemeKey, { fittedId, thresholdKey }: InForce, limit: number): Promise<Unjudged[]> {
  const { rows } = await db.query<{ id: number; metric: string; column: string; value: number | null; samplingError: number | null; bandLower: number | null; bandUpper: number | null; ownAlert: boolean | null }>(
    `select m.id, m.metric, m.column_name as "column", m.value, m.sampling_error as "samplingError", m.band_lower as "bandLower", m.band_upper as "bandUpper", m.own_alert as "ownAlert"
     from aftercare.chunk c join aftercare.measurement m on m.chunk_id = c.id
     where c.version_id = $1 and c.segment = $2 and c.scheme = $3 and not c.vanished and m.fitted_id = $4 and m.current
       and not exists (select 1 from aftercare.judgement j where j.measurement_id = m.id and j.threshold_key = $5)
     limit $6`, [key.versionId, key.segment, key.scheme, fittedId, thresholdKey, limit]);
  return rows.map((row) => ({
    measurementId: row.id,
    point: {
      metric: row.metric, column: row.column, value: row.value ?? NaN, samplingError: row.samplingError ?? NaN, bandLower: row.bandLower ?? NaN, bandUpper: row.bandUpper ?? NaN,
      ...(row.ownAlert === null ? {} : { alert: row.ownAlert }),
    },
  }));
}

/** Chunks of the analysis that readers see, and alerts of complete ones. */
export async function countStanding(db: Queryable, key: SchemeKey): Promise<{ chunks: number; alerts: number }> {
  const { rows } = await db.query<{ chunks: number; alerts: number }>(
    `select (select count(*)::int from aftercare.chunk c where c.version_id = $1 and c.segment = $2 and c.scheme = $3 and c.period = 'analysis' and not c.vanished) as chunks,
       (select count(*)::int from aftercare.in_force f
        join aftercare.chunk c on c.version_id = f.version_id and c.segment = f.segment and c.scheme = f.scheme and c.period = 'analysis' and c.complete and not c.vanished
        join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.current
        join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key and j.alert
        where f.version_id = $1 and f.segment = $2 and f.scheme = $3) as alerts`, [key.versionId, key.segment, key.scheme]);
  return rows[0]!;
}

/** Values that readers see of a version: of these calculators, or of all (null); and of single segments too where these are meant. */
export async function countInForce(db: Queryable, versionId: number, calculators: readonly string[] | null, segments: boolean): Promise<number> {
  const { rows } = await db.query<{ values: number }>(
    `select count(*)::float8 as values
     from aftercare.in_force f
     join aftercare.chunk c on c.version_id = f.version_id and c.segment = f.segment and c.scheme = f.scheme and not c.vanished
     join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.current
     where f.version_id = $1 and ($2::text[] is null or f.calculator = any ($2) or ($3 and f.segment <> ''))`, [versionId, calculators, segments]);
  return rows[0]!.values;
}
