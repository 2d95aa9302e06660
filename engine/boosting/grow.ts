/** Grows one tree: the leaf whose best split wins most is split next, until leaves run out. */
import { InvalidInput } from '../../domain/errors.js';
import type { BinMapper } from './bin-mapper.js';
import type { BinnedFeatures } from './binned.js';
import { FeatureSampler } from './columns.js';
import { EPSILON, leafOutput, regularizationOf } from './gain.js';
import type { Kernels } from './kernels.js';
import type { BoostingParameters } from './parameters.js';
import { CongruentialRandom } from './random.js';
import { completeSplit, findCategoricalSplit, findNumericSplit, minGainOf, NO_SPLIT, type Cut, type LeafSums, type Split, type SplitSearch } from './split.js';
import type { TrainingMemory } from './training-memory.js';
import { CATEGORICAL, HAS_MISSING, MISSING_LEFT, type Tree } from './trees.js';
import type { Workspace } from './workspace.js';

interface Leaf extends LeafSums {
  /** First of its rows in the order of rows, and how many. */
  begin: number;
  depth: number;
  /** Rows that are not in the tree but will get its output: where they lie behind the tree's own. */
  outsideBegin: number;
  outsideCount: number;
  /** Histogram block. */
  slot: number;
  /** Per feature of the training's memory: 0 when no split was worth it here or above. */
  splittable: Uint8Array;
  best: Split;
  /** The node and side this leaf hangs from; −1: root. */
  parent: number;
  isLeft: boolean;
}

/** Better: more gain; between equals, the feature that comes first. */
function isBetter(split: Split, than: Split): boolean {
  if (split.gain !== than.gain) return split.gain > than.gain;
  const order = (feature: number) => (feature < 0 ? 0x7fffffff : feature);
  return order(split.feature) < order(than.feature);
}

export class TreeGrower {
  private readonly kernels: Kernels;
  private readonly histogram: Float64Array;
  private readonly result: Float64Array;
  private readonly table: Uint8Array;
  private readonly rows: Int32Array;
  private readonly active: Uint8Array;
  private readonly searched: Uint8Array;
  private readonly allowed: Uint8Array;
  private readonly splittable: Uint8Array;
  /** Per feature of the training's memory: its bins, and whether the tree may use it. */
  private readonly mappers: BinMapper[];
  private readonly inTree: Uint8Array;
  private readonly sampler: FeatureSampler;
  /** Extremely randomized trees: a stream per feature. */
  private readonly streams = new Map<number, CongruentialRandom>();
  /** Neither L1 nor bounds nor smoothing nor lone cuts: what the scanning kernel knows. */
  private readonly isPlain: boolean;
  private leaves: Leaf[] = [];

  constructor(private readonly data: BinnedFeatures, private readonly parameters: BoostingParameters, private readonly memory: TrainingMemory, workspace: Workspace) {
    this.kernels = workspace.kernels;
    this.isPlain = !(parameters.regAlpha > 0 || parameters.maxDeltaStep > 0 || regularizationOf(parameters).pathSmooth > 0 || parameters.extraTrees);
    this.histogram = new Float64Array(workspace.buffer, memory.histograms, 2 * memory.bins * memory.leafCount);
    this.result = new Float64Array(workspace.buffer, memory.result, 16);
    this.table = new Uint8Array(workspace.buffer, memory.table, 65_536);
    this.rows = new Int32Array(workspace.buffer, memory.rows, memory.rowCount);
    const flags = (offset: number) => new Uint8Array(workspace.buffer, offset, memory.features.length);
    [this.active, this.searched, this.allowed, this.splittable] = [flags(memory.active), flags(memory.searched), flags(memory.allowed), flags(memory.splittable)];
    this.inTree = new Uint8Array(memory.features.length);
    this.mappers = Array.from(memory.features, (feature) => data.mappers[feature]!);
    this.sampler = new FeatureSampler(memory.features, parameters);
    if (parameters.extraTrees) data.internalOrder.forEach((feature, position) => this.streams.set(feature, new CongruentialRandom(parameters.extraSeed + position)));
  }

