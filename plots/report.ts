/** A model's report as one HTML file that asks nobody for anything: no address is loaded, and its own policy forbids it to. */
import { createHash } from 'node:crypto';
import { el, raw, type Markup } from './markup.js';
import { runs, settings } from './report-appendix.js';
import { confusion } from './report-confusion.js';
import { columnDetails, dataQuality, drift, reconstruction } from './report-drift.js';
import type { ReportInput } from './report-input.js';
import { about, attention, header } from './report-overview.js';
import { keyMetric, otherMetrics } from './report-performance.js';
import { segments } from './report-segments.js';
import { statistics } from './report-statistics.js';
import { REPORT_SCRIPT } from './report-script.js';
import { REPORT_STYLE } from './report-style.js';
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
  const page = el('html', { lang: 'en' },
    el('head', {},
      el('meta', { charset: 'utf-8' }),
      el('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
      el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      el('meta', { name: 'color-scheme', content: 'light dark' }),
      el('meta', { name: 'generator', content: `aftercare ${input.aftercareVersion}` }),
      el('title', {}, `${input.model.name}${input.segment === '' ? '' : `, ${input.segment}`}: model report`),
      el('style', { id: 'style' }, raw(REPORT_STYLE))),
    el('body', {},
      el('a', { class: 'skip', href: '#main' }, 'Skip to the report'),
      el('div', { class: 'bar' }, el('div', {}, el('span', { class: 'brand' }, 'aftercare'), el('nav', { 'aria-label': 'Sections' }, shown.map(([id, name]) => el('a', { href: `#${id}` }, name))), el('button', { id: 'theme', type: 'button', hidden: true }, 'Theme: auto'))),
      el('main', { id: 'main' }, header(input, summary), shown.map(([, , body]) => body), about(input)),
      el('div', { id: 'tip', hidden: true, 'aria-hidden': 'true' }),
      el('script', {}, raw(REPORT_SCRIPT))));
  return `<!doctype html>\n${page.markup}\n`;
}

/** Only this style and this script; pictures only from the page itself (saving a figure as PNG). */
const POLICY = `default-src 'none'; style-src '${hash(REPORT_STYLE)}'; script-src '${hash(REPORT_SCRIPT)}'; img-src blob: data:; base-uri 'none'; form-action 'none'`;

function hash(content: string): string {
  return `sha256-${createHash('sha256').update(content, 'utf8').digest('base64')}`;
}
