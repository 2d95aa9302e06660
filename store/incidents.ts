/** Incidents: found by their natural identity, kept as the judgements say, whatever happened on the way. */
import { loudnessOf, severityOf, type Incident, type IncidentState } from '../domain/incident.js';
import type { JudgedValue, SegmentSpan } from '../domain/incident-causes.js';
import { incidentText } from '../domain/names.js';
import { FAILURE_KINDS, type JudgedKind } from '../domain/settings.js';
import type { Queryable } from './pool.js';
import type { SchemeKey } from './plan-state.js';

/** Complete analysis chunks in order, and what the calculators in force say about them; of performance, the key metric only. */
export async function readJudged(db: Queryable, key: SchemeKey, keyMetric: string): Promise<{ chunkKeys: string[]; values: JudgedValue[] }> {
  const { rows: chunks } = await db.query<{ key: string }>(
    `select key from aftercare.chunk where version_id = $1 and segment = $2 and scheme = $3 and period = 'analysis' and complete and not vanished order by ordinal`,
    [key.versionId, key.segment, key.scheme]);
  const { rows: values } = await db.query<JudgedValue>(
    `select m.calculator, m.metric, m.column_name as "column", c.key as "chunkKey", j.alert
     from aftercare.in_force f
     join aftercare.chunk c on c.version_id = f.version_id and c.segment = f.segment and c.scheme = f.scheme and c.period = 'analysis' and c.complete and not c.vanished
     join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.current
     join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key
     where f.version_id = $1 and f.segment = $2 and f.scheme = $3 and (f.calculator not in ('estimated_performance', 'realized_performance') or m.metric = $4)`,
    [key.versionId, key.segment, key.scheme, keyMetric]);
  return { chunkKeys: chunks.map((chunk) => chunk.key), values };
}

/**
 * Makes the incidents of a version agree with the spans of its judgements. The state is a function of three things, none of which is the way that led there:
 * of the span (gone: withdrawn; stopped: resolved), of whether the version is in charge (if not: resolved), and else of what people did about it (`handling`).
 * Failures to predict have no span and are left alone.
 *
 * @param spans in the order in which they opened
 */
export async function reconcileIncidents(db: Queryable, model: { modelId: number; versionId: number }, run: number, spans: readonly SegmentSpan[], now: Date): Promise<void> {
  // Whoever puts another version in charge holds this lock: either they find what is written here, or this finds the other version in charge.
  await db.query('select 1 from aftercare.model where id = $1 for share', [model.modelId]);
  await db.query(
    `insert into aftercare.incident (model_id, version_id, segment, kind, cause, opening_chunk, last_chunk, chunk_count, ongoing, state, opened_by_run, opened_at, changed_at)
     select $1, $2, n.segment, n.kind, n.cause, n.opening_chunk, n.last_chunk, n.chunk_count, n.ongoing,
       case when n.ongoing and exists (select 1 from aftercare.model m where m.id = $1 and m.champion_version_id = $2) then 'open' else 'resolved' end, $3, $4, $4
     from unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::integer[], $10::boolean[], $11::text[])
       with ordinality as n (kind, cause, opening_chunk, last_chunk, chunk_count, ongoing, segment, place)
     where not exists (select 1 from aftercare.incident i where i.version_id = $2 and i.segment = n.segment and i.kind = n.kind and i.cause = n.cause and i.opening_chunk = n.opening_chunk)
     order by n.place`,
    [model.modelId, model.versionId, run, now, ...spanArrays(spans)]);
  await db.query(
    `with said as (
       select i.id, n.last_chunk, n.chunk_count, n.ongoing,
         case when n.kind is null then 'withdrawn' when not n.ongoing or m.champion_version_id is distinct from i.version_id then 'resolved' else i.handling end as state
       from aftercare.incident i
       join aftercare.model m on m.id = i.model_id
       left join unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::boolean[], $9::text[]) as n (kind, cause, opening_chunk, last_chunk, chunk_count, ongoing, segment)
         on n.segment = i.segment and n.kind = i.kind and n.cause = i.cause and n.opening_chunk = i.opening_chunk
       where i.version_id = $1 and i.kind <> all ($10::text[]))
     update aftercare.incident i
     set state = said.state, last_chunk = coalesce(said.last_chunk, i.last_chunk), chunk_count = coalesce(said.chunk_count, i.chunk_count), ongoing = coalesce(said.ongoing, false), changed_at = $2,
       resolved_by = case when said.state in ('resolved', 'withdrawn') then i.resolved_by end, resolved_at = case when said.state in ('resolved', 'withdrawn') then i.resolved_at end
     from said
     where i.id = said.id
       and (i.state, i.last_chunk, i.chunk_count, i.ongoing) is distinct from
           (said.state, coalesce(said.last_chunk, i.last_chunk), coalesce(said.chunk_count, i.chunk_count), coalesce(said.ongoing, false))`,
    [model.versionId, now, ...spanArrays(spans), FAILURE_KINDS]);
}

