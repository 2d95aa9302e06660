/**
 * aftercare inside a worker of one's own: one plugin line adds the light activities, opens and closes the database, and, if wanted, runs a numeric worker
 * beside. The workflows come with one line in the worker's workflow file: `export * from 'aftercare/workflows'` (a Temporal plugin cannot add workflows).
 */
import { SimplePlugin } from '@temporalio/plugin';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createLightActivities, createNumericActivities } from '../activities/index.js';
import { openMailer, type Mailer, type MailSettings } from '../activities/mail.js';
import { NUMERIC_QUEUE } from '../domain/names.js';
import type { EngineContext } from '../engine/custom-metrics/metric.js';
import { openPool, type Pool } from '../store/pool.js';
import { beating } from './beating.js';
import { awaitDatabase } from './connecting.js';
import { metricsContext } from './load-metrics.js';
import { openNumericPool } from './numeric-pool.js';
import { publicUrlOf } from './public-url.js';
import { startSweeper } from './sweeper.js';
import { usualThreads } from './usual-threads.js';

export interface AftercarePluginOptions {
  databaseUrl: string;
  mail?: MailSettings | null;
  /** Where `aftercare serve` is reached: mails carry links to it, trainings over HTTP call back there. Default: AFTERCARE_PUBLIC_URL. */
  publicUrl?: string | undefined;
  /** A second worker for numerics in this process, in threads; absent: run `aftercare worker --queues numeric` somewhere. */
  numeric?: { threads?: number } | boolean;
  /** Task queue of the numeric worker, if not the usual one. The client that creates models must be told the same. */
  numericQueue?: string;
  /** Path of a JavaScript module that exports metrics of your own (`defineMetric` of aftercare/engine). All workers of one database need the same. */
  metricsModule?: string;
  onNotice?: (line: string) => void;
}

/** What is open while the worker runs. */
interface Opened extends EngineContext {
  pool: Pool;
  mailer: Mailer | null;
  publicUrl: string | undefined;
}

export class AftercarePlugin extends SimplePlugin {
  readonly #options: AftercarePluginOptions;
  #opened: Opened | null = null;

  constructor(options: AftercarePluginOptions) {
    super({ name: 'aftercare' });
    this.#options = options;
  }

  override configureWorker(options: WorkerOptions): WorkerOptions {
    const configured = super.configureWorker(options);
    // Connections open with the first query, so a worker that is configured and never run leaves nothing open.
    this.#opened ??= { pool: openPool(this.#options.databaseUrl, { applicationName: 'aftercare plugin' }), mailer: this.#options.mail ? openMailer(this.#options.mail) : null, publicUrl: publicUrlOf(this.#options.publicUrl) };
    const activities = createLightActivities(this.#opened);
    return {
      ...configured,
      activities: { ...configured.activities, ...activities },
      interceptors: { ...configured.interceptors, activity: [...(configured.interceptors?.activity ?? []), beating(new Set(Object.keys(activities)))] },
    };
  }

  override async runWorker(worker: Worker, next: (worker: Worker) => Promise<void>): Promise<void> {
    const opened = this.#opened;
    const { connection } = worker;
    if (!opened || !connection) return super.runWorker(worker, next);
    const { namespace, taskQueue, dataConverter } = worker.options;
    const onNotice = this.#options.onNotice ?? (() => undefined);
    const { numericQueue, metricsModule } = this.#options;
    Object.assign(opened, await metricsContext(metricsModule));
    await awaitDatabase(opened.pool, { onNotice });
    const threadCount = (typeof this.#options.numeric === 'object' ? this.#options.numeric.threads : undefined) ?? usualThreads();
    const threads = this.#options.numeric ? openNumericPool({ databaseUrl: this.#options.databaseUrl, threads: threadCount, ...(metricsModule === undefined ? {} : { metricsModule }) }) : null;
    const numeric = threads ? await Worker.create({
      connection, namespace, ...(dataConverter ? { dataConverter } : {}), taskQueue: numericQueue ?? NUMERIC_QUEUE,
      activities: createNumericActivities({ pool: opened.pool, threads }), maxConcurrentActivityTaskExecutions: threadCount,
      shutdownGraceTime: worker.options.shutdownGraceTime, ...(worker.options.shutdownForceTime ? { shutdownForceTime: worker.options.shutdownForceTime } : {}),
    }) : null;
    const numericRun = numeric?.run().catch((error: unknown) => onNotice(`the numeric worker has ended: ${String(error)}`));
    const sweeper = startSweeper({ pool: opened.pool, connection, namespace, taskQueue, ...(numericQueue ? { numericQueue } : {}), ...(dataConverter ? { dataConverter } : {}), onNotice });
    try {
      await super.runWorker(worker, next);
    } finally {
      await sweeper.stop();
      if (numeric?.getState() === 'RUNNING') numeric.shutdown();
      await numericRun;
      await threads?.close();
      opened.mailer?.close();
      await opened.pool.end();
      this.#opened = null;
    }
  }
}
