/**
 * Sends one delivery, or all of a digest as one message. Idempotent by the delivery's id: what is recorded as settled is not sent again; a worker that dies
 * between the receiver's yes and our record sends once more, with the same Message-ID or event id. Usual duration: a few hundred milliseconds.
 */
import { lifecycleSettings } from '../../domain/lifecycle-settings.js';
import { NotFound } from '../../domain/errors.js';
import { claimDigest, countAttempts, exclusively, readDelivery, settleDeliveries, type Delivery } from '../../store/deliveries.js';
import { findModel, type FoundModel } from '../../store/find-model.js';
import type { Pool } from '../../store/pool.js';
import type { DeliveryState } from '../contracts/notifications.js';
import { digestStory } from './digest.js';
import { linkFor } from './link.js';
import { subjectOf } from './message.js';
import { sendMail, sendRequest, type Parcel, type SendDeps } from './send.js';
import { readStory } from './stories.js';

export interface DeliverRequest {
  modelId: number;
  id: string;
  digest: string | null;
  atMs: number;
}

export async function deliverNotification(deps: SendDeps, { id, digest, atMs }: DeliverRequest): Promise<{ state: DeliveryState }> {
  const delivery = await readDelivery(deps.pool, id);
  if (delivery?.state === 'intended') {
    if (digest === null) await deliverOne(deps, delivery);
    else await deliverDigest(deps, digest, atMs);
  }
  const { state } = (await readDelivery(deps.pool, id)) ?? { state: 'withdrawn' };
  if (state === 'intended') throw new Error('what it was to go out with has been sent; it goes out with the next one');
  return { state: state === 'failed' ? 'dead' : state };
}

async function deliverOne(deps: SendDeps, delivery: Delivery): Promise<void> {
  const { pool } = deps;
  const { id, recipient, notice } = delivery;
  const model = await modelOf(pool, notice.modelId);
  const story = model && (await readStory(pool, model.name, notice));
  if (!story || story.obsolete !== null) return settleDeliveries(pool, [id], { state: 'withdrawn', error: story ? story.obsolete : 'its model is gone' });
  await attempt(deps, model, [delivery], { id, recipient, notice, story, link: await linkFor(deps, story.question, recipient) });
}

/** Everything of this digest that is due, by whoever comes first; the others find it done. */
async function deliverDigest(deps: SendDeps, digest: string, atMs: number): Promise<void> {
  const { pool } = deps;
  const done = await exclusively(pool, digest, async () => {
    for (let part = await claimDigest(pool, digest, atMs); part; part = await claimDigest(pool, digest, atMs)) {
      const ids = part.deliveries.map(({ id }) => id);
      const first = part.deliveries[0]!;
      const model = await modelOf(pool, first.modelId);
      if (!model) {
        await settleDeliveries(pool, ids, { state: 'withdrawn', error: 'its model is gone' });
        continue;
      }
      const stories = await Promise.all(part.deliveries.map(async ({ id, notice }) => ({ id, notice, story: await readStory(pool, model.name, notice) })));
      for (const { id, story } of stories) if (story.obsolete !== null) await settleDeliveries(pool, [id], { state: 'withdrawn', error: story.obsolete });
      const told = stories.filter(({ story }) => story.obsolete === null);
      if (told.length === 0) continue;
      const { notice, story } = digestStory(model.name, told);
      await attempt(deps, model, part.deliveries.filter(({ id }) => told.some((one) => one.id === id)), { id: `digest ${part.part}`, recipient: first.recipient, notice, story, link: null });
    }
    return true;
  });
  if (done === null) throw new Error('this digest is being sent just now');
}

async function attempt(deps: SendDeps, model: FoundModel, deliveries: readonly Delivery[], parcel: Parcel): Promise<void> {
  const ids = deliveries.map(({ id }) => id);
  await countAttempts(deps.pool, ids);
  try {
    const refused = await dispatch(deps, model, deliveries[0]!, parcel);
    await settleDeliveries(deps.pool, ids, refused === null ? { state: 'sent', subject: subjectOf(parcel.story) } : { state: 'dead', error: refused });
  } catch (error) {
    await settleDeliveries(deps.pool, ids, { state: 'intended', error: (error as Error).message });
    throw error;
  }
}

function dispatch(deps: SendDeps, model: FoundModel, { medium, channel: name }: Delivery, parcel: Parcel): Promise<string | null> {
  if (medium === 'email') return sendMail(deps, parcel);
  const channel = lifecycleSettings(model.settings).notifications.channels.find((one) => one.name === name);
  if (!channel || channel.kind === 'email') return Promise.resolve(`the model's settings have no ${medium} channel '${name}' any more`);
  return sendRequest(deps, channel, parcel);
}

async function modelOf(pool: Pool, modelId: number): Promise<FoundModel | null> {
  try {
    return await findModel(pool, modelId);
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}