/**
 * The version is not in charge any more: what was open about it is over. To be called in the transaction that changes the champion, which holds the model's row.
 * If the version comes back, its next run finds what still holds, and the next tending which failures go on.
 *
 * @param why e.g. `version 1 was replaced by version 2`
 * @returns how many were open
 */
export async function resolveIncidentsOf(tx: Queryable, versionId: number, why: string, atMs: number): Promise<number> {
  const { rowCount } = await tx.query(
    `update aftercare.incident set state = 'resolved', note = $2, changed_at = to_timestamp($3::float8 / 1000), ongoing = ongoing and kind <> all ($4::text[]),
       resolved_by = coalesce(resolved_by, 'aftercare'), resolved_at = coalesce(resolved_at, to_timestamp($3::float8 / 1000))
     where version_id = $1 and state in ('open', 'acknowledged', 'snoozed')`, [versionId, why, atMs, FAILURE_KINDS]);
  return rowCount ?? 0;
}

function spanArrays(spans: readonly SegmentSpan[]): unknown[] {
  return [spans.map((s) => s.kind), spans.map((s) => s.cause), spans.map((s) => s.openingChunk), spans.map((s) => s.lastChunk), spans.map((s) => s.chunkCount), spans.map((s) => s.ongoing), spans.map((s) => s.segment)];
}

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const INCIDENT_SQL = `select i.id, m.name as model, v.number as version, i.segment, i.kind, i.cause, i.opening_chunk as "openingChunk", i.last_chunk as "lastChunk", i.chunk_count as "chunkCount",
    i.ongoing, i.state, i.opened_by_run as "openedByRun", ${utc('i.opened_at')} as "openedAt", coalesce(i.text, '') as text, i.severity,
    i.acknowledged_by as "acknowledgedBy", ${utc('i.acknowledged_at')} as "acknowledgedAt", ${utc('i.snoozed_until')} as "snoozedUntil", ${utc('i.escalated_at')} as "escalatedAt",
    i.resolved_by as "resolvedBy", ${utc('i.resolved_at')} as "resolvedAt", i.note, i.attended_at is not null and i.closed_at is null as attended
  from aftercare.incident i join aftercare.model m on m.id = i.model_id join aftercare.version v on v.id = i.version_id`;

type IncidentRow = Omit<Incident, 'severity' | 'loudness' | 'identity'> & { severity: Incident['severity'] | null };

function incidentOf(row: IncidentRow): Incident {
  return { ...row, severity: row.severity ?? severityOf(row.kind), loudness: loudnessOf(row.kind), identity: incidentText(row) };
}

/** In the order in which they were opened. @param states absent: all */
export async function readIncidents(db: Queryable, modelId: number, states?: readonly IncidentState[]): Promise<Incident[]> {
  const { rows } = await db.query<IncidentRow>(`${INCIDENT_SQL} where i.model_id = $1 and ($2::text[] is null or i.state = any ($2)) order by i.id`, [modelId, states ?? null]);
  return rows.map(incidentOf);
}

