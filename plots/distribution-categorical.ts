/**
 * Shares of a column's values per chunk, stacked. The values that changed most lie on the base line, where a change is read best;
 * every value is labelled where its share ends, and values that the reference never had are named as new.
 */
import { chunkAxis } from './chunk-axis.js';
import { describePlace } from './describe.js';
import { figure, frameOf, legend, ROOM_BELOW, ROOM_LEFT, ROOM_RIGHT, type FigureOptions } from './figure.js';
import { formatCount, formatShare, shorten } from './format.js';
import { el, type Markup } from './markup.js';
import { chunkTarget, cross, diamond, spreadLabels, text } from './marks.js';
import type { CategoricalChunk, CategoricalDistribution } from './report-input.js';
import { chunkId, type ChunkPlace } from './series.js';
import { drawVersionMarks } from './version-marks.js';

/** As many colours as there are; all other values are drawn as one. */
const VALUES_AT_MOST = 8;

interface ShareLine {
  name: string;
  className: string;
  /** Place in `values`; null: the rest. */
  indices: number[];
  other: boolean;
  reference: number | null;
  /** Share in the drifted analysis chunks, or in all where none drifted. */
  analysis: number | null;
  unseen: boolean;
}

/** @param places the chunks along the axis, in order; chunks of the distribution that are not among them are left out */
export function drawCategorical(distribution: CategoricalDistribution, places: readonly ChunkPlace[], options: FigureOptions): Markup {
  const frame = frameOf(options);
  const height = options.height ?? 300;
  const changes = options.changes ?? [];
  const found = new Map(distribution.chunks.map((chunk) => [chunkId({ period: chunk.period, chunk }), chunk]));
  const parts = places.flatMap((place) => {
    const chunk = found.get(place.id);
    return chunk ? [{ place, chunk, rows: rowsOf(chunk) }] : [];
  });
  const lines = shareLines(distribution);
  const [left, right] = [ROOM_LEFT, frame.width - ROOM_RIGHT];
  const [top, bottom] = [frame.headingHeight + 26, height - ROOM_BELOW];
  const axis = chunkAxis(parts.map((part) => part.place), left, right, frame.zone);
  const y = (share: number): number => bottom - share * (bottom - top - 16);
  const drifted = parts.some(({ chunk }) => chunk.drifted === true && chunk.period === 'analysis');
  const subtitle = describeCategorical(distribution);
  return figure(options, height, `${distribution.column}: shares of values`, subtitle, `${subtitle} ${lines.map(describeLine).join('; ')}.`, [
    axis.boundary === null ? null : [
      text((left + axis.boundary) / 2, top - 7, 'Reference', { class: 'ac-muted ac-small', 'text-anchor': 'middle' }),
      text((axis.boundary + right) / 2, top - 7, 'Analysis', { class: 'ac-muted ac-small', 'text-anchor': 'middle' }),
    ],
    [0, 0.25, 0.5, 0.75, 1].map((share) => [
      el('line', { class: 'ac-grid', x1: left, x2: right, y1: y(share), y2: y(share) }),
      text(left - 6, y(share) + 4, `${share * 100}%`, { class: 'ac-muted ac-small', 'text-anchor': 'end' }),
    ]),
    axis.ticks.map((tick) => text(tick.x, bottom + 17, tick.label, { class: 'ac-muted ac-small', 'text-anchor': 'middle' })),
    text(right + 10, bottom + 17, axis.label, { class: 'ac-muted ac-small' }),
    parts.map(({ chunk, rows }, i) => {
      const span = axis.spans[i]!;
      const gap = span.x1 - span.x0 > 8 ? 2 : 0;
      if (rows === 0) return cross(span.mid, bottom - 9, 3.5);
      return [
        stack(lines, chunk, rows).map(({ line, from, to }) => (to > from ? el('rect', { class: `ac-share ${line.className}`, x: span.x0 + gap / 2, width: Math.max(0.5, span.x1 - span.x0 - gap), y: y(to), height: y(from) - y(to) }) : null)),
        chunk.drifted && chunk.period === 'analysis' ? diamond(span.mid, top + 6, Math.max(2.5, Math.min(5.5, (span.x1 - span.x0) * 0.6)), 'ac-alert') : null,
      ];
    }),
    axis.boundary === null ? null : el('line', { class: 'ac-divider', x1: axis.boundary, x2: axis.boundary, y1: top - 14, y2: bottom }),
    drawVersionMarks(changes, parts.map((part) => part.place), axis.spans, right, top, bottom),
    endLabels(lines, parts.at(-1) ?? null, y, right, top, bottom),
    legend(right, Math.max(8, frame.headingHeight - 1), drifted ? [{ sample: (x, at) => diamond(x, at, 5.5, 'ac-alert'), label: 'drifted' }] : []),
    parts.map(({ place, chunk, rows }, i) => chunkTarget(axis.spans[i]!, top, bottom - top, [...describePlace(place, frame.zone, changes), ...describeShares(lines, chunk, rows)].join('\n'))),
  ]);
}

