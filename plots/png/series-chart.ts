/** One series over chunks as a PNG picture, for places that show no SVG: line, thresholds, alerts as diamonds; reference and analysis divided. */
import { chunkAxis } from '../chunk-axis.js';
import { isWithinUnit } from '../names.js';
import { placesOf, type Series, type SeriesPoint } from '../series.js';
import { LIGHT } from '../theme.js';
import { valueAxis } from '../value-axis.js';
import { createCanvas, textLength, type Canvas } from './canvas.js';
import { encodePng } from './encode.js';

export interface SeriesChart {
  png: Buffer;
  /** Points: half as many as there are pixels. */
  width: number;
  height: number;
}

const SCALE = 2;
const SIZE = 8;
const TOP = 24;
const BELOW = 22;

/** @param zone IANA name in which dates are written */
export function seriesChart(series: Series, { zone = 'UTC', width = 592, height = 220 }: { zone?: string; width?: number; height?: number } = {}): SeriesChart {
  const points = series.points;
  const bottom = height - BELOW;
  const values = valueAxis(points.flatMap((point) => [point.value, point.bandLower, point.bandUpper, point.lowerThreshold, point.upperThreshold]).filter((value) => value !== null), TOP + 6, bottom - 6, isWithinUnit(series.metric));
  const left = 14 + Math.max(20, ...values.ticks.map(({ label }) => textLength(label, SIZE)));
  const right = width - 10;
  const { spans, ticks, boundary } = chunkAxis(placesOf([series]), left, right, zone);
  const canvas = createCanvas(width, height, SCALE, LIGHT.paper);
  const muted = { colour: LIGHT.muted, size: SIZE };
  const colour = series.calculator === 'estimated_performance' ? LIGHT.estimated : LIGHT.realized;
  const keyFrom = drawLegend(canvas, right, points, colour);

  if (boundary !== null) canvas.rectangle(left, TOP, boundary, bottom, LIGHT.past);
  for (const { y, label } of values.ticks) {
    canvas.line([[left, y], [right, y]], { colour: LIGHT.grid, width: 0.75 });
    canvas.text(left - 7, y, label, { ...muted, anchor: 'end' });
  }
  let free = left;
  for (const { x, label } of ticks) {
    const half = textLength(label, SIZE) / 2;
    const middle = Math.min(Math.max(x, left + half), right - half);
    if (middle - half < free) continue;   // it would touch the one before
    canvas.text(middle, bottom + 12, label, { ...muted, anchor: 'middle' });
    free = middle + half + 10;
  }
  if (boundary !== null) {
    canvas.line([[boundary, TOP], [boundary, bottom]], { colour: LIGHT.muted, width: 1 });
    canvas.text(left + 4, TOP - 10, 'Reference', muted);
    // A short analysis leaves its name no room before the key: shade and divider tell it from the reference.
    if (boundary + 5 + textLength('Analysis', SIZE) + 10 < keyFrom) canvas.text(boundary + 5, TOP - 10, 'Analysis', muted);
  }
  const height01 = (value: number | null): number | null => (value === null ? null : values.y(value));
  points.forEach((point, i) => {
    const [low, high, span] = [height01(point.bandLower), height01(point.bandUpper), spans[i]!];
    if (low !== null && high !== null) canvas.rectangle(span.x0, Math.min(low, high), span.x1, Math.max(low, high), colour, Number(LIGHT['band-opacity']));
  });
  const steps = (value: (point: SeriesPoint) => number | null): ([number, number] | null)[] => points.flatMap((point, i) => {
    const [y, span] = [height01(value(point)), spans[i]!];
    return y === null ? [null] : [...(span.joined ? [] : [null]), [span.x0, y] as [number, number], [span.x1, y] as [number, number]];
  });
  for (const bound of ['lowerThreshold', 'upperThreshold'] as const) canvas.line(steps((point) => point[bound]), { colour: LIGHT.threshold, width: 1.25, dash: [2.5, 3.5] });
  canvas.line(steps((point) => point.value), { colour, width: 1.75, ...(series.calculator === 'estimated_performance' ? { dash: [7, 3] as const } : {}) });
  const narrow = (right - left) / Math.max(1, points.length);
  points.forEach((point, i) => {
    const [y, { mid }] = [height01(point.value), spans[i]!];
    if (y === null) return;
    if (point.alert === true && point.period === 'analysis') {
      const radius = Math.max(2.5, Math.min(6, narrow * 0.6));
      canvas.diamond(mid, y, radius + 1, LIGHT.paper);
      canvas.diamond(mid, y, radius, LIGHT.alert);
    } else if (narrow >= 7) canvas.disc(mid, y, Math.min(2.6, narrow * 0.15), colour);
  });
  return { png: encodePng(canvas.rgb, canvas.width, canvas.height), width, height };
}

/** @returns where it begins */
function drawLegend(canvas: Canvas, right: number, points: readonly SeriesPoint[], colour: string): number {
  const entries: { words: string; sample: (x: number) => void }[] = [];
  const y = TOP - 10;
  if (points.some((point) => point.alert === true && point.period === 'analysis')) entries.push({ words: 'alert', sample: (x) => canvas.diamond(x, y, 4, LIGHT.alert) });
  if (points.some((point) => point.lowerThreshold !== null || point.upperThreshold !== null)) entries.push({ words: 'threshold', sample: (x) => canvas.line([[x - 7, y], [x + 6, y]], { colour: LIGHT.threshold, width: 1.25, dash: [2.5, 3.5] }) });
  if (points.some((point) => point.bandLower !== null)) entries.push({ words: 'band', sample: (x) => canvas.rectangle(x - 7, y - 4, x + 6, y + 4, colour, 0.25) });
  let x = right;
  for (const { words, sample } of entries) {
    canvas.text(x, y, words, { colour: LIGHT.muted, size: SIZE, anchor: 'end' });
    x -= textLength(words, SIZE) + 12;
    sample(x);
    x -= 18;
  }
  return x;
}
