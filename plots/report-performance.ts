/** The report's sections on performance: the key metric with its chunks, then every other metric. */
import { describeEstimateError, estimateError } from './compare.js';
import { isConfusionCell } from './confusion.js';
import { chunkDates } from './describe.js';
import type { FigureOptions } from './figure.js';
import { drawComparison, drawPerformance } from './figures.js';
import { alignedFormat, formatCount, formatShare } from './format.js';
import { metricName, sentence } from './names.js';
import { el, type Markup } from './markup.js';
import type { ReportInput } from './report-input.js';
import { figureCard, flag, newestFirst, onTimeline, section } from './report-parts.js';
import { alignTo, countAlerts, findSeries, hasValues, placesOf, type Series, type SeriesPoint } from './series.js';
import type { Summary } from './summary.js';

const CHUNKS_SHOWN = 20;

export function keyMetric(input: ReportInput, summary: Summary): Markup {
  const estimated = summary.estimated?.series ?? null;
  const realized = summary.realized?.series ?? null;
  const name = sentence(metricName(summary.metric));
  return section('performance', `${name} over time`, estimated || realized ? null : `No ${metricName(summary.metric)} was computed.`,
    performanceFigure(estimated, realized, onTimeline(input, 'key-metric', 340)),
    estimated || realized ? el('div', { class: 'card' }, chunkTable(estimated, realized, input.settings.zone)) : null);
}

/** Every other metric that was estimated or realized. */
export function otherMetrics(input: ReportInput, all: readonly Series[], summary: Summary): Markup | null {
  const metrics = [...new Set(all.filter((series) => series.calculator === 'estimated_performance' || series.calculator === 'realized_performance').map((series) => series.metric))].filter((metric) => metric !== summary.metric && !isConfusionCell(metric));
  if (metrics.length === 0) return null;
  return section('metrics', 'Other metrics', null, metrics.map((metric, i) => performanceFigure(findSeries(all, 'estimated_performance', metric), findSeries(all, 'realized_performance', metric), onTimeline(input, `metric-${i}`, 260))));
}

function performanceFigure(estimated: Series | null, realized: Series | null, options: FigureOptions): Markup | null {
  const series = estimated ?? realized;
  if (!series) return null;
  const name = sentence(metricName(series.metric));
  if (estimated && realized && hasValues(realized)) {
    return figureCard(`${name}: estimated against realized`, describeEstimateError(series.metric, estimateError(estimated, realized)), drawComparison(estimated, realized, options));
  }
  const shown = hasValues(estimated) || !realized ? series : realized;
  const role = shown.calculator === 'estimated_performance' ? 'Estimated' : 'Realized';
  const alerts = countAlerts(shown);
  return figureCard(`${role} ${metricName(shown.metric)}`, `${formatCount(alerts)} ${alerts === 1 ? 'alert' : 'alerts'}${role === 'Estimated' ? '; no targets have come yet' : ''}.`, drawPerformance(shown, options));
}

function chunkTable(estimated: Series | null, realized: Series | null, zone: string): Markup {
  const places = placesOf([estimated, realized].filter((series) => series !== null)).filter((place) => place.period === 'analysis');
  const guesses = alignTo(places, estimated);
  const truths = alignTo(places, realized);
  const columns = [
    { name: 'Chunk', numeric: true }, { name: 'Dates', short: true }, { name: 'Rows', numeric: true }, { name: 'Estimated', numeric: true }, { name: 'Band', numeric: true },
    { name: 'Realized', numeric: true }, { name: 'Error', numeric: true }, { name: 'Targets', numeric: true }, { name: 'Judgement' },
  ];
  const write = alignedFormat([...guesses, ...truths].map((point) => point?.value ?? null));
  const rows = places.map((place, i) => {
    const [guess, truth] = [guesses[i] ?? null, truths[i] ?? null];
    const both = guess?.value !== null && guess?.value !== undefined && truth?.value !== null && truth?.value !== undefined;
    return {
      alerting: guess?.alert === true || truth?.alert === true,
      cells: [
        String(place.chunk.index), chunkDates(place, zone, true), `${formatCount(place.chunk.rows)}${place.chunk.complete ? '' : ' (open)'}`,
        cell(guess, write), guess && guess.bandLower !== null && guess.bandUpper !== null ? `${write(guess.bandLower)} – ${write(guess.bandUpper)}` : '',
        `${cell(truth, write)}${truth && truth.value !== null && !place.chunk.final ? ' prov.' : ''}`, both ? write(guess.value! - truth.value!, true) : '',
        place.chunk.rows > 0 ? formatShare(place.chunk.targets / place.chunk.rows) : '', judgement(guess, truth),
      ],
    };
  });
  return newestFirst(columns, rows, CHUNKS_SHOWN);
}

function cell(point: SeriesPoint | null, write: (value: number | null) => string): string {
  return point === null || point.value === null ? '–' : write(point.value);
}

function judgement(guess: SeriesPoint | null, truth: SeriesPoint | null): Markup | string {
  const alerting = [guess?.alert === true ? 'estimated' : null, truth?.alert === true ? 'realized' : null].filter((word) => word !== null);
  if (alerting.length > 0) return flag(alerting.length === 2 ? 'alert: both' : `alert: ${alerting[0]!}`);
  const reason = guess?.reason ?? truth?.reason ?? null;
  return (guess?.value ?? truth?.value ?? null) === null ? (reason ?? 'cannot be known') : 'within thresholds';
}
