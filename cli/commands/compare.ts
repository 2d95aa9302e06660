/** `aftercare compare`: any two periods, times, segments or versions of a model side by side. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ColumnComparison, ComparedRows, Comparison, RowsWanted } from '../../client/index.js';
import { InvalidInput } from '../../domain/errors.js';
import { formatCount, formatShare, formatValue } from '../../plots/format.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { packageVersion } from '../../embedded/package-root.js';
import { print, printJson, say } from '../support/output.js';
import { table, type TableRow } from '../terminal/table.js';
import { versionOf } from './rank.js';

interface CompareCommandOptions extends StackOptions {
  a?: string[];
  b?: string[];
  column?: string[];
  maxRows?: string;
  out?: string;
}

export function registerCompare(program: Command): void {
  withStackOptions(program.command('compare <model>'))
    .description('two sets of rows side by side: distances, summaries and distributions of every column')
    .option('--a <words...>', 'the yardstick (default: reference)')
    .option('--b <words...>', 'what is compared with it (default: analysis)')
    .option('--column <name...>', 'only these columns (default: all that are kept)')
    .option('--max-rows <n>', 'a side with more rows is thinned out evenly to about so many', '200000')
    .option('--out <file>', 'also as one HTML file with the distributions drawn')
    .addHelpText('after', `
A side is described by words, in any order: reference or analysis, from=TIME, to=TIME (not included), chunk=N or chunk=N..M, segment=COLUMN=VALUE, version=N.

Examples:
  aftercare compare loans                                            the analysis with the reference
  aftercare compare loans --a chunk=0..4 --b chunk=9
  aftercare compare loans --a from=2026-01-01 to=2026-02-01 --b from=2026-02-01 to=2026-03-01
  aftercare compare loans --a segment=region=north --b segment=region=south --json`)
    .action((model: string, options: CompareCommandOptions) => withClient(options, async (client) => {
      const comparison = await client.compare(model, parseSide(options.a ?? ['reference'], '--a'), parseSide(options.b ?? ['analysis'], '--b'), { columns: options.column, maxRows: Number(options.maxRows) });
      if (options.out) await writePage(options.out, comparison);
      if (options.json) return printJson(comparison);
      print(describe(comparison));
    }));
}

async function writePage(out: string, comparison: Comparison): Promise<void> {
  const { renderComparison } = await import('../../plots/comparison-page.js');   // the drawing library is loaded when something is drawn
  const file = resolve(out);
  await writeFile(file, renderComparison(comparison, packageVersion())).catch((error: Error) => { throw new InvalidInput(`the comparison cannot be written to ${file}: ${error.message}`); });
  say(file);
}

/** @throws InvalidInput for a word that says nothing */
export function parseSide(words: readonly string[], option: string): RowsWanted {
  const wanted: RowsWanted = {};
  for (const word of words) {
    const at = word.indexOf('=');
    const [name, value] = at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
    if (word === 'reference' || word === 'analysis') wanted.period = word;
    else if (name === 'from' && value !== '') wanted.from = value;
    else if (name === 'to' && value !== '') wanted.to = value;
    else if (name === 'segment' && value !== '') wanted.segment = value;
    else if (name === 'version') wanted.version = versionOf(value);
    else if (name === 'chunk') wanted.chunks = chunksOf(value, option);
    else throw new InvalidInput(`${option} '${word}' is none of reference, analysis, from=TIME, to=TIME, chunk=N, chunk=N..M, segment=COLUMN=VALUE, version=N`);
  }
  return wanted;
}

function chunksOf(text: string, option: string): [number, number] {
  const found = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text);
  if (!found) throw new InvalidInput(`${option} 'chunk=${text}' is not chunk=N or chunk=N..M, numbers as the results show them`);
  return [Number(found[1]), Number(found[2] ?? found[1])];
}

function describe({ a, b, columns, overall }: Comparison): string {
  return [
    `a: ${sideText(a)}`,
    `b: ${sideText(b)}`,
    `missing: ${shown(overall.missing.a)} of a's cells, ${shown(overall.missing.b)} of b's; unseen categories in ${shown(overall.unseen)} of b's cells, values out of a's range in ${shown(overall.outOfRange)}`,
    '',
    table(withoutEmpty(columns.map(rowOf))),
  ].join('\n');
}

/** Columns of the table that say the same of every row are left out: nothing is missing, nothing is new. */
function withoutEmpty(rows: TableRow[]): TableRow[] {
  const empty = ['missing a', 'missing b', 'new in b'].filter((heading) => rows.every((row) => row[heading] === '' || row[heading] === '0%'));
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([heading]) => !empty.includes(heading))));
}

function shown(share: number): string {
  return Number.isNaN(share) ? 'none' : formatShare(share);
}

function sideText({ name, rows, rowsInAll, firstAt, lastAt }: ComparedRows): string {
  const thinned = rows < rowsInAll ? `${formatCount(rows)} of ${formatCount(rowsInAll)} rows, taken evenly` : `${formatCount(rows)} rows`;
  return `${name}: ${thinned}${firstAt === null || lastAt === null ? '' : `, ${firstAt.slice(0, 16).replace('T', ' ')} to ${lastAt.slice(0, 16).replace('T', ' ')} UTC`}`;
}

function rowOf(column: ColumnComparison): TableRow {
  const by = (method: string): number | null => {
    const value = column.distances.find((distance) => distance.method === method)?.value ?? NaN;
    return Number.isNaN(value) ? null : value;
  };
  const chi = column.distances.find(({ method }) => method === 'chi2');
  const common = { column: column.column, 'Jensen–Shannon': by('jensen_shannon'), Hellinger: by('hellinger') };
  const missing = { 'missing a': shown(column.missing.a.share), 'missing b': shown(column.missing.b.share) };
  if (column.kind === 'continuous') {
    const { a, b } = column.summary;
    return { ...common, 'KS / L∞': by('kolmogorov_smirnov'), other: `Wasserstein ${formatValue(by('wasserstein'))}`, a: `mean ${formatValue(a.mean)}, median ${formatValue(a.median)}`, b: `mean ${formatValue(b.mean)}, median ${formatValue(b.median)}`, ...missing, 'new in b': column.outOfRange.count === 0 ? '' : `${formatCount(column.outOfRange.count)} out of range` };
  }
  const top = (side: 'a' | 'b'): string => {
    const counts = column.distribution[side];
    const rows = counts.reduce((sum, count) => sum + count, 0);
    const best = counts.indexOf(counts.reduce((most, count) => Math.max(most, count), 0));
    return best < 0 || rows === 0 ? '' : `${column.distribution.categories[best]!} ${formatShare(counts[best]! / rows)}`;
  };
  return { ...common, 'KS / L∞': by('l_infinity'), other: chi?.pValue === undefined ? '' : `chi-squared p ${formatValue(chi.pValue, 2)}`, a: top('a'), b: top('b'), ...missing, 'new in b': column.unseen.count === 0 ? '' : `${formatCount(column.unseen.count)} unseen (${column.unseen.categories.slice(0, 3).join(', ')})` };
}
