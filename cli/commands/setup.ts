/** `aftercare setup`: readies a database and a Temporal namespace that exist already. Safe to repeat. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { findServers } from '../../embedded/index.js';
import type { Check } from '../doctor/check.js';
import { checkDatabase } from '../doctor/database.js';
import { checkTemporal } from '../doctor/temporal.js';
import { ANSWER_IS_NO, DONE } from '../support/exit.js';
import { InvalidInput } from '../../domain/errors.js';
import { print } from '../support/output.js';

interface SetupOptions {
  data?: string;
  databaseUrl?: string;
  temporalAddress?: string;
  namespace?: string;
  json?: boolean;
}

export function registerSetup(program: Command): void {
  program.command('setup')
    .description('ready a database and a Temporal namespace that exist already: schema and search attributes; safe to repeat')
    .option('--database-url <url>', 'PostgreSQL 14 or newer, as an account that may create (default: DATABASE_URL; the environment keeps the password off the process list)')
    .option('--temporal-address <host:port>', 'Temporal server (default: Temporal\'s own environment)')
    .option('--namespace <name>', 'Temporal namespace, which exists (default: Temporal\'s own environment, else default)')
    .option('--data <folder>', 'data folder of a running stack, where no servers are given')
    .option('--json', 'answer as JSON: { ok, steps: [{ name, state: ok|warn|fail, found, remedy? }] }')
    .addHelpText('after', `
Examples:
  DATABASE_URL=postgres://… TEMPORAL_ADDRESS=… aftercare setup
  aftercare setup --database-url postgres://… --temporal-address … --namespace monitoring
Run it before the first worker and after each upgrade. Exit status: 0 all is ready, 1 something is not and is named with its remedy.`)
    .action(runSetup);
}

async function runSetup(options: SetupOptions): Promise<void> {
  const { databaseUrl, temporalAddress, namespace } = findServers(options);
  if (databaseUrl === undefined || temporalAddress === undefined) {
    throw new InvalidInput(`setup needs to know ${[...(databaseUrl === undefined ? ['the database (--database-url, DATABASE_URL)'] : []), ...(temporalAddress === undefined ? ['Temporal (--temporal-address, TEMPORAL_ADDRESS)'] : [])].join(' and ')}`);
  }
  const [database, temporal] = await Promise.all([checkDatabase(databaseUrl, true), checkTemporal(temporalAddress, namespace, true, true)]);
  const steps: Check[] = [...database.filter(({ name }) => name !== 'clock'), ...temporal];
  const ok = steps.every(({ state }) => state !== 'fail');
  print(options.json ? JSON.stringify({ ok, steps }) : [...steps.map(describe), ok ? 'ready: start `aftercare worker`, and `aftercare serve` for links and callbacks' : 'not ready'].join('\n'));
  process.exitCode = ok ? DONE : ANSWER_IS_NO;
}

const MARKS = { ok: pc.green('ok  '), warn: pc.yellow('warn'), fail: pc.red('FAIL') };

function describe({ name, state, found, remedy }: Check): string {
  return `${MARKS[state]}  ${name.padEnd(18)} ${found}${remedy === undefined ? '' : `\n${' '.repeat(25)}→ ${remedy}`}`;
}