  /**
   * Grows a tree on the current gradients.
   *
   * @param drawnRows row numbers: the first `count` are the tree's, the others are only told apart by it
   * @returns the tree with unshrunk leaf values; no nodes when no split is worth it
   */
  grow(drawnRows: Int32Array, count: number): Tree {
    const { parameters, memory } = this;
    this.rows.set(drawnRows);
    const inTree = new Set(this.sampler.drawForTree());
    this.memory.features.forEach((feature, position) => { this.inTree[position] = inTree.has(feature) ? 1 : 0; });
    this.kernels.sumGradients(memory.rows, count, memory.gradients, memory.result);
    const root: Leaf = {
      begin: 0, rowCount: count, depth: 0, outsideBegin: count, outsideCount: memory.rowCount - count, slot: 0, splittable: new Uint8Array(memory.features.length).fill(1), best: NO_SPLIT, parent: -1, isLeft: true,
      gradient: this.result[0]!, hessian: this.result[1]!, output: 0,
    };
    root.output = leafOutput(root.gradient, root.hessian, { ...regularizationOf(parameters), pathSmooth: 0 }, count, 0);
    this.leaves = [root];
    const tree: Tree = { nodes: [], leafValues: [0] };
    let left = 0;
    let right = -1;
    while (this.leaves.length < memory.leafCount) {
      this.searchNewLeaves(left, right);
      let best = 0;
      for (let leaf = 1; leaf < this.leaves.length; leaf++) if (isBetter(this.leaves[leaf]!.best, this.leaves[best]!.best)) best = leaf;
      if (!(this.leaves[best]!.best.gain > 0)) break;
      this.split(tree, best);
      left = best;
      right = this.leaves.length - 1;
    }
    tree.leafValues = tree.nodes.length > 0 ? this.leaves.map((leaf) => (Number.isNaN(leaf.output) ? 0 : leaf.output)) : [0];
    return tree;
  }

  /** Adds the tree's outputs to the scores of all rows, those outside the tree included. */
  addToScores(leafValues: number[]): void {
    const { memory } = this;
    this.leaves.forEach((leaf, index) => {
      this.kernels.addToScores(memory.rows + 4 * leaf.begin, leaf.rowCount, leafValues[index]!, memory.scores);
      if (leaf.outsideCount > 0) this.kernels.addToScores(memory.rows + 4 * leaf.outsideBegin, leaf.outsideCount, leafValues[index]!, memory.scores);
    });
  }

  /** Histograms and best splits of the two leaves that the last split made, or of the root. */
  private searchNewLeaves(leftIndex: number, rightIndex: number): void {
    const { parameters, memory } = this;
    const left = this.leaves[leftIndex]!;
    const right = rightIndex < 0 ? null : this.leaves[rightIndex]!;
    const enough = (leaf: Leaf | null) => leaf !== null && leaf.rowCount >= 2 * parameters.minChildSamples;
    if ((parameters.maxDepth > 0 && left.depth >= parameters.maxDepth) || (!enough(left) && !enough(right))) {
      left.best = NO_SPLIT;
      if (right) right.best = NO_SPLIT;
      return;
    }
    const [smaller, larger] = right === null ? [left, null] : left.rowCount < right.rowCount ? [left, right] : [right, left];
    const inherited = larger ? larger.splittable : left.splittable;
    for (let position = 0; position < memory.features.length; position++) {
      this.active[position] = this.inTree[position]! & inherited[position]!;
      this.searched[position] = this.isPlain && this.mappers[position]!.kind === 'numeric' ? this.active[position]! : 0;
    }
    const count = memory.features.length;
    const histogram = memory.histogram(smaller.slot);
    this.kernels.buildHistogram(memory.ids, memory.idWidth, count, memory.rows + 4 * smaller.begin, smaller.rowCount, memory.gradients, histogram, memory.bins);
    this.kernels.repair(memory.descriptors, count, memory.active, histogram, smaller.gradient, smaller.hessian);
    if (larger) this.kernels.subtract(memory.histogram(larger.slot), histogram, memory.bins);
    const smallerAllowed = this.sampler.drawForNode();
    const largerAllowed = larger ? this.sampler.drawForNode() : null;
    this.searchLeaf(smaller, smallerAllowed);
    if (larger) this.searchLeaf(larger, largerAllowed);
  }

  /** The best split of a leaf whose histogram is there. Numeric features without special rules in one go, the others one by one. */
  private searchLeaf(leaf: Leaf, allowed: Set<number> | null): void {
    const { memory, parameters, result } = this;
    const count = memory.features.length;
    for (let position = 0; position < count; position++) this.allowed[position] = allowed === null || allowed.has(memory.features[position]!) ? 1 : 0;
    this.splittable.fill(0);
    leaf.best = NO_SPLIT;
    if (this.isPlain) {
      const hessian = leaf.hessian + 2 * EPSILON;
      const minGain = minGainOf(leaf, hessian, parameters);
      this.kernels.searchLeaf(
        memory.descriptors, count, memory.searched, memory.allowed, memory.splittable, memory.histogram(leaf.slot),
        leaf.rowCount, leaf.gradient, hessian, parameters.minChildSamples, parameters.minChildWeight, minGain, parameters.regLambda, memory.result,
      );
      if (result[6]! >= 0) {
        const cut: Cut = { gain: result[0]!, bin: result[1]!, leftCount: result[2]!, leftGradient: result[3]!, leftHessian: result[4]!, missingLeft: result[5] === 1, splittable: true };
        leaf.best = completeSplit(result[6]!, leaf, hessian, regularizationOf(parameters), cut);
      }
    }
    for (let position = 0; position < count; position++) {
      if (!this.active[position] || this.searched[position]) continue;
      const { split, splittable } = this.searchFeature(position, leaf);
      this.splittable[position] = splittable ? 1 : 0;
      if (this.allowed[position] && isBetter(split, leaf.best)) leaf.best = split;
    }
    leaf.splittable = this.splittable.slice();
  }

