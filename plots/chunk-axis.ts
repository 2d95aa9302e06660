/** Where chunks lie from left to right: by time when every date is known and in order, else by index. */
import { median, scaleUtc } from 'd3';
import { formatDate, wallTimeMs } from './format.js';
import { textWidth } from './marks.js';
import type { ChunkPlace } from './series.js';

/** Pixels. `joined`: it begins where the chunk before it ends, so that the line goes through. */
export interface ChunkSpan {
  x0: number;
  x1: number;
  mid: number;
  joined: boolean;
}

export interface ChunkAxis {
  kind: 'time' | 'index';
  label: string;
  spans: ChunkSpan[];
  ticks: { x: number; label: string }[];
  /** Between reference and analysis; null when there is only one of them. */
  boundary: number | null;
}

interface Range {
  from: number;
  to: number;
  joined: boolean;
}

const MIN_GAP_SHARE = 0.25;
const READABLE_PIXELS = 2;
const TICK_PIXELS = 90;

/** @param zone IANA name in which dates are written */
export function chunkAxis(places: readonly ChunkPlace[], left: number, right: number, zone: string): ChunkAxis {
  const ranges = timeRanges(places, zone);
  if (ranges) {
    const axis = timeAxis(places, ranges, left, right, zone);
    const narrowest = Math.min(...axis.spans.map((span) => span.x1 - span.x0));
    // Some chunks of a stream with bursts would be hairlines in time: then each gets the same room, and its dates are told in its text.
    if (narrowest >= Math.min(READABLE_PIXELS, (right - left) / places.length / 3)) return axis;
  }
  return indexAxis(places, left, right);
}

/** null when dates are missing, do not advance, or the periods overlap. */
function timeRanges(places: readonly ChunkPlace[], zone: string): Range[] | null {
  const ranges: Range[] = [];
  for (const { chunk } of places) {
    const from = wallTimeMs(chunk.startDate, zone);
    const to = wallTimeMs(chunk.endDate, zone);
    const before = ranges.at(-1);
    if (from === null || to === null || to < from || (before && from < before.from)) return null;
    ranges.push({ from, to, joined: false });
  }
  const usual = median(ranges, (range) => range.to - range.from) ?? 0;
  if (ranges.length === 0 || usual <= 0) return null;
  for (let i = 1; i < ranges.length; i += 1) {
    const before = ranges[i - 1]!;
    const range = ranges[i]!;
    if (range.from - before.to > usual * MIN_GAP_SHARE) continue;
    before.to = range.from;
    range.joined = true;
  }
  return ranges;
}

function timeAxis(places: readonly ChunkPlace[], ranges: readonly Range[], left: number, right: number, zone: string): ChunkAxis {
  const scale = scaleUtc([ranges[0]!.from, Math.max(...ranges.map((range) => range.to))], [left, right]);
  const spans = ranges.map(({ from, to, joined }) => ({ x0: scale(from), x1: scale(to), mid: (scale(from) + scale(to)) / 2, joined }));
  const moments = scale.ticks(Math.max(2, Math.floor((right - left) / TICK_PIXELS)));
  const write = tickText(moments);
  // A label that would run into the axis' own name, right of the plot, is left out.
  const ticks = moments.map((moment) => ({ x: scale(moment), label: write(moment) })).filter(({ x, label }) => x + textWidth(label) / 2 <= right + 6);
  return { kind: 'time', label: `time (${zone})`, spans, ticks, boundary: boundaryOf(places, spans) };
}

function indexAxis(places: readonly ChunkPlace[], left: number, right: number): ChunkAxis {
  const width = (right - left) / Math.max(1, places.length);
  const spans = places.map((_, i) => ({ x0: left + i * width, x1: left + (i + 1) * width, mid: left + (i + 0.5) * width, joined: i > 0 }));
  const every = Math.max(1, Math.ceil(40 / width), Math.ceil(places.length / 20));
  const ticks = places.flatMap(({ chunk }, i) => (chunk.index % every === 0 ? [{ x: spans[i]!.mid, label: String(chunk.index) }] : []));
  return { kind: 'index', label: 'chunk', spans, ticks: spread(ticks), boundary: boundaryOf(places, spans) };
}

function boundaryOf(places: readonly ChunkPlace[], spans: readonly ChunkSpan[]): number | null {
  const first = places.findIndex((place) => place.period === 'analysis');
  return first <= 0 ? null : (spans[first - 1]!.x1 + spans[first]!.x0) / 2;
}

/** Leaves out ticks that would touch the one before (indices start again at the analysis period). */
function spread(ticks: { x: number; label: string }[]): { x: number; label: string }[] {
  const kept: { x: number; label: string }[] = [];
  for (const tick of ticks) {
    if (kept.length === 0 || tick.x - kept.at(-1)!.x >= 8 * Math.max(2, tick.label.length)) kept.push(tick);
  }
  return kept;
}

/** As much of the date as the ticks' distance asks for. */
function tickText(moments: readonly Date[]): (moment: Date) => string {
  const step = moments.length > 1 ? moments[1]!.getTime() - moments[0]!.getTime() : 0;
  return (moment) => {
    const [day, month, year] = formatDate(moment.getTime()).split(' ') as [string, string, string];
    if (step >= 300 * 86_400_000) return year;
    if (step >= 27 * 86_400_000) return `${month} ${year}`;
    if (step >= 86_400_000) return `${day} ${month} ${year}`;
    const time = formatDate(moment.getTime(), true).split(' ').at(-1)!;
    return time === '00:00' ? `${day} ${month}` : `${day} ${month} ${time}`;
  };
}
