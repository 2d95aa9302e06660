/** Incidents: found by their natural identity, kept as the judgements say, whatever happened on the way. */
import type { Incident, IncidentState } from '../domain/incident.js';
import type { JudgedValue, SegmentSpan } from '../domain/incident-causes.js';
import type { JudgedKind } from '../domain/settings.js';
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
 * Makes the incidents of a version agree with the spans of its judgements. One that is no longer among them is withdrawn, one that stopped is
 * resolved, one that a person answered stays acknowledged.
 *
 * @param spans in the order in which they opened
 */
export async function reconcileIncidents(db: Queryable, model: { modelId: number; versionId: number }, run: number, spans: readonly SegmentSpan[], now: Date): Promise<void> {
  await db.query(
    `insert into aftercare.incident (model_id, version_id, segment, kind, cause, opening_chunk, last_chunk, chunk_count, ongoing, state, opened_by_run, opened_at, changed_at)
     select $1, $2, n.segment, n.kind, n.cause, n.opening_chunk, n.last_chunk, n.chunk_count, n.ongoing, case when n.ongoing then 'open' else 'resolved' end, $3, $4, $4
     from unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::integer[], $10::boolean[], $11::text[])
       with ordinality as n (kind, cause, opening_chunk, last_chunk, chunk_count, ongoing, segment, place)
     where not exists (select 1 from aftercare.incident i where i.version_id = $2 and i.segment = n.segment and i.kind = n.kind and i.cause = n.cause and i.opening_chunk = n.opening_chunk)
     order by n.place`,
    [model.modelId, model.versionId, run, now, ...spanArrays(spans)]);
  await db.query(
    `with said as (
       select i.id, n.last_chunk, n.chunk_count, n.ongoing,
         case when n.kind is null then 'withdrawn' when not n.ongoing then 'resolved'
              when exists (select 1 from aftercare.decision d where d.incident_id = i.id and d.state in ('answered', 'defaulted')) then 'acknowledged' else 'open' end as state
       from aftercare.incident i
       left join unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::boolean[], $9::text[]) as n (kind, cause, opening_chunk, last_chunk, chunk_count, ongoing, segment)
         on n.segment = i.segment and n.kind = i.kind and n.cause = i.cause and n.opening_chunk = i.opening_chunk
       where i.version_id = $1)
     update aftercare.incident i
     set state = said.state, last_chunk = coalesce(said.last_chunk, i.last_chunk), chunk_count = coalesce(said.chunk_count, i.chunk_count), ongoing = coalesce(said.ongoing, false), changed_at = $2
     from said
     where i.id = said.id
       and (i.state, i.last_chunk, i.chunk_count, i.ongoing) is distinct from
           (said.state, coalesce(said.last_chunk, i.last_chunk), coalesce(said.chunk_count, i.chunk_count), coalesce(said.ongoing, false))`,
    [model.versionId, now, ...spanArrays(spans)]);
}

function spanArrays(spans: readonly SegmentSpan[]): unknown[] {
  return [spans.map((s) => s.kind), spans.map((s) => s.cause), spans.map((s) => s.openingChunk), spans.map((s) => s.lastChunk), spans.map((s) => s.chunkCount), spans.map((s) => s.ongoing), spans.map((s) => s.segment)];
}

const INCIDENT_SQL = `select i.id, m.name as model, v.number as version, i.segment, i.kind, i.cause, i.opening_chunk as "openingChunk", i.last_chunk as "lastChunk", i.chunk_count as "chunkCount",
    i.ongoing, i.state, i.opened_by_run as "openedByRun", to_char(i.opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "openedAt"
  from aftercare.incident i join aftercare.model m on m.id = i.model_id join aftercare.version v on v.id = i.version_id`;

/** In the order in which they were opened. @param states absent: all */
export async function readIncidents(db: Queryable, modelId: number, states?: readonly IncidentState[]): Promise<Incident[]> {
  const { rows } = await db.query<Incident>(`${INCIDENT_SQL} where i.model_id = $1 and ($2::text[] is null or i.state = any ($2)) order by i.id`, [modelId, states ?? null]);
  return rows;
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

/** Open incidents of these kinds, of all rows (and of segments, if asked for), that nobody is asked about, or was asked and has not been answered because the incident was gone for a while. */
export async function readUnasked(db: Queryable, versionId: number, kinds: readonly string[], segments: boolean): Promise<OpenIncident[]> {
  const { rows } = await db.query<OpenIncident>(
    `select i.id, i.segment, i.kind, i.cause, i.opening_chunk as "openingChunk", 1 + (select count(*)::int from aftercare.decision d where d.incident_id = i.id) as "nextQuestion",
       (select to_char(c.start_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from aftercare.chunk c
        where c.version_id = i.version_id and c.segment = i.segment and c.period = 'analysis' and not c.vanished and c.key = i.opening_chunk
          and c.scheme = (select f.scheme from aftercare.in_force f where f.version_id = i.version_id and f.segment = i.segment limit 1)) as "openingAt"
     from aftercare.incident i
     where i.version_id = $1 and i.kind = any ($2) and i.state = 'open' and (i.segment = '' or $3)
       and not exists (select 1 from aftercare.decision d where d.incident_id = i.id and d.state <> 'withdrawn')
     order by i.id`, [versionId, kinds, segments]);
  return rows;
}
