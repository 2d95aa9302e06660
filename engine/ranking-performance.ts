/** Ranks columns by how their drift goes together with a change of performance: by correlation, and by impact × drift. */
import { InvalidInput } from '../domain/errors.js';
import { quoted } from '../domain/schema.js';
import { requireResults, type RankingOptions } from './ranking.js';
import { pearsonCorrelation } from './stats/beta.js';
import { meanAndDeviationIgnoringNaN } from './stats/sum.js';

/** One column's value in one chunk: a drift distance, a missing share, a summary statistic. NaN or null: it cannot be known. */
export interface ColumnChunkValue {
  column: string;
  /** What tells chunks apart: a key or an index, the same for columns and performance. */
  chunk: string | number;
  value: number | null;
  alert: boolean | null;
}

/** One performance metric in one chunk, estimated or realized. */
export interface PerformanceChunkValue {
  chunk: string | number;
  value: number | null;
}

/** What is ranked, and by what: any filter of results, with the same chunks on both sides. */
export interface PerformanceRankingInput {
  /** One value per column and chunk, of one method per column. */
  columns: readonly ColumnChunkValue[];
  /** The same chunks, one metric. */
  performance: readonly PerformanceChunkValue[];
  /** The metric on the reference's chunks. */
  referencePerformance: readonly (number | null)[];
}

/** Place of a column by correlation. */
export interface CorrelatedColumn {
  column: string;
  /** Pearson's r of the column's values and the metric's distance from its mean on the reference; NaN for fewer than two chunks with both, or where one does not vary */
  correlation: number;
  /** Two-sided significance of r; NaN where r is. Not corrected for the number of columns. */
  pValue: number;
  /** Chunks that counted. */
  chunks: number;
  /** At least one chunk alerted. */
  hasDrifted: boolean;
  /** From 1; among all columns, be only those that drifted shown or not. */
  rank: number;
}

/**
 * Columns whose values rise and fall with the change of performance, strongest first. Equal ones stay in the order given; unknown ones come last.
 *
 * @throws InvalidInput when there is nothing to rank, the chunks of both sides differ, a column or the performance has two values in one chunk, or the reference has no value
 * Agrees with NannyML 0.13.1's CorrelationRanker to 1e-9 (test/oracles/rankers.json).
 */
export function correlationRanking(input: PerformanceRankingInput, options: RankingOptions = {}): CorrelatedColumn[] {
  const { valuesOf, performance, reference } = align(input);
  const ranked = [...valuesOf].map(([column, { values, hasDrifted }]) => {
    const pairs = known(values, performance.map((value) => Math.abs(value - reference.mean)));
    const { r, pValue } = pearsonCorrelation(Float64Array.from(pairs, ([value]) => value), Float64Array.from(pairs, ([, change]) => change));
    return { column, correlation: r, pValue, chunks: pairs.length, hasDrifted };
  });
  return ranksOf(ranked, ({ correlation }) => correlation, options);
}

/** Place of a column by impact × drift. */
export interface ImpactfulColumn {
  column: string;
  /** Mean over the chunks of (how unusual the performance was) × (how unusual the column was), in [0, 1); NaN where no chunk has both */
  score: number;
  /** Mean of how unusual the column was, in [0, 1). */
  drift: number;
  /** Mean of how unusual the performance was, in the chunks that counted, in [0, 1). */
  impact: number;
  chunks: number;
  hasDrifted: boolean;
  rank: number;
}

/** What impact × drift needs beyond. */
export interface ImpactRankingInput extends PerformanceRankingInput {
  /** Each column's values on the reference's chunks. */
  referenceColumns: readonly { column: string; value: number | null }[];
  /** true: a value below the usual one counts as well (summary statistics); absent: only above (distances, shares of missing values). */
  twoSided?: boolean;
}

/** Distances from the mean of the reference in standard deviations are counted as z / (this + z): one half where thresholds usually lie. */
const HALFWAY = 3;

/**
 * Columns that were unusual where the performance was unusual, most first. Unlike the correlation it needs no more than one chunk, and it tells a
 * column that moves a lot from one that only keeps time.
 *
 * score = mean over chunks of u(performance) · u(column), u = z / (3 + z), z = |value − mean| / standard deviation, both of the reference's chunks;
 * z is ∞ (u = 1) where the reference never varied and the value departs. A quarter: both stood at their thresholds in every chunk.
 *
 * @throws InvalidInput as correlationRanking
 */
