/** A threshold is learnt from reference chunks; a limit is a metric's own bound. Semantics of NannyML 0.13.1. */

export type ThresholdRule =
  | { type: 'constant'; lower: number | null; upper: number | null }
  /** mean ± multiplier × population standard deviation of the reference chunks' values, NaN left out; a null multiplier removes its side */
  | { type: 'standard_deviation'; lowerMultiplier: number | null; upperMultiplier: number | null; offsetFrom?: 'mean' | 'median' | 'min' | 'max' }
  | { type: 'none' };

/** The bounds that a value is judged by; null is "no bound on that side". */
export interface Bounds {
  lower: number | null;
  upper: number | null;
}
