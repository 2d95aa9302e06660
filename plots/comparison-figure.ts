/** One column of two sets of rows: for numbers two outlines over shared bins, for categories two bars per value. Shares, so that a small set counts as much. */
import { ticks as niceTicks } from 'd3';
import type { ComparedColumnInput } from './comparison-input.js';
import { figure, frameOf, legend, type FigureOptions } from './figure.js';
import { formatCount, formatDifference, formatShare, formatValue, shorten, tickFormat } from './format.js';
import { el, join, type Markup } from './markup.js';
import { text, textWidth } from './marks.js';
import { metricName } from './names.js';

const VALUES_AT_MOST = 10;
const ROW = 34;

export function drawCompared(column: ComparedColumnInput, names: { a: string; b: string }, options: FigureOptions): Markup {
  return column.kind === 'continuous' ? drawNumbers(column, names, options) : drawCategories(column, names, options);
}

type Numbers = Extract<ComparedColumnInput, { kind: 'continuous' }>;
type Categories = Extract<ComparedColumnInput, { kind: 'categorical' }>;

/** Distances in words, the first that is known; missing and new values where there are some. */
export function describeCompared(column: ComparedColumnInput): string {
  const distances = column.distances.filter(({ value }) => Number.isFinite(value)).map(({ method, value, pValue }) => `${metricName(method)} ${formatValue(value, 3)}${pValue === undefined ? '' : ` (p ${formatValue(pValue, 2)})`}`);
  const { a, b } = column.missing;
  const missing = a.count + b.count === 0 ? [] : [`missing ${formatShare(a.share)} and ${formatShare(b.share)}`];
  const fresh = column.kind === 'continuous'
    ? column.outOfRange.count === 0 ? [] : [`${formatCount(column.outOfRange.count)} values of b out of a\u2019s range`]
    : column.unseen.count === 0 ? [] : [`${formatCount(column.unseen.count)} rows of b with ${column.unseen.categories.slice(0, 3).map((name) => shorten(name, 30)).join(', ')}${column.unseen.categories.length > 3 ? ' and others' : ''}, which a does not have`];
  return `${[...distances, ...missing, ...fresh].join('; ') || 'no value to compare'}.`;
}

function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total === 0 ? 0 : count / total));
}

function keyOf(names: { a: string; b: string }): Parameters<typeof legend>[2] {
  return [
    { sample: (x, y) => el('rect', { class: 'ac-shape-past', x: x - 8, y: y - 5, width: 15, height: 10 }), label: `a: ${shorten(names.a, 50)}` },
    { sample: (x, y) => el('rect', { class: 'ac-shape', x: x - 8, y: y - 5, width: 15, height: 10 }), label: `b: ${shorten(names.b, 50)}` },
  ];
}

function drawNumbers(column: Numbers, names: { a: string; b: string }, options: FigureOptions): Markup {
  const frame = frameOf(options);
  const height = options.height ?? 240;
  const { edges } = column.distribution;
  const [a, b] = [sharesOf(column.distribution.a), sharesOf(column.distribution.b)];
  const [left, right, top, bottom] = [16, frame.width - 16, frame.headingHeight + 26, height - 58];
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  // Halved, so that a range of huge numbers does not overflow.
  const x = (value: number): number => left + (right - left) * (high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5);
  const highest = Math.max(Number.MIN_VALUE, ...a, ...b);
  const y = (share: number): number => bottom - (share / highest) * (bottom - top - 8);
  const outline = (shares: readonly number[]): string => `M${fixed(x(low))},${fixed(bottom)}${shares.map((share, i) => `L${fixed(x(edges[i]!))},${fixed(y(share))}L${fixed(x(edges[i + 1]!))},${fixed(y(share))}`).join('')}L${fixed(x(high))},${fixed(bottom)}Z`;
  const ticks = ticksOf(low, high);
  const write = tickFormat(ticks);
  return figure(options, height, column.column, describeCompared(column), describeCompared(column), [
    legend(right, Math.max(8, frame.headingHeight - 1) + 6, keyOf(names)),
    edges.length < 2 ? text(frame.width / 2, (top + bottom) / 2, 'no values', { class: 'ac-muted', 'text-anchor': 'middle' }) : [
      el('path', { class: 'ac-shape-past', d: outline(a) }),
      el('path', { class: 'ac-shape', d: outline(b) }),
      el('line', { class: 'ac-axis', x1: left, x2: right, y1: bottom, y2: bottom }),
      ticks.map((tick) => text(Math.max(left + textWidth(write(tick)) / 2, Math.min(right - textWidth(write(tick)) / 2, x(tick))), bottom + 15, write(tick), { class: 'ac-muted ac-small', 'text-anchor': 'middle' })),
      quartiles(column.summary.a, x, bottom + 26, 'ac-shape-past'),
      quartiles(column.summary.b, x, bottom + 42, 'ac-shape'),
      edges.slice(1).map((edge, i) => target(x(edges[i]!), x(edge), top, bottom, [`${formatValue(edges[i]!)} to ${formatValue(edge)}`, `a: ${formatShare(a[i]!)}`, `b: ${formatShare(b[i]!)} (${formatDifference((b[i]! - a[i]!) * 100, 2)} points)`])),
    ],
  ]);
}

