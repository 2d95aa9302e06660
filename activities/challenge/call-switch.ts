/** Asks the user's own switch over HTTP. Idempotent for a receiver that looks at the request's id: a repeat has the same. Usual duration: the receiver's. */
import { Context } from '@temporalio/activity';
import type { SwitchOrder } from '../../domain/challenge.js';
import type { HttpEndpoint } from '../../domain/lifecycle-settings.js';
import { postSigned } from '../http/post-signed.js';
import type { LightDeps } from '../deps.js';

/** Of one attempt: a switch may take its time, and the activity's own limit is a minute. */
const TIMEOUT_MS = 50_000;

/** @throws InvalidInput the receiver refuses; Error what may pass */
export async function callSwitch({ pool }: Pick<LightDeps, 'pool'>, { endpoint, order }: { endpoint: HttpEndpoint; order: SwitchOrder }): Promise<void> {
  const { modelId, challenge, action, from, to } = order;
  await postSigned(pool, endpoint, { kind: 'switch', ...order }, { id: `switch/${modelId}/${challenge}/${action}/${from}-${to}`, timeoutMs: TIMEOUT_MS, signal: Context.current().cancellationSignal });
}
