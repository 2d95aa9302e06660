/** Chunks as a run found them: borders, counts, and whether more may come. */
import type { PeriodName } from '../domain/measurement.js';
import type { Border } from '../domain/order.js';
import { isoOfMicros } from '../domain/order.js';
import type { ChangeKind } from '../domain/run-plan.js';
import { AWAITING_TARGETS, type TargetRule } from '../domain/target-wait.js';
import type { Queryable } from './pool.js';
import type { SchemeKey } from './plan-state.js';

export interface FoundChunk {
  key: string;
  ordinal: number;
  first: Border;
  last: Border;
  rows: number;
  targets: number;
  /** Shown to people: bounds of the period, or first and last event time; −Infinity without timestamps. */
  startMicros: number;
  endMicros: number;
  complete: boolean;
  final: boolean;
  change: ChangeKind;
}

/**
 * Writes chunks (set-based) and returns their ids in the order given. Revisions move only as far as something changed; a chunk none of whose rows
 * changed is declared complete by `settleChunks` alone, for all of its measurements at once.
 */
export async function saveChunks(db: Queryable, key: SchemeKey, period: PeriodName, horizon: number, chunks: readonly FoundChunk[]): Promise<number[]> {
  const column = <T>(of: (chunk: FoundChunk) => T): T[] => chunks.map(of);
  const { rows } = await db.query<{ id: number; ordinal: number }>(
    `insert into aftercare.chunk as c (version_id, segment, scheme, period, key, ordinal, first_at, first_batch, first_row, last_at, last_batch, last_row,
       rows, targets, start_at, end_at, complete, final, data_revision, rows_revision, targets_revision)
     select $1, $2, $3, $4, n.key, n.ordinal, n.first_at, n.first_batch, n.first_row, n.last_at, n.last_batch, n.last_row,
       n.rows, n.targets, n.start_at, n.end_at, n.complete, n.final, $5::bigint, case when n.change = 'rows' then $5::bigint else 0 end, case when n.change <> 'none' then $5::bigint else 0 end
     from unnest($6::text[], $7::bigint[], $8::timestamptz[], $9::bigint[], $10::bigint[], $11::timestamptz[], $12::bigint[], $13::bigint[],
       $14::bigint[], $15::bigint[], $16::timestamptz[], $17::timestamptz[], $18::boolean[], $19::boolean[], $20::text[])
       as n (key, ordinal, first_at, first_batch, first_row, last_at, last_batch, last_row, rows, targets, start_at, end_at, complete, final, change)
     on conflict (version_id, segment, scheme, period, key) do update set
       ordinal = excluded.ordinal, first_at = excluded.first_at, first_batch = excluded.first_batch, first_row = excluded.first_row,
       last_at = excluded.last_at, last_batch = excluded.last_batch, last_row = excluded.last_row, rows = excluded.rows, targets = excluded.targets,
       start_at = excluded.start_at, end_at = excluded.end_at, final = excluded.final, vanished = false,
       complete = case when excluded.rows_revision > 0 then excluded.complete else c.complete end,
       data_revision = excluded.data_revision, rows_revision = greatest(c.rows_revision, excluded.rows_revision), targets_revision = greatest(c.targets_revision, excluded.targets_revision)
     returning id, ordinal`,
    [key.versionId, key.segment, key.scheme, period, horizon,
      column((c) => c.key), column((c) => c.ordinal),
      column((c) => isoOfMicros(c.first.atMicros)), column((c) => c.first.batch), column((c) => c.first.row),
      column((c) => isoOfMicros(c.last.atMicros)), column((c) => c.last.batch), column((c) => c.last.row),
      column((c) => c.rows), column((c) => c.targets),
      column((c) => shownTime(c.startMicros)), column((c) => shownTime(c.endMicros)),
      column((c) => c.complete), column((c) => c.final), column((c) => c.change)]);
  const ids = new Map(rows.map(({ id, ordinal }) => [ordinal, id]));
  return chunks.map((chunk) => ids.get(chunk.ordinal)!);
}

/** Of measurement m in chunk c: domain/revision.ts Standing. */
const PROVISIONAL = `case when m.calculator = '${AWAITING_TARGETS}' then not c.final else not c.complete end`;

function shownTime(micros: number): string | null {
  return Number.isFinite(micros) ? isoOfMicros(micros) : null;
}

/** Chunks of a stretch that was read and no longer hold a row. Their measurements leave what readers see; a row that comes back revives them. */
export async function markVanished(db: Queryable, key: SchemeKey, firstOrdinal: number, lastOrdinal: number | null, found: readonly number[], horizon: number): Promise<void> {
  await db.query(
    `update aftercare.chunk set vanished = true, data_revision = $6, rows_revision = $6
     where version_id = $1 and segment = $2 and scheme = $3 and period = 'analysis' and not vanished
       and ordinal >= $4 and ($5::bigint is null or ordinal <= $5) and ordinal <> all ($7::bigint[])`,
    [key.versionId, key.segment, key.scheme, firstOrdinal, lastOrdinal, horizon, found]);
}

/**
 * Chunks that newer rows made complete (or changed lateness opened again), although none of their own rows changed; and what is final by now: complete, and its
 * targets are there, or nobody waits for them any more.
 */
export async function settleChunks(db: Queryable, key: SchemeKey, rule: { newestIso: string; allowedLatenessMs: number; periods: boolean; targets: TargetRule }): Promise<void> {
  const changed: number[] = [];
  if (rule.periods) {
    const { rows } = await db.query<{ id: number }>(
      `update aftercare.chunk set complete = not complete
       where version_id = $1 and segment = $2 and scheme = $3 and period = 'analysis' and not vanished
         and complete is distinct from ($4::timestamptz >= end_at + $5::float8 * interval '1 millisecond')
       returning id`,
      [key.versionId, key.segment, key.scheme, rule.newestIso, rule.allowedLatenessMs]);
    changed.push(...rows.map(({ id }) => id));
    await db.query('delete from aftercare.target_wait w using aftercare.chunk c where c.id = any ($1::bigint[]) and w.chunk_id = c.id and not c.complete', [changed]);
  }
  const { rows } = await db.query<{ id: number }>(
    `update aftercare.chunk c set final = not final
     where version_id = $1 and segment = $2 and scheme = $3 and period = 'analysis' and not vanished
       and final is distinct from (complete and ($4 or targets >= rows * $5::float8 - 1e-9 or exists (select 1 from aftercare.target_wait w where w.chunk_id = c.id and w.absent_at is not null)))
     returning id`,
    [key.versionId, key.segment, key.scheme, !rule.targets.waits, rule.targets.completeAt]);
  changed.push(...rows.map(({ id }) => id));
  if (changed.length === 0) return;
  await db.query(
    `update aftercare.measurement m set chunk_open = not c.complete, provisional = ${PROVISIONAL}
     from aftercare.chunk c where c.id = any ($1::bigint[]) and m.chunk_id = c.id and m.current and (m.chunk_open = c.complete or m.provisional <> ${PROVISIONAL})`, [changed]);
}
