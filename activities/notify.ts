/**
 * Tells people of a decision by e-mail: only for decisions that were begun before there was routing. The same way as every notice goes, without a workflow of its own.
 * Idempotent by the notification's id. Usual duration: a few hundred milliseconds for each recipient.
 */
import type { Notice } from '../domain/notice.js';
import { intendDeliveries } from '../store/deliveries.js';
import type { NotifyRequest } from './contract.js';
import { deliverNotification } from './notifications/deliver.js';
import type { SendDeps } from './notifications/index.js';

/** As long as the workflows try. */
const PATIENCE_MS = 24 * 60 * 60 * 1000;

export async function notify(deps: SendDeps, { id, modelId, kind, decisionId, recipients, atMs }: NotifyRequest): Promise<void> {
  const notice: Notice = { id, modelId, kind, topic: 'decision', severity: 'warning', subject: { type: 'decision', id: decisionId }, text: 'A decision waits.', atMs, recipients };
  const wanted = recipients.map((recipient) => ({ id: `${id}/${recipient}`, channel: '', medium: 'email' as const, recipient, dueAtMs: atMs, giveUpAtMs: atMs + PATIENCE_MS, digest: null }));
  const faults: unknown[] = [];
  for (const delivery of await intendDeliveries(deps.pool, notice, wanted)) {
    try {
      await deliverNotification(deps, { modelId, id: delivery.id, digest: null, atMs });
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];   // passing: Temporal tries again, for those that are still due
}
