/** The order of a version's rows, and places in it: timestamp, then batch, then row. */

/** A place in the order of rows. Models without timestamps have `atMicros` −Infinity everywhere. */
export interface Border {
  /** Whole microseconds since 1970 UTC */
  atMicros: number;
  batch: number;
  row: number;
}

/** Negative when `a` comes first, 0 for the same place. */
export function compareBorders(a: Border, b: Border): number {
  if (a.atMicros !== b.atMicros) return a.atMicros < b.atMicros ? -1 : 1;
  return a.batch - b.batch || a.row - b.row;
}

/** The place before every row at or after `atMicros`: batches and rows are numbered from 0 upwards. */
export function before(atMicros: number): Border {
  return { atMicros, batch: -1, row: -1 };
}

/**
 * ISO 8601 in UTC with microseconds, as Postgres reads it; `-infinity` and `infinity` for what lies outside time.
 *
 * @param atMicros whole microseconds since 1970 UTC, years 0001 to 9999
 */
export function isoOfMicros(atMicros: number): string {
  if (atMicros === -Infinity) return '-infinity';
  if (atMicros === Infinity) return 'infinity';
  const ms = Math.floor(atMicros / 1000);
  const rest = atMicros - ms * 1000;
  const iso = new Date(ms).toISOString();
  return rest === 0 ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

/** A stretch of event time; both ends belong to it. */
export interface TimeSpan {
  fromMicros: number;
  toMicros: number;
}

const DAY_MICROS = 86_400_000_000;

/** Event times that a batch touched: its distinct UTC days within its range, or the whole range where the days were too many to list. */
export function touchedSpans(range: TimeSpan, dayStarts: readonly number[] | null): TimeSpan[] {
  if (dayStarts === null) return [range];
  return dayStarts
    .map((start) => ({ fromMicros: Math.max(start, range.fromMicros), toMicros: Math.min(start + DAY_MICROS - 1, range.toMicros) }))
    .filter((span) => span.fromMicros <= span.toMicros);
}

/** Sorted, without overlaps; stretches that meet become one. */
export function mergeSpans(spans: readonly TimeSpan[]): TimeSpan[] {
  const merged: TimeSpan[] = [];
  for (const span of [...spans].sort((a, b) => (a.fromMicros < b.fromMicros ? -1 : a.fromMicros > b.fromMicros ? 1 : 0))) {
    const last = merged.at(-1);
    if (last && span.fromMicros <= last.toMicros + 1) last.toMicros = Math.max(last.toMicros, span.toMicros);
    else merged.push({ ...span });
  }
  return merged;
}

/** True when a stretch shares a moment with one of `merged` (sorted, without overlaps). O(log n). */
export function overlapsAny(merged: readonly TimeSpan[], fromMicros: number, toMicros: number): boolean {
  let low = 0;
  let high = merged.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (merged[middle]!.toMicros < fromMicros) low = middle + 1;
    else high = middle;
  }
  return low < merged.length && merged[low]!.fromMicros <= toMicros;
}
