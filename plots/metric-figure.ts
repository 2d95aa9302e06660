/**
 * A metric over chunks: step lines with marked centres, reference and analysis divided, thresholds labelled at the line, alerts as diamonds,
 * the band shaded, open chunks hatched, chunks without a value as gaps. With two layers: estimated against realized.
 */
import type { VersionChange } from '../domain/version.js';
import { chunkAxis, type ChunkAxis } from './chunk-axis.js';
import { describePlace, describePoint, describeTargets } from './describe.js';
import { figure, frameOf, legend, ROOM_BELOW, ROOM_LEFT, ROOM_RIGHT, type FigureOptions } from './figure.js';
import { formatCount, formatShare, formatValue } from './format.js';
import { el, join, type Markup } from './markup.js';
import { chunkTarget, cross, diamond, dot, hatch, path, spreadLabels, stepBand, stepLine, text, textWidth } from './marks.js';
import { alignTo, countAlerts, placesOf, type ChunkPlace, type Series, type SeriesPoint } from './series.js';
import { valueAxis, type ValueAxis } from './value-axis.js';
import { drawVersionMarks } from './version-marks.js';

export interface Layer {
  series: Series;
  /** Dashed with round centres, or solid with square ones. */
  role: 'estimated' | 'realized';
  /** How the line is called at its end and in texts, e.g. `estimated ROC AUC`. */
  name: string;
}

export interface MetricFigure {
  title: string;
  subtitle: string;
  /** Drawn in this order; the first one's thresholds count where both have some. */
  layers: Layer[];
  /** The values cannot leave 0 … 1. */
  unit: boolean;
  /** Show under the axis how many rows of each analysis chunk have their target. */
  coverage: boolean;
}

/** Everything that the parts of the drawing share. Pixels. */
interface Scene {
  input: MetricFigure;
  id: string;
  zone: string;
  changes: readonly VersionChange[];
  places: ChunkPlace[];
  points: (SeriesPoint | null)[][];
  axis: ChunkAxis;
  values: ValueAxis;
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** Half the diagonal of an alert's diamond, and the radius of centres (0: too narrow to mark). */
  alertSize: number;
  dotSize: number;
}

const COVERAGE_ROOM = 22;

export function metricFigure(input: MetricFigure, options: FigureOptions): Markup {
  const scene = layOut(input, options);
  const coverageRoom = input.coverage ? COVERAGE_ROOM : 0;
  const height = options.height ?? 320;
  return figure(options, height, input.title, input.subtitle, describeScene(scene), [
    el('defs', {}, hatch(`${scene.id}-hatch`)),
    drawPeriods(scene),
    drawGrid(scene, coverageRoom),
    drawOpenChunks(scene),
    drawBands(scene),
    drawThresholds(scene),
    drawVersionMarks(scene.changes, scene.places, scene.axis.spans, scene.right, scene.top, scene.bottom),
    input.layers.map((layer, i) => drawLine(scene, layer, scene.points[i]!)),
    input.layers.map((layer, i) => drawCentres(scene, layer, scene.points[i]!)),
    drawUnknown(scene),
    drawEndLabels(scene),
    input.coverage ? drawCoverage(scene) : null,
    drawLegend(scene, frameOf(options).headingHeight),
    scene.places.map((place, i) => chunkTarget(scene.axis.spans[i]!, scene.top, scene.bottom - scene.top + coverageRoom, describeAt(scene, place, i))),
    scene.places.length === 0 ? text((scene.left + scene.right) / 2, (scene.top + scene.bottom) / 2, 'nothing computed yet', { class: 'ac-muted', 'text-anchor': 'middle' }) : null,
  ]);
}

