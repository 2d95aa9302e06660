/** `aftercare serve`: the HTTP server: pages behind links in mails, callbacks of trainings, health. */
import { Option, type Command } from 'commander';
import { InvalidInput } from '../../domain/errors.js';
import { locateStack } from '../../embedded/index.js';
import { startServer } from '../../server/index.js';
import { LOG_FORMATS, logFormat, openLog } from '../support/log.js';
import { print } from '../support/output.js';
import { parsePort } from '../support/port.js';

interface ServeOptions {
  host: string;
  port: string;
  publicUrl?: string;
  trustProxy?: boolean;
  referenceLimit?: string;
  data?: string;
  databaseUrl?: string;
  temporalAddress?: string;
  namespace?: string;
  logFormat?: string;
  json?: boolean;
}

export const DEFAULT_HTTP_PORT = 8_234;
const MEGABYTE = 1_024 ** 2;

export function registerServe(program: Command): void {
  program.command('serve')
    .description('run the HTTP server: pages behind links in mails, callbacks of trainings, health')
    .option('--host <address>', 'address to listen on; others than this machine\'s own belong behind a proxy with TLS', '127.0.0.1')
    .option('--port <port>', 'port to listen on', String(DEFAULT_HTTP_PORT))
    .option('--public-url <url>', 'under which browsers and trainers reach it; the workers need the same (default: AFTERCARE_PUBLIC_URL)')
    .option('--trust-proxy', 'take senders\' addresses from X-Forwarded-For: only behind a proxy of your own')
    .option('--reference-limit <megabytes>', 'largest reference that a training may send', '1024')
    .option('--data <folder>', 'data folder of a running stack (default: AFTERCARE_DATA, else this user\'s)')
    .option('--database-url <url>', 'PostgreSQL 14 or newer (default: DATABASE_URL, else the running stack)')
    .option('--temporal-address <host:port>', 'Temporal server (default: Temporal\'s own environment, else the running stack)')
    .option('--namespace <name>', 'Temporal namespace')
    .addOption(new Option('--log-format <format>', `${LOG_FORMATS.join(' or ')} (default: AFTERCARE_LOG_FORMAT, else text on a terminal and json elsewhere)`))
    .option('--json', 'one line of JSON on standard output when it listens: { ready, url }')
    .addHelpText('after', `
Examples:
  aftercare serve --public-url https://aftercare.example.org --trust-proxy
  DATABASE_URL=postgres://… TEMPORAL_ADDRESS=… aftercare serve --host 0.0.0.0 --port 8080
Pages: /decisions/TOKEN (from a mail), /callbacks/retraining/TOKEN (from a training's order), /healthz, /readyz. 'aftercare up' runs it as well, on this machine only.`)
    .action(runServe);
}

async function runServe(options: ServeOptions): Promise<void> {
  const log = openLog({ format: logFormat(options.logFormat), component: 'serve' });
  const stack = locateStack(options);
  const server = await startServer({
    databaseUrl: stack.databaseUrl, temporal: { address: stack.temporalAddress, namespace: stack.namespace },
    host: options.host, port: parsePort(options.port, '--port')!, publicUrl: options.publicUrl ?? (process.env.AFTERCARE_PUBLIC_URL || undefined), trustProxy: options.trustProxy,
    referenceLimit: megabytes(options.referenceLimit), log,
  });
  log.notice(`listening on ${server.url}`);
  if (options.json) print(JSON.stringify({ ready: true, url: server.url }));
  process.send?.({ ready: true });
  await untilTold();
  log.notice('finishing what is being answered');
  await server.close();
  if (process.connected) process.disconnect();
}

function megabytes(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidInput(`--reference-limit '${text}' is no number of megabytes`);
  return Math.round(value * MEGABYTE);
}

/** The first Ctrl-C or polite kill, or the end of whoever started us and talks to us. */
function untilTold(): Promise<void> {
  return new Promise((done) => {
    for (const name of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(name, () => done());
  });
}
