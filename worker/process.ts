/** A worker that is a process of its own: `aftercare worker`. */
import { DefaultLogger, Runtime, type LogLevel } from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';
import { isFinal } from '../domain/errors.js';
import { messageOf } from './connecting.js';
import { startOpsServer, type OpsAddress, type OpsServer } from './ops/server.js';
import { createWorkers, type Workers, type WorkersOptions } from './create-workers.js';

export interface WorkerProcessOptions extends Omit<WorkersOptions, 'signal' | 'metrics'> {
  /** Health and metrics over HTTP; absent: none. */
  ops?: OpsAddress | undefined;
  /** Called each time the workers have begun to poll. */
  onReady?: () => void;
}

const PAUSE_MS = 1_000;

/**
 * Runs workers until the first SIGINT or SIGTERM, or until a parent process that talks to us by IPC has vanished; a second signal ends the process at once.
 * What is being done is given time to end (`graceMs`). Workers that cannot go on are made anew. A parent is told `{ ready: true }` when they poll.
 *
 * @throws InvalidInput and the like when trying again cannot help
 */
export async function runWorkerProcess(options: WorkerProcessOptions): Promise<void> {
  const onNotice = options.onNotice ?? ((line: string) => void process.stderr.write(`${new Date().toISOString()} ${line}\n`));
  const stopping = new AbortController();
  let workers: Workers | undefined;
  const ops = options.ops ? await opsServer(options.ops, onNotice) : null;
  if (ops) onNotice(`health and metrics are at ${ops.url} (/healthz, /readyz, /metrics)`);
  const stop = (why: string): void => {
    if (stopping.signal.aborted) {
      onNotice(`${why} again: ending at once`);
      process.exit(1);
    }
    onNotice(`${why}: finishing what is being done`);
    stopping.abort();
    workers?.shutdown();
  };
  const onInterrupt = (): void => stop('SIGINT');
  const onTerminate = (): void => stop('SIGTERM');
  const onParentGone = (): void => { if (!stopping.signal.aborted) stop('the parent process is gone'); };
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate).on('disconnect', onParentGone);
  try {
    while (!stopping.signal.aborted) {
      try {
        installRuntime(onNotice, ops?.sdkPort);
        workers = await createWorkers({ ...options, onNotice, signal: stopping.signal, metrics: ops?.metrics });
        ops?.watch(workers.probed);
        if (stopping.signal.aborted) workers.shutdown();
        const running = workers.run();
        if (stopping.signal.aborted) workers.shutdown();
        else announce(options, onNotice);
        await running;
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (isFinal(error)) throw error;
        ops?.watch(null);
        onNotice(`workers ended: ${messageOf(error)}; making new ones`);
        await delay(PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  } finally {
    process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate).off('disconnect', onParentGone);
    await ops?.close();
    // Temporal's runtime and an open channel to the parent would keep the process alive.
    await Runtime._instance?.shutdown();
    if (process.connected) process.disconnect();
  }
}

/** A port that is taken is no reason not to work. */
async function opsServer(address: OpsAddress, onNotice: (line: string) => void): Promise<OpsServer | null> {
  try {
    return await startOpsServer(address);
  } catch (error) {
    onNotice(`without health and metrics: ${messageOf(error)}`);
    return null;
  }
}

function announce(options: WorkerProcessOptions, onNotice: (line: string) => void): void {
  onNotice(`worker polls ${(options.queues ?? ['main', 'numeric']).join(' and ')}`);
  options.onReady?.();
  process.send?.({ ready: true });
}

/** Temporal's own chatter, from warnings on, as lines of ours; its signal handlers stay off, because ours decide. It goes with its last worker: the next one needs it anew. */
function installRuntime(onNotice: (line: string) => void, metricsPort: number | undefined): void {
  if (Runtime._instance) return;
  const level: LogLevel = process.env.AFTERCARE_DEBUG ? 'DEBUG' : 'WARN';
  const logger = new DefaultLogger(level, ({ level: at, message, meta }) => {
    if (message.startsWith('No workflows registered')) return;   // a numeric worker has none, on purpose
    const error: unknown = meta?.error;
    onNotice(`temporal ${at.toLowerCase()}: ${message}${error === undefined ? '' : `: ${messageOf(error)}`}`);
  });
  const metrics = metricsPort === undefined ? {} : { metrics: { prometheus: { bindAddress: `127.0.0.1:${metricsPort}`, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true } } };
  Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: { core: level, other: 'ERROR' } }, ...metrics }, shutdownSignals: [] });
}
