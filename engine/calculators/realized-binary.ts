/** Realized performance of a two-class model: metrics of the rows whose target is known. */
import { InvalidInput } from '../../domain/errors.js';
import type { MetricPoint } from '../../domain/measurement.js';
import type { PerformanceSettings } from '../../domain/settings.js';
import { plainPoint, type Calculator, type CalculatorColumns, type FitPieces } from '../calculator.js';
import { continuousOf, type Frame } from '../frame.js';
import { RealizedMetrics, type BinaryMetricOptions, type BinarySeries } from '../metrics/binary-realized.js';
import { joinSamplingErrors, samplingError, samplingErrorPieces, samplingErrorTerms, seriesOfPiece, type SamplingErrorTerms } from '../metrics/binary-sampling-error.js';
import { binarySeries, classesOf, columnNames, metricOptions, performanceLimits, performanceRule } from './performance-settings.js';

/** What was learnt: only the sampling errors come from the reference. */
export interface FittedRealizedBinary {
  problem: 'classification_binary';
  series: BinarySeries[];
  options: BinaryMetricOptions;
  columns: { target: string; score: string | null; prediction: string | null };
  samplingErrors: Partial<Record<BinarySeries, SamplingErrorTerms>>;
}

function columnsFor(settings: PerformanceSettings, columns: CalculatorColumns): FittedRealizedBinary['columns'] {
  if (columns.target === null) throw new InvalidInput('realized performance needs a target column');
  return { target: columns.target, ...columnNames(binarySeries(settings), columns) };
}

/** @throws InvalidInput when targets or predictions are not 0 or 1, or a column that a metric needs is not there */
export function fitRealizedBinary(settings: PerformanceSettings, columns: CalculatorColumns, reference: Frame): FittedRealizedBinary {
  return fitSeries(settings, columns, reference, binarySeries(settings));
}

/** @param learnt the series whose sampling errors are learnt */
function fitSeries(settings: PerformanceSettings, columns: CalculatorColumns, reference: Frame, learnt: BinarySeries[]): FittedRealizedBinary {
  const series = binarySeries(settings);
  const options = metricOptions(settings);
  const names = columnsFor(settings, columns);
  const rows = {
    target: classesOf(reference, names.target, 'the reference'),
    prediction: names.prediction === null ? null : classesOf(reference, names.prediction, 'the reference'),
    score: names.score === null ? null : continuousOf(reference, names.score).values,
  };
  return { problem: 'classification_binary', series, options, columns: names, samplingErrors: samplingErrorTerms(learnt, rows, options) };
}

/** Most of the time goes into the sampling error of average precision. */
const PIECES: FitPieces<PerformanceSettings, FittedRealizedBinary> = {
  split: (settings) => samplingErrorPieces(binarySeries(settings)),
  learn: (settings, columns, reference, piece) => fitSeries(settings, columns, reference, seriesOfPiece(binarySeries(settings), piece)),
  join(_settings, _columns, parts) {
    const [first] = parts as [FittedRealizedBinary];
    return { ...first, samplingErrors: joinSamplingErrors(first.series, parts.map((part) => part.samplingErrors!)) };
  },
};

function metricsOf(fitted: FittedRealizedBinary, chunk: Frame): RealizedMetrics {
  const { target, prediction, score } = fitted.columns;
  return new RealizedMetrics({
    target: classesOf(chunk, target, 'the chunk'),
    prediction: prediction === null ? null : classesOf(chunk, prediction, 'the chunk'),
    score: score === null ? null : continuousOf(chunk, score).values,
  }, fitted.options, 'realized');
}

/** Names of the series whose calculation fails in NannyML, so that it knows neither their sampling error nor whether they alert. */
export function failuresOfRealizedBinary(fitted: FittedRealizedBinary, chunk: Frame): Set<string> {
  const metrics = metricsOf(fitted, chunk);
  const fails = fitted.series.includes('specificity') && metrics.rowsFor('specificity') > 0 && metrics.holdsOneLabel();
  return new Set(fails ? ['specificity'] : []);
}

/** Cost: one pass for all counts, one sort of the scores for ROC AUC and average precision together. */
export function calculateRealizedBinary(fitted: FittedRealizedBinary, chunk: Frame): MetricPoint[] {
  const metrics = metricsOf(fitted, chunk);
  return fitted.series.map((series) => {
    const rows = metrics.rowsFor(series);
    const value = metrics.value(series);
    const point = plainPoint(series, '', value, rows === 0 ? 'no row of the chunk has a target and what the metric needs' : 'the chunk holds a single class');
    const failed = series === 'specificity' && metrics.holdsOneLabel();
    return { ...point, samplingError: failed ? NaN : samplingError(fitted.samplingErrors[series]!, rows) };
  });
}

/** Its part of the catalogue's entry `realized_performance`. */
export const realizedBinary: Calculator<PerformanceSettings, FittedRealizedBinary> = {
  kind: 'realized_performance',
  requiredColumns(settings, columns) {
    const { target, score, prediction } = columnsFor(settings, columns);
    const names = [target, score, prediction].filter((name) => name !== null);
    return { reference: names, chunk: names };
  },
  fit: fitRealizedBinary,
  pieces: () => PIECES,
  calculate: calculateRealizedBinary,
  ruleOf: performanceRule,
  limitsOf: (state, series) => performanceLimits(state.options, series),
  alertsOnBound: false,
};
