/** `aftercare doctor`: what is wrong, and how to mend it. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { findServers } from '../../embedded/index.js';
import { cacheFolder } from '../../embedded/paths.js';
import { readPorts } from '../../embedded/stack-file.js';
import { InvalidInput } from '../../domain/errors.js';
import { type Check } from '../doctor/check.js';
import { checkDatabase, checkEmbeddedPostgres } from '../doctor/database.js';
import { checkDisk, checkNode, checkPorts } from '../doctor/machine.js';
import { runReconcile } from '../doctor/reconcile.js';
import { checkMail } from '../doctor/mail.js';
import { checkEmbeddedTemporal, checkTemporal } from '../doctor/temporal.js';
import { ANSWER_IS_NO, DONE } from '../support/exit.js';
import { print } from '../support/output.js';

interface DoctorOptions {
  data?: string;
  databaseUrl?: string;
  temporalAddress?: string;
  namespace?: string;
  mail?: string;
  mend?: boolean;
  reconcile?: boolean;
  dryRun?: boolean;
  as?: string;
  json?: boolean;
}

export function registerDoctor(program: Command): void {
  program.command('doctor')
    .description('say what is wrong on this machine or with its servers, and how to mend it')
    .option('--data <folder>', 'data folder of the stack (default: AFTERCARE_DATA, else this user\'s)')
    .option('--database-url <url>', 'PostgreSQL to look at (default: DATABASE_URL, else the running stack\'s)')
    .option('--temporal-address <host:port>', 'Temporal server to look at (default: Temporal\'s own environment, else the running stack\'s)')
    .option('--namespace <name>', 'Temporal namespace')
    .option('--mail <url>', 'smtp://user:password@host:port to look at (default: AFTERCARE_MAIL_URL)')
    .option('--mend', 'apply migrations that are due, and register missing search attributes')
    .option('--reconcile', 'after a restore: name and mend every difference between PostgreSQL and Temporal; stop all workers before')
    .option('--dry-run', 'with --reconcile: only name them')
    .option('--as <name>', 'with --reconcile: who acts, for the audit trail (unverified)')
    .option('--json', 'answer as JSON: { ok, checks: [{ name, state: ok|warn|fail, found, remedy? }] }; of --reconcile { ok, models, listed, findings: [{ model, what, where, found, done, left }] }')
    .addHelpText('after', `
Examples:
  aftercare doctor
  DATABASE_URL=postgres://… TEMPORAL_ADDRESS=… aftercare doctor --mend
  aftercare doctor --reconcile --dry-run
  aftercare doctor --reconcile --as maria
Exit status: 0 when nothing fails (warnings are allowed), 1 when something does; of --reconcile 0 when nothing is left to be done, else 1.`)
    .action(runDoctor);
}

async function runDoctor(options: DoctorOptions): Promise<void> {
  if (options.reconcile) return runReconcile(options);
  if (options.dryRun) throw new InvalidInput('--dry-run goes with --reconcile');
  const servers = findServers(options);
  const remembered = readPorts(servers.dataFolder);
  const mend = options.mend === true;
  const mailUrl = options.mail ?? process.env.AFTERCARE_MAIL_URL;
  const groups: Check[][] = await Promise.all([
    servers.databaseUrl === undefined ? checkEmbeddedPostgres(servers.dataFolder) : checkDatabase(servers.databaseUrl, mend),
    servers.temporalAddress === undefined ? checkEmbeddedTemporal() : checkTemporal(servers.temporalAddress, servers.namespace, mend),
    checkPorts({ postgres: remembered.postgres ?? 54_320, temporal: remembered.temporal ?? 7_233, ui: remembered.ui ?? 8_233 }, servers.stack).then((check) => [check]),
    checkDisk(servers.dataFolder).then((check) => [check]),
    checkDisk(cacheFolder()).then((check) => [{ ...check, name: 'cache' }]),
    mailUrl ? checkMail(mailUrl) : Promise.resolve([]),
  ]);
  const checks = [checkNode(), ...groups.flat()];
  const well = checks.every((check) => check.state !== 'fail');
  print(options.json ? JSON.stringify({ ok: well, checks }) : checks.map(describe).join('\n'));
  process.exitCode = well ? DONE : ANSWER_IS_NO;
}

const MARKS = { ok: pc.green('ok  '), warn: pc.yellow('warn'), fail: pc.red('FAIL') };

function describe(check: Check): string {
  const first = `${MARKS[check.state]}  ${check.name.padEnd(18)} ${check.found}`;
  return check.remedy === undefined ? first : `${first}\n${' '.repeat(25)}→ ${check.remedy}`;
}
