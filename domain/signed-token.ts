/**
 * Tokens that stand in links: what they allow is in them, signed, with an end. The same claims always give the same token, so that a mail that is sent again
 * holds the same link. One use: whoever takes a token notes it (store), and a second use finds the note.
 */
import { isSigned, signatureOf } from './signature.js';

/** `answer`: a person may answer a decision. `callback`: a training's outcome may be sent. */
export type Claims =
  | { use: 'answer'; decision: string; person: string; untilMs: number }
  | { use: 'callback'; model: number; retraining: number; untilMs: number };

/** Letters, digits, `-`, `_` and one dot. */
export async function mintToken(key: Uint8Array, claims: Claims): Promise<string> {
  const body = toBase64Url(JSON.stringify(claims));
  const signature = await signatureOf(key, { id: 'token', timestamp: 0, body });
  return `${body}.${signature.slice(3)}`;
}

/** @returns null when it is none of ours, was changed, is for another use, or has ended */
export async function readToken<U extends Claims['use']>(key: Uint8Array, token: string, use: U, nowMs: number): Promise<Extract<Claims, { use: U }> | null> {
  const [body, mac, ...rest] = token.split('.');
  if (body === undefined || mac === undefined || rest.length > 0 || token.length > 4_000) return null;
  if (!(await isSigned(key, { id: 'token', timestamp: 0, body }, `v1=${mac}`, 0))) return null;
  const claims = JSON.parse(fromBase64Url(body)) as Claims;
  return claims.use === use && nowMs < claims.untilMs ? (claims as Extract<Claims, { use: U }>) : null;
}

function toBase64Url(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromBase64Url(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0)));
}
