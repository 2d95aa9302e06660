/** Results as the figures need them: one series per (calculator, metric, column), its chunks in order. */
import type { CalculatorKind, PeriodName, Result, ResultChunk } from '../domain/measurement.js';

/** One chunk of one series. Numbers that cannot be known are null; NaN and infinities never get in. */
export interface SeriesPoint {
  period: PeriodName;
  chunk: ResultChunk;
  value: number | null;
  bandLower: number | null;
  bandUpper: number | null;
  lowerThreshold: number | null;
  upperThreshold: number | null;
  alert: boolean | null;
  reason: string | null;
}

export interface Series {
  calculator: CalculatorKind;
  metric: string;
  column: string;
  /** Reference first, each period by chunk index. */
  points: SeriesPoint[];
}

/** A chunk of the model, whichever series know it. */
export interface ChunkPlace {
  id: string;
  period: PeriodName;
  chunk: ResultChunk;
}

export function chunkId(place: { period: PeriodName; chunk: { key: string } }): string {
  return `${place.period}/${place.chunk.key}`;
}

/** Groups results into series, in the order in which each series first appears. */
export function seriesOf(results: readonly Result[]): Series[] {
  const found = new Map<string, Series>();
  for (const result of results) {
    const name = JSON.stringify([result.calculator, result.metric, result.column]);
    let series = found.get(name);
    if (!series) {
      series = { calculator: result.calculator, metric: result.metric, column: result.column, points: [] };
      found.set(name, series);
    }
    series.points.push(pointOf(result));
  }
  for (const series of found.values()) series.points.sort(byPlace);
  return [...found.values()];
}

export function findSeries(all: readonly Series[], calculator: CalculatorKind, metric: string, column = ''): Series | null {
  return all.find((series) => series.calculator === calculator && series.metric === metric && series.column === column) ?? null;
}

/** The chunks that any of the series knows, each once, in order. */
export function placesOf(all: readonly Series[]): ChunkPlace[] {
  const places = new Map<string, ChunkPlace>();
  for (const series of all) {
    for (const { period, chunk } of series.points) {
      const id = chunkId({ period, chunk });
      if (!places.has(id)) places.set(id, { id, period, chunk });
    }
  }
  return [...places.values()].sort(byPlace);
}

/** The series' points at the given chunks; null where it has none. */
export function alignTo(places: readonly ChunkPlace[], series: Series | null): (SeriesPoint | null)[] {
  const byId = new Map((series?.points ?? []).map((point) => [chunkId(point), point]));
  return places.map((place) => byId.get(place.id) ?? null);
}

export function countAlerts(series: Series): number {
  return series.points.filter((point) => point.period === 'analysis' && point.alert === true).length;
}

/** True when some chunk has a value to draw. */
export function hasValues(series: Series | null): series is Series {
  return series !== null && series.points.some((point) => point.value !== null);
}

function pointOf(result: Result): SeriesPoint {
  return {
    period: result.period,
    chunk: result.chunk,
    value: finite(result.value),
    bandLower: finite(result.bandLower),
    bandUpper: finite(result.bandUpper),
    lowerThreshold: finite(result.lowerThreshold),
    upperThreshold: finite(result.upperThreshold),
    alert: result.alert,
    reason: result.reason,
  };
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function byPlace(a: { period: PeriodName; chunk: ResultChunk }, b: { period: PeriodName; chunk: ResultChunk }): number {
  if (a.period !== b.period) return a.period === 'reference' ? -1 : 1;
  return a.chunk.index - b.chunk.index || (a.chunk.key < b.chunk.key ? -1 : a.chunk.key > b.chunk.key ? 1 : 0);
}
