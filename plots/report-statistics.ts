/** The report's section on summary statistics: what the columns' values come to, chunk by chunk. */
import { drawMeasured } from './figures.js';
import { formatCount, shorten } from './format.js';
import { el, type Markup } from './markup.js';
import { metricName, sentence } from './names.js';
import type { ReportInput } from './report-input.js';
import { figureCard, section } from './report-parts.js';
import { countAlerts, type Series } from './series.js';
import { drawSpark } from './spark-figure.js';

const PANELS_AT_MOST = 80;
const FIGURES_AT_MOST = 8;

export function statistics(input: ReportInput, all: readonly Series[]): Markup | null {
  const own = all.filter((series) => series.calculator === 'summary_statistics').sort((a, b) => countAlerts(b) - countAlerts(a));
  if (own.length === 0) return null;
  const alerting = own.filter((series) => countAlerts(series) > 0);
  const zone = input.settings.zone;
  return section('statistics', 'Summary statistics', `${formatCount(alerting.length)} of ${formatCount(own.length)} statistics left their thresholds in some chunk. A statistic has no good and no bad side.`,
    alerting.slice(0, FIGURES_AT_MOST).map((series, i) => figureCard(nameOf(series), `${formatCount(countAlerts(series))} alerts.`, drawMeasured(series, { id: `statistic-${i}`, heading: false, zone, height: 220 }))),
    el('div', { class: 'many' }, own.slice(0, PANELS_AT_MOST).map((series, i) => el('div', { class: 'panel' },
      el('div', { class: 'head' }, el('b', {}, series.column === '' ? 'All rows' : shorten(series.column, 60)), el('span', { class: countAlerts(series) > 0 ? 'mark' : 'calm' }, countAlerts(series) > 0 ? `◆ ${formatCount(countAlerts(series))}` : 'calm')),
      el('div', { class: 'muted small' }, metricName(series.metric)),
      drawSpark(series, { id: `stat-spark-${i}`, zone })))),
    own.length > PANELS_AT_MOST ? el('p', { class: 'muted small' }, `${formatCount(own.length - PANELS_AT_MOST)} more are not drawn here; aftercare results has them all.`) : null);
}

function nameOf(series: Series): string {
  return series.column === '' ? sentence(metricName(series.metric)) : `${series.column}: ${metricName(series.metric)}`;
}
