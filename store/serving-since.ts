/** How two versions served since the later one of them began to. */
import type { ServingSummary } from '../domain/telemetry.js';
import type { Queryable } from './pool.js';
import { readServing } from './telemetry.js';

/** Later than any call that is logged. */
const FOR_EVER_MS = 253_402_300_799_000;

/** Both over the same time, so that a bad day of long ago does not count for one of them alone. @returns champion, challenger */
export async function readServingSince(db: Queryable, modelId: number, championId: number, challengerId: number): Promise<[ServingSummary, ServingSummary]> {
  const { rows: [first] } = await db.query<{ at: number | null }>(
    'select (extract(epoch from max(began)) * 1000)::float8 as at from (select min(minute) as began from aftercare.telemetry where version_id = any ($1::integer[]) group by version_id) each_version', [[championId, challengerId]]);
  const fromMs = first?.at ?? 0;
  return [await readServing(db, modelId, championId, fromMs, FOR_EVER_MS), await readServing(db, modelId, challengerId, fromMs, FOR_EVER_MS)];
}
