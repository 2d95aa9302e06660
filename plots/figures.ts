/** The figures by what they show: each takes series and gives SVG. */
import { describeEstimateError, estimateError } from './compare.js';
import type { FigureOptions } from './figure.js';
import { formatCount } from './format.js';
import { metricFigure } from './metric-figure.js';
import type { Markup } from './markup.js';
import { calculatorName, isWithinUnit, metricName, sentence } from './names.js';
import { countAlerts, type Series } from './series.js';

/** One metric, estimated or realized. */
export function drawPerformance(series: Series, options: FigureOptions): Markup {
  const role = series.calculator === 'estimated_performance' ? 'estimated' : 'realized';
  const name = `${role} ${metricName(series.metric)}`;
  return metricFigure({
    title: sentence(name), subtitle: `${alertWords(series)}.`, layers: [{ series, role, name }], unit: isWithinUnit(series.metric), coverage: role === 'realized',
  }, options);
}

/** One metric as estimated without targets, and as it came true; with the error of the estimate, and the coverage of targets under the axis. */
export function drawComparison(estimated: Series, realized: Series, options: FigureOptions): Markup {
  const name = metricName(estimated.metric);
  return metricFigure({
    title: `${sentence(name)}: estimated against realized`,
    subtitle: describeEstimateError(estimated.metric, estimateError(estimated, realized)),
    layers: [{ series: estimated, role: 'estimated', name: `estimated ${name}` }, { series: realized, role: 'realized', name: `realized ${name}` }],
    unit: isWithinUnit(estimated.metric),
    coverage: true,
  }, options);
}

/**
 * Univariate drift, reconstruction error or data quality: one measured series.
 *
 * @param ofTargets its values come of the targets: they are provisional until all have come, and the coverage stands under the axis
 */
export function drawMeasured(series: Series, options: FigureOptions, ofTargets = false): Markup {
  const name = metricName(series.metric);
  const title = series.column === '' ? sentence(name) : `${series.column}: ${name}`;
  return metricFigure({
    title, subtitle: `${calculatorName(series.calculator)}. ${alertWords(series)}.`, layers: [{ series, role: 'realized', name }], unit: isWithinUnit(series.metric), coverage: ofTargets,
  }, options);
}

function alertWords(series: Series): string {
  const chunks = series.points.filter((point) => point.period === 'analysis').length;
  const alerts = countAlerts(series);
  return chunks === 0 ? 'No analysis chunks yet' : `${formatCount(alerts)} of ${formatCount(chunks)} analysis chunks ${alerts === 1 ? 'alerts' : 'alert'}`;
}
