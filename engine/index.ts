/** Numerics on typed columns: pure functions, no clock, file, network or hidden randomness. Public as `aftercare/engine`. */
export { alertCountRanking, type RankedColumn, type RankingOptions } from './ranking.js';
export {
  correlationRanking, impactDriftRanking,
  type ColumnChunkValue, type CorrelatedColumn, type ImpactfulColumn, type ImpactRankingInput, type PerformanceChunkValue, type PerformanceRankingInput,
} from './ranking-performance.js';
export { compareRows, overallComparison, type CategoricalComparison, type ColumnComparison, type ColumnSummary, type ComparedDistance, type ContinuousComparison, type Sides } from './compare.js';
export { categoricalDistribution, MISSING_LABEL, OTHER_LABEL, SHOWN_CATEGORIES, type ValueCount } from './distributions/categorical.js';
export { continuousDistribution, CURVE_POINTS, type ChunkDensity, type CurvePoint } from './distributions/continuous.js';
export { kernelDensity, type Density } from './distributions/kernel-density.js';
export { inClassOrder } from './class-order.js';
export { splitRandomly } from './split.js';
export { splitRows, type ChunkRange, type ChunkRule, type Chunks, type Incomplete } from './chunker.js';
export { periodsOf, type CalendarPeriods } from './periods.js';
export { NO_COLUMNS, type CalculatorColumns, type ClassProbability, type EngineKind, type ReferenceSeries } from './calculator.js';
export {
  calculateChunk, ENGINE_VERSION, fitCalculator, judge, rawThresholdsOf, requiredChunkColumns, requiredColumns, thresholdsOf,
  type CalculatorRequest, type CalculatorRequestOf, type EngineRequest, type FittedCalculator, type FittedCalculatorOf, type SeriesBounds, type SettingsByKind, type StateByKind,
} from './catalogue.js';
export { fromExactJson, fromFittedJson, toExactJson, toFittedJson } from './fitted-json.js';
export {
  categoricalOf, compareText, continuousOf, requireColumns, slice, takeRows, toCategorical,
  type CategoricalColumn, type Column, type ContinuousColumn, type Frame, type RowRange, type TimestampColumn,
} from './frame.js';
export { createEnginePool, type EnginePool, type EnginePoolOptions } from './parallel/pool.js';
export { shareFrame } from './parallel/shared-memory.js';
export { boundsOf, checkRule, isNotInside, isOutside, type Limits } from './threshold.js';
export type { ComponentChoice } from './learn/component-count.js';
export type { CategoricalImputation, ContinuousImputation } from './learn/impute.js';
export { failuresInNannyml } from './nannyml-failures.js';
export { realizedBesideEstimate } from './estimators/estimated-performance.js';
export { STATISTIC_METRICS, type Statistic } from './calculators/summary-statistics.js';
export { SUMMARY_STATISTICS, type SummaryStatisticsSettings } from '../domain/settings.js';
export { binFeatures, boostingParametersFrom, predictBoosting, trainBoosting, type BinnedFeatures, type BoostedTrees, type BoostingFeature, type BoostingOptions, type BoostingParameters } from './boosting/index.js';
export type { DomainClassifierOptions } from './calculators/domain-classifier.js';
export {
  defineMetric, registerMetrics,
  type ClassificationMetric, type ClassRows, type CustomMetric, type CustomMetrics, type EngineContext, type EstimatedClassRows, type FurtherColumns,
  type LabelledClassRows, type LabelledRows, type PredictedRows, type RegressionLossMetric,
} from './custom-metrics/metric.js';
