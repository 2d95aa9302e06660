/** Deliveries: one intent for each event and recipient, written before anything is sent, settled once. */
import type { Notice, NoticeTopic, Severity } from '../domain/notice.js';
import type { Pool, Queryable } from './pool.js';

export type DeliveryMedium = 'email' | 'webhook' | 'slack';
export type StoredDeliveryState = 'intended' | 'sent' | 'failed' | 'dead' | 'withdrawn';

export interface NewDelivery {
  id: string;
  /** '' when people were named by address. */
  channel: string;
  medium: DeliveryMedium;
  /** An address; the channel's name where the address may be a secret. */
  recipient: string;
  dueAtMs: number;
  giveUpAtMs: number;
  digest: string | null;
}

export interface Delivery extends NewDelivery {
  modelId: number;
  state: StoredDeliveryState;
  attempts: number;
  notice: Notice;
}

const COLUMNS = `id, model_id as "modelId", channel, medium, recipient, state, attempts, notice, digest,
  extract(epoch from due_at)::float8 * 1000 as "dueAtMs", extract(epoch from give_up_at)::float8 * 1000 as "giveUpAtMs"`;

/** The same intent again changes nothing. @returns those that are still to be sent */
export async function intendDeliveries(db: Queryable, notice: Notice, deliveries: readonly NewDelivery[]): Promise<Delivery[]> {
  const column = <K extends keyof NewDelivery>(name: K) => deliveries.map((delivery) => delivery[name]);
  await db.query(
    `insert into aftercare.notification (id, channel, medium, recipient, due_at, give_up_at, digest, model_id, kind, topic, severity, subject, created_at, notice)
     select d.id, d.channel, d.medium, d.recipient, to_timestamp(d.due / 1000), to_timestamp(d.give_up / 1000), d.digest, $8, $9, $10, $11, $12, to_timestamp($13::float8 / 1000), $14
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::float8[], $7::text[]) as d (id, channel, medium, recipient, due, give_up, digest)
     on conflict (id) do update set notice = excluded.notice, due_at = excluded.due_at, give_up_at = excluded.give_up_at
       where notification.notice is null   -- written by a version that kept no notice`,
    [column('id'), column('channel'), column('medium'), column('recipient'), column('dueAtMs'), column('giveUpAtMs'), column('digest'),
      notice.modelId, notice.kind, notice.topic, notice.severity, notice.text.slice(0, 1_000), notice.atMs, JSON.stringify(notice)]);
  const { rows } = await db.query<Delivery>(`select ${COLUMNS} from aftercare.notification where id = any ($1) and state = 'intended' order by id`, [column('id')]);
  return rows;
}

/** null when there is none. */
export async function readDelivery(db: Queryable, id: string): Promise<Delivery | null> {
  const { rows } = await db.query<Delivery>(`select ${COLUMNS} from aftercare.notification where id = $1 and notice is not null`, [id]);
  return rows[0] ?? null;
}

/** One that was given up is to be sent once more, by itself. @returns null when it is not one that was given up */
export async function reviveDelivery(db: Queryable, id: string, { atMs, giveUpAtMs }: { atMs: number; giveUpAtMs: number }): Promise<Delivery | null> {
  await db.query(
    `update aftercare.notification set state = 'intended', digest = null, digest_part = null, due_at = to_timestamp($2::float8 / 1000), give_up_at = to_timestamp($3::float8 / 1000)
     where id = $1 and state in ('dead', 'failed')`, [id, atMs, giveUpAtMs]);
  const delivery = await readDelivery(db, id);
  return delivery?.state === 'intended' ? delivery : null;
}

/**
 * What goes out together: claimed once, so that a repeat is the same message with the same name. What was intended after a part was claimed becomes a part of
 * its own. To be called by one at a time for each digest (see `exclusively`).
 *
 * @returns the oldest part that is still to be sent; empty when everything is settled
 */
