/** The report's sections on inputs: ranking, drift per column with distributions, reconstruction error, data quality. */
import type { CalculatorKind } from '../domain/measurement.js';
import { columnOf } from '../domain/schema.js';
import { describeCategorical, drawCategorical } from './distribution-categorical.js';
import { describeContinuous, drawContinuous } from './distribution-continuous.js';
import type { FigureOptions } from './figure.js';
import { drawMeasured } from './figures.js';
import { formatCount, shorten } from './format.js';
import { el, join, type Markup } from './markup.js';
import { calculatorName, metricName, sentence } from './names.js';
import { drawRanking } from './ranking-figure.js';
import type { Distribution, ReportInput } from './report-input.js';
import { anchor, figureCard, onTimeline, section } from './report-parts.js';
import { countAlerts, placesOf, type ChunkPlace, type Series } from './series.js';
import { drawSpark } from './spark-figure.js';
import type { Summary } from './summary.js';

/** Beyond these the page would be long and slow; what is left out is named, and `results` has it all. */
const SMALL_MULTIPLES_AT_MOST = 60;
const DETAILS_AT_MOST = 20;
const QUALITY_FIGURES_AT_MOST = 12;
const QUALITY: CalculatorKind[] = ['missing_values', 'unseen_values', 'numerical_range'];

interface ColumnDrift {
  column: string;
  alerts: number;
  /** One per method. */
  series: Series[];
  distribution: Distribution | null;
}

export function drift(input: ReportInput, all: readonly Series[], summary: Summary): Markup {
  const columns = driftOf(input, all);
  const chunks = summary.chunksAnalysis;
  const lead = columns.length === 0 ? 'No drift was computed.' : 'How far each column lies from the reference, ranked by the number of chunks that alert.';
  return section('drift', 'Drifting columns', lead,
    input.ranking.length > 0 ? figureCard('Ranking by alerts', '', drawRanking(input.ranking, Math.max(chunks, ...input.ranking.map((entry) => entry.alerts)), { id: 'ranking', heading: false })) : null,
    columns.length > 0 ? el('div', { class: 'many' }, columns.slice(0, SMALL_MULTIPLES_AT_MOST).map((entry, i) => smallMultiple(entry, i, input.settings.zone))) : null,
    left(columns.length - SMALL_MULTIPLES_AT_MOST));
}

/** A figure of drift and one of the distribution for each column, ranked. */
export function columnDetails(input: ReportInput, all: readonly Series[]): Markup | null {
  const columns = driftOf(input, all);
  if (columns.length === 0) return null;
  const places = placesOf(all);
  const target = columnOf(input.schema, 'target')?.name;
  return section('columns', 'Columns in detail', 'The distance to the reference, and the values themselves: grey is the reference, the dotted outline repeats it behind every analysis chunk.',
    columns.slice(0, DETAILS_AT_MOST).map((entry, i) => el('div', { id: anchor('column', i) },
      entry.series.map((series, k) => figureCard(`${entry.column}: ${metricName(series.metric)}`, alertWords(series), drawMeasured(series, onTimeline(input, `drift-${i}-${k}`, 230), entry.column === target))),
      entry.distribution ? distributionFigure(entry.distribution, places, onTimeline(input, `distribution-${i}`, 270)) : null)),
    left(columns.length - DETAILS_AT_MOST));
}

const HOW: Partial<Record<CalculatorKind, string>> = {
  reconstruction_error: 'Rows are pressed into fewer dimensions as learnt from the reference and unfolded again; the error grows when columns stop going together as they did.',
  domain_classifier: 'A boosting tries to tell a chunk\u2019s rows from the reference\u2019s: 0.5 it cannot, 1 it always can.',
};

export function reconstruction(input: ReportInput, all: readonly Series[]): Markup | null {
  const own = all.filter((series) => series.calculator === 'reconstruction_error' || series.calculator === 'domain_classifier');
  if (own.length === 0) return null;
  return section('multivariate', 'All columns together', null,
    own.map((series, i) => figureCard(sentence(metricName(series.metric)), `${HOW[series.calculator] ?? ''} ${alertWords(series)}`, drawMeasured(series, onTimeline(input, `multivariate-${i}`, 280)))));
}

