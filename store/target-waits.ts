/** Chunks that wait for their targets: since when, what has been said about it, when the wait ended. */
import { stageAfterMs, WAIT_STAGES, type LateChunks, type StageWaits, type TargetRule, type WaitingChunk, type WaitStage } from '../domain/target-wait.js';
import type { SchemeKey } from './plan-state.js';
import type { Queryable } from './pool.js';

/** Complete chunks of a population that are not final begin to wait, once. @returns how many began */
export async function beginWaits(db: Queryable, key: SchemeKey, nowMs: number): Promise<number> {
  const { rowCount } = await db.query(
    `insert into aftercare.target_wait (chunk_id, waiting_since)
     select id, to_timestamp($4::float8 / 1000) from aftercare.chunk
     where version_id = $1 and segment = $2 and scheme = $3 and period = 'analysis' and complete and not final and not vanished
     on conflict (chunk_id) do nothing`, [key.versionId, key.segment, key.scheme, nowMs]);
  return rowCount ?? 0;
}

const COLUMN: Record<WaitStage, string> = { reminder: 'reminded_at', escalated: 'escalated_at', absent: 'absent_at' };

/** Waits w of chunks c of version $1 as people see them now; a wait that is over is no more one. */
const WAITING = `aftercare.chunk c join aftercare.target_wait w on w.chunk_id = c.id
  where c.version_id = $1 and c.period = 'analysis' and c.complete and not c.final and not c.vanished and w.absent_at is null
    and exists (select 1 from aftercare.in_force f where f.version_id = c.version_id and f.segment = c.segment and f.scheme = c.scheme)`;

/** Only the wait's end concerns segments as well: people are told of all rows together. */
const concerns = (stage: WaitStage): string => (stage === 'absent' ? 'true' : `c.segment = ''`);

/** What waits at each stage. */
export async function readStages(db: Queryable, versionId: number): Promise<Record<WaitStage, StageWaits>> {
  const ms = (expression: string): string => `(extract(epoch from ${expression}) * 1000)::float8`;
  const { rows } = await db.query<Record<string, number | null>>(
    `select ${WAIT_STAGES.map((stage) => `${ms(`min(w.waiting_since) filter (where w.${COLUMN[stage]} is null and ${concerns(stage)})`)} as "${stage}Oldest",
       ${stage === 'absent' ? `(select ${ms('max(e.absent_at)')} from aftercare.target_wait e join aftercare.chunk d on d.id = e.chunk_id where d.version_id = $1 and d.period = 'analysis' and d.complete and not d.final and not d.vanished)` : ms(`max(w.${COLUMN[stage]})`)} as "${stage}Taken"`).join(',\n')}
     from ${WAITING}`, [versionId]);
  const found = rows[0]!;
  return Object.fromEntries(WAIT_STAGES.map((stage) => [stage, { oldestMs: found[`${stage}Oldest`] ?? null, lastTakenMs: found[`${stage}Taken`] ?? null }])) as Record<WaitStage, StageWaits>;
}

interface TakenRow {
  segment: string;
  scheme: string;
  key: string;
  rows: number;
  targets: number;
  sinceMs: number;
}

/**
 * Notes a stage on every chunk for which it is due.
 *
 * @returns how many chunks, of all rows and of segments; and those of all rows, in their order
 */
export async function takeStage(db: Queryable, versionId: number, stage: WaitStage, rule: TargetRule, nowMs: number): Promise<{ taken: number; late: LateChunks | null }> {
  const afterMs = stageAfterMs(stage, rule);
  if (afterMs === null) return { taken: 0, late: null };
  // Who was told that targets are still missing is not reminded of it afterwards.
  const also = stage === 'escalated' ? ', reminded_at = coalesce(n.reminded_at, to_timestamp($2::float8 / 1000))' : '';
  const { rows } = await db.query<TakenRow>(
    `with due as (select c.id, c.segment, c.scheme, c.key, c.ordinal, c.rows, c.targets, w.waiting_since from ${WAITING} and w.${COLUMN[stage]} is null and ${concerns(stage)} and w.waiting_since <= to_timestamp($3::float8 / 1000)),
          noted as (update aftercare.target_wait n set ${COLUMN[stage]} = to_timestamp($2::float8 / 1000)${also} from due where n.chunk_id = due.id returning n.chunk_id)
     select segment, scheme, key, rows, targets, (extract(epoch from waiting_since) * 1000)::float8 as "sinceMs" from due where id in (select chunk_id from noted) order by ordinal`,
    [versionId, nowMs, nowMs - afterMs]);
  const whole = rows.filter(({ segment }) => segment === '');
  if (whole.length === 0) return { taken: rows.length, late: null };
  const sum = (of: (row: TakenRow) => number): number => whole.reduce((total, row) => total + of(row), 0);
  return { taken: rows.length, late: { scheme: whole[0]!.scheme, keys: whole.map(({ key }) => key), rows: sum((row) => row.rows), targets: sum((row) => row.targets), sinceMs: Math.min(...whole.map(({ sinceMs }) => sinceMs)) } };
}

/** Chunks of a version that results are there for. */
export async function readWaitingChunks(db: Queryable, versionId: number): Promise<WaitingChunk[]> {
  const { rows } = await db.query<WaitingChunk>(
    `select c.rows, c.targets, c.complete, c.final, (extract(epoch from w.waiting_since) * 1000)::float8 as "sinceMs",
       case when w.absent_at is not null then 'absent' when w.escalated_at is not null then 'escalated' when w.reminded_at is not null then 'reminder' end as stage
     from aftercare.chunk c left join aftercare.target_wait w on w.chunk_id = c.id
     where c.version_id = $1 and c.segment = '' and c.period = 'analysis' and not c.vanished
       and exists (select 1 from aftercare.in_force f where f.version_id = c.version_id and f.segment = c.segment and f.scheme = c.scheme)
     order by c.ordinal`, [versionId]);
  return rows;
}
