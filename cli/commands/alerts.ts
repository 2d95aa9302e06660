/** `aftercare alerts`: what stands out, grouped into incidents. */
import type { Command } from 'commander';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { ANSWER_IS_NO } from '../support/exit.js';
import { print, printJson } from '../support/output.js';
import { table } from '../terminal/table.js';

export function registerAlerts(program: Command): void {
  withStackOptions(program.command('alerts <model>'))
    .description('incidents: one cause and its alerts in consecutive complete chunks')
    .option('--all', 'resolved and withdrawn ones as well')
    .option('--segment <name>', 'column=value; none for those of all rows only (default: everything)')
    .option('--fail', 'exit status 1 when an incident is open: for scripts')
    .addHelpText('after', `
Examples:
  aftercare alerts loans
  aftercare alerts loans --fail && deploy.sh`)
    .action((model: string, options: StackOptions & { all?: boolean; fail?: boolean; segment?: string }) => withClient(options, async (client) => {
      const incidents = (await client.incidents(model)).filter((incident) => options.all === true || incident.state === 'open' || incident.state === 'acknowledged' || incident.state === 'snoozed')
        .filter((incident) => options.segment === undefined || incident.segment === (options.segment === 'none' ? '' : options.segment));
      const segmented = incidents.some((incident) => incident.segment !== '');
      if (options.json) printJson(incidents);
      else if (incidents.length === 0) print(`${model}: nothing stands out`);
      else print(table(incidents.map((i) => ({ incident: i.id, state: i.state, kind: i.kind, ...(segmented ? { segment: i.segment || '(all rows)' } : {}), cause: i.cause, 'from chunk': i.openingChunk, 'to chunk': i.lastChunk, chunks: i.chunkCount, ongoing: i.ongoing ? 'yes' : 'no' }))));
      if (options.fail && incidents.some((incident) => incident.state === 'open')) process.exitCode = ANSWER_IS_NO;
    }));
}
