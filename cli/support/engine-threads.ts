/** The threads that commands count with. Figures are the same bits with any number of them. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createEnginePool, type EnginePool } from '../../engine/index.js';
import { InvalidInput } from '../../domain/errors.js';

/** Below, starting threads takes longer than the work. */
const ROWS_WORTH_THREADS = 20_000;

export class EngineThreads {
  private readonly own: EnginePool = createEnginePool({ threads: 1 });
  private crew: EnginePool | null = null;

  /** @param count 1: everything in this thread */
  constructor(private readonly count: number = 1) {}

  /** Threads start when there is enough to do for the first time. */
  poolFor(rowCount: number): EnginePool {
    if (this.count === 1 || rowCount < ROWS_WORTH_THREADS) return this.own;
    this.crew ??= createEnginePool({ threads: this.count });
    return this.crew;
  }

  async close(): Promise<void> {
    await this.crew?.close();
  }
}

/** As many as asked for, else one per core. @throws InvalidInput when that is no whole number above 0 */
export function threadCount(asked: string | undefined): number {
  // Uncompiled sources have no file that a thread could run.
  if (!existsSync(new URL('../../engine/parallel/thread.js', import.meta.url))) return 1;
  if (asked === undefined) return availableParallelism();
  const count = Number(asked);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidInput(`--threads must be a whole number above 0, it is '${asked}'`);
  return count;
}
