/** Everything that Temporal keeps for us is encrypted before it leaves this process: AES-256-GCM, with the key's name beside each payload, so that keys can change. */
import { METADATA_ENCODING_KEY, ValueError, type DataConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ENCODING = 'binary/encrypted';
const KEY_NAME = 'encryption-key';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class EncryptionCodec implements PayloadCodec {
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #current: string;

  /** @param keys by name, 32 bytes each; the first one encrypts, all of them decrypt */
  constructor(keys: ReadonlyMap<string, Buffer>) {
    const [current] = keys.keys();
    if (current === undefined) throw new ValueError('encryption needs at least one key');
    this.#keys = keys;
    this.#current = current;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(payloads.map((payload) => this.#encrypt(payload)));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(payloads.map((payload) => (text(payload.metadata?.[METADATA_ENCODING_KEY]) === ENCODING ? this.#decrypt(payload) : payload)));
  }

  #encrypt(payload: Payload): Payload {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#keys.get(this.#current)!, nonce);
    const body = Buffer.concat([cipher.update(pack(payload)), cipher.final()]);
    return { metadata: { [METADATA_ENCODING_KEY]: Buffer.from(ENCODING), [KEY_NAME]: Buffer.from(this.#current) }, data: Buffer.concat([nonce, body, cipher.getAuthTag()]) };
  }

  #decrypt(payload: Payload): Payload {
    const name = text(payload.metadata?.[KEY_NAME]);
    const key = this.#keys.get(name);
    if (!key) throw new ValueError(`a payload was encrypted with key '${name}', which is not there`);
    const data = Buffer.from(payload.data ?? []);
    const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(data.subarray(data.length - TAG_BYTES));
    return unpack(Buffer.concat([decipher.update(data.subarray(NONCE_BYTES, data.length - TAG_BYTES)), decipher.final()]));
  }
}

/** The metadata (what kind of data it is) is as secret as the data. */
function pack({ metadata, data }: Payload): Buffer {
  const named = Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]));
  const head = Buffer.from(JSON.stringify(named));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, data ?? Buffer.alloc(0)]);
}

function unpack(packed: Buffer): Payload {
  const end = 4 + packed.readUInt32BE(0);
  const named = JSON.parse(packed.subarray(4, end).toString()) as Record<string, string>;
  return { metadata: Object.fromEntries(Object.entries(named).map(([name, value]) => [name, Buffer.from(value, 'base64')])), data: packed.subarray(end) };
}

const text = (bytes: Uint8Array | null | undefined): string => (bytes ? Buffer.from(bytes).toString() : '');

/** For the worker and for every client: who lacks it can neither read nor be understood. ENCRYPTION_KEY: 32 bytes in base64. */
export function encrypted(environment: NodeJS.ProcessEnv = process.env): DataConverter {
  const key = Buffer.from(environment.ENCRYPTION_KEY ?? '', 'base64');
  if (key.length !== 32) throw new ValueError(`ENCRYPTION_KEY holds ${key.length} bytes in base64, 32 are needed`);
  return { payloadCodecs: [new EncryptionCodec(new Map([['2030-01', key]]))] };
}
