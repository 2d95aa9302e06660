/** Our own workers, ready to run: one for workflows and light activities, one for numerics, or both in one process. */
import { Worker, type ActivityInterceptorsFactory, type NativeConnection, type NativeConnectionOptions, type WorkerOptions } from '@temporalio/worker';
import type { DataConverter } from '@temporalio/common';
import { createLightActivities, createNumericActivities } from '../activities/index.js';
import { openMailer, type MailSettings } from '../activities/mail.js';
import { MAIN_QUEUE, NUMERIC_QUEUE } from '../domain/names.js';
import { openPool } from '../store/pool.js';
import { beating } from './beating.js';
import { workflowBundlePath } from './bundle-path.js';
import { awaitDatabase, connectTemporal, type Patience } from './connecting.js';
import { metricsContext } from './load-metrics.js';
import { openNumericPool } from './numeric-pool.js';
import type { WorkerMetrics } from './ops/metrics.js';
import { observing } from './ops/observing.js';
import type { Probed } from './ops/server.js';
import { publicUrlOf } from './public-url.js';
import { usualThreads } from './usual-threads.js';
import { startSweeper } from './sweeper.js';

export type WorkerQueue = 'main' | 'numeric';

export interface TemporalConnectionSettings {
  /** host:port; absent: Temporal's own configuration, else 127.0.0.1:7233 */
  address?: string | undefined;
  namespace?: string | undefined;
  /** Certificates, API key, metadata: whatever Temporal's worker takes. */
  connection?: NativeConnectionOptions;
  /** The same as the clients use, e.g. with a payload codec. */
  dataConverter?: DataConverter;
}

export interface WorkersOptions {
  databaseUrl: string;
  temporal?: TemporalConnectionSettings;
  /** Default: both. */
  queues?: readonly WorkerQueue[];
  /** null or absent: nothing is mailed. */
  mail?: MailSettings | null;
  /** Where `aftercare serve` is reached: mails carry links to it, trainings over HTTP call back there. Default: AFTERCARE_PUBLIC_URL. */
  publicUrl?: string | undefined;
  /** Task queues of these names; default MAIN_QUEUE and NUMERIC_QUEUE. */
  mainQueue?: string;
  numericQueue?: string;
  /** Threads for numerics; default: as many as there are cores, 4 at most. */
  threads?: number;
  /** Path of a JavaScript module that exports metrics of your own (`defineMetric` of aftercare/engine). All workers of one database need the same. */
  metricsModule?: string;
  /** Workflows in the cache at most: an idle one costs memory, one that was dropped is replayed when it is needed. */
  cachedWorkflows?: number;
  /** What is being done may go on this long after `shutdown`; whatever is not done by then is done by another worker. */
  graceMs?: number;
  /** Bundle of the workflows; default: the one that is built with this package. */
  workflowBundle?: WorkerOptions['workflowBundle'];
  /** One line per thing that an operator may want to know. */
  onNotice?: (line: string) => void;
  /** Ends the waiting for servers that are not there. */
  signal?: AbortSignal;
  /** Counts what the activities do. */
  metrics?: WorkerMetrics | undefined;
}

export interface Workers {
  /** Polls until `shutdown`. @throws when a worker cannot go on (its namespace is gone, say) */
  run(): Promise<void>;
  /** Stops polling, lets what is being done end within `graceMs`. `run` returns when that is over. */
  shutdown(): void;
  /** For health and metrics. */
  readonly probed: Probed;
}

const CACHED_WORKFLOWS = 1_500;
const GRACE_MS = 15_000;

