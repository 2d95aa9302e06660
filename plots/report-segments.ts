/** The report's section on segments: parts of the rows that are populations of their own, beside each other. */
import type { CalculatorKind } from '../domain/measurement.js';
import { shellQuoted } from '../domain/shell.js';
import { formatCount, formatValue, shorten } from './format.js';
import { el, type Markup } from './markup.js';
import { metricName } from './names.js';
import type { ReportInput, SegmentStanding } from './report-input.js';
import { flag, section, table } from './report-parts.js';
import { countAlerts, findSeries, seriesOf, type Series } from './series.js';
import { drawSegment } from './spark-figure.js';
import { standingOf, type Standing } from './summary.js';

const PANELS_AT_MOST = 60;

interface Row {
  standing: SegmentStanding;
  estimated: Series | null;
  realized: Series | null;
}

export function segments(input: ReportInput): Markup | null {
  const by = input.settings.segments?.by ?? [];
  if (input.segments.length === 0) return by.length === 0 || input.segment !== '' ? null : section('segments', 'Segments', `By ${by.join(', ')}: the next run computes them.`);
  const metric = input.settings.keyMetric;
  const rows = input.segments.map((standing): Row => {
    const all = seriesOf(standing.results);
    return { standing, estimated: findSeries(all, 'estimated_performance', metric), realized: findSeries(all, 'realized_performance', metric) };
  });
  const alerting = rows.filter(({ standing }) => total(standing) > 0).length;
  // One scale for all: so that segments can be compared by the eye.
  const range = rows.flatMap(({ estimated, realized }) => [estimated, realized]).flatMap((series) => series?.points ?? []).flatMap((point) => [point.value, point.lowerThreshold, point.upperThreshold]).filter((value) => value !== null);
  const drawn = rows.filter(({ estimated, realized }) => estimated !== null || realized !== null);
  return section('segments', 'Segments', `Each is a population of its own, with its own reference, chunks and thresholds. ${formatCount(alerting)} of ${formatCount(rows.length)} alert somewhere. The newest ${metricName(metric)} of a complete chunk, and the number of alerts:`,
    el('div', { class: 'card' }, standingTable(rows)),
    drawn.length === 0 ? null : el('div', {}, el('h3', {}, `${metricName(metric)} per segment, on one scale`),
      el('div', { class: 'many' }, drawn.slice(0, PANELS_AT_MOST).map((row, i) => panel(row, i, range, input.settings.zone)))),
    drawn.length > PANELS_AT_MOST ? el('p', { class: 'muted small' }, `${formatCount(drawn.length - PANELS_AT_MOST)} more are not drawn here.`) : null,
    el('p', { class: 'muted small' }, 'A whole report of one segment: ', el('code', {}, `npx aftercare report ${shellQuoted(input.model.name)} --segment ${shellQuoted(input.segments[0]!.segment)}`)));
}

function standingTable(rows: readonly Row[]): Markup {
  const columns = [
    { name: 'Segment' }, { name: 'Rows', numeric: true }, { name: 'Reference', numeric: true }, { name: 'Estimated', numeric: true }, { name: 'Realized', numeric: true },
    { name: 'Performance ◆', numeric: true }, { name: 'Drift ◆', numeric: true }, { name: 'Quality ◆', numeric: true }, { name: 'Newest chunk', short: true },
  ];
  return table(columns, rows.map(({ standing, estimated, realized }) => {
    const [guess, truth] = [estimated && standingOf(estimated), realized && standingOf(realized)];
    const now = guess?.newest?.alert === true || truth?.newest?.alert === true;
    return {
      alerting: now,
      cells: [
        shorten(standing.segment, 60), formatCount(standing.analysisRows), formatCount(standing.referenceRows), valueOf(guess), valueOf(truth),
        count(standing, ['estimated_performance', 'realized_performance']), count(standing, ['univariate_drift', 'reconstruction_error', 'domain_classifier']), count(standing, ['missing_values', 'unseen_values', 'numerical_range']),
        now ? flag() : [estimated, realized].some((series) => series !== null && openAlerts(series)) ? flag('in the open one') : guess?.newest || truth?.newest ? 'within thresholds' : 'unknown',
      ],
    };
  }));
}

/** The chunk that still grows alerts already. */
function openAlerts(series: Series): boolean {
  return series.points.some((point) => point.period === 'analysis' && !point.chunk.complete && point.alert === true);
}

function valueOf(standing: Standing | null): string {
  return standing?.newest ? formatValue(standing.newest.value) : '–';
}

function count({ alerts }: SegmentStanding, calculators: CalculatorKind[]): string {
  return formatCount(calculators.reduce((sum, calculator) => sum + (alerts[calculator] ?? 0), 0));
}

function total({ alerts }: SegmentStanding): number {
  return Object.values(alerts).reduce((sum, alert) => sum + alert, 0);
}

function panel({ standing, estimated, realized }: Row, i: number, range: readonly number[], zone: string): Markup {
  const alerts = (estimated ? countAlerts(estimated) : 0) + (realized ? countAlerts(realized) : 0);
  return el('div', { class: 'panel' },
    el('div', { class: 'head' }, el('b', {}, shorten(standing.segment, 60)), el('span', { class: alerts > 0 ? 'mark' : 'calm' }, alerts > 0 ? `◆ ${formatCount(alerts)}` : 'calm')),
    drawSegment(standing.segment, { estimated, realized }, range, { id: `segment-${i}`, zone }));
}
