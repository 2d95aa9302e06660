/** Results to pictures and pages: pure functions of data. */
export type * from './report-input.js';
export { renderReport } from './report.js';
export { drawComparison, drawMeasured, drawPerformance } from './figures.js';
export { drawContinuous } from './distribution-continuous.js';
export { drawCategorical } from './distribution-categorical.js';
export { drawRanking } from './ranking-figure.js';
export { drawVerdict } from './verdict-figure.js';
export { drawSpark } from './spark-figure.js';
export { describeEstimateError, estimateError, type EstimateError } from './compare.js';
export { summarize, standingOf, type Standing, type Summary } from './summary.js';
export { alignTo, countAlerts, findSeries, placesOf, seriesOf, type ChunkPlace, type Series, type SeriesPoint } from './series.js';
export { calculatorName, metricName } from './names.js';
export { alignedFormat, formatCount, formatDate, formatDifference, formatDuration, formatMoment, formatShare, formatSpan, formatSpanShort, formatValue, shorten, wallTimeMs } from './format.js';
export type { FigureOptions } from './figure.js';
export type { Markup } from './markup.js';
