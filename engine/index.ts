/** Numerics on typed columns: pure functions, no clock, file, network or hidden randomness. Public as `aftercare/engine`. */
export { alertCountRanking, type RankedColumn } from './ranking.js';
export { splitRandomly } from './split.js';
export { splitRows, type ChunkRange, type ChunkRule, type Chunks, type Incomplete } from './chunker.js';
export { periodsOf, type CalendarPeriods } from './periods.js';
export { NO_COLUMNS, type CalculatorColumns, type ClassProbability, type EngineKind, type ReferenceSeries } from './calculator.js';
export {
  calculateChunk, ENGINE_VERSION, fitCalculator, judge, rawThresholdsOf, requiredChunkColumns, requiredColumns, thresholdsOf,
  type CalculatorRequest, type CalculatorRequestOf, type EngineRequest, type FittedCalculator, type FittedCalculatorOf, type SeriesBounds, type SettingsByKind, type StateByKind,
} from './catalogue.js';
export { fromFittedJson, toFittedJson } from './fitted-json.js';
export {
  categoricalOf, compareText, continuousOf, requireColumns, slice, takeRows, toCategorical,
  type CategoricalColumn, type Column, type ContinuousColumn, type Frame, type RowRange, type TimestampColumn,
} from './frame.js';
export { boundsOf, checkRule, isNotInside, isOutside, type Limits } from './threshold.js';
export type { CategoricalImputation, ContinuousImputation } from './learn/impute.js';
export { realizedBesideEstimate } from './estimators/estimated-performance.js';
export { STATISTIC_METRICS, STATISTICS, type Statistic, type SummaryStatisticsSettings } from './calculators/summary-statistics.js';
