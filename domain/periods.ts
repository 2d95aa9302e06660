/** Calendar periods as chunks. Where a period begins depends on the zone and its daylight saving: a calendar is handed in, this file knows none. */
import type { TimeSpan } from './order.js';

export interface PeriodBounds {
  startMicros: number;
  /** The next period's start: not part of this one */
  endMicros: number;
  /** The start as local text, e.g. `2018-01-01`; for hours in UTC, because daylight saving repeats a local one */
  key: string;
}

/** The period that a moment falls into. */
export type Calendar = (atMicros: number) => PeriodBounds;

/** Sorts chunks of periods: the start in whole seconds since 1970. */
export function periodOrdinal(startMicros: number): number {
  return Math.floor(startMicros / 1_000_000);
}

/** Stretches of whole periods that cover `spans` (sorted, without overlaps); neighbours become one. The end of each stretch is exclusive. */
export function coverWithPeriods(calendar: Calendar, spans: readonly TimeSpan[]): { startMicros: number; endMicros: number }[] {
  const covered: { startMicros: number; endMicros: number }[] = [];
  for (const span of spans) {
    const startMicros = calendar(span.fromMicros).startMicros;
    const endMicros = calendar(span.toMicros).endMicros;
    const last = covered.at(-1);
    if (last && startMicros <= last.endMicros) last.endMicros = Math.max(last.endMicros, endMicros);
    else covered.push({ startMicros, endMicros });
  }
  return covered;
}

/** A period counts as complete once the newest event time has passed its end by the allowed lateness: event time, never the clock. */
export function isPeriodComplete(endMicros: number, newestMicros: number, allowedLatenessMs: number): boolean {
  return newestMicros >= endMicros + allowedLatenessMs * 1000;
}