/** By its number; null when there is none. */
export async function readIncident(db: Queryable, incidentId: number): Promise<(Incident & { modelId: number }) | null> {
  const { rows } = await db.query<IncidentRow & { modelId: number }>(`${INCIDENT_SQL.replace('select i.id,', 'select i.id, i.model_id as "modelId",')} where i.id = $1 and m.state <> 'deleted'`, [incidentId]);
  return rows[0] ? { ...incidentOf(rows[0]), modelId: rows[0].modelId } : null;
}

/** On which side of its thresholds the chunk lies that opened an incident of performance; null: not known any more, or of another kind. */
export async function readOpeningSide(db: Queryable, versionId: number, { segment, kind, cause, openingChunk }: Pick<Incident, 'segment' | 'kind' | 'cause' | 'openingChunk'>): Promise<'upper' | 'lower' | null> {
  const { rows } = await db.query<{ side: 'upper' | 'lower' | null }>(
    `select case when m.value > j.upper then 'upper' when m.value < j.lower then 'lower' end as side
     from aftercare.in_force f
     join aftercare.chunk c on c.version_id = f.version_id and c.segment = f.segment and c.scheme = f.scheme and c.period = 'analysis' and not c.vanished and c.key = $5
     join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.current and m.metric = $4
     join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key
     where f.version_id = $1 and f.segment = $2 and f.calculator = $3`, [versionId, segment, kind, cause, openingChunk]);
  return rows[0]?.side ?? null;
}

export interface OpenIncident {
  id: number;
  segment: string;
  kind: JudgedKind;
  cause: string;
  openingChunk: string;
  /** When that chunk begins; null without timestamps. */
  openingAt: string | null;
  /** Number that the next question about it has. */
  nextQuestion: number;
}

/** When the chunk that opened incident `i` begins; null without timestamps. */
const OPENING_AT = `(select to_char(c.start_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from aftercare.chunk c
        where c.version_id = i.version_id and c.segment = i.segment and c.period = 'analysis' and not c.vanished and c.key = i.opening_chunk
          and c.scheme = (select f.scheme from aftercare.in_force f where f.version_id = i.version_id and f.segment = i.segment limit 1))`;

/** Open incidents of these kinds, of all rows (and of segments, if asked for), that nobody is asked about, or was asked and has not been answered because the incident was gone for a while. */
export async function readUnasked(db: Queryable, versionId: number, kinds: readonly string[], segments: boolean): Promise<OpenIncident[]> {
  const { rows } = await db.query<OpenIncident>(
    `select i.id, i.segment, i.kind, i.cause, i.opening_chunk as "openingChunk", 1 + (select count(*)::int from aftercare.decision d where d.incident_id = i.id) as "nextQuestion",
       ${OPENING_AT} as "openingAt"
     from aftercare.incident i
     where i.version_id = $1 and i.kind = any ($2) and i.state = 'open' and (i.segment = '' or $3)
       and not exists (select 1 from aftercare.decision d where d.incident_id = i.id and d.state <> 'withdrawn')
     order by i.id`, [versionId, kinds, segments]);
  return rows;
}

/** Incidents of judgements that have no sentence yet. */
export async function readUndescribed(db: Queryable, versionId: number): Promise<Omit<OpenIncident, 'nextQuestion'>[]> {
  const { rows } = await db.query<Omit<OpenIncident, 'nextQuestion'>>(
    `select i.id, i.segment, i.kind, i.cause, i.opening_chunk as "openingChunk", ${OPENING_AT} as "openingAt"
     from aftercare.incident i where i.version_id = $1 and i.text is null and i.kind <> all ($2) order by i.id`, [versionId, FAILURE_KINDS]);
  return rows;
}

export async function describeIncidents(db: Queryable, described: readonly { id: number; text: string }[]): Promise<void> {
  if (described.length === 0) return;
  await db.query('update aftercare.incident i set text = said.text from unnest($1::bigint[], $2::text[]) as said (id, text) where i.id = said.id', [described.map(({ id }) => id), described.map(({ text }) => text)]);
}
