/** Estimated and realized performance per chunk, and the ranking of columns, for a terminal. */
import type { Result } from '../../domain/measurement.js';
// Not by plots/index.ts: that loads the drawing library, which a command without a drawing should not wait for.
import { describeEstimateError, estimateError } from '../../plots/compare.js';
import { alignedFormat, formatCount, formatDate, formatSpanShort, wallTimeMs } from '../../plots/format.js';
import { metricName } from '../../plots/names.js';
import type { RankedColumn } from '../../plots/report-input.js';
import { alignTo, findSeries, placesOf, seriesOf, type ChunkPlace } from '../../plots/series.js';
import { bar, sparkline } from './sparkline.js';
import { columnsOf, fit, pad, printable, styleOf, type TerminalOptions } from './style.js';
import { table } from './table.js';

// A narrower terminal gets fewer columns.
const WIDE = 116;

export interface PerformanceOptions extends TerminalOptions {
  /** IANA name of the zone in which dates are written; default UTC. */
  zone?: string;
  /** Default: analysis chunks only. */
  reference?: boolean;
}

/** A row per chunk: dates, rows, estimate with its band, realized value, error, alerts; then both lines as sparklines and the error in words. */
export function performanceTable(results: readonly Result[], metric: string, options: PerformanceOptions = {}): string {
  const all = seriesOf(results.filter((result) => result.metric === metric));
  const estimated = findSeries(all, 'estimated_performance', metric);
  const realized = findSeries(all, 'realized_performance', metric);
  const places = placesOf(all.filter((series) => series === estimated || series === realized)).filter((place) => options.reference || place.period === 'analysis');
  if (places.length === 0) return `no ${metricName(metric)} was computed yet`;
  const [guesses, truths] = [alignTo(places, estimated), alignTo(places, realized)];
  const write = alignedFormat([...guesses, ...truths].map((point) => point?.value ?? null));
  const narrow = styleOf(options).width < WIDE;
  const rows = places.map((place, i) => {
    const [guess, truth] = [guesses[i] ?? null, truths[i] ?? null];
    const [estimate, real] = [guess?.value ?? null, truth?.value ?? null];
    const alerts = [guess?.alert ? 'estimated' : '', truth?.alert ? 'realized' : ''].filter((word) => word !== '');
    const band = guess && guess.bandLower !== null && guess.bandUpper !== null ? [guess.bandLower, guess.bandUpper] as const : null;
    if (narrow) {
      return {
        chunk: `${place.period === 'reference' ? 'ref ' : ''}${place.chunk.index}`,
        from: fromOf(place, options.zone ?? 'UTC'),
        estimated: estimate === null ? '–' : write(estimate),
        '±': band ? write((band[1] - band[0]) / 2) : '',
        realized: real === null ? '–' : write(real),
        error: estimate === null || real === null ? '' : write(estimate - real, true),
        alert: [alerts.length === 2 ? '◆ both' : alerts.length === 1 ? `◆ ${alerts[0]!}` : '', place.chunk.complete ? (real === null || place.chunk.final || place.period === 'reference' ? '' : 'prov.') : 'open'].filter((word) => word !== '').join(' '),
      };
    }
    return {
      chunk: `${place.period === 'reference' ? 'ref ' : ''}${place.chunk.index}`,
      dates: datesOf(place, options.zone ?? 'UTC'),
      rows: `${formatCount(place.chunk.rows)}${place.chunk.complete ? '' : ' open'}`,
      estimated: estimate === null ? '–' : write(estimate),
      band: band ? `${write(band[0])} – ${write(band[1])}` : '',
      realized: real === null ? '–' : `${write(real)}${place.chunk.final || place.period === 'reference' ? '' : ' prov.'}`,
      error: estimate === null || real === null ? '' : write(estimate - real, true),
      alert: alerts.length > 0 ? `◆ ${alerts.join(', ')}` : '',
    };
  });
  const lines = [table(rows, options), ''];
  for (const [name, points] of [['estimated', guesses], ['realized', truths]] as const) {
    if (points.some((point) => point !== null && point.value !== null)) lines.push(`${pad(name, 11)}${sparkline(points.map((point) => point?.value ?? null), { ...options, alerts: points.map((point) => point?.alert === true) })}`);
  }
  if (estimated) lines.push(describeEstimateError(metric, estimateError(estimated, realized)));
  return lines.join('\n');
}

/** @param chunks analysis chunks that could have alerted: a full bar */
export function rankingList(ranking: readonly RankedColumn[], chunks: number, options: TerminalOptions = {}): string {
  if (ranking.length === 0) return 'nothing is ranked yet';
  const style = styleOf(options);
  const room = Math.max(12, Math.min(40, (Number.isFinite(style.width) ? style.width : 100) - 40));
  const names = ranking.map((entry) => fit(printable(entry.column), room));
  const width = Math.max(...names.map(columnsOf));
  const longest = Math.max(chunks, ...ranking.map((entry) => entry.alerts), 1);
  const places = String(Math.max(...ranking.map((entry) => entry.rank))).length;
  return ranking.map((entry, i) => {
    const count = `${formatCount(entry.alerts)} of ${formatCount(longest)} chunks`;
    const drawn = pad(bar(entry.alerts, longest, 16), 16);
    return `${pad(String(entry.rank), places, true)}. ${pad(names[i]!, width)}  ${entry.alerts > 0 ? style.alert(drawn) : drawn}  ${entry.alerts > 0 ? `◆ ${count}` : style.dim(count)}`;
  }).join('\n');
}

function fromOf(place: ChunkPlace, zone: string): string {
  const from = wallTimeMs(place.chunk.startDate, zone);
  return from === null ? '' : formatDate(from);
}

function datesOf(place: ChunkPlace, zone: string): string {
  const [from, to] = [wallTimeMs(place.chunk.startDate, zone), wallTimeMs(place.chunk.endDate, zone)];
  return from === null || to === null ? '' : formatSpanShort(from, to);
}
