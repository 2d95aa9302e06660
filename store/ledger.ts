/** The ledger as the lifecycle looks at it: what came after a number, and what the model's people want. */
import type { BatchKind } from '../domain/batch.js';
import type { ModelSettings } from '../domain/settings.js';
import { NotFound } from '../domain/errors.js';
import type { Pool } from './pool.js';

export interface LedgerPage {
  state: 'active' | 'archived' | 'deleted';
  settings: ModelSettings;
  settingsRevision: number;
  lastBatch: number;
  entries: { number: number; kind: BatchKind; rowsAccepted: number; shadowOf?: number }[];
  /** Number of the version in charge. */
  champion: number;
  /** Versions that are registered as challengers. */
  challengers: number[];
  /** The last numbers that were given out: 0 for none. */
  lastRetraining: number;
  lastChallenge: number;
  more: boolean;
}

/** One look: entries after `after` in order, at most `limit`; notes how far the lifecycle has looked. @throws NotFound */
export async function readLedgerPage(pool: Pool, modelId: number, after: number, limit: number): Promise<LedgerPage> {
  const { rows: [model] } = await pool.query<Omit<LedgerPage, 'entries' | 'more'>>(
    `update aftercare.model set noticed_batch = greatest(noticed_batch, last_batch) where id = $1
     returning state, settings, settings_revision as "settingsRevision", last_batch as "lastBatch",
       array(select number from aftercare.version where model_id = $1 and role = 'challenger' order by number) as challengers,
       (select number from aftercare.version where id = champion_version_id) as champion,
       coalesce((select max(number) from aftercare.retraining where model_id = $1), 0) as "lastRetraining",
       coalesce((select max(number) from aftercare.challenge where model_id = $1), 0) as "lastChallenge"`, [modelId]);
  if (!model) throw new NotFound(`there is no model with id ${modelId}`);
  const rows = await readLedgerEntries(pool, modelId, after, model.lastBatch, limit + 1);
  return { ...model, entries: rows.slice(0, limit), more: rows.length > limit };
}

/** Entries after `after` and up to `until`, in order. Notes nothing. */
export async function readLedgerEntries(pool: Pool, modelId: number, after: number, until: number, limit: number): Promise<LedgerPage['entries']> {
  const { rows } = await pool.query<Omit<LedgerPage['entries'][number], 'shadowOf'> & { shadowOf: number | null }>(
    `select b.number, b.kind, b.rows_accepted as "rowsAccepted", case when b.shadow then v.number end as "shadowOf"
     from aftercare.batch b join aftercare.version v on v.id = b.version_id where b.model_id = $1 and b.number > $2 and b.number <= $3 order by b.number limit $4`,
    [modelId, after, until, limit]);
  return rows.map(({ shadowOf, ...entry }) => (shadowOf === null ? entry : { ...entry, shadowOf }));
}
