/** A signed request to the user's own server. What is worth another attempt is thrown as a passing fault, what is not as InvalidInput. */
import { InvalidInput } from '../../domain/errors.js';
import type { HttpEndpoint } from '../../domain/lifecycle-settings.js';
import { SIGNATURE_HEADERS, signatureOf } from '../../domain/signature.js';
import type { Pool } from '../../store/pool.js';
import { readSecret } from '../../store/secrets.js';

export interface PostOptions {
  /** Stable: by it a receiver tells a repeat. */
  id: string;
  timeoutMs?: number;
  signal?: AbortSignal;
}

const TIMEOUT_MS = 15_000;
/** Too early, too many, timed out: the same again may go well. */
const PASSING = new Set([408, 409, 423, 425, 429]);

/**
 * Addresses and keys come from the secrets' store at the moment of sending. Redirects are not followed: a signed body is for the address that people gave.
 * The error names the host and the status, never the address, which may be a secret.
 *
 * @throws InvalidInput the receiver said that this request is wrong; NotFound a secret is missing; Error everything that may pass
 */
export async function postSigned(pool: Pool, endpoint: HttpEndpoint, body: unknown, { id, timeoutMs = TIMEOUT_MS, signal }: PostOptions): Promise<void> {
  const address = endpoint.url ?? (endpoint.urlSecret === undefined ? undefined : (await readSecret(pool, endpoint.urlSecret)).toString('utf8').trim());
  if (address === undefined || !URL.canParse(address)) throw new InvalidInput(endpoint.urlSecret === undefined ? 'the endpoint has no address' : `secret '${endpoint.urlSecret}' holds no address`);
  const text = JSON.stringify(body);
  const messageId = encodeURIComponent(id);   // a header holds no other characters
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = endpoint.secret === undefined ? null : await signatureOf(await readSecret(pool, endpoint.secret), { id: messageId, timestamp, body: text });
  const { host } = new URL(address);
  const limit = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(address, {
      method: 'POST', redirect: 'manual', body: text, signal: signal ? AbortSignal.any([signal, limit]) : limit,
      headers: {
        ...endpoint.headers, 'content-type': 'application/json', 'user-agent': 'aftercare', [SIGNATURE_HEADERS.id]: messageId, [SIGNATURE_HEADERS.timestamp]: String(timestamp),
        ...(signature === null ? {} : { [SIGNATURE_HEADERS.signature]: signature }),
      },
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error(`${host} did not answer: ${limit.aborted ? `nothing within ${timeoutMs / 1000} s` : reasonOf(error)}`);
  }
  await response.body?.cancel().catch(() => undefined);
  if (response.ok) return;
  const message = `${host} answered ${response.status}`;
  throw response.status >= 500 || PASSING.has(response.status) ? new Error(message) : new InvalidInput(message);
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? ('code' in cause && typeof cause.code === 'string' ? cause.code : cause.name) : 'unknown';
}
