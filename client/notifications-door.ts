/** `aftercare.notifications`: who was told of what, a test, what was given up sent again. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Conflict, InvalidInput, NotFound } from '../domain/errors.js';
import { lifecycleSettings } from '../domain/lifecycle-settings.js';
import { notificationId, WORKFLOW } from '../domain/names.js';
import type { Notice } from '../domain/notice.js';
import { recordAudit } from '../store/audit.js';
import { readDelivery, readNotifications, type NotificationRecord } from '../store/deliveries.js';
import { findModel } from '../store/find-model.js';
import type { NotificationInput } from '../workflows/messages.js';
import type { WriteContext } from './append.js';
import type { Lifecycles } from './lifecycle.js';

export type { NotificationRecord } from '../store/deliveries.js';

export interface TestNotificationOptions {
  /** A channel of the model's settings; absent, as `to`: every channel. */
  channel?: string | undefined;
  /** An e-mail address instead. */
  to?: string | undefined;
}

/** A test is given up after 15 s; a worker that is just starting is waited for a while. */
const PATIENCE_MS = 45_000;
const AGAIN_PATIENCE_MS = 15_000;

export class Notifications {
  readonly #context: WriteContext;
  readonly #lifecycles: Lifecycles;

  constructor(context: WriteContext, lifecycles: Lifecycles) {
    this.#context = context;
    this.#lifecycles = lifecycles;
  }

  /** Newest first. @param options.dead only those that were given up @throws NotFound */
  async list(model: string, options: { dead?: boolean | undefined; limit?: number | undefined } = {}): Promise<NotificationRecord[]> {
    const { modelId } = await findModel(this.#context.pool, model);
    return readNotifications(this.#context.pool, modelId, { dead: options.dead ?? false, ...(options.limit === undefined ? {} : { limit: options.limit }) });
  }

  /**
   * Sends a test by the worker, the way that every notice goes, whatever the hour, and waits for the outcome.
   *
   * @returns what was sent, and why what was not
   * @throws NotFound no such model or channel; InvalidInput there is no channel, or the address is none
   */
  async test(model: string, { channel, to }: TestNotificationOptions = {}): Promise<NotificationRecord[]> {
    const { modelId, name, settings } = await findModel(this.#context.pool, model);
    if (to !== undefined && channel !== undefined) throw new InvalidInput('a test goes to a channel or to an address, not to both');
    const names = lifecycleSettings(settings).notifications.channels.map((one) => one.name);
    if (channel !== undefined && !names.includes(channel)) throw new NotFound(`model '${name}' has no channel '${channel}'${names.length > 0 ? `: ${names.join(', ')}` : ' (setting notifications.channels)'}`);
    if (channel === undefined && to === undefined && names.length === 0) throw new InvalidInput(`model '${name}' has no channels: name an address, or set notifications.channels`);
    const notices = (to !== undefined ? [''] : channel !== undefined ? [channel] : names).map((target): Notice => ({
      id: `test/${randomUUID()}`, modelId, kind: 'test', topic: 'test', severity: 'info', subject: { type: 'none', id: target }, text: `A test of the notifications of model '${name}', asked for by ${this.#context.by}.`,
      atMs: Date.now(), ...(to === undefined ? {} : { recipients: [to] }),
    }));
    for (const notice of notices) await this.#start(notificationId(modelId, notice.id), { notice }, `${name}: a test`);
    const outcomes = await Promise.all(notices.map((notice) => this.#settled(modelId, notice.id, PATIENCE_MS)));
    if (outcomes.every((found) => found.length === 0)) throw new Error('the test was not taken up: no worker polls, or it cannot reach the database');
    return outcomes.flat();
  }

  /**
   * Sends once more what was given up; a receiver knows it again by its id.
   *
   * @returns it as it stands after some seconds: sent, given up again, or still being tried
   * @throws NotFound; Conflict when it was sent, or is still on its way
   */
  async resend(id: string): Promise<NotificationRecord> {
    const { pool, by } = this.#context;
    const delivery = await readDelivery(pool, id);
    if (!delivery) throw new NotFound(`there is no notification '${id}' that can be sent again: aftercare notify list MODEL --dead shows those that were given up`);
    if (delivery.state !== 'dead' && delivery.state !== 'failed') throw new Conflict(`notification '${id}' is ${delivery.state === 'intended' ? 'still on its way' : delivery.state}`);
    const { modelId, attempts, notice } = delivery;
    await recordAudit(pool, { modelId, by, action: 'notification sent again', detail: { notification: id }, key: `notification-again/${attempts}/${id}` });
    await this.#start(notificationId(modelId, `again/${attempts}/${id}`), { notice, again: id }, `again: ${notice.text}`);
    for (const untilMs = Date.now() + AGAIN_PATIENCE_MS; ;) {
      const found = await readDelivery(pool, id);
      const moved = found && found.state !== 'dead' && found.state !== 'failed' && found.state !== 'intended';
      const failedAnew = found?.state === 'dead' && found.attempts > attempts;
      if (moved || failedAnew || Date.now() > untilMs) break;
      await delay(100);
    }
    return (await readNotifications(pool, modelId, { id }))[0]!;
  }

  #start(workflowId: string, input: NotificationInput, summary: string): Promise<void> {
    return this.#lifecycles.startWorkflow(WORKFLOW.notification, workflowId, input, summary);
  }

  async #settled(modelId: number, noticeId: string, patienceMs: number): Promise<NotificationRecord[]> {
    for (const untilMs = Date.now() + patienceMs; ; await delay(100)) {
      const found = await readNotifications(this.#context.pool, modelId, { noticeId });
      if (Date.now() > untilMs || (found.length > 0 && found.every(({ state }) => state !== 'intended'))) return found;
    }
  }
}
