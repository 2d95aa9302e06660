/** Which incidents of a version on probation tell something that was not there when it was put in charge. */
import type { IncidentKind } from '../domain/settings.js';
import type { Queryable } from './pool.js';

const SPAN = `c.version_id = i.version_id and c.segment = i.segment and c.period = 'analysis' and not c.vanished and c.key between i.opening_chunk and i.last_chunk`;

/**
 * Of incident i: its version is on probation, and no batch that came since touched a chunk of its span. Whoever put the version in charge could see it then.
 * Incidents of a failure to predict have moments in the place of chunks: they are never old.
 */
export const IS_OLD_NEWS = `exists (
  select 1 from aftercare.challenge h
  where h.model_id = i.model_id and h.version_id = i.version_id and h.state = 'probation' and h.promoted_after is not null
    and exists (select 1 from aftercare.chunk c where ${SPAN})
    and not exists (
      select 1 from aftercare.chunk c join aftercare.batch b on b.model_id = i.model_id and b.number > h.promoted_after and (b.kind in ('target', 'removal') or (b.kind = 'analysis' and b.version_id = i.version_id))
      where ${SPAN} and case when b.first_at is not null then b.first_at <= c.last_at and b.last_at >= c.first_at when b.kind = 'analysis' then b.id between c.first_batch and c.last_batch else true end))`;

/** Their sentences: of open incidents that nobody has taken up, in the order in which they opened. */
export async function readProbationIncidents(db: Queryable, versionId: number, kinds: readonly IncidentKind[]): Promise<string[]> {
  const { rows } = await db.query<{ text: string }>(
    `select coalesce(i.text, replace(i.kind, '_', ' ') || ': ' || i.cause || ' since ' || i.opening_chunk) as text from aftercare.incident i
     where i.version_id = $1 and i.segment = '' and i.kind = any ($2) and i.state = 'open' and i.handling = 'open' and not ${IS_OLD_NEWS} order by i.id`, [versionId, kinds]);
  return rows.map(({ text }) => text);
}
