/** Changes the version in charge: one transaction under the model's lock, so that every batch is committed before it or after it. */
import { Conflict } from '../domain/errors.js';
import { recordAudit } from './audit.js';
import { lockModel, readChampion, requirePromotable } from './challenges.js';
import { requireActive } from './find-model.js';
import { resolveIncidentsOf } from './incidents.js';
import { inTransaction, type Pool } from './pool.js';

export interface ChampionChange {
  modelId: number;
  /** The challenge that carries it out. */
  number: number;
  /** Numbers within the model. */
  from: number;
  to: number;
  action: 'promote' | 'rollback';
  by: string;
  note: string | null;
  atMs: number;
}

/**
 * The champion, the roles, the challenge's record, the incidents of the version that leaves and the audit change together, once: the same again finds it done.
 *
 * @returns refusal: null, or why it was not done; champion: the version in charge at the end
 * @throws NotFound no such model
 */
export async function promote(pool: Pool, change: ChampionChange): Promise<{ refusal: string | null; champion: number }> {
  const { modelId, number, from, to, action, by, note, atMs } = change;
  try {
    return await inTransaction(pool, async (tx) => {
      const champion = await lockModel(tx, modelId);
      requireActive(champion);
      const { rows: [done] } = await tx.query<{ promoted: boolean; rolledBack: boolean }>(
        'select promoted_at is not null as promoted, rolled_back_at is not null as "rolledBack" from aftercare.challenge where model_id = $1 and number = $2 for update', [modelId, number]);
      if (!done) throw new Conflict(`challenge ${number} of model '${champion.name}' is not recorded`);
      if (action === 'promote' ? done.promoted : done.rolledBack) return { refusal: null, champion: champion.number };
      if (champion.number !== from) throw new Conflict(`version ${champion.number} of model '${champion.name}' is in charge by now, not version ${from}`);
      const { versionId } = await requirePromotable(tx, modelId, to, champion, action === 'rollback' ? 'rollback' : 'promotion');

      await tx.query(`update aftercare.version set role = case when id = $2 then 'champion' else 'archived' end where id = any ($1)`, [[champion.versionId, versionId], versionId]);
      await tx.query('update aftercare.model set champion_version_id = $2 where id = $1', [modelId, versionId]);
      if (action === 'promote') {
        await tx.query(
          `update aftercare.challenge set state = 'probation', promoted_at = to_timestamp($3::float8 / 1000), changed_at = to_timestamp($3::float8 / 1000), against_version_id = $4, approved_by = coalesce(approved_by, $5),
             promoted_after = (select last_batch from aftercare.model where id = $1)
           where model_id = $1 and number = $2`, [modelId, number, atMs, champion.versionId, by]);
      } else {
        // The promotion that is taken back is this challenge's own, or the one that the version that leaves came by.
        await tx.query(
          `update aftercare.challenge c set rolled_back_at = to_timestamp($3::float8 / 1000), rolled_back_after = (select last_batch from aftercare.model where id = $1)
           where c.model_id = $1 and (c.number = $2 or (c.version_id = $4 and c.against_version_id = $5 and c.promoted_at is not null and c.rolled_back_at is null))`,
          [modelId, number, atMs, champion.versionId, versionId]);
      }
      await resolveIncidentsOf(tx, champion.versionId, `version ${from} was replaced by version ${to}`, atMs);
      await recordAudit(tx, { modelId, by, action: action === 'promote' ? 'version promoted' : 'version rolled back', detail: { challenge: number, from, to, note }, key: `challenge/${modelId}/${number}/${action}` });
      return { refusal: null, champion: to };
    });
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    await recordAudit(pool, { modelId, by, action: `${action === 'promote' ? 'promotion' : 'rollback'} refused`, detail: { challenge: number, from, to, why: error.message }, key: `challenge/${modelId}/${number}/${action}/refused` });
    return { refusal: error.message, champion: (await readChampion(pool, modelId)).number };
  }
}
