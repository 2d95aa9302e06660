/** What a model's results come to: the newest values, since when they alert, how many alerts there are, how many targets have come. */
import { estimateError, type EstimateError } from './compare.js';
import type { CalculatorKind } from '../domain/measurement.js';
import { CALCULATORS } from '../domain/measurement.js';
import { countAlerts, findSeries, placesOf, type ChunkPlace, type Series, type SeriesPoint } from './series.js';

export interface Standing {
  series: Series;
  /** The newest analysis chunk with a value, complete ones first; null when there is none. */
  newest: SeriesPoint | null;
  /** First chunk of the unbroken row of alerts that ends at `newest`; null when `newest` does not alert. */
  alertingSince: SeriesPoint | null;
}

export interface Summary {
  metric: string;
  estimated: Standing | null;
  realized: Standing | null;
  error: EstimateError | null;
  places: ChunkPlace[];
  chunksReference: number;
  chunksAnalysis: number;
  chunksOpen: number;
  /** Alerts of analysis chunks, by calculator; only calculators with results. */
  alerts: { calculator: CalculatorKind; alerts: number; chunks: number }[];
  /** Targets that have come, of the rows of all analysis chunks; null without rows. */
  coverage: number | null;
}

export function summarize(all: readonly Series[], keyMetric: string): Summary {
  const estimated = findSeries(all, 'estimated_performance', keyMetric);
  const realized = findSeries(all, 'realized_performance', keyMetric);
  const places = placesOf(all);
  const analysis = places.filter((place) => place.period === 'analysis');
  const rows = analysis.reduce((sum, place) => sum + place.chunk.rows, 0);
  return {
    metric: keyMetric,
    estimated: estimated && standingOf(estimated),
    realized: realized && standingOf(realized),
    error: estimateError(estimated, realized),
    places,
    chunksReference: places.length - analysis.length,
    chunksAnalysis: analysis.length,
    chunksOpen: analysis.filter((place) => !place.chunk.complete).length,
    alerts: CALCULATORS.flatMap((calculator) => {
      const own = all.filter((series) => series.calculator === calculator);
      if (own.length === 0) return [];
      return [{ calculator, alerts: own.reduce((sum, series) => sum + countAlerts(series), 0), chunks: alertingChunks(own) }];
    }),
    coverage: rows > 0 ? analysis.reduce((sum, place) => sum + place.chunk.targets, 0) / rows : null,
  };
}

export function standingOf(series: Series): Standing {
  const known = series.points.filter((point) => point.period === 'analysis' && point.value !== null);
  const at = known.findLastIndex((point) => point.chunk.complete);
  const index = at >= 0 ? at : known.length - 1;
  const newest = known[index] ?? null;
  if (!newest || newest.alert !== true) return { series, newest, alertingSince: null };
  let first = index;
  while (first > 0 && known[first - 1]!.alert === true) first -= 1;
  return { series, newest, alertingSince: known[first]! };
}

/** Analysis chunks in which at least one of the series alerts. */
function alertingChunks(own: readonly Series[]): number {
  const keys = new Set(own.flatMap((series) => series.points.filter((point) => point.period === 'analysis' && point.alert === true).map((point) => point.chunk.key)));
  return keys.size;
}
