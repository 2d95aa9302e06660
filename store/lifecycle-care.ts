/** What the store knows of lifecycles: which must be started, which seem not to have noticed what came. */
import type { Pool } from './pool.js';

export interface LifecycleBeginning {
  modelId: number;
  name: string;
  state: 'active' | 'archived' | 'deleted';
  /** The last run number that was used, and the horizon of the last run that completed; 0 for none. */
  lastRun: number;
  horizon: number;
}

/** @returns null when there never was such a model */
export async function readLifecycleBeginning(pool: Pool, modelId: number): Promise<LifecycleBeginning | null> {
  const { rows } = await pool.query<LifecycleBeginning>(
    `select m.id as "modelId", m.name, m.state,
            greatest(m.last_run, coalesce(max(r.number), 0)) as "lastRun",
            coalesce(max(r.horizon) filter (where r.state = 'completed'), 0) as horizon
       from aftercare.model m
       left join aftercare.run r on r.model_id = m.id
      where m.id = $1
      group by m.id`,
    [modelId],
  );
  return rows[0] ?? null;
}

export async function markLifecycleStarted(pool: Pool, modelId: number): Promise<void> {
  await pool.query('update aftercare.model set lifecycle_started_at = clock_timestamp() where id = $1 and lifecycle_started_at is null', [modelId]);
}

/** Models that were created a while ago and whose lifecycle nobody has started: their creator died in between. */
export async function modelsWithoutLifecycle(pool: Pool, olderThanMs: number): Promise<number[]> {
  const { rows } = await pool.query<{ id: number }>(
    `select id from aftercare.model
      where state = 'active' and lifecycle_started_at is null and created_at < clock_timestamp() - make_interval(secs => $1::double precision / 1000)
      order by id limit 100`,
    [olderThanMs],
  );
  return rows.map((row) => row.id);
}

/** Models whose ledger has been ahead of what their lifecycle has read for a while: the ring was lost. */
export async function modelsUnnoticed(pool: Pool, forMs: number): Promise<{ modelId: number; lastBatch: number }[]> {
  const { rows } = await pool.query<{ modelId: number; lastBatch: number }>(
    `select m.id as "modelId", m.last_batch as "lastBatch"
       from aftercare.model m
       join aftercare.batch b on b.model_id = m.id and b.number = m.noticed_batch + 1
      where m.state = 'active' and m.lifecycle_started_at is not null and m.last_batch > m.noticed_batch
        and b.committed_at < clock_timestamp() - make_interval(secs => $1::double precision / 1000)
      order by m.id limit 1000`,
    [forMs],
  );
  return rows;
}
