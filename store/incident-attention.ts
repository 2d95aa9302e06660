/**
 * Which incidents the lifecycle is to attend, and which of them are over. An incident is named until its workflow has noted that it took it up, and its end until the
 * workflow has noted that; so nothing is lost between two answers, and what the lifecycle hears twice it takes once.
 */
import { severityOf, type AttendedIncident, type IncidentState } from '../domain/incident.js';
import { incidentText } from '../domain/names.js';
import type { IncidentKind } from '../domain/settings.js';
import type { Severity } from '../domain/notice.js';
import type { Queryable } from './pool.js';
import { IS_OLD_NEWS } from './probation-evidence.js';

export interface Announcement {
  /** Open, of all rows together, in the order in which they opened. */
  attended: AttendedIncident[];
  ended: { incident: string; state: 'resolved' | 'withdrawn' }[];
}

interface Row {
  id: number;
  version: number;
  segment: string;
  kind: IncidentKind;
  cause: string;
  openingChunk: string;
  state: IncidentState;
  text: string | null;
  severity: Severity | null;
  round: number;
  old?: boolean;
}

const COLUMNS = `i.id, v.number as version, i.segment, i.kind, i.cause, i.opening_chunk as "openingChunk", i.state, i.text, i.severity, i.round`;

/** @param kinds those that are attended (settings.incidents.attend) */
export async function announceIncidents(db: Queryable, modelId: number, kinds: readonly IncidentKind[]): Promise<Announcement> {
  const { rows: ended } = await db.query<Row>(
    `update aftercare.incident i set announced = i.closed_at is null
     from aftercare.version v where v.id = i.version_id and i.model_id = $1 and i.announced and i.state in ('resolved', 'withdrawn') returning ${COLUMNS}`, [modelId]);
  const { rows: opened } = await db.query<Row>(
    `update aftercare.incident i
     set announced = true, round = case when i.closed_at is null then i.round else i.round + 1 end, attended_at = null, closed_at = null
     from aftercare.version v
     where v.id = i.version_id and i.model_id = $1 and i.state = 'open' and i.segment = '' and i.kind = any ($2) and (not i.announced or i.attended_at is null or i.closed_at is not null)
     returning ${COLUMNS}, ${IS_OLD_NEWS} as old`, [modelId, kinds]);
  return {
    attended: opened.sort((a, b) => a.id - b.id).map(attendedOf),
    ended: ended.sort((a, b) => a.id - b.id).map((row) => ({ incident: incidentText(row), state: row.state === 'withdrawn' ? 'withdrawn' : 'resolved' })),
  };
}

/** One that somebody wants attended now, whatever its kind. @returns null when there is none, or it is over */
export async function announceIncident(db: Queryable, incidentId: number): Promise<AttendedIncident | null> {
  const { rows } = await db.query<Row>(
    `update aftercare.incident i
     set announced = true, round = case when i.closed_at is null then i.round else i.round + 1 end,
       attended_at = case when i.closed_at is null then i.attended_at end, closed_at = null
     from aftercare.version v where v.id = i.version_id and i.id = $1 and i.state not in ('resolved', 'withdrawn') returning ${COLUMNS}`, [incidentId]);
  return rows[0] ? attendedOf(rows[0]) : null;
}

function attendedOf(row: Row): AttendedIncident {
  const { id, kind, cause, segment, openingChunk, round } = row;
  const text = row.text ?? `${kind.replaceAll('_', ' ')}: ${cause} since ${openingChunk}`;
  return { incident: incidentText(row), incidentId: id, kind, cause, segment, openingChunk, severity: row.severity ?? severityOf(kind), text, ...(round === 1 ? {} : { round }), ...(row.old ? { old: true } : {}) };
}
