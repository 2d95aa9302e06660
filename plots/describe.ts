/** A chunk in words: what is shown on hover, read on focus, and written in tables. */
import type { VersionChange } from '../domain/version.js';
import { formatCount, formatMoment, formatShare, formatSpan, formatSpanShort, formatValue, wallTimeMs } from './format.js';
import type { ChunkPlace, SeriesPoint } from './series.js';
import { changesAt } from './version-marks.js';

/** e.g. `Analysis chunk 15`. */
export function chunkName(place: Pick<ChunkPlace, 'period' | 'chunk'>): string {
  return `${place.period === 'analysis' ? 'Analysis' : 'Reference'} chunk ${place.chunk.index}`;
}

/** e.g. `1 Apr 2019 to 1 May 2019`; rows by their positions when there are no dates. */
export function chunkDates(place: Pick<ChunkPlace, 'chunk'>, zone: string, short = false): string {
  const from = wallTimeMs(place.chunk.startDate, zone);
  const to = wallTimeMs(place.chunk.endDate, zone);
  return from !== null && to !== null ? (short ? formatSpanShort : formatSpan)(from, to) : `rows ${formatCount(place.chunk.startIndex)} to ${formatCount(place.chunk.endIndex)}`;
}

/** First lines of every chunk's text: which, when, how many rows, whether it may still change, and which version was put in charge there. */
export function describePlace(place: ChunkPlace, zone: string, changes: readonly VersionChange[] = []): string[] {
  const open = place.chunk.complete ? '' : ', still open';
  return [chunkName(place), `${chunkDates(place, zone)}, ${formatCount(place.chunk.rows)} rows${open}`, ...changesAt(changes, place).map(describeChange)];
}

function describeChange({ version, replaced, how, at, madeOf }: VersionChange): string {
  return `Version ${version} in charge ${how === 'rollback' ? 'again ' : ''}from here, in place of version ${replaced}: since ${formatMoment(at)}${madeOf === '' ? '' : `; ${madeOf}`}`;
}

/** Value, band, thresholds and alert of one series in one chunk. */
export function describePoint(name: string, point: SeriesPoint | null): string[] {
  if (!point) return [`${name}: not computed`];
  if (point.value === null) return [`${name}: cannot be known${point.reason ? ` (${point.reason})` : ''}`];
  const band = point.bandLower !== null && point.bandUpper !== null ? ` (band ${formatValue(point.bandLower)} to ${formatValue(point.bandUpper)})` : '';
  const lines = [`${name}: ${formatValue(point.value)}${band}`];
  const bounds = describeBounds(point);
  if (bounds) lines.push(bounds);
  if (point.alert === true) lines.push(`Alert: ${alertReason(point)}`);
  return lines;
}

export function describeBounds(point: Pick<SeriesPoint, 'lowerThreshold' | 'upperThreshold'>): string | null {
  const { lowerThreshold: lower, upperThreshold: upper } = point;
  if (lower !== null && upper !== null) return `thresholds ${formatValue(lower)} to ${formatValue(upper)}`;
  if (lower !== null) return `lower threshold ${formatValue(lower)}`;
  return upper !== null ? `upper threshold ${formatValue(upper)}` : null;
}

/** Why an alert is one, e.g. `below the lower threshold`. */
export function alertReason(point: Pick<SeriesPoint, 'value' | 'lowerThreshold' | 'upperThreshold'>): string {
  const { value, lowerThreshold: lower, upperThreshold: upper } = point;
  if (value !== null && lower !== null && value < lower) return 'below the lower threshold';
  if (value !== null && upper !== null && value > upper) return 'above the upper threshold';
  return 'the method itself says so';
}

/** e.g. `targets: 4,200 of 5,000 rows (84%), provisional`. */
export function describeTargets(place: ChunkPlace): string {
  const { targets, rows, final } = place.chunk;
  const share = rows > 0 ? ` (${formatShare(targets / rows)})` : '';
  return `targets: ${formatCount(targets)} of ${formatCount(rows)} rows${share}${final || place.period === 'reference' ? '' : ', provisional'}`;
}
