/**
 * How a number's values are spread, chunk by chunk. Few chunks: a shape each, with the reference's outline behind, so that a shift is seen in place.
 * Many chunks: the median and the quartile and decile bands over time, with the reference's quartiles as lines.
 */
import { area, line, median } from 'd3';
import type { VersionChange } from '../domain/version.js';
import { chunkAxis, type ChunkSpan } from './chunk-axis.js';
import { describePlace } from './describe.js';
import { figure, frameOf, legend, ROOM_BELOW, ROOM_LEFT, ROOM_RIGHT, type FigureOptions } from './figure.js';
import { formatCount, formatShare, formatValue } from './format.js';
import { el, join, type Markup } from './markup.js';
import { chunkTarget, cross, diamond, path, stepBand, stepLine, text, textWidth } from './marks.js';
import type { ContinuousChunk, ContinuousDistribution } from './report-input.js';
import { chunkId, type ChunkPlace } from './series.js';
import { valueAxis, type ValueAxis } from './value-axis.js';
import { drawVersionMarks } from './version-marks.js';

/** More chunks than this are drawn as bands. */
export const SHAPES_AT_MOST = 30;
const QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9] as const;

interface ChunkShape {
  chunk: ContinuousChunk;
  place: ChunkPlace;
  rows: number;
  /** Values at QUANTILES; null when the chunk has no values. */
  quantiles: number[] | null;
}

/** @param places the chunks along the axis, in order; chunks of the distribution that are not among them are left out */
export function drawContinuous(distribution: ContinuousDistribution, places: readonly ChunkPlace[], options: FigureOptions): Markup {
  const frame = frameOf(options);
  const height = options.height ?? 300;
  const changes = options.changes ?? [];
  const shapes = shapesOf(distribution, places);
  const reference = referenceCounts(distribution);
  const asShapes = shapes.length <= SHAPES_AT_MOST;
  const top = frame.headingHeight + 26;
  const bottom = height - ROOM_BELOW;
  const values = valueAxis(visibleRange(distribution, shapes, asShapes), top + 2, bottom - 2, false);
  const left = Math.min(120, Math.max(ROOM_LEFT, ...values.ticks.map((tick) => 18 + textWidth(tick.label))));
  const right = frame.width - ROOM_RIGHT;
  const axis = chunkAxis(shapes.map((shape) => shape.place), left, right, frame.zone);
  const drifted = shapes.some((shape) => shape.chunk.drifted === true && shape.chunk.period === 'analysis');
  const subtitle = describeContinuous(distribution);
  const body = asShapes ? drawShapes(distribution, shapes, reference, axis.spans, values) : drawBands(distribution, shapes, reference, axis.spans, values, left, right);
  return figure(options, height, `${distribution.column}: distribution`, subtitle, subtitle, [
    axis.boundary === null ? null : [
      el('rect', { class: 'ac-past', x: left, y: top, width: axis.boundary - left, height: bottom - top }),
      text((left + axis.boundary) / 2, top - 7, 'Reference', { class: 'ac-muted ac-small', 'text-anchor': 'middle' }),
      text((axis.boundary + right) / 2, top - 7, 'Analysis', { class: 'ac-muted ac-small', 'text-anchor': 'middle' }),
      el('line', { class: 'ac-divider', x1: axis.boundary, x2: axis.boundary, y1: top - 14, y2: bottom }),
    ],
    values.ticks.map((tick) => [
      el('line', { class: 'ac-grid', x1: left, x2: right, y1: tick.y, y2: tick.y }),
      text(left - 8, tick.y + 4, tick.label, { class: 'ac-muted ac-small', 'text-anchor': 'end' }),
    ]),
    el('line', { class: 'ac-axis', x1: left, x2: right, y1: bottom, y2: bottom }),
    axis.ticks.map((tick) => text(tick.x, bottom + 17, tick.label, { class: 'ac-muted ac-small', 'text-anchor': 'middle' })),
    text(right + 10, bottom + 17, axis.label, { class: 'ac-muted ac-small' }),
    body,
    drawVersionMarks(changes, shapes.map((shape) => shape.place), axis.spans, right, top, bottom),
    shapes.map((shape, i) => [
      shape.quantiles ? null : cross(axis.spans[i]!.mid, bottom - 9, 3.5),
      shape.chunk.drifted && shape.chunk.period === 'analysis' ? diamond(axis.spans[i]!.mid, top + 7, Math.max(2.5, Math.min(5.5, (axis.spans[i]!.x1 - axis.spans[i]!.x0) * 0.6)), 'ac-alert') : null,
    ]),
    quartileLabels(shapes, values, right),
    legend(right, Math.max(8, frame.headingHeight - 1), legendOf(asShapes, drifted, reference !== null)),
    shapes.map((shape, i) => chunkTarget(axis.spans[i]!, top, bottom - top, describeShape(shape, frame.zone, changes))),
  ]);
}

