/** `aftercare worker`: one worker process against given servers, as many of them as you like. */
import type { Command } from 'commander';
import { InvalidInput } from '../../domain/errors.js';
import { locateStack, type WorkerQueue } from '../../embedded/index.js';
import { packageVersion } from '../../embedded/package-root.js';
import { mailSettings, runWorkerProcess } from '../../worker/index.js';
import { LOG_FORMATS, logFormat, openLog } from '../support/log.js';
import { parsePort } from '../support/port.js';

interface WorkerOptions {
  queues: string;
  data?: string;
  databaseUrl?: string;
  temporalAddress?: string;
  namespace?: string;
  mail?: string;
  publicUrl?: string;
  threads?: string;
  cachedWorkflows?: string;
  metrics?: string;
  opsPort?: string;
  opsHost?: string;
  logFormat?: string;
}

const QUEUES: readonly WorkerQueue[] = ['main', 'numeric'];
const MOST_THREADS = 256;
const MOST_CACHED = 1_000_000;

export function registerWorker(program: Command): void {
  program.command('worker')
    .description('run a worker: workflows and light activities (main), computations (numeric), or both')
    .option('--queues <names>', 'main, numeric or main,numeric', 'main,numeric')
    .option('--threads <count>', 'threads for computations (default: one per core)')
    .option('--cached-workflows <count>', 'workflows kept in memory by a main worker, about 0.3 MB each: as many as there are models is quickest (default: AFTERCARE_CACHED_WORKFLOWS, else 1500)')
    .option('--metrics <file>', 'JavaScript module that exports metrics of your own (default: AFTERCARE_METRICS)')
    .option('--data <folder>', 'data folder of a running stack (default: AFTERCARE_DATA, else this user\'s)')
    .option('--database-url <url>', 'PostgreSQL 14 or newer (default: DATABASE_URL, else the running stack; the environment keeps the password off the process list)')
    .option('--temporal-address <host:port>', 'Temporal server (default: Temporal\'s own environment, else the running stack)')
    .option('--namespace <name>', 'Temporal namespace')
    .option('--mail <url>', 'smtp://user:password@host:port; by which people are told (default: AFTERCARE_MAIL_URL; sender: AFTERCARE_MAIL_FROM)')
    .option('--public-url <url>', 'where people reach `aftercare serve`: mails carry links to it, trainings call back there (default: AFTERCARE_PUBLIC_URL)')
    .option('--ops-port <port>', 'serve /healthz, /readyz and /metrics (Prometheus) there (default: AFTERCARE_OPS_PORT, else not at all)')
    .option('--ops-host <address>', 'address for them (default: AFTERCARE_OPS_HOST, else 127.0.0.1)')
    .option('--log-format <format>', `${LOG_FORMATS.join(' or ')} (default: AFTERCARE_LOG_FORMAT, else text on a terminal and json elsewhere)`)
    .addHelpText('after', `
Examples:
  DATABASE_URL=postgres://… TEMPORAL_ADDRESS=… aftercare worker
  aftercare worker --ops-port 9464                       with metrics for Prometheus
  aftercare worker --queues numeric --threads 16        on a machine with many cores
  aftercare worker --metrics ./metrics.js                metrics of your own; every worker needs them
Waits for servers that are not there yet. The first SIGTERM or Ctrl-C lets what is being done end (15 s); the second ends at once.`)
    .action(runWorker);
}

async function runWorker(options: WorkerOptions): Promise<void> {
  const queues = parseQueues(options.queues);
  const threads = parseCount(options.threads, '--threads', MOST_THREADS);
  const cachedWorkflows = parseCount(options.cachedWorkflows ?? (process.env['AFTERCARE_CACHED_WORKFLOWS'] || undefined), '--cached-workflows', MOST_CACHED);
  const stack = locateStack(options);
  const log = openLog({ format: logFormat(options.logFormat), component: 'worker' });
  const opsPort = parsePort(options.opsPort ?? (process.env['AFTERCARE_OPS_PORT'] || undefined), '--ops-port');
  const metricsModule = options.metrics ?? process.env['AFTERCARE_METRICS'];
  await runWorkerProcess({
    databaseUrl: stack.databaseUrl,
    temporal: { address: stack.temporalAddress, namespace: stack.namespace },
    queues,
    onNotice: (line) => log.notice(line),
    ...(opsPort === undefined ? {} : { ops: { host: options.opsHost ?? (process.env['AFTERCARE_OPS_HOST'] || '127.0.0.1'), port: opsPort, version: packageVersion() } }),
    mail: mailSettings({ url: options.mail }),
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    ...(threads === undefined ? {} : { threads }),
    ...(cachedWorkflows === undefined ? {} : { cachedWorkflows }),
    ...(metricsModule ? { metricsModule } : {}),
  });
}

export function parseQueues(text: string): WorkerQueue[] {
  const names = text.split(',').map((name) => name.trim()).filter((name) => name !== '');
  const unknown = names.find((name) => !QUEUES.some((queue) => queue === name));
  if (unknown !== undefined || names.length === 0) throw new InvalidInput(`--queues '${text}': ${unknown === undefined ? 'names no queue' : `'${unknown}' is not a queue`} (main, numeric or main,numeric)`);
  return QUEUES.filter((queue) => names.includes(queue));
}

function parseCount(text: string | undefined, option: string, most: number): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > most) throw new InvalidInput(`${option} '${text}' is not a whole number from 1 to ${most}`);
  return count;
}
