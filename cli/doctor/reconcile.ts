/** `aftercare doctor --reconcile`: what of PostgreSQL and Temporal comes from different moments, and what was done about it. */
import pc from 'picocolors';
import type { Reconciled, Reconciliation } from '../../client/index.js';
import { InvalidInput } from '../../domain/errors.js';
import { findServers } from '../../embedded/index.js';
import { whileAnswering } from '../../worker/index.js';
import { withClient, type StackOptions } from '../support/connect.js';
import { ANSWER_IS_NO, DONE } from '../support/exit.js';
import { print } from '../support/output.js';

export async function runReconcile(options: StackOptions & { dryRun?: boolean }): Promise<void> {
  const { databaseUrl, temporalAddress, namespace } = findServers(options);
  if (databaseUrl === undefined || temporalAddress === undefined) {
    throw new InvalidInput(`--reconcile needs both servers: ${[...(databaseUrl === undefined ? ['the database (--database-url, DATABASE_URL)'] : []), ...(temporalAddress === undefined ? ['Temporal (--temporal-address, TEMPORAL_ADDRESS)'] : [])].join(' and ')}; or a stack that runs ('aftercare up', --data)`);
  }
  const onFinding = (finding: Reconciled): void => { if (!options.json) print(describe(finding)); };
  // Lifecycles must be able to answer, and nothing else is to move.
  const outcome = await whileAnswering({ temporal: { address: temporalAddress, namespace } }, () =>
    withClient({ ...options, databaseUrl, temporalAddress, namespace }, (client) => client.reconcile({ dryRun: options.dryRun === true, onFinding })));
  print(options.json ? JSON.stringify(outcome) : summaryOf(outcome, options.dryRun === true));
  process.exitCode = outcome.ok ? DONE : ANSWER_IS_NO;
}

function describe({ model, what, where, found, done, left }: Reconciled): string {
  const mark = done === null ? pc.yellow('left  ') : pc.green('mended');
  const outcome = [done, left].filter((text) => text !== null).map((text) => `${' '.repeat(8)}→ ${text}`);
  return [`${mark}  ${model}: ${what} ${where}: ${found}`, ...outcome].join('\n');
}

function summaryOf({ ok, models, findings, listed }: Reconciliation, dryRun: boolean): string {
  const left = findings.filter((finding) => finding.left !== null).length;
  const limits = listed ? '' : '\nThis Temporal server cannot list workflows: those that the store does not know were looked for only under the next few numbers.';
  const shown = `${models} model${models === 1 ? '' : 's'}`;
  if (findings.length === 0) return `${shown}: PostgreSQL and Temporal agree${limits}`;
  return `${shown}: ${findings.length} difference${findings.length === 1 ? '' : 's'}, ${dryRun ? 'nothing was changed' : ok ? 'all mended' : left === 0 ? 'mended' : `${left} left`}${limits}`;
}
