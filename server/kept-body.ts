/** A body of many rows, kept in a file while it is read (twice: for its schema, for its rows): memory does not grow with it, and nothing counts before it is whole. */
import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { InvalidInput } from '../domain/errors.js';

export class TooLarge extends InvalidInput {}

/** @param header RFC 9530, e.g. `sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:` @returns null when there is no SHA-256 in it */
export function digestOf(header: string): Buffer | null {
  const found = /(?:^|,\s*)sha-256=:([A-Za-z0-9+/]{43}=):/.exec(header);
  return found ? Buffer.from(found[1]!, 'base64') : null;
}

export interface KeptBody {
  /** In a folder that only this account may enter. */
  path: string;
  remove(): Promise<void>;
}

/**
 * @param limit bytes
 * @param digest what the sender says that the body's SHA-256 is; null: it is not compared
 * @throws TooLarge; InvalidInput when the body is empty or not the one of the digest; Error when the sender goes away
 */
export async function keepBody(body: Readable, { limit, digest }: { limit: number; digest: Buffer | null }): Promise<KeptBody> {
  const folder = await mkdtemp(join(tmpdir(), 'aftercare-body-'));
  const path = join(folder, 'reference');
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      // Left as it is when we break off: destroying it would end the connection before the sender has heard why.
      for await (const piece of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        bytes += piece.length;
        if (bytes > limit) throw new TooLarge(`the reference has more than ${limit} bytes: send less, compress it, or raise the server's limit`);
        hash.update(piece);
        await file.writeFile(piece);
      }
    } finally {
      await file.close();
    }
    if (bytes === 0) throw new InvalidInput('the body is empty: the rows of the reference belong there');
    if (digest && !hash.digest().equals(digest)) throw new InvalidInput('the body is not what Content-Digest says: it was changed or cut off on the way');
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