function shapesOf(distribution: ContinuousDistribution, places: readonly ChunkPlace[]): ChunkShape[] {
  const chunks = new Map(distribution.chunks.map((chunk) => [chunkId({ period: chunk.period, chunk }), chunk]));
  return places.flatMap((place) => {
    const chunk = chunks.get(place.id);
    if (!chunk) return [];
    const rows = total(chunk.counts);
    return [{ chunk, place, rows, quantiles: rows > 0 ? QUANTILES.map((p) => quantileOf(distribution.edges, chunk.counts, rows, p)) : null }];
  });
}

/** Sum over the reference chunks; null when they hold nothing. */
function referenceCounts(distribution: ContinuousDistribution): number[] | null {
  const past = distribution.chunks.filter((chunk) => chunk.period === 'reference');
  const sums = distribution.edges.slice(1).map((_, b) => past.reduce((sum, chunk) => sum + (chunk.counts[b] ?? 0), 0));
  return total(sums) > 0 ? sums : null;
}

/** The value below which a share p lies, by straight lines within bins. */
export function quantileOf(edges: readonly number[], counts: readonly number[], rows: number, p: number): number {
  let below = 0;
  for (let b = 0; b < counts.length; b += 1) {
    const count = counts[b]!;
    if (count > 0 && below + count >= p * rows) return edges[b]! + (edges[b + 1]! - edges[b]!) * ((p * rows - below) / count);
    below += count;
  }
  return edges.at(-1)!;
}

function visibleRange(distribution: ContinuousDistribution, shapes: readonly ChunkShape[], asShapes: boolean): number[] {
  if (!asShapes) return shapes.flatMap((shape) => shape.quantiles ?? []);
  const { edges, chunks } = distribution;
  // Empty bins at the ends would only push the shapes together.
  const filled = edges.slice(1).map((_, b) => chunks.some((chunk) => (chunk.counts[b] ?? 0) > 0));
  const first = filled.indexOf(true);
  return first < 0 ? [edges[0]!, edges.at(-1)!] : [edges[first]!, edges[filled.lastIndexOf(true) + 1]!];
}

interface Bulge {
  y: number;
  width: number;
}

/** A smooth density on a grid of values, up to a factor that all share. */
interface Density {
  at: number[];
  density: number[];
}

const GRID = 48;

/** Half-shapes that stand on the left border of their chunk, as wide as the density there, relative to the widest of all. */
function drawShapes(distribution: ContinuousDistribution, shapes: readonly ChunkShape[], reference: number[] | null, spans: readonly ChunkSpan[], values: ValueAxis): Markup {
  const { edges } = distribution;
  // One bandwidth for all, of a chunk's size, so that shapes and outline differ by their data only.
  const bandwidth = bandwidthOf(edges, reference ?? shapes.find((shape) => shape.rows > 0)?.chunk.counts ?? [], median(shapes, (shape) => shape.rows) ?? 1);
  const densities = shapes.map((shape) => densityOf(edges, shape.chunk.counts, bandwidth));
  const past = reference ? densityOf(edges, reference, bandwidth) : null;
  const highest = Math.max(Number.MIN_VALUE, ...densities.flatMap((one) => one?.density ?? []), ...(past?.density ?? []));
  return join(shapes.map((shape, i) => {
    const span = spans[i]!;
    const room = (span.x1 - span.x0) * 0.9;
    const bulges = (density: Density | null): Bulge[] => (density ? density.at.map((value, k) => ({ y: values.y(value), width: (density.density[k]! / highest) * room })) : []);
    const kind = shape.chunk.period === 'reference' ? 'ac-shape-past' : shape.chunk.drifted ? 'ac-shape-drifted' : 'ac-shape';
    return [
      path(kind, shapeArea(span.x0, bulges(densities[i]!))),
      shape.quantiles ? drawQuartiles(shape.quantiles, densities[i]!, highest, room, span.x0, values) : null,
      shape.chunk.period === 'analysis' ? path('ac-outline', outline(span.x0, bulges(past))) : null,
    ];
  }));
}

