/** `aftercare up`: everything on this machine, kept alive until Ctrl-C. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { prepareDatabase } from '../../client/health.js';
import { dataFolder, startStack, type Stack } from '../../embedded/index.js';
import { checkPublicUrl } from '../../server/index.js';
import { withoutSecrets } from '../../domain/redact.js';
import { LOG_FORMATS, logFormat, openLog } from '../support/log.js';
import { parsePort } from '../support/port.js';
import { print, say } from '../support/output.js';

interface UpOptions {
  data?: string;
  json?: boolean;
  postgresPort?: string;
  temporalPort?: string;
  uiPort?: string;
  databaseUrl?: string;
  temporalAddress?: string;
  namespace?: string;
  httpPort?: string;
  opsPort?: string;
  publicUrl?: string;
  mail?: string;
  logFormat?: string;
  worker: boolean;
}

export function registerUp(program: Command): void {
  program.command('up')
    .description('start PostgreSQL, Temporal, the workers and the HTTP server on this machine, and keep them alive until Ctrl-C')
    .option('--data <folder>', 'where the data stays (default: AFTERCARE_DATA, else this user\'s own folder)')
    .option('--postgres-port <port>', 'default: that of the last start, else 54320 or the next free one')
    .option('--temporal-port <port>', 'default: that of the last start, else 7233 or the next free one')
    .option('--ui-port <port>', 'of Temporal\'s pages; default: that of the last start, else 8233 or the next free one')
    .option('--database-url <url>', 'use this PostgreSQL (14 or newer) instead of starting one (default: DATABASE_URL)')
    .option('--temporal-address <host:port>', 'use this Temporal server instead of starting one (default: Temporal\'s own environment)')
    .option('--namespace <name>', 'namespace on that server')
    .option('--http-port <port>', 'of the pages behind links in mails and of callbacks; default: that of the last start, else 8234 or the next free one')
    .option('--ops-port <port>', 'of the workers\' health and metrics, and the next one; default: that of the last start, else 9464 or the next free one')
    .option('--public-url <url>', 'under which people reach the HTTP server through a proxy of yours (default: AFTERCARE_PUBLIC_URL, else its address on this machine)')
    .option('--mail <url>', 'smtp://user:password@host:port; tells people of decisions that wait')
    .option('--no-worker', 'only PostgreSQL and Temporal; run `aftercare worker` and `aftercare serve` yourself')
    .option('--log-format <format>', `of what is said on standard error: ${LOG_FORMATS.join(' or ')} (default: AFTERCARE_LOG_FORMAT, else text)`)
    .option('--json', 'one line of JSON on standard output when everything is ready')
    .addHelpText('after', `
Examples:
  aftercare up
  aftercare up --data ./monitoring --postgres-port 5555 --json
Commands of the same user find it by themselves; those that should use another folder take --data as well. The line of --json has the keys ready (true), databaseUrl, temporalAddress,
namespace, uiUrl, httpUrl, opsUrls (of worker-main, worker-numeric: /healthz, /readyz, /metrics), dataFolder, pid and pids (postgres, temporal, worker-main, worker-numeric, http). A second 'up' on the same folder is refused (exit status 2).`)
    .action(runUp);
}

async function runUp(options: UpOptions): Promise<void> {
  const ending = untilInterrupted();
  const { publicUrl = process.env.AFTERCARE_PUBLIC_URL || undefined } = options;
  if (publicUrl !== undefined) checkPublicUrl(publicUrl);
  // A person may well have put standard error into a file: lines of JSON only where they are asked for.
  const format = options.logFormat ?? process.env.AFTERCARE_LOG_FORMAT;
  const log = format && logFormat(format) === 'json' ? openLog({ format: 'json', component: 'up' }) : null;
  const tell = log ? (line: string): void => log.notice(line) : (line: string): void => say(withoutSecrets(line));
  const starting = startStack({
    dataFolder: dataFolder(options.data),
    postgresPort: parsePort(options.postgresPort, '--postgres-port'),
    temporalPort: parsePort(options.temporalPort, '--temporal-port'),
    uiPort: parsePort(options.uiPort, '--ui-port'),
    databaseUrl: options.databaseUrl ?? (process.env.DATABASE_URL || undefined),
    temporalAddress: options.temporalAddress,
    namespace: options.namespace,
    httpPort: parsePort(options.httpPort, '--http-port'),
    opsPort: parsePort(options.opsPort, '--ops-port'),
    publicUrl,
    mail: options.mail,
    ...(options.worker ? {} : { workers: [] }),
    prepare: ({ databaseUrl }) => prepareDatabase(databaseUrl),
    onEvent: tell,
  });
  // Ended before it was ready: the guard of what was started so far ends it as soon as this process is gone.
  if ((await Promise.race([starting, ending])) === 'interrupted') process.exit(0);
  const stack = await starting;
  if (options.json) print(JSON.stringify(readyLine(stack)));
  else print(readyText(stack));
  await ending;
  tell('stopping …');
  await stack.stop();
}

function readyLine(stack: Stack): Record<string, unknown> {
  const { databaseUrl, temporalAddress, namespace, uiUrl, httpUrl, opsUrls, pids } = stack;
  return { ready: true, databaseUrl, temporalAddress, namespace, uiUrl, httpUrl, opsUrls, dataFolder: stack.dataFolder, pid: process.pid, pids };
}

function readyText(stack: Stack): string {
  return [
    pc.bold('ready'),
    `  database     ${stack.databaseUrl}`,
    `  Temporal     ${stack.temporalAddress}, namespace ${stack.namespace}`,
    ...(stack.uiUrl === null ? [] : [`  Temporal UI  ${stack.uiUrl}`]),
    ...(stack.httpUrl === null ? [] : [`  pages        ${stack.httpUrl} (behind links in mails; callbacks)`, `  metrics      ${Object.values(stack.opsUrls).map((url) => `${url}/metrics`).join(', ')}`]),
    `  data         ${stack.dataFolder}`,
    'Ctrl-C ends everything; the data stays.',
  ].join('\n');
}

/** The first Ctrl-C (or polite kill, or closed terminal) ends the stack in order; the second is left to the system. */
function untilInterrupted(): Promise<'interrupted'> {
  return new Promise((done) => {
    const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const listener = (): void => {
      for (const signal of signals) process.removeListener(signal, listener);
      done('interrupted');
    };
    for (const signal of signals) process.on(signal, listener);
  });
}
