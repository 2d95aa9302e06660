/** Performance estimated before targets are there, for every problem type. */
import type { PerformanceSettings } from '../../domain/settings.js';
import { byProblem } from '../by-problem.js';
import type { Frame } from '../frame.js';
import { cbpeBinary, type FittedBinaryEstimate } from './cbpe-binary.js';
import { cbpeMulticlass, type FittedMulticlassEstimate } from './cbpe-multiclass.js';
import { directLoss, type FittedDirectLoss } from './direct-loss.js';

/** What was learnt. */
export type FittedEstimatedPerformance = FittedBinaryEstimate | FittedMulticlassEstimate | FittedDirectLoss;

/** Its entry in the catalogue. */
export const estimatedPerformance = byProblem<PerformanceSettings, FittedEstimatedPerformance>('estimated_performance', {
  classification_binary: cbpeBinary, classification_multiclass: cbpeMulticlass, regression: directLoss,
});

/** The realized metrics as estimates are compared with, per series; NaN where the chunk lacks the target. */
export function realizedBesideEstimate(fitted: FittedEstimatedPerformance, chunk: Frame): Map<string, number> {
  switch (fitted.problem) {
    case 'classification_binary': return cbpeBinary.realizedBeside(fitted, chunk);
    case 'classification_multiclass': return cbpeMulticlass.realizedBeside(fitted, chunk);
    case 'regression': return directLoss.realizedBeside(fitted, chunk);
  }
}
