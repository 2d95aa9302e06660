/** What people were told about an incident and the questions about it. */
import type { Queryable } from './pool.js';

export interface ToldOfIncident {
  kind: string;
  /** Name of the channel; '' for people named by address. */
  channel: string;
  recipient: string;
  state: string;
  createdAt: string;
  sentAt: string | null;
}

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** In the order in which it was intended. @param about texts of the incident and of its decisions */
export async function readToldOf(db: Queryable, modelId: number, about: readonly string[]): Promise<ToldOfIncident[]> {
  const { rows } = await db.query<ToldOfIncident>(
    `select n.kind, n.channel, n.recipient, n.state, ${utc('n.created_at')} as "createdAt", ${utc('n.sent_at')} as "sentAt"
     from aftercare.notification n where n.model_id = $1 and n.notice -> 'subject' ->> 'id' = any ($2) order by n.created_at, n.id limit 1000`, [modelId, about]);
  return rows;
}