export async function claimDigest(db: Queryable, digest: string, atMs: number): Promise<{ part: string; deliveries: Delivery[] } | null> {
  await db.query(
    `update aftercare.notification n set digest_part = first.id
     from (select min(id collate "C") as id from aftercare.notification where digest = $1 and state = 'intended' and digest_part is null and due_at <= to_timestamp($2::float8 / 1000)) first
     where n.digest = $1 and n.state = 'intended' and n.digest_part is null and n.due_at <= to_timestamp($2::float8 / 1000)`, [digest, atMs]);
  const { rows } = await db.query<Delivery & { part: string }>(
    `select ${COLUMNS}, digest_part as part from aftercare.notification where digest = $1 and state = 'intended' and digest_part is not null order by digest_part collate "C", created_at, id collate "C"`, [digest]);
  const part = rows[0]?.part;
  return part === undefined ? null : { part, deliveries: rows.filter((row) => row.part === part) };
}

/** Counted before the attempt: a worker that dies while sending has tried. */
export async function countAttempts(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query('update aftercare.notification set attempts = attempts + 1 where id = any ($1)', [ids]);
}

/** Only what is still intended is settled. @property subject as it was sent; absent: as it was intended */
export async function settleDeliveries(db: Queryable, ids: readonly string[], end: { state: StoredDeliveryState; error?: string | null; subject?: string }): Promise<void> {
  await db.query(
    `update aftercare.notification
        set state = $2, last_error = $3, subject = coalesce($4, subject), sent_at = case when $2 = 'sent' then clock_timestamp() end
      where id = any ($1) and state = 'intended'`,
    [ids, end.state, end.error?.slice(0, 1_000) ?? null, end.subject ?? null]);
}

/** At once in one process: each holds a connection, and the work within needs others. */
const EXCLUSIVE_MAX = 3;
let exclusive = 0;

/** Runs `work` unless somebody else is at the same just now, or too many others are at something. @returns null when it was not run */
export async function exclusively<T>(pool: Pool, name: string, work: () => Promise<T>): Promise<T | null> {
  if (exclusive >= EXCLUSIVE_MAX) return null;
  exclusive += 1;
  try {
    return await holding(pool, name, work);
  } finally {
    exclusive -= 1;
  }
}

async function holding<T>(pool: Pool, name: string, work: () => Promise<T>): Promise<T | null> {
  const holder = await pool.connect();
  let broken: Error | undefined;
  try {
    await holder.query('begin');
    const { rows } = await holder.query<{ taken: boolean }>('select pg_try_advisory_xact_lock(hashtextextended($1, 4711)) as taken', [name]);
    return rows[0]!.taken ? await work() : null;
  } finally {
    await holder.query('rollback').catch((error: unknown) => { broken = error as Error; });
    holder.release(broken);
  }
}

export interface NotificationRecord {
  id: string;
  model: string;
  kind: string;
  topic: NoticeTopic;
  severity: Severity;
  channel: string;
  medium: DeliveryMedium;
  recipient: string;
  subject: string;
  state: StoredDeliveryState;
  attempts: number;
  lastError: string | null;
  createdAt: string;
  dueAt: string | null;
  sentAt: string | null;
}

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Newest first. @property dead only those that were given up @property noticeId of one notice @property id only this one */
export async function readNotifications(db: Queryable, modelId: number, { dead = false, limit = 100, noticeId, id }: { dead?: boolean; limit?: number; noticeId?: string; id?: string } = {}): Promise<NotificationRecord[]> {
  const { rows } = await db.query<NotificationRecord>(
    `select n.id, m.name as model, n.kind, n.topic, n.severity, n.channel, n.medium, n.recipient, n.subject, n.state, n.attempts, n.last_error as "lastError",
       ${utc('n.created_at')} as "createdAt", ${utc('n.due_at')} as "dueAt", ${utc('n.sent_at')} as "sentAt"
     from aftercare.notification n join aftercare.model m on m.id = n.model_id
     where n.model_id = $1 and (not $2 or n.state in ('dead', 'failed')) and ($4::text is null or n.notice ->> 'id' = $4) and ($5::text is null or n.id = $5)
     order by n.created_at desc, n.id limit $3`, [modelId, dead, limit, noticeId ?? null, id ?? null]);
  return rows;
}