export function impactDriftRanking(input: ImpactRankingInput, options: RankingOptions = {}): ImpactfulColumn[] {
  const { valuesOf, performance, reference } = align(input);
  const usual = new Map<string, number[]>();
  for (const { column, value } of input.referenceColumns) usual.set(column, [...(usual.get(column) ?? []), value ?? NaN]);
  const moves = performance.map((value) => unusual(Math.abs(value - reference.mean), reference.deviation));
  const ranked = [...valuesOf].map(([column, { values, hasDrifted }]) => {
    const { mean, deviation } = meanAndDeviationIgnoringNaN(Float64Array.from(usual.get(column) ?? []));
    const pairs = known(values.map((value) => unusual(input.twoSided === true ? Math.abs(value - mean) : Math.max(0, value - mean), deviation)), moves);
    const average = (of: (pair: [number, number]) => number) => pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
    return { column, score: average(([drift, move]) => drift * move), drift: average(([drift]) => drift), impact: average(([, move]) => move), chunks: pairs.length, hasDrifted };
  });
  return ranksOf(ranked, ({ score }) => score, options);
}

function unusual(distance: number, deviation: number): number {
  if (distance !== distance || deviation !== deviation) return NaN;
  if (distance === 0) return 0;
  return deviation === 0 ? 1 : distance / (HALFWAY * deviation + distance);
}

interface Aligned {
  /** Values in the order of the performance's chunks. */
  valuesOf: Map<string, { values: number[]; hasDrifted: boolean }>;
  performance: number[];
  reference: { mean: number; deviation: number };
}

function align({ columns, performance, referencePerformance }: PerformanceRankingInput): Aligned {
  requireResults(columns, 'results of columns');
  requireResults(performance, 'performance results');
  const reference = meanAndDeviationIgnoringNaN(Float64Array.from(referencePerformance, (value) => value ?? NaN));
  if (reference.mean !== reference.mean) throw new InvalidInput(`the performance metric has no value on any of the ${referencePerformance.length} reference chunks, so that no change can be told`);
  const placeOf = new Map(performance.map(({ chunk }, place) => [chunk, place]));
  if (placeOf.size < performance.length) throw new InvalidInput('the performance results have several values in one chunk: choose one metric, estimated or realized');
  const valuesOf: Aligned['valuesOf'] = new Map();
  const seen = new Set<string>();
  for (const { column, chunk, value, alert } of columns) {
    const place = placeOf.get(chunk);
    if (place === undefined) throw new InvalidInput(`column ${quoted(column)} has a value in chunk ${String(chunk)}, the performance has none: filter both to the same chunks`);
    const key = `${column}\u0000${place}`;
    if (seen.has(key)) throw new InvalidInput(`column ${quoted(column)} has several values in chunk ${String(chunk)}: choose one method`);
    seen.add(key);
    let found = valuesOf.get(column);
    if (!found) {
      found = { values: new Array<number>(performance.length).fill(NaN), hasDrifted: false };
      valuesOf.set(column, found);
    }
    found.values[place] = value ?? NaN;
    found.hasDrifted ||= alert === true;
  }
  const covered = new Set(columns.map(({ chunk }) => chunk));
  const lacking = performance.filter(({ chunk }) => !covered.has(chunk));
  if (lacking.length > 0) throw new InvalidInput(`the performance has ${lacking.length} ${lacking.length === 1 ? 'chunk' : 'chunks'} that no column has (${String(lacking[0]!.chunk)}): filter both to the same chunks`);
  return { valuesOf, performance: performance.map(({ value }) => value ?? NaN), reference };
}

/** Pairs without NaN. */
function known(x: readonly number[], y: readonly number[]): [number, number][] {
  return x.map((value, i): [number, number] => [value, y[i]!]).filter(([a, b]) => a === a && b === b);
}

/** Largest first, unknown last, equal ones as given. */
function ranksOf<T extends { hasDrifted: boolean }>(columns: readonly T[], keyOf: (column: T) => number, options: RankingOptions): (T & { rank: number })[] {
  const order = (a: number, b: number) => (a !== a ? 1 : 0) - (b !== b ? 1 : 0) || (a !== a ? 0 : b - a);
  return [...columns]
    .sort((a, b) => order(keyOf(a), keyOf(b)))
    .map((column, index) => ({ ...column, rank: index + 1 }))
    .filter(({ hasDrifted }) => options.onlyDrifting !== true || hasDrifted);
}
