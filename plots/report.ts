/** A model's report as one HTML file that asks nobody for anything: no address is loaded, and its own policy forbids it to. */
import type { Markup } from './markup.js';
import { pageOf } from './page.js';
import { runs, settings } from './report-appendix.js';
import { confusion } from './report-confusion.js';
import { columnDetails, dataQuality, drift, reconstruction } from './report-drift.js';
import type { ReportInput } from './report-input.js';
import { about, attention, header } from './report-overview.js';
import { keyMetric, otherMetrics } from './report-performance.js';
import { segments } from './report-segments.js';
import { statistics } from './report-statistics.js';
import { versions } from './report-versions.js';
import { seriesOf } from './series.js';
import { summarize } from './summary.js';

/** Pure: the same input gives the same bytes. Sensible for any input of the right type, also with nothing computed yet. */
export function renderReport(input: ReportInput): string {
  const all = seriesOf(input.results);
  const summary = summarize(all, input.settings.keyMetric);
  const sections: [id: string, name: string, body: Markup | null][] = [
    ['attention', 'Attention', attention(input, summary)],
    ['performance', 'Performance', keyMetric(input, summary)],
    ['segments', 'Segments', segments(input)],
    ['versions', 'Versions', versions(input)],
    ['metrics', 'Metrics', otherMetrics(input, all, summary)],
    ['confusion', 'Confusion', confusion(input, all)],
    ['drift', 'Drift', drift(input, all, summary)],
    ['columns', 'Columns', columnDetails(input, all)],
    ['multivariate', 'Joint drift', reconstruction(input, all)],
    ['quality', 'Quality', dataQuality(input, all)],
    ['statistics', 'Statistics', statistics(input, all)],
    ['runs', 'Runs', runs(input)],
    ['settings', 'Settings', settings(input)],
  ];
  const shown = sections.filter(([, , body]) => body !== null);
  return pageOf({
    title: `${input.model.name}${input.segment === '' ? '' : `, ${input.segment}`}: model report`, version: input.aftercareVersion,
    nav: shown.map(([id, name]) => [id, name]),
    body: [header(input, summary), shown.map(([, , body]) => body), about(input)],
  });
}
