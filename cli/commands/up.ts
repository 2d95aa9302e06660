/** `aftercare up`: everything on this machine, kept alive until Ctrl-C. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { prepareDatabase } from '../../client/health.js';
import { dataFolder, startStack, type Stack } from '../../embedded/index.js';
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
  mail?: string;
  worker: boolean;
}

export function registerUp(program: Command): void {
  program.command('up')
    .description('start PostgreSQL, Temporal and the workers on this machine, and keep them alive until Ctrl-C')
    .option('--data <folder>', 'where the data stays (default: AFTERCARE_DATA, else this user\'s own folder)')
    .option('--postgres-port <port>', 'default: that of the last start, else 54320 or the next free one')
    .option('--temporal-port <port>', 'default: that of the last start, else 7233 or the next free one')
    .option('--ui-port <port>', 'of Temporal\'s pages; default: that of the last start, else 8233 or the next free one')
    .option('--database-url <url>', 'use this PostgreSQL (14 or newer) instead of starting one (default: DATABASE_URL)')
    .option('--temporal-address <host:port>', 'use this Temporal server instead of starting one (default: Temporal\'s own environment)')
    .option('--namespace <name>', 'namespace on that server')
    .option('--mail <url>', 'smtp://user:password@host:port; tells people of decisions that wait')
    .option('--no-worker', 'only the servers; run `aftercare worker` yourself')
    .option('--json', 'one line of JSON on standard output when everything is ready')
    .addHelpText('after', `
Examples:
  aftercare up
  aftercare up --data ./monitoring --postgres-port 5555 --json
Commands of the same user find it by themselves; those that should use another folder take --data as well. The line of --json has the keys ready (true), databaseUrl, temporalAddress,
namespace, uiUrl, dataFolder, pid and pids (postgres, temporal, worker-main, worker-numeric). A second 'up' on the same folder is refused (exit status 2).`)
    .action(runUp);
}

async function runUp(options: UpOptions): Promise<void> {
  const ending = untilInterrupted();
  const starting = startStack({
    dataFolder: dataFolder(options.data),
    postgresPort: parsePort(options.postgresPort, '--postgres-port'),
    temporalPort: parsePort(options.temporalPort, '--temporal-port'),
    uiPort: parsePort(options.uiPort, '--ui-port'),
    databaseUrl: options.databaseUrl ?? (process.env.DATABASE_URL || undefined),
    temporalAddress: options.temporalAddress,
    namespace: options.namespace,
    mail: options.mail,
    ...(options.worker ? {} : { workers: [] }),
    prepare: ({ databaseUrl }) => prepareDatabase(databaseUrl),
    onEvent: say,
  });
  // Ended before it was ready: the guard of what was started so far ends it as soon as this process is gone.
  if ((await Promise.race([starting, ending])) === 'interrupted') process.exit(0);
  const stack = await starting;
  if (options.json) print(JSON.stringify(readyLine(stack)));
  else print(readyText(stack));
  await ending;
  say('stopping …');
  await stack.stop();
}

function readyLine(stack: Stack): Record<string, unknown> {
  const { databaseUrl, temporalAddress, namespace, uiUrl, pids } = stack;
  return { ready: true, databaseUrl, temporalAddress, namespace, uiUrl, dataFolder: stack.dataFolder, pid: process.pid, pids };
}

function readyText(stack: Stack): string {
  return [
    pc.bold('ready'),
    `  database     ${stack.databaseUrl}`,
    `  Temporal     ${stack.temporalAddress}, namespace ${stack.namespace}`,
    ...(stack.uiUrl === null ? [] : [`  Temporal UI  ${stack.uiUrl}`]),
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