/** How many chunks drifted, the value that changed most, and those that the reference never had. */
export function describeCategorical(distribution: CategoricalDistribution): string {
  const lines = shareLines(distribution);
  const analysis = distribution.chunks.filter((chunk) => chunk.period === 'analysis');
  const drifted = analysis.filter((chunk) => chunk.drifted === true).length;
  return [`${formatCount(drifted)} of ${formatCount(analysis.length)} analysis chunks drifted.`, describeChange(lines, drifted > 0), describeUnseen(lines)].filter((part) => part !== '').join(' ');
}

/** One line per value, those with the largest change of share first; beyond the colours everything is one line at the end. */
function shareLines(distribution: CategoricalDistribution): ShareLine[] {
  const sums = (chunks: readonly CategoricalChunk[]): { counts: number[]; other: number; rows: number } => {
    const counts = distribution.values.map((_, v) => chunks.reduce((sum, chunk) => sum + (chunk.counts[v] ?? 0), 0));
    const other = chunks.reduce((sum, chunk) => sum + chunk.other, 0);
    return { counts, other, rows: counts.reduce((a, b) => a + b, other) };
  };
  const past = sums(distribution.chunks.filter((chunk) => chunk.period === 'reference'));
  const now = sums(judgedChunks(distribution));
  const share = (part: { rows: number }, count: number): number | null => (part.rows > 0 ? count / part.rows : null);
  const all = distribution.values.map((name, v) => ({
    name, index: v, reference: share(past, past.counts[v]!), analysis: share(now, now.counts[v]!), unseen: past.rows > 0 && past.counts[v] === 0 && now.counts[v]! > 0,
  }));
  const change = (entry: { reference: number | null; analysis: number | null }): number => Math.abs((entry.analysis ?? 0) - (entry.reference ?? 0));
  const size = (entry: { reference: number | null; analysis: number | null }): number => Math.max(entry.analysis ?? 0, entry.reference ?? 0);
  all.sort((a, b) => change(b) - change(a) || size(b) - size(a) || (a.name < b.name ? -1 : 1));
  const shown = all.slice(0, all.length > VALUES_AT_MOST ? VALUES_AT_MOST - 1 : VALUES_AT_MOST);
  const rest = all.slice(shown.length);
  const lines: ShareLine[] = shown.map((entry, k) => ({ ...entry, indices: [entry.index], other: false, className: `ac-c${k}` }));
  if (rest.length > 0 || past.other > 0 || now.other > 0) {
    const count = (part: { counts: number[]; other: number }): number => rest.reduce((sum, entry) => sum + part.counts[entry.index]!, part.other);
    const name = rest.length > 0 ? `${formatCount(rest.length)} other values` : 'other values';
    lines.push({ name, indices: rest.map((entry) => entry.index), other: true, className: 'ac-rest', reference: share(past, count(past)), analysis: share(now, count(now)), unseen: false });
  }
  return lines;
}

