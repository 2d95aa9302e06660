/** Ranks columns by how often they alerted: where to look first. */
import { compareText } from './frame.js';

/** A column and its place. */
export interface RankedColumn {
  column: string;
  alerts: number;
  /** From 1. */
  rank: number;
}

/**
 * @param points one per column and chunk (and method, if several count); an unknown alert counts as none
 * @returns every column once, most alerts first; equal counts by name, descending, as NannyML's AlertCountRanker does
 */
export function alertCountRanking(points: readonly { column: string; alert: boolean | null }[]): RankedColumn[] {
  const alertsOf = new Map<string, number>();
  for (const { column, alert } of points) alertsOf.set(column, (alertsOf.get(column) ?? 0) + (alert === true ? 1 : 0));
  return [...alertsOf]
    .sort(([nameA, a], [nameB, b]) => b - a || compareText(nameB, nameA))
    .map(([column, alerts], index) => ({ column, alerts, rank: index + 1 }));
}
