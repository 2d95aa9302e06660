/** Ranks columns: which to look at first. By how often they alerted; together with a performance metric: see ranking-performance.ts. */
import { InvalidInput } from '../domain/errors.js';
import { compareText } from './frame.js';

/** A column and its place. */
export interface RankedColumn {
  column: string;
  alerts: number;
  /** From 1. */
  rank: number;
}

/** What may be left out. */
export interface RankingOptions {
  /** true: only columns that alerted; ranks stay as they are. */
  onlyDrifting?: boolean;
}

/**
 * @param points one per column and chunk (and method, if several count); an unknown alert counts as none
 * @returns every column once, most alerts first; equal counts by name, descending, as NannyML's AlertCountRanker does
 */
export function alertCountRanking(points: readonly { column: string; alert: boolean | null }[], options: RankingOptions = {}): RankedColumn[] {
  const alertsOf = new Map<string, number>();
  for (const { column, alert } of points) alertsOf.set(column, (alertsOf.get(column) ?? 0) + (alert === true ? 1 : 0));
  return [...alertsOf]
    .sort(([nameA, a], [nameB, b]) => b - a || compareText(nameB, nameA))
    .map(([column, alerts], index) => ({ column, alerts, rank: index + 1 }))
    .filter(({ alerts }) => options.onlyDrifting !== true || alerts > 0);
}

/** @throws InvalidInput when there is nothing to rank: better than an empty list that looks like good news */
export function requireResults(points: readonly unknown[], what: string): void {
  if (points.length === 0) throw new InvalidInput(`there are no ${what} to rank by: widen the filter`);
}
