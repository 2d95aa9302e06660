/** Realized performance: metrics of the rows whose target is known, for every problem type. */
import type { PerformanceSettings } from '../../domain/settings.js';
import { byProblem } from '../by-problem.js';
import { realizedBinary, type FittedRealizedBinary } from './realized-binary.js';
import { realizedMulticlass, type FittedRealizedMulticlass } from './realized-multiclass.js';
import { realizedRegression, type FittedRealizedRegression } from './realized-regression.js';

/** What was learnt. */
export type FittedRealizedPerformance = FittedRealizedBinary | FittedRealizedMulticlass | FittedRealizedRegression;

/** Its entry in the catalogue. */
export const realizedPerformance = byProblem<PerformanceSettings, FittedRealizedPerformance>('realized_performance', {
  classification_binary: realizedBinary, classification_multiclass: realizedMulticlass, regression: realizedRegression,
});
