/** `aftercare.secrets`: keys and addresses that settings name and never hold. Values go in and do not come out again. */
import { listSecrets, removeSecret, writeSecret, type SecretInfo } from '../store/secrets.js';
import type { WriteContext } from './append.js';

export type { SecretInfo } from '../store/secrets.js';

export class Secrets {
  readonly #context: WriteContext;

  constructor(context: WriteContext) {
    this.#context = context;
  }

  /** Sets a secret, or puts another value in its place. @throws InvalidInput */
  set(name: string, value: string | Uint8Array): Promise<void> {
    return writeSecret(this.#context.pool, name, typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value), this.#context.by);
  }

  /** Names, and who changed them when. */
  list(): Promise<SecretInfo[]> {
    return listSecrets(this.#context.pool);
  }

  /** @throws NotFound */
  remove(name: string): Promise<void> {
    return removeSecret(this.#context.pool, name, this.#context.by);
  }
}
