/** `aftercare rank`: which columns to look at first. */
import { Option, type Command } from 'commander';
import type { RankedCalculator, RankedResult, Ranking, RankingKind } from '../../client/index.js';
import { RANKED_CALCULATORS, RANKINGS } from '../../client/rank.js';
import { InvalidInput } from '../../domain/errors.js';
import { metricName } from '../../plots/names.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson } from '../support/output.js';
import { table, type TableRow } from '../terminal/table.js';

interface RankCommandOptions extends StackOptions {
  by: RankingKind;
  calculator: RankedCalculator;
  method?: string;
  metric?: string;
  performance?: 'estimated' | 'realized';
  column?: string[];
  segment?: string;
  modelVersion?: string;
  from?: string;
  to?: string;
  onlyDrifting?: boolean;
}

export function registerRank(program: Command): void {
  withStackOptions(program.command('rank <model>')).alias('ranking')
    .description('columns to look at first: by alerts, by correlation with performance, or by impact × drift')
    .addOption(new Option('--by <how>', 'alerts: how often they alerted; correlation: whether they move with performance; impact: how much both departed from the reference').choices([...RANKINGS]).default('alerts'))
    .addOption(new Option('--calculator <name>', 'whose values of the columns').choices([...RANKED_CALCULATORS]).default('univariate_drift'))
    .option('--method <name>', 'drift method or statistic, e.g. wasserstein (default: the first in the settings)')
    .option('--metric <name>', 'performance metric to set the columns against (default: the key metric)')
    .addOption(new Option('--performance <kind>', 'default: realized where it is known, else estimated').choices(['estimated', 'realized']))
    .option('--column <name...>', 'only these columns (default: all features)')
    .option('--segment <column=value>', 'only this segment (default: all rows)')
    .option('--model-version <number>', 'default: the version in charge')
    .option('--from <time>', 'chunks that end at or after it (ISO 8601)')
    .option('--to <time>', 'chunks that begin before it')
    .option('--only-drifting', 'only columns that alerted')
    .addHelpText('after', `
Examples:
  aftercare rank loans
  aftercare rank loans --by correlation --metric f1 --performance realized
  aftercare rank loans --by impact --segment region=north --from 2026-10-01`)
    .action((model: string, options: RankCommandOptions) => withClient(options, async (client) => {
      const ranking = await client.rank(model, {
        by: options.by, calculator: options.calculator, method: options.method, metric: options.metric, performance: options.performance, columns: options.column,
        segment: options.segment, version: versionOf(options.modelVersion), from: options.from, to: options.to, onlyDrifting: options.onlyDrifting,
      });
      if (options.json) return printJson(ranking);
      print(ranking.columns.length === 0 ? 'no column alerted' : `${headOf(ranking)}\n${table(ranking.columns.map((entry) => rowOf(ranking.by, entry)))}`);
    }));
}

export function versionOf(text: string | undefined, what = 'version'): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidInput(`${what} '${text}' is not a number from 1`);
  return Number(text);
}

function headOf({ by, performance, segment }: Ranking): string {
  const where = segment === '' ? '' : ` in ${segment}`;
  if (!performance) return `columns by number of alerts${where}`;
  const against = `${performance.kind} ${metricName(performance.metric)}`;
  return by === 'correlation' ? `columns by correlation with the change of ${against}${where}` : `columns by impact on ${against} × drift${where}`;
}

function rowOf(by: RankingKind, { rank, column, hasDrifted, alerts, correlation, pValue, score, drift, impact, chunks }: RankedResult): TableRow {
  const end = { chunks, alerts, drifted: hasDrifted ? 'yes' : 'no' };
  if (by === 'correlation') return { rank, column, correlation, 'p-value': pValue, ...end };
  return by === 'impact' ? { rank, column, score, drift, impact, ...end } : { rank, column, ...end };
}