  private searchFeature(position: number, leaf: Leaf): SplitSearch {
    const feature = this.memory.features[position]!;
    const mapper = this.mappers[position]!;
    const at = 2 * (this.memory.bins * leaf.slot + this.memory.firstBin[feature]!);
    const stream = this.streams.get(feature);
    const onlyStep = (low: number, high: number) => (stream === undefined ? -1 : high > low ? stream.nextInt(low, high) : 0);
    if (mapper.kind === 'categorical') return findCategoricalSplit(feature, mapper, this.histogram, at, leaf, this.parameters, onlyStep);
    return findNumericSplit(feature, mapper, this.histogram, at, leaf, this.parameters, onlyStep(0, mapper.binCount - 2));
  }

  /** Splits a leaf: its rows, its place in the tree, its sums. The left part keeps its number, the right part gets the next. */
  private split(tree: Tree, index: number): void {
    const { memory, kernels } = this;
    const leaf = this.leaves[index]!;
    const split = leaf.best;
    const mapper = this.data.mappers[split.feature]!;
    this.fillTable(split);
    const column = memory.columns[split.feature]!;
    const width = memory.columnWidth[split.feature]!;
    const partition = (begin: number, count: number) => (count === 0 ? 0 : kernels.partition(column, width, memory.table, memory.rows + 4 * begin, count, memory.scratch));
    const leftCount = partition(leaf.begin, leaf.rowCount);
    if (leftCount === 0 || leftCount === leaf.rowCount) {
      // Row counts of a cut are rounded from hessians; LightGBM stops here as well.
      throw new InvalidInput(`boosting: a split by '${this.data.features[split.feature]!.name}' would leave a side without rows; raise minChildSamples (${this.parameters.minChildSamples}) or minChildWeight (${this.parameters.minChildWeight})`);
    }
    const outsideLeft = partition(leaf.outsideBegin, leaf.outsideCount);

    const node = tree.nodes.length;
    const rightIndex = this.leaves.length;
    if (leaf.parent >= 0) {
      if (leaf.isLeft) tree.nodes[leaf.parent]!.left = node;
      else tree.nodes[leaf.parent]!.right = node;
    }
    const missing = mapper.missing === 'nan' ? HAS_MISSING : 0;
    tree.nodes.push({
      feature: split.feature, left: ~index, right: ~rightIndex, gain: split.gain + this.parameters.minSplitGain,
      threshold: split.bins ? 0 : mapper.upperBounds[split.bin]!,
      decision: split.bins ? CATEGORICAL | missing : missing | (split.missingLeft ? MISSING_LEFT : 0),
      categories: split.bins ? split.bins.map((bin) => mapper.categories[bin]!) : [],
    });
    const depth = leaf.depth + 1;
    const right: Leaf = {
      begin: leaf.begin + leftCount, rowCount: leaf.rowCount - leftCount, depth, outsideBegin: leaf.outsideBegin + outsideLeft, outsideCount: leaf.outsideCount - outsideLeft, slot: rightIndex,
      splittable: leaf.splittable, best: NO_SPLIT, parent: node, isLeft: false, gradient: split.rightGradient, hessian: split.rightHessian, output: split.rightOutput,
    };
    const left: Leaf = { ...leaf, rowCount: leftCount, depth, outsideCount: outsideLeft, best: NO_SPLIT, parent: node, isLeft: true, gradient: split.leftGradient, hessian: split.leftHessian, output: split.leftOutput };
    // The parent's histogram stays with the larger part, which is what its smaller part is taken from.
    if (left.rowCount < right.rowCount) [left.slot, right.slot] = [right.slot, left.slot];
    this.leaves[index] = left;
    this.leaves.push(right);
  }

  /** Which bins of the split's feature go left. */
  private fillTable(split: Split): void {
    const { binCount, missing } = this.data.mappers[split.feature]!;
    this.table.fill(0, 0, binCount);
    if (split.bins) for (const bin of split.bins) this.table[bin] = 1;
    else {
      this.table.fill(1, 0, split.bin + 1);
      if (missing === 'nan') this.table[binCount - 1] = split.missingLeft ? 1 : 0;
    }
  }
}
