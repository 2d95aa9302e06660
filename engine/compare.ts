/**
 * Any two sets of rows side by side, column by column: two periods, two segments, two versions. The first is the yardstick: distances, unseen
 * categories and values out of range are those of the second against the first, exactly as univariate drift and data quality would judge a chunk.
 */
import type { CategoricalMethod, ContinuousMethod } from '../domain/settings.js';
import { calculateCategoricalColumn, fitCategoricalColumn } from './calculators/categorical-drift.js';
import { calculateContinuousColumn, DEFAULT_DISTRIBUTION, fitContinuousColumn } from './calculators/continuous-drift.js';
import { chiSquaredTest } from './distance/counts.js';
import { categoricalOf, compareText, continuousOf, requireColumns, toCategorical, type CategoricalColumn, type Frame } from './frame.js';
import { countIntoBins, doaneEdges, equalWidthEdges, rangeOf } from './stats/histogram.js';
import { mean, standardDeviation, withoutNaN } from './stats/sum.js';

/** The same figure of both sets. */
export interface Sides<T> {
  a: T;
  b: T;
}

/** One distance of b from a. */
export interface ComparedDistance {
  method: ContinuousMethod | CategoricalMethod;
  /** NaN where it cannot be known, see `reason`. */
  value: number;
  /** Only chi-squared: how probable such a difference is by chance. */
  pValue?: number;
  reason?: string;
}

/** Figures of one continuous column of one set; NaN where there are too few values. */
export interface ColumnSummary {
  values: number;
  mean: number;
  sum: number;
  /** Sample standard deviation. */
  deviation: number;
  min: number;
  lowerQuartile: number;
  median: number;
  upperQuartile: number;
  max: number;
}

interface ComparedColumn {
  column: string;
  rows: Sides<number>;
  /** Cells without a value, as a number and as a share of the rows (NaN without rows). */
  missing: Sides<{ count: number; share: number }>;
  distances: ComparedDistance[];
}

/** Of numbers. */
export interface ContinuousComparison extends ComparedColumn {
  kind: 'continuous';
  summary: Sides<ColumnSummary>;
  /** Values of b below the smallest or above the largest of a. */
  outOfRange: { count: number; share: number };
  /** Counts in bins that cover both sets; `edges` has one more element. Empty where neither has a value. */
  distribution: { edges: number[] } & Sides<number[]>;
}

/** Of categories. */
export interface CategoricalComparison extends ComparedColumn {
  kind: 'categorical';
  /** Rows of b with a category that a does not have, and which these are, most rows first. */
  unseen: { count: number; share: number; categories: string[] };
  /** Rows per category of either set, most rows of both first (shares apart, so that a small set counts as much). */
  distribution: { categories: string[] } & Sides<number[]>;
}

/** One column of two sets. */
export type ColumnComparison = ContinuousComparison | CategoricalComparison;

const CONTINUOUS_METHODS: ContinuousMethod[] = ['jensen_shannon', 'kolmogorov_smirnov', 'wasserstein', 'hellinger'];
const CATEGORICAL_METHODS: CategoricalMethod[] = ['jensen_shannon', 'chi2', 'hellinger', 'l_infinity'];
/** More bins than this nobody can read. */
const MAX_BINS = 60;

/**
 * Compares b with a. Columns come back in the order continuous, categorical, each as given; a number column that is named categorical is read as categories.
 *
 * @throws InvalidInput when a set lacks a column, or has it in another kind; when a holds ±∞
 * Cost: a few passes and one sort per column and set.
 */
export function compareRows(a: Frame, b: Frame, columns: { continuous: readonly string[]; categorical: readonly string[] }): ColumnComparison[] {
  const names = [...columns.continuous, ...columns.categorical];
  requireColumns(a, names, 'the first set of rows');
  requireColumns(b, names, 'the second set of rows');
  return [
    ...columns.continuous.map((name) => compareNumbers(name, a, b)),
    ...columns.categorical.map((name) => compareCategories(name, asCategories(a, name), asCategories(b, name))),
  ];
}

/** Missing cells of all columns together, as shares of all cells, and the share of b's categorical cells that a does not know; NaN without cells. */
export function overallComparison(comparisons: readonly ColumnComparison[]): { missing: Sides<number>; unseen: number; outOfRange: number } {
  const total = (of: (one: ColumnComparison) => number) => comparisons.reduce((sum, one) => sum + of(one), 0);
  const share = (count: number, cells: number) => (cells === 0 ? NaN : count / cells);
  return {
    missing: { a: share(total((one) => one.missing.a.count), total((one) => one.rows.a)), b: share(total((one) => one.missing.b.count), total((one) => one.rows.b)) },
    unseen: share(total((one) => (one.kind === 'categorical' ? one.unseen.count : 0)), total((one) => (one.kind === 'categorical' ? one.rows.b : 0))),
    outOfRange: share(total((one) => (one.kind === 'continuous' ? one.outOfRange.count : 0)), total((one) => (one.kind === 'continuous' ? one.rows.b : 0))),
  };
}

