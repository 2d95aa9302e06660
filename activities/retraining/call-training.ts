/**
 * Asks the user's training to begin, by a signed request that says where the outcome is to be sent. Idempotent by the request's id, which a receiver can tell a repeat by: the
 * callback address is the same each time. Usual duration: that of one request.
 */
import { InvalidInput } from '../../domain/errors.js';
import type { HttpEndpoint } from '../../domain/lifecycle-settings.js';
import type { TrainingOrder } from '../../domain/retraining.js';
import { mintToken } from '../../domain/signed-token.js';
import type { Pool } from '../../store/pool.js';
import { signingKey } from '../../store/secrets.js';
import { postSigned } from '../http/post-signed.js';

export interface CallTrainingDeps {
  pool: Pool;
  /** Where our HTTP server is reached from outside; absent: not at all. */
  publicUrl?: string | undefined;
}

/** @throws InvalidInput no public address is set, or the receiver refuses; NotFound a secret is missing; Error what may pass */
export async function callTraining({ pool, publicUrl }: CallTrainingDeps, { endpoint, order, untilMs }: { endpoint: HttpEndpoint; order: TrainingOrder; untilMs: number }, signal?: AbortSignal): Promise<void> {
  const callback = await callbackAddress({ pool, publicUrl }, order, untilMs);
  await postSigned(pool, endpoint, { ...order, callback } satisfies TrainingOrder, { id: `retraining/${order.modelId}/${order.retraining}`, ...(signal ? { signal } : {}) });
}

/** The same for the same retraining and deadline. */
export async function callbackAddress({ pool, publicUrl }: CallTrainingDeps, { modelId, retraining }: Pick<TrainingOrder, 'modelId' | 'retraining'>, untilMs: number): Promise<string> {
  if (!publicUrl || !URL.canParse(publicUrl)) {
    throw new InvalidInput(`a training over HTTP needs an address for its callback: give the workers --public-url (AFTERCARE_PUBLIC_URL), where 'aftercare serve' is reached`);
  }
  const token = await mintToken(await signingKey(pool), { use: 'callback', model: modelId, retraining, untilMs });
  return `${publicUrl.replace(/\/+$/, '')}/callbacks/retraining/${token}`;
}
