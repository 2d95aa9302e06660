/** Columns by their number of alerts, as bars. */
import { figure, frameOf, type FigureOptions } from './figure.js';
import { formatCount, shorten } from './format.js';
import { el, type Markup } from './markup.js';
import { text } from './marks.js';
import type { RankedColumn } from './report-input.js';

const ROW = 26;
const SHOWN_AT_MOST = 30;

/** @param chunks analysis chunks that could have alerted: the length of a full bar */
export function drawRanking(ranking: readonly RankedColumn[], chunks: number, options: FigureOptions): Markup {
  const frame = frameOf(options);
  const shown = ranking.slice(0, SHOWN_AT_MOST);
  const more = ranking.length - shown.length;
  const top = frame.headingHeight + 4;
  const height = top + Math.max(1, shown.length) * ROW + (more > 0 ? ROW : 0) + 8;
  const left = 250;
  const right = frame.width - 130;
  const longest = Math.max(1, chunks, ...shown.map((entry) => entry.alerts));
  const drifting = ranking.filter((entry) => entry.alerts > 0).length;
  const subtitle = ranking.length === 0 ? 'Nothing is ranked yet.' : `${formatCount(drifting)} of ${formatCount(ranking.length)} columns alert in at least one of ${formatCount(chunks)} analysis chunks.`;
  return figure(options, height, 'Columns ranked by drift alerts', subtitle, subtitle, [
    shown.length === 0 ? text(frame.width / 2, top + 18, 'nothing ranked yet', { class: 'ac-muted', 'text-anchor': 'middle' }) : null,
    shown.map((entry, i) => {
      const y = top + i * ROW;
      const words = `${formatCount(entry.alerts)} of ${formatCount(chunks)} chunks`;
      return el('g', { class: 'ac-chunk', tabindex: '0', role: 'img' },
        el('title', {}, `${entry.rank}. ${entry.column}\nalerts in ${words}`),
        text(34, y + 17, `${entry.rank}.`, { class: 'ac-muted', 'text-anchor': 'end' }),
        text(44, y + 17, shorten(entry.column, 32), { class: entry.alerts > 0 ? 'ac-strong' : 'ac-muted' }),
        el('rect', { class: 'ac-cover-track', x: left, y: y + 7, width: right - left, height: 12, rx: 2 }),
        entry.alerts > 0 ? el('rect', { class: 'ac-bar', x: left, y: y + 7, width: Math.max(2, ((right - left) * entry.alerts) / longest), height: 12, rx: 2 }) : null,
        text(right + 10, y + 17, words, { class: entry.alerts > 0 ? 'ac-text-alert' : 'ac-muted' }),
        el('rect', { class: 'ac-hit', x: 4, y: y + 1, width: frame.width - 8, height: ROW - 2 }));
    }),
    more > 0 ? text(44, top + shown.length * ROW + 17, `and ${formatCount(more)} more`, { class: 'ac-muted' }) : null,
  ]);
}
