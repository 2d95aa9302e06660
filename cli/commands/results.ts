/** `aftercare results`. */
import type { Command } from 'commander';
import type { ResultFilter } from '../../client/index.js';
import { InvalidInput } from '../../domain/errors.js';
import { CALCULATORS, type CalculatorKind, type Result } from '../../domain/measurement.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { exportResults, EXPORT_FORMATS, formatOf } from '../results/export.js';
import { print, say } from '../support/output.js';
import { table } from '../terminal/table.js';
import { versionOf } from './rank.js';

interface ResultOptions extends StackOptions {
  calculator?: string[];
  metric?: string[];
  column?: string[];
  segment?: string[];
  tag?: string[];
  modelVersion?: string;
  settingsRevision?: string;
  period?: string;
  alerts?: boolean;
  canonical?: boolean;
  csv?: boolean;
  format?: string;
  out?: string;
  wide?: boolean;
}

export function registerResults(program: Command): void {
  withStackOptions(program.command('results <model>'))
    .description('measurements with thresholds and alerts, per chunk')
    .option('--calculator <name...>', CALCULATORS.join(', '))
    .option('--metric <name...>', 'e.g. roc_auc, jensen_shannon, missing_values_rate')
    .option('--column <name...>', 'only these columns')
    .option('--segment <name...>', 'column=value, a column for all its segments, or all (default: all rows together)')
    .option('--model-version <number>', 'of this version, or all (default: the version in charge)')
    .option('--settings-revision <number>', 'as they were under earlier settings (aftercare model settings --history)')
    .option('--tag <tag...>', 'only of versions that have all of these tags, their own or their model\'s')
    .option('--period <name>', 'reference or analysis')
    .option('--alerts', 'only alerts')
    .option('--format <name>', `${EXPORT_FORMATS.join(', ')} (default: a table to look at, or as --out ends)`)
    .option('--out <file>', 'into a file; its ending says the format (- for standard output)')
    .option('--wide', "a row per chunk, columns named as in NannyML's flat tables (one calculator, version and segment)")
    .option('--csv', 'the same as --format csv')
    .option('--canonical', 'sorted lines without run ids, wall-clock times and revisions: equal results, equal text')
    .addHelpText('after', `
Examples:
  aftercare results loans --calculator estimated_performance --metric roc_auc
  aftercare results loans --alerts --json
  aftercare results loans --out results.parquet
  aftercare results loans --calculator univariate_drift --wide --out drift.csv
  aftercare results loans --canonical | sha256sum`)
    .action((model: string, options: ResultOptions) => withClient(options, async (client) => {
      if (options.canonical) {
        for (const line of await client.canonicalResults(model)) print(line);
        return;
      }
      const filter: ResultFilter = {
        calculators: calculatorsOf(options.calculator), metrics: options.metric, columns: options.column, segments: segmentsOf(options.segment), tags: options.tag, settingsRevision: versionOf(options.settingsRevision, 'settings revision'), versions: options.modelVersion === undefined ? undefined : options.modelVersion === 'all' ? 'all' : [versionOf(options.modelVersion)!], period: periodOf(options.period), onlyAlerts: options.alerts ?? false,
      };
      const format = formatOf(options.format, options.out) ?? (options.csv || options.wide ? 'csv' : options.json || options.out ? 'json' : null);
      if (format !== null) {
        const count = await exportResults(client.resultBlocks(model, filter), { format, file: options.out, wide: options.wide ?? false });
        if (options.out !== undefined && options.out !== '-') say(`${count} results written to ${options.out}`);
        return;
      }
      const results = await client.results(model, filter);
      print(results.length === 0 ? 'no results: run the model first (aftercare run), or loosen the filter' : table(results.map((result) => rowOf(result, options.segment !== undefined))));
    }));
}

function calculatorsOf(names: string[] | undefined): CalculatorKind[] | undefined {
  return names?.map((name) => {
    const found = CALCULATORS.find((kind) => kind === name);
    if (!found) throw new InvalidInput(`calculator '${name}' is none of ${CALCULATORS.join(', ')}`);
    return found;
  });
}

/** `all` stands for the whole and every segment. */
function segmentsOf(names: string[] | undefined): string[] | 'all' | undefined {
  return names?.includes('all') ? 'all' : names;
}

function periodOf(text: string | undefined): 'reference' | 'analysis' | undefined {
  if (text === undefined || text === 'reference' || text === 'analysis') return text;
  throw new InvalidInput(`--period '${text}' is neither reference nor analysis`);
}

function rowOf(result: Result, withSegment: boolean): Record<string, string | number | null> {
  return {
    calculator: result.calculator, metric: result.metric, column: result.column, ...(withSegment ? { segment: result.segment === '' ? '(all rows)' : result.segment } : {}), period: result.period, chunk: result.chunk.key, from: shortDate(result.chunk.startDate), to: shortDate(result.chunk.endDate),
    rows: result.chunk.rows, value: result.value, lower: result.lowerThreshold, upper: result.upperThreshold,
    alert: result.alert === null ? '?' : result.alert ? 'ALERT' : '', note: result.reason ?? (result.chunk.complete ? '' : 'open'),
  };
}

const shortDate = (iso: string | null): string => (iso === null ? '' : iso.slice(0, 16).replace('T', ' '));
