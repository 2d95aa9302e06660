/** What a leaf puts out and what it is worth: the formulas every split search shares. Source: src/treelearner/feature_histogram.hpp of LightGBM 4.5.0. */
import type { BoostingParameters } from './parameters.js';

/** LightGBM's kEpsilon, a 32-bit constant: keeps sums of hessians from zero. */
export const EPSILON = Math.fround(1e-15);

/** What regularizes a leaf. */
export interface Regularization { l1: number; l2: number; maxDeltaStep: number; pathSmooth: number }

export function regularizationOf(parameters: BoostingParameters, extraL2 = 0): Regularization {
  return { l1: parameters.regAlpha, l2: parameters.regLambda + extraL2, maxDeltaStep: parameters.maxDeltaStep, pathSmooth: parameters.pathSmooth > EPSILON ? parameters.pathSmooth : 0 };
}

function shrinkL1(sum: number, l1: number): number {
  return Math.sign(sum) * Math.max(0, Math.abs(sum) - l1);
}

/** A leaf's output: minus the sum of gradients over the sum of hessians, regularized. `rowCount` and `parentOutput` serve path smoothing. */
export function leafOutput(gradient: number, hessian: number, rule: Regularization, rowCount: number, parentOutput: number): number {
  let output = (rule.l1 > 0 ? -shrinkL1(gradient, rule.l1) : -gradient) / (hessian + rule.l2);
  if (rule.maxDeltaStep > 0 && Math.abs(output) > rule.maxDeltaStep) output = Math.sign(output) * rule.maxDeltaStep;
  if (rule.pathSmooth > 0) {
    const weight = rowCount / rule.pathSmooth;
    output = (output * weight) / (weight + 1) + parentOutput / (weight + 1);
  }
  return output;
}

/** What a given output is worth. */
export function gainOfOutput(gradient: number, hessian: number, rule: Regularization, output: number): number {
  const reduced = rule.l1 > 0 ? shrinkL1(gradient, rule.l1) : gradient;
  return -(2 * reduced * output + (hessian + rule.l2) * output * output);
}

/** What a leaf is worth: twice the loss that its best output takes away. */
export function leafGain(gradient: number, hessian: number, rule: Regularization, rowCount: number, parentOutput: number): number {
  if (rule.maxDeltaStep > 0 || rule.pathSmooth > 0) return gainOfOutput(gradient, hessian, rule, leafOutput(gradient, hessian, rule, rowCount, parentOutput));
  const reduced = rule.l1 > 0 ? shrinkL1(gradient, rule.l1) : gradient;
  return (reduced * reduced) / (hessian + rule.l2);
}
