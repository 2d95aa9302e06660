/** Two sets of rows side by side as one HTML file that needs nothing else. */
import { drawCompared, describeCompared } from './comparison-figure.js';
import type { ComparedSide, ComparisonInput } from './comparison-input.js';
import { formatCount, formatDifference, formatMoment, formatShare, formatValue, shorten } from './format.js';
import { el, type Markup } from './markup.js';
import { pageOf } from './page.js';
import { anchor, figureCard, section, table } from './report-parts.js';

/** Beyond these the page would be long and slow; the table has them all. */
const FIGURES_AT_MOST = 60;

/** Pure: the same input gives the same bytes. Columns in the order given. */
export function renderComparison(input: ComparisonInput, version: string): string {
  const names = { a: input.a.name, b: input.b.name };
  return pageOf({
    title: `${input.model}: ${input.b.name} against ${input.a.name}`, version,
    nav: [['sides', 'Rows'], ['distances', 'Distances'], ['columns', 'Columns']],
    body: [
      el('header', {}, el('p', { class: 'muted small' }, 'Comparison'), el('h1', {}, input.model), el('p', { class: 'muted' }, `b, ${input.b.name}, against a, ${input.a.name}`)),
      section('sides', 'Rows', null, el('div', { class: 'card' }, table([{ name: 'Side', short: true }, { name: 'Rows', numeric: true }, { name: 'From', short: true }, { name: 'To', short: true }, { name: 'Missing cells', numeric: true }], [sideRow('a', input.a, input.overall.missing.a), sideRow('b', input.b, input.overall.missing.b)]),
        el('p', { class: 'muted small' }, `Of b\u2019s cells ${shareOf(input.overall.unseen)} are categories that a does not have, and ${shareOf(input.overall.outOfRange)} numbers out of a\u2019s range.`))),
      section('distances', 'Distances', 'Exactly as univariate drift measures a chunk against its reference; the widest apart first. KS (Kolmogorov–Smirnov) is of numbers, L-infinity of categories.', el('div', { class: 'card' }, distances(input))),
      section('columns', 'Columns', 'Shares of each side\u2019s values, so that a small set counts as much as a large one.',
        input.columns.slice(0, FIGURES_AT_MOST).map((column, i) => figureCard(column.column, describeCompared(column), drawCompared(column, names, { id: anchor('compared', i), heading: false }), anchor('column', i))),
        input.columns.length > FIGURES_AT_MOST ? el('p', { class: 'muted small' }, `${formatCount(input.columns.length - FIGURES_AT_MOST)} more are not drawn.`) : null),
    ],
  });
}

function shareOf(share: number): string {
  return Number.isFinite(share) ? formatShare(share) : 'none';
}

function sideRow(letter: 'a' | 'b', side: ComparedSide, missing: number): { cells: string[] } {
  const rows = side.rows < side.rowsInAll ? `${formatCount(side.rows)} of ${formatCount(side.rowsInAll)}, taken evenly` : formatCount(side.rows);
  return { cells: [`${letter}: ${side.name}`, rows, side.firstAt === null ? '' : formatMoment(side.firstAt), side.lastAt === null ? '' : formatMoment(side.lastAt), shareOf(missing)] };
}

function distances({ columns }: ComparisonInput): Markup {
  return table([{ name: 'Column' }, { name: 'Jensen–Shannon', numeric: true }, { name: 'Hellinger', numeric: true }, { name: 'KS, L-infinity', numeric: true }, { name: 'Mean of a', numeric: true }, { name: 'Mean of b', numeric: true }, { name: 'Change', numeric: true }], columns.map((column, i) => {
    const by = (...methods: string[]): string => {
      const found = column.distances.find(({ method }) => methods.includes(method))?.value ?? NaN;
      return Number.isFinite(found) ? formatValue(found, 3) : '–';
    };
    const [a, b] = column.kind === 'continuous' ? [column.summary.a.mean, column.summary.b.mean] : [NaN, NaN];
    const means = Number.isFinite(a) && Number.isFinite(b) ? [formatValue(a), formatValue(b), formatDifference(b - a)] : ['', '', ''];
    return { cells: [i < FIGURES_AT_MOST ? el('a', { href: `#${anchor('column', i)}` }, shorten(column.column, 60)) : shorten(column.column, 60), by('jensen_shannon'), by('hellinger'), by('kolmogorov_smirnov', 'l_infinity'), ...means] };
  }));
}
