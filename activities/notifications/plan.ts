/**
 * Routes a notice and writes down one intent for each recipient. Idempotent by the intents' ids, which come from the notice and the recipient. Usual duration: a
 * few milliseconds.
 */
import { InvalidInput } from '../../domain/errors.js';
import { lifecycleSettings } from '../../domain/lifecycle-settings.js';
import type { Notice } from '../../domain/notice.js';
import { intendDeliveries, reviveDelivery, type Delivery, type NewDelivery } from '../../store/deliveries.js';
import { findModel } from '../../store/find-model.js';
import type { Pool } from '../../store/pool.js';
import type { PlannedDelivery } from '../contracts/notifications.js';
import { dueAt, routeNotice, type Target } from './route.js';

/** Somebody waits for the outcome of a test. */
const TEST_PATIENCE_MS = 15_000;

/** @throws NotFound the model is gone; InvalidInput `again` names no delivery that was given up */
export async function planNotification({ pool }: { pool: Pool }, { notice, again, atMs = notice.atMs }: { notice: Notice; again?: string; atMs?: number }): Promise<{ deliveries: PlannedDelivery[] }> {
  const { settings } = await findModel(pool, notice.modelId);
  const { notifications } = lifecycleSettings(settings);
  const patienceMs = notice.topic === 'test' ? Math.min(TEST_PATIENCE_MS, notifications.giveUpAfterMs) : notifications.giveUpAfterMs;
  if (again !== undefined) {
    const delivery = await reviveDelivery(pool, again, { atMs, giveUpAtMs: atMs + patienceMs });
    if (!delivery) throw new InvalidInput(`'${again}' is no notification that was given up`);
    return { deliveries: [plannedOf(delivery)] };
  }
  const wanted = routeNotice(notice, notifications).map((target): NewDelivery => {
    const { dueAtMs, edition } = dueAt(target.when, notice, notifications, settings.zone);
    return {
      ...addressOf(target), id: deliveryId(notice, target), dueAtMs, giveUpAtMs: Math.max(dueAtMs, atMs) + patienceMs,
      digest: edition === null ? null : `${notice.modelId}/${target.medium}/${target.recipient}/${edition}`,
    };
  });
  return { deliveries: (await intendDeliveries(pool, notice, wanted)).map(plannedOf) };
}

const addressOf = ({ channel, medium, recipient }: Target): Pick<Target, 'channel' | 'medium' | 'recipient'> => ({ channel, medium, recipient });

function deliveryId({ modelId, id }: Notice, { medium, recipient }: Target): string {
  return `${modelId}/${id}/${medium}/${recipient}`;
}

function plannedOf({ id, dueAtMs, giveUpAtMs, digest }: Delivery): PlannedDelivery {
  return { id, dueAtMs, giveUpAtMs, digest };
}
