/** A calculator that estimates what cannot be calculated yet. */
import type { PerformanceSettings } from '../../domain/settings.js';
import type { OfProblem } from '../by-problem.js';
import type { Calculator } from '../calculator.js';
import type { Frame } from '../frame.js';

/** Estimated performance of one problem type. */
export interface Estimator<State extends OfProblem> extends Calculator<PerformanceSettings, State> {
  /** The realized metrics as estimates are compared with, per series; NaN where the chunk lacks the target. */
  realizedBeside(state: State, chunk: Frame): Map<string, number>;
}
