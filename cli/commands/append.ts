/** `aftercare append` and `aftercare targets`: rows from a file or standard input into the store. */
import type { Command } from 'commander';
import { InvalidInput } from '../../domain/errors.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson, progressBar } from '../support/output.js';
import { describeReceipt } from '../support/receipt.js';
import { versionOf } from './rank.js';

interface AppendOptions extends StackOptions {
  key?: string;
  format?: string;
  upsert?: boolean;
  modelVersion?: string;
}

const FORMATS = 'CSV, CSV.gz, Parquet or NDJSON; told from the name or the first bytes, or given by --format';

export function registerAppend(program: Command): void {
  withStackOptions(program.command('append <model> <file>'))
    .description(`append inferences from a file, or from standard input with - (${FORMATS})`)
    .option('--key <key>', 'batch key: the same key never counts twice (default: a hash of the rows)')
    .option('--format <format>', 'csv, csv.gz, parquet, ndjson')
    .option('--upsert', 'a row under a known identifier replaces the old one, instead of being quarantined')
    .option('--model-version <number>', 'whose predictions these are: a challenger\'s are kept beside the champion\'s (default: the version in charge)')
    .addHelpText('after', `
Examples:
  aftercare append loans today.csv
  zcat rows.csv.gz | aftercare append loans - --key 2026-11-22
  aftercare append loans shadow.csv --model-version 2
The same file appended again counts once and gives the same receipt.`)
    .action((model: string, file: string, options: AppendOptions) => append('append', model, file, options));

  withStackOptions(program.command('targets <model> <file>'))
    .description(`append targets, matched by identifier (${FORMATS}); one that comes before its inference waits for it`)
    .option('--key <key>', 'batch key: the same key never counts twice (default: a hash of the rows)')
    .option('--format <format>', 'csv, csv.gz, parquet, ndjson')
    .addHelpText('after', `
Example:
  aftercare targets loans outcomes.csv`)
    .action((model: string, file: string, options: AppendOptions) => append('targets', model, file, options));

  withStackOptions(program.command('remove <model> <file>'))
    .description('remove inferences, or only their targets, by the identifiers in a file; the ledger remembers')
    .option('--what <what>', 'rows or targets', 'rows')
    .option('--key <key>', 'batch key: the same key never counts twice (default: a hash of the rows)')
    .option('--format <format>', 'csv, csv.gz, parquet, ndjson')
    .addHelpText('after', `
Example:
  aftercare remove loans withdrawn.csv`)
    .action((model: string, file: string, options: AppendOptions & { what: string }) => append('remove', model, file, options));
}

async function append(verb: 'append' | 'targets' | 'remove', model: string, file: string, options: AppendOptions & { what?: string }): Promise<void> {
  await withClient(options, async (client) => {
    const bar = progressBar(`${verb} ${model}`, 'rows', options.json);
    try {
      const input = { version: versionOf(options.modelVersion), key: options.key, format: options.format, upsert: options.upsert, onProgress: (p: { rows: number; share: number | null }) => bar.update(p.share === null ? p.rows : Math.round(p.share * 1000), p.share === null ? null : 1000, p.rows.toLocaleString('en')) };
      const receipt = verb === 'append' ? await client.append(model, file, input) : verb === 'targets' ? await client.targets(model, file, input) : await client.remove(model, file, { ...input, what: whatOf(options.what) });
      bar.stop();
      if (options.json) printJson(receipt);
      else print(describeReceipt(receipt));
    } finally {
      bar.stop();
    }
  });
}

function whatOf(text: string | undefined): 'rows' | 'targets' {
  if (text === 'rows' || text === 'targets') return text;
  throw new InvalidInput(`--what '${text ?? ''}' is neither rows nor targets`);
}
