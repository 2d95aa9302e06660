/** From a calculator's name and parameters, as NannyML's constructors take them, to what the engine is asked for. */
import { InvalidInput } from '../../domain/errors.js';
import { constructDataQuality } from './calculators/data-quality.js';
import { constructDirectLoss } from './calculators/direct-loss.js';
import { constructDistribution } from './calculators/distributions.js';
import { constructDomainClassifier } from './calculators/domain-classifier.js';
import { constructPerformance } from './calculators/performance.js';
import { constructReconstruction } from './calculators/reconstruction.js';
import { constructSummaryStatistics } from './calculators/summary-statistics.js';
import { constructUnivariateDrift } from './calculators/univariate-drift.js';
import type { Construction } from './construction.js';

type Constructor = (parameters: Record<string, unknown>) => Construction;

const CONSTRUCTORS: Record<string, Constructor> = {
  UnivariateDriftCalculator: constructUnivariateDrift,
  DataReconstructionDriftCalculator: constructReconstruction,
  DomainClassifierCalculator: constructDomainClassifier,
  MissingValuesCalculator: (parameters) => constructDataQuality('missing_values', 'MissingValuesCalculator', parameters),
  UnseenValuesCalculator: (parameters) => constructDataQuality('unseen_values', 'UnseenValuesCalculator', parameters),
  NumericalRangeCalculator: (parameters) => constructDataQuality('numerical_range', 'NumericalRangeCalculator', parameters),
  SummaryStatsAvgCalculator: (parameters) => constructSummaryStatistics('avg', 'SummaryStatsAvgCalculator', parameters),
  SummaryStatsSumCalculator: (parameters) => constructSummaryStatistics('sum', 'SummaryStatsSumCalculator', parameters),
  SummaryStatsStdCalculator: (parameters) => constructSummaryStatistics('std', 'SummaryStatsStdCalculator', parameters),
  SummaryStatsMedianCalculator: (parameters) => constructSummaryStatistics('median', 'SummaryStatsMedianCalculator', parameters),
  SummaryStatsRowCountCalculator: (parameters) => constructSummaryStatistics('row_count', 'SummaryStatsRowCountCalculator', parameters),
  PerformanceCalculator: (parameters) => constructPerformance('realized_performance', 'PerformanceCalculator', parameters),
  CBPE: (parameters) => constructPerformance('estimated_performance', 'CBPE', parameters),
  DLE: constructDirectLoss,
  ContinuousDistributionCalculator: (parameters) => constructDistribution('continuous', 'ContinuousDistributionCalculator', parameters),
  CategoricalDistributionCalculator: (parameters) => constructDistribution('categorical', 'CategoricalDistributionCalculator', parameters),
};

/** @throws InvalidInput when there is no such calculator, or a parameter is wrong */
export function construct(calculator: string, parameters: Record<string, unknown>): Construction {
  const constructor = Object.hasOwn(CONSTRUCTORS, calculator) ? CONSTRUCTORS[calculator] : undefined;
  if (constructor) return constructor(parameters);
  throw new InvalidInput(`there is no calculator '${calculator}'; there are ${Object.keys(CONSTRUCTORS).join(', ')}`);
}