function layOut(input: MetricFigure, options: FigureOptions): Scene {
  const frame = frameOf(options);
  const places = placesOf(input.layers.map((layer) => layer.series));
  const points = input.layers.map((layer) => alignTo(places, layer.series));
  const top = frame.headingHeight + 26;
  const bottom = (options.height ?? 320) - ROOM_BELOW - (input.coverage ? COVERAGE_ROOM : 0);
  const values = valueAxis(everyValue(points), top + 4, bottom - 4, input.unit);
  const left = Math.min(120, Math.max(ROOM_LEFT, 18 + Math.max(0, ...values.ticks.map((tick) => textWidth(tick.label)))));
  const labels = endLabels(input, points).map((label) => textWidth(label.words));
  const right = frame.width - Math.min(220, Math.max(ROOM_RIGHT, ...labels.map((width) => width + 20)));
  const axis = chunkAxis(places, left, right, frame.zone);
  const narrow = (right - left) / Math.max(1, places.length);
  return {
    input, id: frame.id, zone: frame.zone, changes: options.changes ?? [], places, points, axis, values, left, right, top, bottom,
    alertSize: Math.max(2.5, Math.min(6.5, narrow * 0.6)),
    dotSize: narrow < 7 ? 0 : Math.min(3.2, narrow * 0.15),
  };
}

function everyValue(points: readonly (SeriesPoint | null)[][]): number[] {
  return points.flat().flatMap((point) => (point ? [point.value, point.bandLower, point.bandUpper, point.lowerThreshold, point.upperThreshold] : [])).filter((value) => value !== null);
}

function drawPeriods({ axis, places, left, right, top, bottom }: Scene): Markup {
  const { boundary } = axis;
  const names = { class: 'ac-muted ac-small', 'text-anchor': 'middle' };
  if (boundary === null) return places.length === 0 ? join([]) : text((left + right) / 2, top - 7, places[0]!.period === 'reference' ? 'Reference' : 'Analysis', names);
  return join([
    el('rect', { class: 'ac-past', x: left, y: top, width: boundary - left, height: bottom - top }),
    boundary - left > 60 ? text((left + boundary) / 2, top - 7, 'Reference', names) : null,
    right - boundary > 50 ? text((boundary + right) / 2, top - 7, 'Analysis', names) : null,
    el('line', { class: 'ac-divider', x1: boundary, x2: boundary, y1: top - 14, y2: bottom }),
  ]);
}

function drawGrid({ axis, values, left, right, top, bottom }: Scene, below: number): Markup {
  return join([
    values.ticks.map((tick) => [
      el('line', { class: 'ac-grid', x1: left, x2: right, y1: tick.y, y2: tick.y }),
      text(left - 8, tick.y + 4, tick.label, { class: 'ac-muted ac-small', 'text-anchor': 'end' }),
    ]),
    el('line', { class: 'ac-axis', x1: left, x2: right, y1: bottom, y2: bottom }),
    axis.ticks.map((tick) => [
      el('line', { class: 'ac-axis', x1: tick.x, x2: tick.x, y1: bottom + below, y2: bottom + below + 4 }),
      text(tick.x, bottom + below + 17, tick.label, { class: 'ac-muted ac-small', 'text-anchor': 'middle' }),
    ]),
    text(right + 10, bottom + below + 17, axis.label, { class: 'ac-muted ac-small' }),
    el('line', { class: 'ac-axis', x1: left, x2: left, y1: top, y2: bottom }),
  ]);
}

function drawOpenChunks({ axis, places, id, top, bottom }: Scene): Markup {
  return join(places.map((place, i) => {
    const span = axis.spans[i]!;
    return place.chunk.complete ? null : el('rect', { class: 'ac-open', x: span.x0, y: top, width: Math.max(1, span.x1 - span.x0), height: bottom - top, fill: `url(#${id}-hatch)` });
  }));
}

function drawBands({ axis, values, points, input }: Scene): Markup {
  // Two bands over each other are mud: with an estimate beside it, only the estimate's is shown.
  const shown = input.layers.length > 1 ? Math.max(0, input.layers.findIndex((layer) => layer.role === 'estimated')) : 0;
  return join(input.layers.map((layer, i) => (i !== shown ? null : path(
    layer.role === 'estimated' ? 'ac-band' : 'ac-band ac-band-realized',
    stepBand(axis.spans, points[i]!.map((point) => height(values, point?.bandLower)), points[i]!.map((point) => height(values, point?.bandUpper))),
  ))));
}

/** The thresholds that a chunk is judged by: the first layer's that has some. */
function boundsAt(points: readonly (SeriesPoint | null)[][], i: number): { lower: number | null; upper: number | null } {
  const judged = points.map((layer) => layer[i]).find((point) => point && (point.lowerThreshold !== null || point.upperThreshold !== null));
  return { lower: judged?.lowerThreshold ?? null, upper: judged?.upperThreshold ?? null };
}