/** Box from quartile to quartile with the median: under the axis, where it hides nothing. */
function quartiles(of: Numbers['summary']['a'], x: (value: number) => number, y: number, className: string): Markup | null {
  const { lowerQuartile, median, upperQuartile } = of;
  if (![lowerQuartile, median, upperQuartile].every(Number.isFinite)) return null;
  return join([
    el('rect', { class: className, x: x(lowerQuartile), y, width: Math.max(1, x(upperQuartile) - x(lowerQuartile)), height: 11 }),
    el('line', { class: 'ac-median', x1: x(median), x2: x(median), y1: y - 1, y2: y + 12 }),
  ]);
}

function ticksOf(low: number, high: number): number[] {
  return high > low && Number.isFinite(high - low) ? niceTicks(low, high, 6) : [low, ...(high > low ? [high] : [])];
}

function drawCategories(column: Categories, names: { a: string; b: string }, options: FigureOptions): Markup {
  const frame = frameOf(options);
  const [a, b] = [sharesOf(column.distribution.a), sharesOf(column.distribution.b)];
  const order = column.distribution.categories.map((name, i) => ({ name, a: a[i]!, b: b[i]! }));
  const shown = order.slice(0, VALUES_AT_MOST);
  const rest = order.slice(VALUES_AT_MOST);
  if (rest.length > 0) shown.push({ name: `${formatCount(rest.length)} others`, a: rest.reduce((sum, one) => sum + one.a, 0), b: rest.reduce((sum, one) => sum + one.b, 0) });
  const top = frame.headingHeight + 26;
  const height = top + Math.max(1, shown.length) * ROW + 8;
  const [left, right] = [230, frame.width - 190];
  const highest = Math.max(Number.MIN_VALUE, ...shown.flatMap((one) => [one.a, one.b]));
  const width = (share: number): number => Math.max(share > 0 ? 1 : 0, (share / highest) * (right - left));
  return figure(options, height, column.column, describeCompared(column), describeCompared(column), [
    legend(frame.width - 16, Math.max(8, frame.headingHeight - 1) + 6, keyOf(names)),
    shown.length === 0 ? text(frame.width / 2, top + 18, 'no values', { class: 'ac-muted', 'text-anchor': 'middle' }) : null,
    shown.map((one, i) => {
      const y = top + i * ROW;
      return join([
        text(left - 10, y + 19, shorten(one.name, 34), { 'text-anchor': 'end' }),
        el('rect', { class: 'ac-shape-past', x: left, y: y + 4, width: width(one.a), height: 11 }),
        el('rect', { class: 'ac-shape', x: left, y: y + 16, width: width(one.b), height: 11 }),
        text(right + 12, y + 19, `${formatShare(one.a)} → ${formatShare(one.b)}`, { class: one.a === 0 ? 'ac-text-alert' : 'ac-muted' }),
        target(left - 200, frame.width - 8, y + 2, y + ROW - 2, [one.name, `a: ${formatShare(one.a)}`, `b: ${formatShare(one.b)} (${formatDifference((one.b - one.a) * 100, 2)} points)`]),
      ]);
    }),
  ]);
}

function target(x0: number, x1: number, top: number, bottom: number, lines: readonly string[]): Markup {
  return el('g', { class: 'ac-chunk', tabindex: '0', role: 'img' }, el('title', {}, lines.join('\n')), el('rect', { class: 'ac-hit', x: x0, y: top, width: Math.max(1, x1 - x0), height: Math.max(1, bottom - top) }));
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
