/**
 * Gradient boosting of decision trees, grown leaf by leaf on histograms, with LightGBM's numbers.
 * Source: src/boosting/gbdt.cpp and src/treelearner/serial_tree_learner.cpp of LightGBM 4.5.0.
 */
import { InvalidInput } from '../../domain/errors.js';
import { ZERO_THRESHOLD } from './bin-mapper.js';
import { binningParametersOf, type BinnedFeatures } from './binned.js';
import { logarithm } from './exponential.js';
import { EPSILON } from './gain.js';
import { TreeGrower } from './grow.js';
import { completeParameters, type BoostingOptions, type BoostingParameters } from './parameters.js';
import { RowSampler } from './rows.js';
import { TrainingMemory } from './training-memory.js';
import { flattenTrees, type BoostedTrees, type Tree } from './trees.js';
import { fastWorkspace, type Layout, type Workspace } from './workspace.js';

function checkTraining(data: BinnedFeatures, labels: Float64Array, parameters: BoostingParameters): void {
  if (labels.length !== data.rowCount) throw new InvalidInput(`boosting labels: ${labels.length} of them, the features have ${data.rowCount} rows`);
  const bad = labels.findIndex((label) => !Number.isFinite(Math.fround(label)));
  if (bad >= 0) throw new InvalidInput(`boosting label of row ${bad}: ${labels[bad]} is not a finite 32-bit number`);
  const notBinary = parameters.objective === 'binary' ? labels.findIndex((label) => label !== 0 && label !== 1) : -1;
  if (notBinary >= 0) throw new InvalidInput(`boosting label of row ${notBinary}: ${labels[notBinary]} is neither 0 nor 1`);
  const wanted = binningParametersOf(parameters);
  for (const name of Object.keys(wanted) as (keyof typeof wanted)[]) {
    if (data.binning[name] !== wanted[name]) throw new InvalidInput(`boosting parameter ${name}: features were put into bins with ${String(data.binning[name])}, training asks for ${String(wanted[name])}`);
  }
}

interface Objective { parameters: BoostingParameters; negativeWeight: number; positiveWeight: number; initialScore: number; trainable: boolean }

/** Where boosting starts from, and the weights of classes. */
function objectiveOf(labels: Float64Array, parameters: BoostingParameters): Objective {
  let sum = 0;
  for (const label of labels) sum += Math.fround(label);
  const mean = sum / labels.length;
  if (parameters.objective === 'regression') return { parameters, negativeWeight: 1, positiveWeight: 1, initialScore: mean, trainable: true };
  const negatives = labels.length - sum;
  const share = Math.max(Math.min(mean, 1 - EPSILON), EPSILON);
  const unbalanced = parameters.isUnbalance && sum > 0 && negatives > 0;
  return {
    parameters,
    negativeWeight: unbalanced && sum > negatives ? sum / negatives : 1,
    positiveWeight: (unbalanced && sum <= negatives ? negatives / sum : 1) * parameters.scalePosWeight,
    initialScore: logarithm(share / (1 - share)) / parameters.sigmoid,
    trainable: sum > 0 && negatives > 0,
  };
}

function fillGradients({ kernels }: Workspace, memory: TrainingMemory, objective: Objective): void {
  const { rowCount, scores, labels, gradients } = memory;
  const { sigmoid } = objective.parameters;
  if (objective.parameters.objective === 'regression') kernels.squaredGradients(rowCount, scores, labels, gradients);
  else kernels.logisticGradients(rowCount, scores, labels, gradients, sigmoid, objective.negativeWeight, objective.positiveWeight, memory.exponentials);
}

/** Numbers nearer to zero than 1e−35 are zero. */
function roundToZero(value: number): number {
  return Math.abs(value) <= ZERO_THRESHOLD ? 0 : value;
}

/**
 * Trains a boosting.
 *
 * @param data features in bins; may be shared by several trainings
 * @param labels one per row; taken as 32-bit numbers. 'binary': 0 or 1
 * @param workspaceFor memory and kernels; the default is WebAssembly where the machine has it
 * @throws InvalidInput when labels do not fit the rows or the objective, or when a parameter is out of range or differs from the bins'
 * Cost per tree: about rows · features · log2(leaves) additions.
 */
export function trainBoosting(data: BinnedFeatures, labels: Float64Array, options?: BoostingOptions, workspaceFor: (layout: Layout) => Workspace = fastWorkspace): BoostedTrees {
  const parameters = completeParameters(options);
  checkTraining(data, labels, parameters);
  const objective = objectiveOf(labels, parameters);
  const rest = { objective: parameters.objective, sigmoid: parameters.sigmoid, features: data.features.map((feature) => ({ ...feature })) };
  const usable = data.internalOrder.length > 0 && objective.trainable;
  if (!usable) return flattenTrees([{ nodes: [], leafValues: [objective.initialScore] }], rest);

  const memory = new TrainingMemory(data, parameters);
  const workspace = workspaceFor(memory.layout);
  memory.fill(workspace.buffer, data, labels, parameters.objective === 'binary');
  const scores = new Float64Array(workspace.buffer, memory.scores, data.rowCount);
  const grower = new TreeGrower(data, parameters, memory, workspace);
  const rows = new RowSampler(data.rowCount, parameters);
  const drawnRows = Int32Array.from({ length: data.rowCount }, (_, row) => row);
  const canSucceedLater = rows.active || parameters.colsampleByTree < 1 || parameters.colsampleByNode < 1 || parameters.extraTrees;

  const trees: Tree[] = [];
  let grown = 0;
  for (let attempt = 0; attempt < parameters.nEstimators; attempt++) {
    let bias = 0;
    if (trees.length === 0 && parameters.boostFromAverage && Math.abs(objective.initialScore) > EPSILON) {
      bias = objective.initialScore;
      scores.fill(bias);
    }
    fillGradients(workspace, memory, objective);
    const rowsInTree = rows.draw(grown, drawnRows);
    const tree = grower.grow(drawnRows, rowsInTree);
    if (tree.nodes.length === 0) {
      // A first tree without a split holds the starting score; a later one is dropped, and tried again only if the next draw could do better.
      if (trees.length === 0) {
        if (!parameters.boostFromAverage) scores.fill(objective.initialScore);
        trees.push({ nodes: [], leafValues: [parameters.boostFromAverage ? bias : objective.initialScore] });
      }
      if (!canSucceedLater) break;
      continue;
    }
    tree.leafValues = tree.leafValues.map((value) => roundToZero(value * parameters.learningRate));
    grower.addToScores(tree.leafValues);
    if (bias !== 0) tree.leafValues = tree.leafValues.map((value) => roundToZero(value + bias));
    trees.push(tree);
    grown++;
  }
  return flattenTrees(trees, rest);
}