/**
 * Normal-reference rule 1.06 · min(σ, IQR / 1.34) · rows^(−1/5) (Silverman 1986), at least three quarters of a mean bin, so that whole numbers on
 * fine bins are one shape and not a comb.
 */
function bandwidthOf(edges: readonly number[], counts: readonly number[], rows: number): number {
  const least = ((edges.at(-1)! - edges[0]!) / Math.max(1, edges.length - 1)) * 0.75;
  const all = total(counts);
  if (all === 0) return least;
  const middles = middlesOf(edges);
  const mean = middles.reduce((sum, middle, b) => sum + middle * (counts[b]! / all), 0);
  const deviation = Math.sqrt(middles.reduce((sum, middle, b) => sum + (middle - mean) ** 2 * (counts[b]! / all), 0));
  const spread = quantileOf(edges, counts, all, 0.75) - quantileOf(edges, counts, all, 0.25);
  const scale = Math.min(deviation > 0 ? deviation : Infinity, spread > 0 ? spread / 1.34 : Infinity);
  return Math.max(least, Number.isFinite(scale) ? 1.06 * scale * Math.max(1, rows) ** -0.2 : 0);
}

/** Gaussian kernel density from counts, each taken at its bin's middle. null without rows. */
function densityOf(edges: readonly number[], counts: readonly number[], bandwidth: number): Density | null {
  const rows = total(counts);
  const first = counts.findIndex((count) => count > 0);
  if (rows === 0 || first < 0) return null;
  const [low, high] = [edges[first]!, edges[counts.findLastIndex((count) => count > 0) + 1]!];
  const middles = middlesOf(edges);
  const at = Array.from({ length: GRID }, (_, k) => low * (1 - k / (GRID - 1)) + high * (k / (GRID - 1)));
  // Not divided by the bandwidth: it is the same for all, and only relative heights are drawn.
  const density = at.map((value) => middles.reduce((sum, middle, b) => (counts[b]! === 0 ? sum : sum + (counts[b]! / rows) * Math.exp(-0.5 * ((value - middle) / bandwidth) ** 2)), 0));
  return { at, density: density.map((value) => (Number.isFinite(value) ? value : 0)) };
}

function middlesOf(edges: readonly number[]): number[] {
  return edges.slice(1).map((edge, b) => edges[b]! / 2 + edge / 2);
}

function shapeArea(x: number, bulges: readonly Bulge[]): string | null {
  return area<Bulge>().x0(x).x1((bulge) => x + bulge.width).y((bulge) => bulge.y).digits(1)(bulges) || null;
}

function outline(x: number, bulges: readonly Bulge[]): string | null {
  return line<Bulge>().x((bulge) => x + bulge.width).y((bulge) => bulge.y).digits(1)(bulges) || null;
}

function drawQuartiles(quantiles: readonly number[], density: Density | null, highest: number, room: number, x: number, values: ValueAxis): Markup {
  return join([1, 2, 3].map((k) => {
    const value = quantiles[k]!;
    const near = density ? density.density[Math.max(0, density.at.findLastIndex((at) => at <= value))]! : 0;
    const y = values.y(value);
    return el('line', { class: k === 2 ? 'ac-median' : 'ac-quartile', x1: x, x2: x + Math.max(3, (near / highest) * room), y1: y, y2: y });
  }));
}

function drawBands(distribution: ContinuousDistribution, shapes: readonly ChunkShape[], reference: number[] | null, spans: readonly ChunkSpan[], values: ValueAxis, left: number, right: number): Markup {
  const level = (k: number): (number | null)[] => shapes.map((shape) => (shape.quantiles ? values.y(shape.quantiles[k]!) : null));
  const past = reference ? QUANTILES.map((p) => quantileOf(distribution.edges, reference, total(reference), p)) : null;
  return join([
    path('ac-band ac-band-realized', stepBand(spans, level(0), level(4))),
    path('ac-band ac-band-realized', stepBand(spans, level(1), level(3))),
    path('ac-line ac-realized', stepLine(spans, level(2))),
    past ? [1, 2, 3].map((k) => el('line', { class: 'ac-outline', x1: left, x2: right, y1: values.y(past[k]!), y2: values.y(past[k]!) })) : null,
  ]);
}