function drawThresholds({ axis, values, points, places }: Scene): Markup {
  const bounds = places.map((_, i) => boundsAt(points, i));
  return join([
    path('ac-threshold', stepLine(axis.spans, bounds.map(({ lower }) => height(values, lower)))),
    path('ac-threshold', stepLine(axis.spans, bounds.map(({ upper }) => height(values, upper)))),
  ]);
}

function drawLine({ axis, values }: Scene, layer: Layer, points: readonly (SeriesPoint | null)[]): Markup | null {
  return path(`ac-line ac-${layer.role}${layer.role === 'estimated' ? ' ac-dashed' : ''}`, stepLine(axis.spans, points.map((point) => height(values, point?.value))));
}

function drawCentres({ axis, values, alertSize, dotSize, input }: Scene, layer: Layer, points: readonly (SeriesPoint | null)[]): Markup {
  return join(points.map((point, i) => {
    const y = height(values, point?.value);
    if (point === null || y === null) return null;
    const { mid } = axis.spans[i]!;
    if (point.alert === true && point.period === 'analysis') {
      return diamond(mid, y, alertSize, layer.role === 'estimated' && input.layers.length > 1 ? 'ac-alert ac-alert-estimated' : 'ac-alert');
    }
    return dotSize > 0 ? dot(mid, y, dotSize, layer.role, isProvisional(input, layer, point)) : null;
  }));
}

function isProvisional(input: MetricFigure, layer: Layer, point: SeriesPoint): boolean {
  return input.coverage && layer.role === 'realized' && point.period === 'analysis' && !point.chunk.final;
}

/** Chunks of which no line knows a value. */
function isUnknown(scene: Scene, i: number): boolean {
  return scene.points.every((layer) => (layer[i]?.value ?? null) === null);
}

function drawUnknown(scene: Scene): Markup {
  const size = Math.max(1.5, Math.min(4, (scene.dotSize || 1.5) + 1));
  return join(scene.places.map((_, i) => (isUnknown(scene, i) ? cross(scene.axis.spans[i]!.mid, scene.bottom - 9, size) : null)));
}

interface EndLabel {
  words: string;
  value: number;
  className: string;
}

function endLabels(input: MetricFigure, points: readonly (SeriesPoint | null)[][]): EndLabel[] {
  const labels: EndLabel[] = [];
  input.layers.forEach((layer, i) => {
    const value = lastOf(points[i]!.map((point) => point?.value ?? null));
    if (value !== null) labels.push({ words: input.layers.length > 1 ? `${layer.role} ${formatValue(value)}` : formatValue(value), value, className: `ac-text-${layer.role}` });
  });
  const bounds = (points[0] ?? []).map((_, i) => boundsAt(points, i));
  const lower = lastOf(bounds.map((bound) => bound.lower));
  const upper = lastOf(bounds.map((bound) => bound.upper));
  if (upper !== null && upper === lower) labels.push({ words: `threshold ${formatValue(upper)}`, value: upper, className: 'ac-text-threshold' });
  else {
    if (upper !== null) labels.push({ words: `upper threshold ${formatValue(upper)}`, value: upper, className: 'ac-text-threshold' });
    if (lower !== null) labels.push({ words: `lower threshold ${formatValue(lower)}`, value: lower, className: 'ac-text-threshold' });
  }
  return labels;
}

function drawEndLabels({ input, points, values, right, top, bottom }: Scene): Markup {
  const labels = endLabels(input, points);
  const heights = labels.map((label) => values.y(label.value));
  const placed = spreadLabels(heights, 14, top + 2, bottom - 2);
  return join(labels.map((label, i) => [
    Math.abs(placed[i]! - heights[i]!) > 1 ? el('path', { class: 'ac-leader', d: `M${right + 1},${round(heights[i]!)}L${right + 8},${round(placed[i]!)}` }) : null,
    text(right + 10, placed[i]! + 4, label.words, { class: `ac-small ${label.className}` }),
  ]));
}

