/** Cross-validation of a model that tells a chunk's rows from a reference's. */
import { binFeatures, predictBoosting, trainBoosting, type BoostingFeature, type BoostingOptions } from '../boosting/index.js';
import { takeNumbers } from '../frame.js';
import { rankScores } from '../metrics/ranking-metrics.js';
import { rocAucByTrapezoids } from '../metrics/roc-curve.js';
import { stratifiedFolds } from './stratified-folds.js';

/**
 * ROC AUC of all rows together, each scored by the model that did not see it.
 *
 * @param features columns of equal length
 * @param isChunk 1 for rows of the chunk
 * @returns in [0, 1]; 0.5 where all rows are the chunk's, so that there is nothing to tell apart; NaN where both sides have fewer rows than there are folds
 * Cost: `folds` trainings.
 */
export function crossValidate(features: readonly BoostingFeature[], isChunk: Uint8Array, folds: number, options: BoostingOptions): number {
  const foldOf = stratifiedFolds(isChunk, folds);
  if (foldOf === null) return NaN;
  if (isChunk.every((one) => one === 1)) return 0.5;
  const scores = new Float64Array(isChunk.length);
  for (let fold = 0; fold < folds; fold++) scoreFold(features, isChunk, rowsOf(foldOf, fold), options, scores);
  return rocAucByTrapezoids(rankScores(Float64Array.from(isChunk), scores));
}

interface FoldRows {
  training: Int32Array;
  test: Int32Array;
}

function rowsOf(foldOf: Int32Array, fold: number): FoldRows {
  let size = 0;
  for (let row = 0; row < foldOf.length; row++) if (foldOf[row] === fold) size += 1;
  const rows = { training: new Int32Array(foldOf.length - size), test: new Int32Array(size) };
  let training = 0;
  let test = 0;
  for (let row = 0; row < foldOf.length; row++) {
    if (foldOf[row] === fold) rows.test[test++] = row;
    else rows.training[training++] = row;
  }
  return rows;
}

/** Writes the scores of the fold's rows into `scores`. */
function scoreFold(features: readonly BoostingFeature[], isChunk: Uint8Array, { training, test }: FoldRows, options: BoostingOptions, scores: Float64Array): void {
  if (test.length === 0) return;
  const model = trainBoosting(binFeatures(take(features, training), options), labelsOf(isChunk, training), options);
  const predicted = predictBoosting(model, take(features, test));
  for (let i = 0; i < test.length; i++) scores[test[i]!] = predicted[i]!;
}

function take(features: readonly BoostingFeature[], rows: Int32Array): BoostingFeature[] {
  return features.map((feature) => ({ ...feature, values: takeNumbers(feature.values, rows) }));
}

/** Rows of one class only have label 0, whichever class it is, as scikit-learn numbers the classes that it sees. */
function labelsOf(isChunk: Uint8Array, rows: Int32Array): Float64Array {
  const labels = new Float64Array(rows.length);
  let ofChunk = 0;
  for (let i = 0; i < rows.length; i++) {
    labels[i] = isChunk[rows[i]!]!;
    ofChunk += labels[i]!;
  }
  return ofChunk === rows.length ? labels.fill(0) : labels;
}