/** Waits for PostgreSQL and Temporal when they are not there yet, and brings the database to this version's schema. */
export async function createWorkers(options: WorkersOptions): Promise<Workers> {
  const queues = options.queues ?? ['main', 'numeric'];
  const patience: Patience = { onNotice: options.onNotice ?? (() => undefined), ...(options.signal ? { signal: options.signal } : {}) };
  const publicUrl = publicUrlOf(options.publicUrl);
  const context = await metricsContext(options.metricsModule);
  const pool = openPool(options.databaseUrl, { max: 12, applicationName: `aftercare worker ${queues.join('+')}` });
  const mailer = options.mail ? openMailer(options.mail) : null;
  const threadCount = options.threads ?? usualThreads();
  const threads = queues.includes('numeric') ? openNumericPool({ databaseUrl: options.databaseUrl, threads: threadCount, ...(options.metricsModule === undefined ? {} : { metricsModule: options.metricsModule }) }) : null;
  let connection: NativeConnection | undefined;
  const release = async (): Promise<void> => {
    await threads?.close();
    mailer?.close();
    await connection?.close();
    await pool.end();
  };
  try {
    await awaitDatabase(pool, patience);
    const temporal = await connectTemporal(options.temporal ?? {}, patience);
    connection = temporal.connection;
    const shared = sharedOptions(options, temporal);
    const workers: Worker[] = [];
    if (queues.includes('main')) workers.push(await createMainWorker(options, shared, { pool, mailer, publicUrl, ...context }));
    if (threads) workers.push(await Worker.create({ ...shared, taskQueue: options.numericQueue ?? NUMERIC_QUEUE, activities: createNumericActivities({ pool, threads }), interceptors: { activity: observers(options) }, maxConcurrentActivityTaskExecutions: threadCount }));
    const sweeping = queues.includes('main') ? () => startSweeper({
      pool, ...temporal, taskQueue: options.mainQueue ?? MAIN_QUEUE, onNotice: patience.onNotice,
      ...(options.numericQueue ? { numericQueue: options.numericQueue } : {}), ...(options.temporal?.dataConverter ? { dataConverter: options.temporal.dataConverter } : {}),
    }) : null;
    return asOne(workers, sweeping, release, { pool, threads, askTemporal: () => describe(temporal), notPolling: () => workers.flatMap(idleness) });
  } catch (error) {
    await release();
    throw error;
  }
}

type SharedOptions = Pick<WorkerOptions, 'connection' | 'namespace' | 'dataConverter' | 'shutdownGraceTime' | 'shutdownForceTime'>;

function sharedOptions(options: WorkersOptions, temporal: { connection: NativeConnection; namespace: string }): SharedOptions {
  const graceMs = options.graceMs ?? GRACE_MS;
  return {
    ...temporal,
    ...(options.temporal?.dataConverter ? { dataConverter: options.temporal.dataConverter } : {}),
    shutdownGraceTime: graceMs,
    shutdownForceTime: graceMs + 5_000,
  };
}

async function createMainWorker(options: WorkersOptions, shared: SharedOptions, deps: Parameters<typeof createLightActivities>[0]): Promise<Worker> {
  const activities = createLightActivities(deps);
  return Worker.create({
    ...shared,
    taskQueue: options.mainQueue ?? MAIN_QUEUE,
    workflowBundle: options.workflowBundle ?? { codePath: workflowBundlePath() },
    activities,
    interceptors: { activity: [beating(new Set(Object.keys(activities))), ...observers(options)] },
    maxCachedWorkflows: options.cachedWorkflows ?? CACHED_WORKFLOWS,
    // A killed worker's workflows go to another one after this long.
    stickyQueueScheduleToStartTimeout: '3 s',
  });
}

const observers = ({ metrics }: WorkersOptions): ActivityInterceptorsFactory[] => (metrics ? [observing(metrics)] : []);

const PROBE_PATIENCE_MS = 1_500;

async function describe({ connection, namespace }: { connection: NativeConnection; namespace: string }): Promise<void> {
  await connection.withDeadline(Date.now() + PROBE_PATIENCE_MS, () => connection.workflowService.describeNamespace({ namespace }));
}

/** Why a worker gets no work; empty: it asks for some. */
function idleness(worker: Worker): string[] {
  const { taskQueue } = worker.options;
  if (worker.getState() !== 'RUNNING') return [`the worker of '${taskQueue}' is ${worker.getState().toLowerCase()}`];
  const { activityPollerState, workflowPollerState } = worker.getStatus();
  return [activityPollerState, workflowPollerState].includes('FAILED') ? [`the worker of '${taskQueue}' does not poll`] : [];
}

/** Several workers as one: they begin and end together. */
function asOne(workers: readonly Worker[], sweeping: (() => { stop(): Promise<void> }) | null, release: () => Promise<void>, probed: Probed): Workers {
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  let ended = false;
  return {
    probed,
    async run() {
      if (ended) throw new Error('these workers have run before: create new ones');
      ended = true;
      const sweeper = sweeping?.();
      try {
        const outcomes = await Promise.allSettled(workers.map((worker) => worker.run().finally(shutdown)));
        const failed = outcomes.find((outcome) => outcome.status === 'rejected');
        if (failed) throw failed.reason;
      } finally {
        await sweeper?.stop();
        await release();
      }
    },
    shutdown,
  };
}
