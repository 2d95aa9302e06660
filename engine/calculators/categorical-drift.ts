/** Drift of one categorical column: the reference's counts, and four comparisons of a chunk with them. */
import type { MetricPoint } from '../../domain/measurement.js';
import type { CategoricalMethod } from '../../domain/settings.js';
import { plainPoint } from '../calculator.js';
import { chiSquaredTest, lInfinityDistance } from '../distance/counts.js';
import { hellingerDistance, jensenShannonDistance } from '../distance/divergence.js';
import { compareText, type CategoricalColumn } from '../frame.js';

/** The chi-squared test alerts below this probability. */
const SIGNIFICANCE = 0.05;

/** What was learnt of one column. */
export interface FittedCategoricalColumn {
  column: string;
  methods: CategoricalMethod[];
  /** Those that the reference has, in order of code points. */
  categories: string[];
  counts: Float64Array;
  total: number;
}

/** Counts the reference's categories. Cost: one pass over the codes. */
export function fitCategoricalColumn(name: string, column: CategoricalColumn, methods: CategoricalMethod[]): FittedCategoricalColumn {
  const { counts, total } = countCodes(column);
  const present = column.categories.map((category, code) => ({ category, count: counts[code]! })).filter(({ count }) => count > 0);
  present.sort((a, b) => compareText(a.category, b.category));
  return { column: name, methods, categories: present.map((p) => p.category), counts: Float64Array.from(present, (p) => p.count), total };
}

/** One point per method. Cost: one pass over the codes. */
export function calculateCategoricalColumn(fitted: FittedCategoricalColumn, column: CategoricalColumn): MetricPoint[] {
  const { seen, unseen, total } = countAgainst(fitted.categories, column);
  const reason = fitted.total === 0 ? 'the reference has no values' : 'the chunk has no values';
  if (fitted.total === 0 || total === 0) return fitted.methods.map((method) => plainPoint(method, fitted.column, NaN, reason));
  const shares = fitted.counts.map((count) => count / fitted.total);
  // For the two that look at unseen categories one by one.
  const union = { reference: concatenate(fitted.counts, new Float64Array(unseen.length)), chunk: concatenate(seen, unseen) };
  return fitted.methods.map((method) => {
    switch (method) {
      case 'jensen_shannon': return plainPoint(method, fitted.column, jensenShannonDistance(shares, seen, total), reason);
      case 'hellinger': return plainPoint(method, fitted.column, hellingerDistance(shares, seen, total), reason);
      case 'l_infinity': return plainPoint(method, fitted.column, lInfinityDistance(union.reference, union.chunk), reason);
      case 'chi2': {
        const { statistic, pValue } = chiSquaredTest(union.reference, union.chunk);
        return { ...plainPoint(method, fitted.column, statistic, reason), alert: pValue < SIGNIFICANCE };
      }
    }
  });
}

/** Rows per category of the column's own dictionary, and rows that are not missing. */
function countCodes(column: CategoricalColumn): { counts: Float64Array; total: number } {
  const counts = new Float64Array(column.categories.length);
  let total = 0;
  for (let i = 0; i < column.codes.length; i++) {
    const code = column.codes[i]!;
    if (code < 0) continue;
    counts[code] = counts[code]! + 1;
    total += 1;
  }
  return { counts, total };
}

function countAgainst(categories: readonly string[], column: CategoricalColumn): { seen: Float64Array; unseen: Float64Array; total: number } {
  const { counts, total } = countCodes(column);
  const positionOf = new Map(categories.map((category, position) => [category, position]));
  const seen = new Float64Array(categories.length);
  const unseen: { category: string; count: number }[] = [];
  column.categories.forEach((category, code) => {
    const count = counts[code]!;
    if (count === 0) return;
    const position = positionOf.get(category);
    if (position === undefined) unseen.push({ category, count });
    else seen[position] = count;
  });
  unseen.sort((a, b) => compareText(a.category, b.category));
  return { seen, unseen: Float64Array.from(unseen, (u) => u.count), total };
}

function concatenate(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