function quartileLabels(shapes: readonly ChunkShape[], values: ValueAxis, right: number): Markup | null {
  const last = shapes.findLast((shape) => shape.quantiles !== null)?.quantiles;
  if (!last) return null;
  return text(right + 10, values.y(last[2]!) + 4, `median ${formatValue(last[2]!, 3)}`, { class: 'ac-small ac-text-realized' });
}

function legendOf(asShapes: boolean, drifted: boolean, reference: boolean): { sample: (x: number, y: number) => Markup; label: string }[] {
  const entries = [];
  if (asShapes) entries.push({ sample: (x: number, y: number) => join([el('line', { class: 'ac-median', x1: x - 8, x2: x + 7, y1: y, y2: y }), el('line', { class: 'ac-quartile', x1: x - 8, x2: x + 7, y1: y - 4, y2: y - 4 }), el('line', { class: 'ac-quartile', x1: x - 8, x2: x + 7, y1: y + 4, y2: y + 4 })]), label: 'quartiles' });
  else {
    entries.push({ sample: (x: number, y: number) => el('line', { class: 'ac-line ac-realized', x1: x - 8, x2: x + 7, y1: y, y2: y }), label: 'median' });
    entries.push({ sample: (x: number, y: number) => join([el('rect', { class: 'ac-band ac-band-realized', x: x - 8, y: y - 6, width: 15, height: 12 }), el('rect', { class: 'ac-band ac-band-realized', x: x - 8, y: y - 3, width: 15, height: 6 })]), label: 'middle 50% and 80%' });
  }
  if (reference) entries.push({ sample: (x: number, y: number) => el('line', { class: 'ac-outline', x1: x - 8, x2: x + 7, y1: y, y2: y }), label: asShapes ? 'outline of the reference' : 'quartiles of the reference' });
  if (drifted) entries.push({ sample: (x: number, y: number) => diamond(x, y, 5.5, 'ac-alert'), label: 'drifted' });
  return entries;
}

function describeShape(shape: ChunkShape, zone: string, changes: readonly VersionChange[]): string {
  const lines = describePlace(shape.place, zone, changes);
  if (shape.quantiles) {
    lines.push(`median ${formatValue(shape.quantiles[2]!)}`, `half of the values between ${formatValue(shape.quantiles[1]!)} and ${formatValue(shape.quantiles[3]!)}`);
  } else lines.push('no values');
  const all = shape.rows + shape.chunk.missing;
  if (shape.chunk.missing > 0) lines.push(`missing: ${formatCount(shape.chunk.missing)} (${formatShare(shape.chunk.missing / all)})`);
  if (shape.chunk.drifted && shape.chunk.period === 'analysis') lines.push('Alert: drifted from the reference');
  return lines.join('\n');
}

/** How many chunks drifted, and the reference's median against that of all drifted chunks, else of all analysis chunks. */
export function describeContinuous(distribution: ContinuousDistribution): string {
  const reference = referenceCounts(distribution);
  const analysis = distribution.chunks.filter((chunk) => chunk.period === 'analysis');
  const drifted = analysis.filter((chunk) => chunk.drifted);
  const count = `${formatCount(drifted.length)} of ${formatCount(analysis.length)} analysis chunks drifted.`;
  const chosen = drifted.length > 0 ? drifted : analysis;
  const sums = distribution.edges.slice(1).map((_, b) => chosen.reduce((sum, chunk) => sum + (chunk.counts[b] ?? 0), 0));
  if (!reference || total(sums) === 0) return count;
  const middle = (counts: number[]): string => formatValue(quantileOf(distribution.edges, counts, total(counts), 0.5), 3);
  return `${count} Median ${middle(reference)} in the reference, ${middle(sums)} in ${drifted.length > 0 ? 'the drifted chunks' : 'the analysis'}.`;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
