/** How a categorical column is distributed, chunk by chunk: counts of its most frequent values, as NannyML's CategoricalDistributionCalculator gives them. */
import { InvalidInput } from '../../domain/errors.js';
import { compareText, type CategoricalColumn, type RowRange } from '../frame.js';

/** Rows of a chunk that have one value. */
export interface ValueCount {
  /** A category, `Missing` or `Other`. */
  value: string;
  count: number;
  /** Rows of the chunk. */
  total: number;
  /** count / total; NaN for a chunk without rows */
  share: number;
}

/** What stands for missing cells, and for all the categories that are not shown. */
export const MISSING_LABEL = 'Missing';
export const OTHER_LABEL = 'Other';
/** Categories that are shown by name. */
export const SHOWN_CATEGORIES = 5;

/**
 * Counts per chunk. The most frequent values of all rows are shown by name, missing cells being a value like any other; the rest counts as `Other`,
 * but only where there is more than one value of the rest. A category that is itself called `Missing` or `Other` is counted together with it.
 *
 * @param chunks row ranges of the column
 * @param shown values by name; 0: all
 * @returns per chunk every value that is shown, those without rows included, in ascending order of the count; equal counts in the order of their frequency in all rows
 * @throws InvalidInput when shown is no whole number
 * Cost O(rows). Agrees with NannyML 0.13.1 (test/oracles/distributions.json).
 */
export function categoricalDistribution(column: CategoricalColumn, chunks: readonly RowRange[], shown = SHOWN_CATEGORIES): ValueCount[][] {
  if (!Number.isInteger(shown) || shown < 0) throw new InvalidInput(`${shown} categories were to be shown, it must be a whole number`);
  const { labels, labelOf } = chooseLabels(column, shown);
  return chunks.map(({ start, end }) => {
    const counts = new Float64Array(labels.length);
    for (let row = start; row < end; row++) counts[labelOf[column.codes[row]! + 1]!]! += 1;
    const total = end - start;
    return labels
      .map((value, i) => ({ value, count: counts[i]!, total, share: counts[i]! / total }))
      .sort((a, b) => a.count - b.count);
  });
}

/** The values that are shown, most frequent first, and the place of each code + 1 among them (0: missing). */
function chooseLabels(column: CategoricalColumn, shown: number): { labels: string[]; labelOf: Int32Array } {
  const names = [MISSING_LABEL, ...column.categories];
  const rows = new Map<string, number>();
  const countOf = new Float64Array(names.length);
  for (let i = 0; i < column.codes.length; i++) countOf[column.codes[i]! + 1]! += 1;
  names.forEach((name, i) => { if (countOf[i]! > 0) rows.set(name, (rows.get(name) ?? 0) + countOf[i]!); });
  const ranked = byFrequency(rows);
  const isShort = shown === 0 || ranked.length <= shown + 1;
  const top = new Set(isShort ? ranked : ranked.slice(0, shown));
  const grouped = new Map<string, number>();
  const labelled = names.map((name) => (top.has(name) ? name : OTHER_LABEL));
  names.forEach((_, i) => { if (countOf[i]! > 0) grouped.set(labelled[i]!, (grouped.get(labelled[i]!) ?? 0) + countOf[i]!); });
  const labels = byFrequency(grouped);
  return { labels, labelOf: Int32Array.from(labelled, (label) => labels.indexOf(label)) };
}

/** Most rows first; equal counts in the order of the categories, then Missing, then Other. */
function byFrequency(rows: ReadonlyMap<string, number>): string[] {
  const names = [...rows.keys()];
  const areNumbers = names.every((name) => isReserved(name) || String(Number(name)) === name);
  const order = (a: string, b: string) => reservedPlace(a) - reservedPlace(b) || (areNumbers && !isReserved(a) ? Number(a) - Number(b) : compareText(a, b));
  return names.sort((a, b) => rows.get(b)! - rows.get(a)! || order(a, b));
}

const isReserved = (name: string) => name === MISSING_LABEL || name === OTHER_LABEL;
const reservedPlace = (name: string) => (name === MISSING_LABEL ? 1 : name === OTHER_LABEL ? 2 : 0);