/** What is set against the reference: the drifted analysis chunks, or all of them where none drifted. */
function judgedChunks(distribution: CategoricalDistribution): CategoricalChunk[] {
  const analysis = distribution.chunks.filter((chunk) => chunk.period === 'analysis');
  const drifted = analysis.filter((chunk) => chunk.drifted === true);
  return drifted.length > 0 ? drifted : analysis;
}

function countOf(line: ShareLine, chunk: CategoricalChunk): number {
  return line.indices.reduce((sum, index) => sum + (chunk.counts[index] ?? 0), line.other ? chunk.other : 0);
}

function stack(lines: readonly ShareLine[], chunk: CategoricalChunk, rows: number): { line: ShareLine; from: number; to: number }[] {
  let from = 0;
  return lines.map((line) => {
    const part = { line, from, to: Math.min(1, from + countOf(line, chunk) / rows) };
    from = part.to;
    return part;
  });
}

function endLabels(lines: readonly ShareLine[], last: { chunk: CategoricalChunk; rows: number } | null, y: (share: number) => number, right: number, top: number, bottom: number): Markup | Markup[] {
  if (!last) return [];
  const stacked = last.rows > 0 ? stack(lines, last.chunk, last.rows) : lines.map((line) => ({ line, from: 0, to: 0 }));
  const middles = stacked.map(({ from, to }) => y((from + to) / 2));
  return spreadLabels(middles, 28, top + 18, bottom - 14).map((at, i) => {
    const { line } = stacked[i]!;
    return el('g', {},
      el('path', { class: 'ac-leader', d: `M${right + 1},${middles[i]!.toFixed(2)}L${right + 8},${at.toFixed(2)}` }),
      el('rect', { class: line.className, x: right + 10, y: at - 5, width: 10, height: 10, rx: 2 }),
      text(right + 25, at + 1, shorten(line.name, 22), { class: 'ac-small ac-strong' }),
      line.unseen ? text(right + 25, at + 14, `new, ${formatShare(line.analysis)}`, { class: 'ac-small ac-text-alert' })
        : text(right + 25, at + 14, `${formatShare(line.reference)} → ${formatShare(line.analysis)}`, { class: 'ac-small ac-muted' }));
  });
}

function describeLine(line: ShareLine): string {
  return line.unseen ? `${line.name}: new, ${formatShare(line.analysis)}` : `${line.name}: ${formatShare(line.reference)} in the reference, ${formatShare(line.analysis)} in the analysis`;
}

/** The value that changed most, in words. */
function describeChange(lines: readonly ShareLine[], drifted: boolean): string {
  const first = lines.find((line) => !line.unseen && !line.other);
  if (!first || first.reference === null || first.analysis === null) return '';
  return `${shorten(first.name, 30)}: ${formatShare(first.reference)} in the reference, ${formatShare(first.analysis)} in the ${drifted ? 'drifted chunks' : 'analysis'}.`;
}

function describeUnseen(lines: readonly ShareLine[]): string {
  const unseen = lines.filter((line) => line.unseen);
  if (unseen.length === 0) return '';
  return `${unseen.length === 1 ? 'A value' : `${unseen.length} values`} that the reference never had: ${unseen.map((line) => shorten(line.name, 30)).join(', ')}.`;
}

function describeShares(lines: readonly ShareLine[], chunk: CategoricalChunk, rows: number): string[] {
  const texts = rows === 0 ? ['no values'] : lines.map((line) => `${shorten(line.name, 60)}: ${formatShare(countOf(line, chunk) / rows)}`);
  if (chunk.missing > 0) texts.push(`missing: ${formatCount(chunk.missing)} (${formatShare(chunk.missing / (rows + chunk.missing))})`);
  if (chunk.drifted && chunk.period === 'analysis') texts.push('Alert: drifted from the reference');
  return texts;
}

function rowsOf(chunk: CategoricalChunk): number {
  return chunk.counts.reduce((a, b) => a + b, chunk.other);
}
