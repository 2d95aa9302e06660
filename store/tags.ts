/** Tags of a model, or of one of its versions. */
import { checkTags } from '../domain/tags.js';
import { recordAudit } from './audit.js';
import { findModel, type ModelRef } from './find-model.js';
import { inTransaction, type Pool } from './pool.js';

export interface ChangedTags {
  modelId: number;
  tags: string[];
}

/**
 * Puts these tags in the place of those that are there; the same again changes nothing.
 *
 * @param versionNumber absent: the model's own
 * @throws NotFound, InvalidInput
 */
export async function setTags(pool: Pool, model: ModelRef, tags: readonly string[], by: string, versionNumber?: number): Promise<ChangedTags> {
  const wanted = checkTags(tags);
  return inTransaction(pool, async (tx) => {
    const { modelId, versionId } = await findModel(tx, model, versionNumber);
    const { rowCount } = versionNumber === undefined
      ? await tx.query('update aftercare.model set tags = $2 where id = $1 and tags <> $2', [modelId, wanted])
      : await tx.query('update aftercare.version set tags = $2 where id = $1 and tags <> $2', [versionId, wanted]);
    if (rowCount === 1) await recordAudit(tx, { modelId, by, action: 'tags changed', detail: { tags: wanted, ...(versionNumber === undefined ? {} : { version: versionNumber }) } });
    return { modelId, tags: wanted };
  });
}
