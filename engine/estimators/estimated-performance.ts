/** Performance estimated before targets are there, for every problem type. */
import type { PerformanceSettings } from '../../domain/settings.js';
import { byProblem } from '../by-problem.js';
import type { Frame } from '../frame.js';
import { cbpeBinary, type FittedBinaryEstimate } from './cbpe-binary.js';
import type { Estimator } from './estimator.js';

/** What was learnt. */
export type FittedEstimatedPerformance = FittedBinaryEstimate;

const ESTIMATORS: { [P in FittedEstimatedPerformance['problem']]: Estimator<Extract<FittedEstimatedPerformance, { problem: P }>> } = { classification_binary: cbpeBinary };

/** Its entry in the catalogue. */
export const estimatedPerformance = byProblem<PerformanceSettings, FittedEstimatedPerformance>('estimated_performance', ESTIMATORS);

/** The realized metrics as estimates are compared with, per series; NaN where the chunk lacks the target. */
export function realizedBesideEstimate(fitted: FittedEstimatedPerformance, chunk: Frame): Map<string, number> {
  return ESTIMATORS[fitted.problem].realizedBeside(fitted, chunk);
}
