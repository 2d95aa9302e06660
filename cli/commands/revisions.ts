/** `aftercare revisions`: every value that a chunk ever had. */
import type { Command } from 'commander';
import { CALCULATORS } from '../../domain/measurement.js';
import { InvalidInput } from '../../domain/errors.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson } from '../support/output.js';
import { table } from '../terminal/table.js';

interface RevisionOptions extends StackOptions {
  chunk?: string;
  metric?: string;
  calculator?: string;
  column?: string;
  segment?: string;
  limit: string;
}

export function registerRevisions(program: Command): void {
  withStackOptions(program.command('revisions <model>'))
    .description('every value that a chunk of the analysis had: provisional while targets were to come, final, corrected later')
    .option('--chunk <key>', 'as results show it; default: all, newest first')
    .option('--metric <name>', 'e.g. roc_auc')
    .option('--calculator <name>', CALCULATORS.join(', '))
    .option('--column <name>', 'of calculators that look at columns')
    .option('--segment <column=value>', 'default: all rows together')
    .option('--limit <n>', 'how many values', '200')
    .addHelpText('after', `
Examples:
  aftercare revisions loans --chunk 000003 --metric roc_auc
  aftercare revisions loans --calculator realized_performance --json`)
    .action((model: string, options: RevisionOptions) => withClient(options, async (client) => {
      const calculator = CALCULATORS.find((kind) => kind === options.calculator);
      if (options.calculator !== undefined && !calculator) throw new InvalidInput(`calculator '${options.calculator}' is none of ${CALCULATORS.join(', ')}`);
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1) throw new InvalidInput(`--limit '${options.limit}' is no whole number from 1`);
      const { chunk, metric, column, segment } = options;
      const revisions = await client.revisions(model, { chunk, metric, calculator, column, segment, limit });
      if (options.json) return printJson(revisions);
      print(revisions.length === 0 ? 'no values: run the model first (aftercare run), or loosen the filter' : table(revisions.map((one) => ({
        chunk: one.chunk, calculator: one.calculator, metric: one.metric, column: one.column, revision: one.revision, value: one.value, standing: one.provisional ? 'provisional' : 'final', now: one.current ? 'yes' : '',
        run: one.run, 'batches to': one.dataRevision, found: one.foundAt ?? '', note: one.reason ?? '',
      }))));
    }));
}
