/** Predictions of a trained boosting. Source: include/LightGBM/tree.h of LightGBM 4.5.0. */
import { InvalidInput } from '../../domain/errors.js';
import type { BoostingFeature } from './binned.js';
import { exponential } from './exponential.js';
import { blockPredictorOf } from './predict-blocks.js';
import { CATEGORICAL, HAS_MISSING, MISSING_LEFT, type BoostedTrees } from './trees.js';
import { fastWorkspace, type Layout, type Workspace } from './workspace.js';

function checkFeatures(model: BoostedTrees, features: readonly BoostingFeature[]): Float64Array[] {
  const given = features.map((feature) => feature.name).join(', ');
  const wanted = model.features.map((feature) => feature.name).join(', ');
  if (given !== wanted) throw new InvalidInput(`boosting was trained on the features ${wanted}; it is asked to predict from ${given}`);
  model.features.forEach(({ name, kind }, index) => {
    if (features[index]!.kind !== kind) throw new InvalidInput(`boosting feature '${name}' was ${kind} in training and is ${features[index]!.kind} now`);
  });
  return features.map((feature) => feature.values);
}

/** True when the category is in the set; missing, negative and unknown ones never are. */
function inSet(model: BoostedTrees, set: number, value: number): boolean {
  const category = Math.trunc(value);
  if (!(category >= 0)) return false;
  const word = model.categoryStart[set]! + Math.floor(category / 32);
  return word < model.categoryStart[set + 1]! && ((model.categoryBits[word]! >>> (category & 31)) & 1) === 1;
}

function goesLeft(model: BoostedTrees, node: number, value: number): boolean {
  const decision = model.decisions[node]!;
  if (decision & CATEGORICAL) return inSet(model, model.threshold[node]!, value);
  if (Number.isNaN(value)) {
    if (decision & HAS_MISSING) return (decision & MISSING_LEFT) !== 0;
    value = 0;
  }
  return value <= model.threshold[node]!;
}

/** Tree by tree, node by node: what prediction means. */
function walkTrees(model: BoostedTrees, columns: Float64Array[], start: number, scores: Float64Array): void {
  const { nodeStart, leafStart, splitFeature, left, right, leafValue } = model;
  for (let tree = 0; tree + 1 < nodeStart.length; tree++) {
    const first = nodeStart[tree]!;
    const leaves = leafStart[tree]!;
    const isConstant = nodeStart[tree + 1] === first;
    for (let row = 0; row < scores.length; row++) {
      let child = isConstant ? -1 : 0;
      while (child >= 0) {
        const node = first + child;
        child = goesLeft(model, node, columns[splitFeature[node]!]![start + row]!) ? left[node]! : right[node]!;
      }
      scores[row]! += leafValue[leaves + ~child]!;
    }
  }
}

/** Below this many rows walking is sooner done than laying the model out. */
const FEW_ROWS = 400;

/**
 * Predicts rows start … end − 1.
 *
 * @param features the ones of training, in their order; categories that training did not see go the way of the rest, missing ones too
 * @returns 'regression': the value; 'binary': the probability of label 1
 * @throws InvalidInput when the features are others than in training
 */
export function predictBoosting(model: BoostedTrees, features: readonly BoostingFeature[], start = 0, end = features[0]?.values.length ?? 0, workspaceFor: (layout: Layout) => Workspace = fastWorkspace): Float64Array {
  const columns = checkFeatures(model, features);
  const scores = new Float64Array(Math.max(end - start, 0));
  const predictor = scores.length < FEW_ROWS ? undefined : blockPredictorOf(model, workspaceFor);
  if (predictor) predictor.addScores(columns, start, scores);
  else walkTrees(model, columns, start, scores);
  if (model.objective === 'binary') for (let row = 0; row < scores.length; row++) scores[row] = 1 / (1 + exponential(-model.sigmoid * scores[row]!));
  return scores;
}
