/** Waits for something to be there, whatever restarts meanwhile. */
import { setTimeout as delay } from 'node:timers/promises';
import { isFinal } from '../../../domain/errors.js';

/** @param look null: not yet. What passes (a database that is away for a moment) is looked at again. @throws what cannot get better; AbortError */
export async function until<T>(look: () => Promise<T | null>, signal: AbortSignal): Promise<T> {
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 1.2, 1_000)) {
    signal.throwIfAborted();
    const found = await look().catch((error: unknown) => {
      if (isFinal(error)) throw error;
      return null;
    });
    if (found !== null) return found;
    await delay(pauseMs, undefined, { signal });
  }
}
