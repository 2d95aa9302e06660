/** Where NannyML's own calculation of a metric fails and ours does not need to: only `calculate`, which gives NannyML's figures, asks for it. */
import { failuresOfRealizedBinary } from './calculators/realized-binary.js';
import { failuresOfRealizedMulticlass } from './calculators/realized-multiclass.js';
import type { FittedCalculatorOf } from './catalogue.js';
import type { EngineKind } from './calculator.js';
import { failuresOfMulticlassEstimate } from './estimators/cbpe-multiclass.js';
import type { Frame } from './frame.js';

/** Names of the metrics of performance that NannyML 0.13.1 fails to calculate on these rows. */
export function failuresInNannyml(fitted: FittedCalculatorOf<EngineKind>, chunk: Frame): Set<string> {
  if (isOf(fitted, 'realized_performance')) {
    switch (fitted.state.problem) {
      case 'classification_binary': return failuresOfRealizedBinary(fitted.state, chunk);
      case 'classification_multiclass': return failuresOfRealizedMulticlass(fitted.state, chunk);
      case 'regression': return new Set();
    }
  }
  if (isOf(fitted, 'estimated_performance') && fitted.state.problem === 'classification_multiclass') return failuresOfMulticlassEstimate(fitted.state, chunk);
  return new Set();
}

function isOf<K extends EngineKind>(fitted: FittedCalculatorOf<EngineKind>, kind: K): fitted is FittedCalculatorOf<EngineKind> & FittedCalculatorOf<K> {
  return fitted.kind === kind;
}
