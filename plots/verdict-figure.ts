/** A verdict: for all rows and for each segment the difference with its 95 % interval, against the region of practical equivalence. Better is to the right. */
import { ticks as niceTicks } from 'd3';
import type { MetricComparison, Verdict } from '../domain/challenge.js';
import { figure, frameOf, legend, type FigureOptions } from './figure.js';
import { formatCount, formatDifference, formatValue, shorten, tickFormat } from './format.js';
import { el, type Markup } from './markup.js';
import { text } from './marks.js';
import { metricName } from './names.js';

const ROW = 26;
/** Segments that are drawn; the worst ones where there are more. */
const SEGMENTS_AT_MOST = 20;
const NAMES = 190;
const SAID = 150;

export function drawVerdict(verdict: Verdict, options: FigureOptions): Markup {
  const frame = frameOf(options);
  const rows = rowsOf(verdict);
  const rope = verdict.comparison.rope ?? 0;
  const [left, right, top] = [NAMES, frame.width - SAID, frame.headingHeight + 30];
  const bottom = top + rows.length * ROW;
  const height = options.height ?? bottom + 46;
  const reach = reachOf(rows, rope);
  const x = (value: number): number => Math.round(100 * (left + ((value / reach + 1) / 2) * (right - left))) / 100;
  const ticks = niceTicks(-reach, reach, 7);
  const write = tickFormat(ticks);
  const metric = metricName(verdict.comparison.metric);
  const title = `Version ${verdict.challenger} against version ${verdict.champion}: ${verdict.judgement}`;
  return figure(options, height, title, `Difference in ${metric} on the rows that both answered${verdict.comparison.basis === 'estimated' ? ', estimated' : ''}; better is to the right`, verdict.text, [
    verdict.comparison.rope === null ? [] : legend(right, frame.headingHeight + 6, [{ sample: (at, y) => el('rect', { class: 'ac-shape-past', x: at - 8, y: y - 5, width: 15, height: 10 }), label: `equivalent: within ±${formatValue(rope)}` }]),
    el('rect', { class: 'ac-shape-past', x: x(-rope), y: top, width: Math.max(0.5, x(rope) - x(-rope)), height: bottom - top }),
    ticks.map((tick) => [
      el('line', { class: 'ac-grid', x1: x(tick), x2: x(tick), y1: top, y2: bottom }),
      text(x(tick), bottom + 18, tick > 0 ? `+${write(tick)}` : write(tick), { class: 'ac-muted ac-small', 'text-anchor': 'middle' }),
    ]),
    el('line', { class: 'ac-axis', x1: x(0), x2: x(0), y1: top, y2: bottom }),
    rows.map(([name, comparison], i) => drawRow(name, comparison, top + (i + 0.5) * ROW, x, { left, right })),
    text(left, bottom + 36, 'worse', { class: 'ac-muted ac-small' }),
    text(right, bottom + 36, 'better', { class: 'ac-muted ac-small', 'text-anchor': 'end' }),
  ]);
}

/** How far the axis goes to either side. */
export function reachOf(rows: readonly [string, MetricComparison][], rope: number): number {
  return Math.max(1.5 * rope, ...rows.flatMap(([, { difference }]) => (difference ? [Math.abs(difference.lower), Math.abs(difference.upper)] : [])), Number.MIN_VALUE);
}

/** All rows first, then the segments by name; the worst ones where there are very many. */
export function rowsOf({ comparison, segments }: Verdict): [string, MetricComparison][] {
  const badness = ({ difference }: MetricComparison): number => difference?.mean ?? Infinity;
  const parts = Object.entries(segments).sort(([, a], [, b]) => badness(a) - badness(b)).slice(0, SEGMENTS_AT_MOST);
  return [['all rows', comparison], ...parts.sort(([a], [b]) => (a < b ? -1 : 1))];
}

function drawRow(name: string, { pairs, difference, judgement }: MetricComparison, y: number, x: (value: number) => number, { left, right }: { left: number; right: number }): Markup[] {
  const label = [text(12, y + 4, shorten(name, 20)), text(left - 12, y + 4, formatCount(pairs), { class: 'ac-muted ac-small', 'text-anchor': 'end' })];
  if (difference === null) return [...label, text((left + right) / 2, y + 4, 'nothing can be said', { class: 'ac-muted ac-small', 'text-anchor': 'middle' }), text(right + 12, y + 4, judgement, { class: 'ac-muted' })];
  const { mean, lower, upper } = difference;
  return [
    ...label,
    el('line', { class: 'ac-line ac-realized', x1: x(lower), x2: x(upper), y1: y, y2: y }),
    el('circle', { class: 'ac-dot-realized', cx: x(mean), cy: y, r: 4 }, el('title', {}, `${name}: ${formatDifference(mean)} (95 %: ${formatDifference(lower)} to ${formatDifference(upper)})`)),
    text(right + 12, y + 4, `${formatDifference(mean)} ${judgement}`, judgement === 'worse' ? { class: 'ac-text-alert' } : {}),
  ];
}