export function dataQuality(input: ReportInput, all: readonly Series[]): Markup | null {
  const kinds = QUALITY.map((calculator) => ({ calculator, own: all.filter((series) => series.calculator === calculator).sort((a, b) => countAlerts(b) - countAlerts(a)) })).filter(({ own }) => own.length > 0);
  if (kinds.length === 0) return null;
  return section('quality', 'Data quality', null, kinds.map(({ calculator, own }) => qualityOf(calculator, own, input)));
}

function qualityOf(calculator: CalculatorKind, own: readonly Series[], input: ReportInput): Markup {
  const alerting = own.filter((series) => countAlerts(series) > 0);
  const calm = own.filter((series) => countAlerts(series) === 0);
  const names = calm.slice(0, SMALL_MULTIPLES_AT_MOST).map((series) => shorten(series.column, 60)).join(', ');
  return el('div', {}, el('h3', {}, calculatorName(calculator)),
    el('p', { class: 'muted small' }, alerting.length === 0 ? `No alerts in ${formatCount(own.length)} columns: ${names}.` : `${formatCount(alerting.length)} of ${formatCount(own.length)} columns alert.${calm.length > 0 ? ` Calm: ${names}.` : ''}`),
    alerting.slice(0, QUALITY_FIGURES_AT_MOST).map((series, i) => figureCard(series.column === '' ? sentence(metricName(series.metric)) : `${series.column}: ${metricName(series.metric)}`, alertWords(series), drawMeasured(series, onTimeline(input, `${calculator}-${i}`, 220)))),
    left(alerting.length - QUALITY_FIGURES_AT_MOST));
}

/** Columns in the order of their ranks; those that nobody ranked after them. */
function driftOf(input: ReportInput, all: readonly Series[]): ColumnDrift[] {
  const own = all.filter((series) => series.calculator === 'univariate_drift');
  const order = [...new Set([...input.ranking.map((entry) => entry.column), ...own.map((series) => series.column)])];
  return order.flatMap((column) => {
    const series = own.filter((one) => one.column === column);
    const distribution = input.distributions.find((one) => one.column === column) ?? null;
    return series.length === 0 && !distribution ? [] : [{ column, series, distribution, alerts: series.reduce((sum, one) => sum + countAlerts(one), 0) }];
  });
}

function smallMultiple(entry: ColumnDrift, i: number, zone: string): Markup {
  const detailed = i < DETAILS_AT_MOST;
  return el('a', { href: detailed ? `#${anchor('column', i)}` : null },
    el('div', { class: 'head' }, el('b', {}, shorten(entry.column, 60)), el('span', { class: entry.alerts > 0 ? 'mark' : 'calm' }, entry.alerts > 0 ? `◆ ${formatCount(entry.alerts)}` : 'calm')),
    entry.series[0] ? join([el('div', { class: 'muted small' }, metricName(entry.series[0].metric)), drawSpark(entry.series[0], { id: `spark-${i}`, zone })]) : el('div', { class: 'muted small' }, 'not judged'));
}

function distributionFigure(distribution: Distribution, places: readonly ChunkPlace[], options: FigureOptions): Markup {
  return distribution.kind === 'continuous'
    ? figureCard(`${distribution.column}: distribution`, describeContinuous(distribution), drawContinuous(distribution, places, options))
    : figureCard(`${distribution.column}: shares of values`, describeCategorical(distribution), drawCategorical(distribution, places, options));
}

function alertWords(series: Series): string {
  const alerts = countAlerts(series);
  return `${formatCount(alerts)} of ${formatCount(series.points.filter((point) => point.period === 'analysis').length)} analysis chunks ${alerts === 1 ? 'alerts' : 'alert'}.`;
}

function left(count: number): Markup | null {
  return count > 0 ? el('p', { class: 'muted small' }, `${formatCount(count)} more are not drawn here; aftercare results has them all.`) : null;
}