function drawCoverage({ places, axis, left, right, bottom }: Scene): Markup {
  const y = bottom + 7;
  const tall = 11;
  const analysis = places.filter((place) => place.period === 'analysis');
  const rows = analysis.reduce((sum, place) => sum + place.chunk.rows, 0);
  const targets = analysis.reduce((sum, place) => sum + place.chunk.targets, 0);
  return join([
    text(left - 8, y + 10, 'targets', { class: 'ac-muted ac-small', 'text-anchor': 'end' }),
    places.map((place, i) => {
      if (place.period !== 'analysis') return null;
      const span = axis.spans[i]!;
      const width = Math.max(0.5, span.x1 - span.x0 - (span.x1 - span.x0 > 6 ? 2 : 0));
      const share = place.chunk.rows > 0 ? Math.min(1, place.chunk.targets / place.chunk.rows) : 0;
      return [
        el('rect', { class: 'ac-cover-track', x: span.x0, y, width, height: tall }),
        share > 0 ? el('rect', { class: 'ac-cover', x: span.x0, y: y + tall * (1 - share), width, height: tall * share }) : null,
      ];
    }),
    rows > 0 ? text(right + 10, y + 10, `${formatShare(targets / rows)} of rows`, { class: 'ac-muted ac-small' }) : null,
  ]);
}

function drawLegend(scene: Scene, headingHeight: number): Markup {
  const { input, points, places } = scene;
  const entries: { sample: (x: number, y: number) => Markup; label: string }[] = [];
  const alerts = (i: number): boolean => points[i]!.some((point) => point?.alert === true && point.period === 'analysis' && point.value !== null);
  const comparing = input.layers.length > 1;
  if (points.some((layer) => layer.some((point) => point !== null && point.bandLower !== null))) {
    const estimated = input.layers.some((layer) => layer.role === 'estimated');
    entries.push({ sample: (x, y) => el('rect', { class: estimated ? 'ac-band' : 'ac-band ac-band-realized', x: x - 8, y: y - 5, width: 15, height: 10 }), label: comparing ? 'band of the estimate (± 3 sampling errors)' : 'band (± 3 sampling errors)' });
  }
  input.layers.forEach((layer, i) => {
    if (!alerts(i)) return;
    const hollow = comparing && layer.role === 'estimated';
    entries.push({ sample: (x, y) => diamond(x, y, 6, hollow ? 'ac-alert ac-alert-estimated' : 'ac-alert'), label: comparing ? `alert (${layer.role})` : 'alert' });
  });
  if (points.some((layer, i) => layer.some((point) => point !== null && point.value !== null && isProvisional(input, input.layers[i]!, point)))) {
    entries.push({ sample: (x, y) => dot(x, y, 3.2, 'realized', true), label: 'provisional' });
  }
  if (places.some((place) => !place.chunk.complete)) {
    entries.push({ sample: (x, y) => join([el('rect', { class: 'ac-past', x: x - 8, y: y - 6, width: 15, height: 12 }), el('rect', { x: x - 8, y: y - 6, width: 15, height: 12, fill: `url(#${scene.id}-hatch)` })]), label: 'open chunk' });
  }
  if (places.some((_, i) => isUnknown(scene, i))) entries.push({ sample: (x, y) => cross(x, y, 3.5), label: 'no value' });
  return legend(scene.right, Math.max(8, headingHeight - 1), entries);
}

function describeAt({ input, points, zone, changes }: Scene, place: ChunkPlace, i: number): string {
  const lines = [...describePlace(place, zone, changes), ...input.layers.flatMap((layer, k) => describePoint(layer.name, points[k]![i] ?? null))];
  const [first, second] = input.layers.map((_, k) => points[k]![i]?.value ?? null);
  if (typeof first === 'number' && typeof second === 'number') lines.push(`estimate − realized: ${formatValue(first - second, 3)}`);
  if (input.coverage) lines.push(describeTargets(place));
  return [...new Set(lines)].join('\n');
}

function describeScene({ input, places, axis }: Scene): string {
  const count = (period: 'reference' | 'analysis'): string => formatCount(places.filter((place) => place.period === period).length);
  const alerts = input.layers.map((layer) => `${layer.name}: ${formatCount(countAlerts(layer.series))} alerts`).join('; ');
  return `${input.subtitle} ${count('reference')} reference and ${count('analysis')} analysis chunks along ${axis.label}. ${alerts}.`.trim();
}

function lastOf(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

function height(values: ValueAxis, value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : values.y(value);
}

function round(value: number): string {
  return value.toFixed(2);
}

