/** `aftercare events` and `aftercare violations`: what happened to a model's data, and what was wrong with it. */
import { Option, type Command } from 'commander';
import { InvalidInput } from '../../domain/errors.js';
import { DATA_SOURCES, type DataSource } from '../../domain/data-event.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson } from '../support/output.js';
import { table } from '../terminal/table.js';
import { versionOf } from './rank.js';

interface EventOptions extends StackOptions {
  source?: DataSource;
  modelVersion?: string;
  limit: string;
}

export function registerData(program: Command): void {
  withStackOptions(program.command('events <model>'))
    .description('what happened to the data: created, added, updated, removed; how many rows, when, by whom; newest first')
    .addOption(new Option('--source <name>', 'only of this source').choices([...DATA_SOURCES]))
    .option('--model-version <number>', 'only of this version')
    .option('--limit <n>', 'at most so many', '50')
    .addHelpText('after', '\nExamples:\n  aftercare events loans\n  aftercare events loans --source target --json')
    .action((model: string, options: EventOptions) => withClient(options, async (client) => {
      const events = await client.events(model, { source: options.source, version: versionOf(options.modelVersion), limit: limitOf(options.limit) });
      if (options.json) return printJson(events);
      print(events.length === 0 ? 'nothing happened' : table(events.map(({ at, source, event, rows, version, by, batch, key }) => ({ at: shortTime(at), source, event, rows, version, by, batch: batch ?? '', key: shortKey(key ?? '') }))));
    }));

  withStackOptions(program.command('violations <model>'))
    .description('columns and values of batches that were not what the schema says, and who should look at them; newest first')
    .option('--limit <n>', 'at most so many', '50')
    .addHelpText('after', `
Examples:
  aftercare violations loans
  aftercare model settings loans --set violations.policy=strict      from now on such batches are refused as a whole`)
    .action((model: string, options: StackOptions & { limit: string }) => withClient(options, async (client) => {
      const violations = await client.violations(model, { limit: limitOf(options.limit) });
      if (options.json) return printJson(violations);
      print(violations.length === 0 ? 'every batch was what the schema says' : table(violations.map((one) => ({
        at: shortTime(one.at), batch: shortKey(one.batch), what: one.batchNumber === null ? 'refused' : 'taken', version: one.version, column: one.column, violation: one.kind, detail: one.detail,
        rows: `${one.rows.toLocaleString('en')} of ${one.rowsRead.toLocaleString('en')}`, 'looks like': one.fault, for: one.concerns,
      }))));
    }));
}

function limitOf(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidInput(`--limit '${text}' is not a number from 1`);
  return Number(text);
}

const shortTime = (iso: string): string => iso.slice(0, 16).replace('T', ' ');

/** Hashes are told by their beginning; --json has them whole. */
const shortKey = (key: string): string => key.replace(/^(sha256:[0-9a-f]{8})[0-9a-f]{56}$/, '$1…');
