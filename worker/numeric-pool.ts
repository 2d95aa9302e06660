/** Threads for numeric tasks, so that heartbeats, cancellation and other models' work go on while one computes. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { errorOfFault } from '../domain/errors.js';
import type { NumericTask, NumericThreads, TaskOptions, TaskProgress } from '../activities/deps.js';
import type { ThreadAnswer, ThreadCall } from './numeric-thread.js';

export interface NumericPoolOptions {
  databaseUrl: string;
  /** Absent: as many as the machine can run at once, 4 at most. */
  threads?: number;
  /** Module with metrics of the user's own, which each thread loads. */
  metricsModule?: string;
  /** The compiled thread; only tests that run from sources name another. */
  threadFile?: URL;
}

export interface NumericPool extends NumericThreads {
  /** How many tasks run at the same time. */
  readonly threads: number;
  /** How many run now. */
  readonly busy: number;
  /** Ends the threads: what they were doing is lost, nothing of it was kept. */
  close(): Promise<void>;
}

const MOST_THREADS = 4;

export function openNumericPool(options: NumericPoolOptions): NumericPool {
  const threads = options.threads ?? Math.min(MOST_THREADS, availableParallelism());
  const piscina = new Piscina({
    filename: fileURLToPath(options.threadFile ?? new URL('./numeric-thread.js', import.meta.url)),
    minThreads: 1, maxThreads: threads, idleTimeout: 60_000,
    workerData: { databaseUrl: options.databaseUrl, ...(options.metricsModule === undefined ? {} : { metricsModule: options.metricsModule }) },
    // Heartbeats of a few bytes a second do not need a spinning wait.
    atomics: 'disabled',
  });
  let running = 0;
  const run = async (task: NumericTask, { signal, onProgress }: TaskOptions = {}): Promise<unknown> => {
    const { port1: here, port2: there } = new MessageChannel();
    here.on('message', (progress: TaskProgress) => onProgress?.(progress));
    here.unref();
    const call: ThreadCall = { task, progress: there };
    running += 1;
    try {
      const answer = (await piscina.run(call, { transferList: [there], signal: signal ?? null })) as ThreadAnswer;
      if ('fault' in answer) throw errorOfFault(answer.fault);
      return answer.result;
    } finally {
      running -= 1;
      here.close();
    }
  };
  return { threads, get busy() { return Math.min(running, threads); }, run: run as NumericThreads['run'], close: () => piscina.destroy() };
}
