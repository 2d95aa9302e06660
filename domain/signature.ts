/**
 * Signatures of what goes over HTTP: HMAC-SHA-256 over `<id>.<timestamp>.<body>`, so that neither the text, nor its moment, nor its identity can be changed.
 * Web Crypto, which every runtime has.
 */

/** Headers of a signed request. Receivers recompute the signature and refuse what is older than they like. */
export const SIGNATURE_HEADERS = { id: 'aftercare-id', timestamp: 'aftercare-timestamp', signature: 'aftercare-signature' } as const;

export interface Signed {
  /** Stable: a repeat of the same message has the same. */
  id: string;
  /** Seconds since 1970. */
  timestamp: number;
  body: string;
}

const PREFIX = 'v1=';
const text = new TextEncoder();

/** @returns `v1=` and 64 hexadecimal digits */
export async function signatureOf(key: Uint8Array, { id, timestamp, body }: Signed): Promise<string> {
  const mac = await crypto.subtle.sign('HMAC', await imported(key, 'sign'), text.encode(`${id}.${timestamp}.${body}`));
  return PREFIX + [...new Uint8Array(mac)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** In constant time. @param toleranceSeconds refused when the timestamp is further away from `nowMs` */
export async function isSigned(key: Uint8Array, signed: Signed, signature: string, nowMs: number, toleranceSeconds = 300): Promise<boolean> {
  if (!Number.isInteger(signed.timestamp) || Math.abs(nowMs / 1000 - signed.timestamp) > toleranceSeconds) return false;
  const hex = /^v1=([0-9a-f]{64})$/.exec(signature)?.[1];
  if (hex === undefined) return false;
  const mac = Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
  return crypto.subtle.verify('HMAC', await imported(key, 'verify'), mac, text.encode(`${signed.id}.${signed.timestamp}.${signed.body}`));
}

function imported(key: Uint8Array, use: 'sign' | 'verify'): ReturnType<typeof crypto.subtle.importKey> {
  return crypto.subtle.importKey('raw', new Uint8Array(key), { name: 'HMAC', hash: 'SHA-256' }, false, [use]);
}
