/** The chances that estimates of metrics of one's own rest on: those of confidence-based performance estimation. */
import { InvalidInput } from '../../domain/errors.js';
import { classProbabilitiesOf } from '../estimators/cbpe-multiclass.js';
import type { FittedEstimatedPerformance } from '../estimators/estimated-performance.js';
import { continuousOf, type Frame } from '../frame.js';
import { applyIsotonic } from '../learn/isotonic.js';

/** Per class, in ascending order, and row: the calibrated chance that the target is of the class; NaN where a score is missing. */
export function targetProbabilitiesOf(fitted: FittedEstimatedPerformance, chunk: Frame): Float64Array[] {
  switch (fitted.problem) {
    case 'classification_binary': {
      const { values } = continuousOf(chunk, fitted.columns.score);
      const positive = fitted.calibration === null ? values : applyIsotonic(fitted.calibration, values);
      return [positive.map((chance) => 1 - chance), positive];
    }
    case 'classification_multiclass': return classProbabilitiesOf(fitted.calibrations, fitted.columns.scores.map((name) => continuousOf(chunk, name).values));
    case 'regression': throw new InvalidInput('the target of a regression is of no class');
  }
}
