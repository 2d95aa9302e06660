/** What a signed token allows: read, told apart from what was changed, and from what has ended. */
import { createHash } from 'node:crypto';
import { readToken, type Claims } from '../domain/signed-token.js';
import { readTokenUse, type TokenUse } from '../store/token-use.js';
import type { Pool } from '../store/pool.js';
import { signingKey } from '../store/secrets.js';
import { Refusal } from './refusal.js';

/** By this it stands in the store: whoever reads the table cannot use what was not used yet. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export interface OpenedLink<C> {
  claims: C;
  tokenHash: Buffer;
  use: TokenUse | null;
}

/** @throws Refusal 403 when it is none of ours or was changed */
export async function openLink<U extends Claims['use']>(pool: Pool, token: string, use: U): Promise<OpenedLink<Extract<Claims, { use: U }>>> {
  // Read as if at the beginning of time: whether it has ended is told apart from whether it is ours.
  const claims = await readToken(await signingKey(pool), token, use, 0).catch(() => null);
  if (!claims) throw new Refusal(403, 'changed', 'This link is not one of ours, or it was changed on the way. Open it exactly as it stands in the message.');
  const tokenHash = hashToken(token);
  return { claims, tokenHash, use: await readTokenUse(pool, tokenHash) };
}
