/** One notice on its way: each recipient is waited for (quiet hours, digests), tried until it is time to give up, and buried then. */
import { CancellationScope, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { DeliveryState, PlannedDelivery } from '../activities/contracts/notifications.js';
import type { NotificationInput, NotificationSummary } from './messages.js';
import { courierFor, quick } from './proxies.js';
import { kindOf, reasonOf } from './reporting.js';
import { guardTime } from './steady-time.js';

export async function aftercareNotification({ notice, again }: NotificationInput): Promise<NotificationSummary> {
  guardTime();
  const { modelId } = notice;
  const deliveries = await planned();
  const states: Record<string, DeliveryState | 'waiting'> = Object.fromEntries(deliveries.map(({ id }) => [id, 'waiting']));
  show();
  await Promise.all(deliveries.map(async (delivery) => {
    states[delivery.id] = await deliver(delivery);
    show();
  }));
  const count = (state: DeliveryState): number => Object.values(states).filter((one) => one === state).length;
  return { sent: count('sent'), dead: count('dead'), withdrawn: count('withdrawn') };

  /** Nobody is told of a model that is gone. */
  async function planned(): Promise<PlannedDelivery[]> {
    try {
      return (await quick.aftercarePlanNotification({ notice, atMs: Date.now(), ...(again === undefined ? {} : { again }) })).deliveries;
    } catch (error) {
      if (kindOf(error) === 'NotFound') return [];
      throw error;
    }
  }

  async function deliver({ id, digest, dueAtMs, giveUpAtMs }: PlannedDelivery): Promise<DeliveryState> {
    try {
      if (dueAtMs > Date.now()) await sleep(dueAtMs - Date.now());
      return (await courierFor(giveUpAtMs - Date.now()).aftercareDeliverNotification({ modelId, id, digest, atMs: Date.now() })).state;
    } catch (error) {
      await CancellationScope.nonCancellable(() => quick.aftercareBuryNotification({ modelId, id, digest, reason: reasonOf(error) }));
      return 'dead';
    }
  }

  function show(): void {
    setCurrentDetails([notice.text, '', ...deliveries.map(({ id, dueAtMs }) => `- ${id}: ${states[id] === 'waiting' ? `waits, due ${new Date(dueAtMs).toISOString()}` : states[id]}`)].join('\n').slice(0, 8_000));
  }
}
