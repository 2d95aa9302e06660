/** Attempts are at an end. Idempotent: what is settled stays as it is. */
import { settleDeliveries } from '../../store/deliveries.js';
import type { Pool } from '../../store/pool.js';

/** Each delivery of a digest is buried by its own notice. */
export async function buryNotification({ pool }: { pool: Pool }, { id, reason }: { id: string; reason: string }): Promise<void> {
  await settleDeliveries(pool, [id], { state: 'dead', error: reason });
}