function compareNumbers(name: string, a: Frame, b: Frame): ContinuousComparison {
  const [first, second] = [continuousOf(a, name), continuousOf(b, name)];
  const fitted = fitContinuousColumn(name, first, CONTINUOUS_METHODS, () => DEFAULT_DISTRIBUTION);
  const known = { a: withoutNaN(first.values), b: withoutNaN(second.values) };
  const [min, max] = rangeOf(known.a);
  let outside = 0;
  for (let i = 0; i < known.b.length; i++) if (known.b[i]! < min || known.b[i]! > max) outside += 1;
  return {
    kind: 'continuous',
    column: name,
    rows: { a: a.rowCount, b: b.rowCount },
    missing: { a: missingOf(a.rowCount, known.a.length), b: missingOf(b.rowCount, known.b.length) },
    distances: calculateContinuousColumn(fitted, second).map(({ metric, value }) => distanceOf(metric as ContinuousMethod, value, known.a.length)),
    summary: { a: summaryOf(known.a), b: summaryOf(known.b) },
    outOfRange: { count: outside, share: b.rowCount === 0 ? NaN : outside / b.rowCount },
    distribution: sharedHistogram(known),
  };
}

function distanceOf(method: ComparedDistance['method'], value: number, valuesOfFirst: number): ComparedDistance {
  return value === value ? { method, value } : { method, value, reason: `the ${valuesOfFirst === 0 ? 'first' : 'second'} set has no values` };
}

function missingOf(rows: number, values: number): { count: number; share: number } {
  return { count: rows - values, share: rows === 0 ? NaN : (rows - values) / rows };
}

function summaryOf(values: Float64Array): ColumnSummary {
  const sorted = Float64Array.from(values).sort();
  const average = mean(values);
  return {
    values: values.length, mean: average, sum: values.length === 0 ? 0 : average * values.length, deviation: standardDeviation(values, 1),
    min: sorted[0] ?? NaN, lowerQuartile: quantile(sorted, 0.25), median: quantile(sorted, 0.5), upperQuartile: quantile(sorted, 0.75), max: sorted[sorted.length - 1] ?? NaN,
  };
}

/** Linear between order statistics (type 7). */
function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return NaN;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return place === below ? sorted[below]! : sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below);
}

/** Bins by Doane's rule for both sets together. */
function sharedHistogram({ a, b }: Sides<Float64Array>): ContinuousComparison['distribution'] {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  const finite = both.filter(Number.isFinite);
  const [first, last] = rangeOf(finite);
  // None at all, or so far apart that the width between them is no number.
  if (!Number.isFinite(last - first)) return { edges: [], a: [], b: [] };
  const byRule = doaneEdges(finite);
  const edges = byRule.length - 1 <= MAX_BINS ? byRule : equalWidthEdges(byRule[0]!, byRule[byRule.length - 1]!, MAX_BINS);
  return { edges: [...edges], a: [...countIntoBins(a, edges).counts], b: [...countIntoBins(b, edges).counts] };
}

function asCategories(frame: Frame, name: string): CategoricalColumn {
  const column = frame.columns.get(name);
  return column?.kind === 'continuous' ? toCategorical(column) : categoricalOf(frame, name);
}

function compareCategories(name: string, a: CategoricalColumn, b: CategoricalColumn): CategoricalComparison {
  const [first, second] = [countsOf(a), countsOf(b)];
  const rows = { a: a.codes.length, b: b.codes.length };
  const totals = { a: sumOf(first), b: sumOf(second) };
  const weight = (category: string) => (first.get(category) ?? 0) / Math.max(1, totals.a) + (second.get(category) ?? 0) / Math.max(1, totals.b);
  const categories = [...new Set([...first.keys(), ...second.keys()])].sort((x, y) => weight(y) - weight(x) || compareText(x, y));
  const counts = { a: categories.map((category) => first.get(category) ?? 0), b: categories.map((category) => second.get(category) ?? 0) };
  const unseen = [...second].filter(([category]) => !first.has(category)).sort(([x, m], [y, n]) => n - m || compareText(x, y));
  const unseenCount = unseen.reduce((sum, [, count]) => sum + count, 0);
  const { pValue } = chiSquaredTest(Float64Array.from(counts.a), Float64Array.from(counts.b));
  return {
    kind: 'categorical',
    column: name,
    rows,
    missing: { a: missingOf(rows.a, totals.a), b: missingOf(rows.b, totals.b) },
    distances: calculateCategoricalColumn(fitCategoricalColumn(name, a, CATEGORICAL_METHODS), b).map(({ metric, value }) => {
      const distance = distanceOf(metric as CategoricalMethod, value, totals.a);
      return metric === 'chi2' ? { ...distance, pValue } : distance;
    }),
    unseen: { count: unseenCount, share: rows.b === 0 ? NaN : unseenCount / rows.b, categories: unseen.map(([category]) => category) },
    distribution: { categories, ...counts },
  };
}

/** Rows per category that has any. */
function countsOf(column: CategoricalColumn): Map<string, number> {
  const counts = new Float64Array(column.categories.length);
  for (let i = 0; i < column.codes.length; i++) if (column.codes[i]! >= 0) counts[column.codes[i]!]! += 1;
  return new Map(column.categories.map((category, code) => [category, counts[code]!] as const).filter(([, count]) => count > 0));
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
