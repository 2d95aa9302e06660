/**
 * A model laid out for prediction of many rows. Each value becomes an id (the stretch between two of the model's thresholds, or a known category);
 * per tree and id a mask says which leaves the id leaves open; the row's leaf is the leftmost that all its ids leave open.
 * So a tree costs one load per feature and no branch, however deep it is. Method: QuickScorer (Lucchese et al. 2015).
 */
import { codesOf } from './bin-mapper.js';
import { HAS_MISSING, MISSING_LEFT, type BoostedTrees } from './trees.js';

/** How one feature's values become ids. */
interface FeatureIds {
  feature: number;
  /** Its first id. */
  first: number;
  count: number;
  /** Numeric: the model's thresholds, ascending, and ∞. Categorical: null. */
  bounds: Float64Array | null;
  /** Numeric: what NaN becomes, counted from `first`: its own id, or that of 0 when training saw none. */
  missingId: number;
  /** Categorical: what a value becomes, counted from `first`; 0 is missing, unknown, or in no set. Numeric: null. */
  codeOf: ((value: number) => number) | null;
}

/** A model's ids and masks. */
export interface PredictionTable {
  features: FeatureIds[];
  idCount: number;
  /** Tree after tree, word after word of 32 leaves, id after id. */
  masks: Uint32Array;
  /** Per tree: where its masks start, in words. */
  maskStart: Int32Array;
  /** Leaf values from left to right, and where each tree's start; unused leaves of a last word are 0. */
  leaves: Float64Array;
  leafStart: Int32Array;
}

function categoriesOf(model: BoostedTrees, set: number): number[] {
  const categories: number[] = [];
  for (let word = model.categoryStart[set]!; word < model.categoryStart[set + 1]!; word++) {
    for (let bit = 0; bit < 32; bit++) if ((model.categoryBits[word]! >>> bit) & 1) categories.push(32 * (word - model.categoryStart[set]!) + bit);
  }
  return categories;
}

function idsOf(model: BoostedTrees, feature: number, nodes: number[], first: number): FeatureIds {
  if (model.features[feature]!.kind === 'categorical') {
    const categories = Int32Array.from(new Set(nodes.flatMap((node) => categoriesOf(model, model.threshold[node]!)))).sort();
    return { feature, first, count: categories.length + 1, bounds: null, missingId: 0, codeOf: codesOf(categories) };
  }
  const thresholds = Float64Array.from(new Set(nodes.map((node) => model.threshold[node]!))).sort();
  const zeroId = thresholds.filter((threshold) => threshold < 0).length;
  const hasMissing = (model.decisions[nodes[0]!]! & HAS_MISSING) !== 0;
  return { feature, first, count: thresholds.length + (hasMissing ? 2 : 1), bounds: Float64Array.from([...thresholds, Infinity]), missingId: hasMissing ? thresholds.length + 1 : zeroId, codeOf: null };
}

/** Leaf numbers from left to right, and per node the range of them that hangs from its left child. */
function leafOrder(model: BoostedTrees, tree: number): { order: number[]; leftRange: Map<number, [number, number]> } {
  const order: number[] = [];
  const leftRange = new Map<number, [number, number]>();
  const first = model.nodeStart[tree]!;
  // Trees may be as deep as they have leaves: no recursion.
  const stack: { child: number; closes: number }[] = [{ child: model.nodeStart[tree + 1] === first ? -1 : 0, closes: -1 }];
  while (stack.length > 0) {
    const { child, closes } = stack.pop()!;
    if (closes >= 0) {
      leftRange.set(closes, [leftRange.get(closes)![0], order.length]);
    } else if (child < 0) order.push(~child);
    else {
      const node = first + child;
      leftRange.set(node, [order.length, order.length]);
      stack.push({ child: model.right[node]!, closes: -1 }, { child: 0, closes: node }, { child: model.left[node]!, closes: -1 });
    }
  }
  return { order, leftRange };
}

/** Takes leaves out of the masks of ids firstId … endId − 1. `kept`: per word of leaves, the bits that stay. */
function closeLeaves(masks: Uint32Array, start: number, idCount: number, kept: Int32Array, firstId: number, endId: number): void {
  for (let word = 0; word < kept.length; word++) {
    const bits = kept[word]!;
    if (bits === -1) continue;
    for (let at = start + word * idCount + firstId; at < start + word * idCount + endId; at++) masks[at]! &= bits;
  }
}

/** Per word of 32 leaves, all bits but those of leaves from … to − 1. */
function bitsOutside(words: number, from: number, to: number): Int32Array {
  const kept = new Int32Array(words).fill(-1);
  for (let leaf = from; leaf < to; leaf++) kept[leaf >>> 5]! &= ~(1 << (leaf & 31));
  return kept;
}

/** Where a node's feature sends an id right, the leaves below its left child are closed. */
function closeBelow(model: BoostedTrees, node: number, ids: FeatureIds, masks: Uint32Array, start: number, idCount: number, kept: Int32Array): void {
  if (ids.codeOf) {
    const left = new Set(categoriesOf(model, model.threshold[node]!).map(ids.codeOf));
    for (let id = 0; id < ids.count; id++) if (!left.has(id)) closeLeaves(masks, start, idCount, kept, id, id + 1);
    return;
  }
  const hasOwnMissing = ids.count > ids.bounds!.length;
  closeLeaves(masks, start, idCount, kept, ids.bounds!.indexOf(model.threshold[node]!) + 1, ids.bounds!.length);
  if (hasOwnMissing && !(model.decisions[node]! & MISSING_LEFT)) closeLeaves(masks, start, idCount, kept, ids.count - 1, ids.count);
}

/** Lays a model out; undefined when it has more ids than two bytes can number. */
export function predictionTableOf(model: BoostedTrees): PredictionTable | undefined {
  const treeCount = model.nodeStart.length - 1;
  const nodesOf = new Map<number, number[]>();
  model.splitFeature.forEach((feature, node) => {
    const nodes = nodesOf.get(feature);
    if (nodes) nodes.push(node);
    else nodesOf.set(feature, [node]);
  });
  let idCount = 0;
  const features = [...nodesOf.keys()].sort((a, b) => a - b).map((feature) => {
    const ids = idsOf(model, feature, nodesOf.get(feature)!, idCount);
    idCount += ids.count;
    return ids;
  });
  if (idCount > 65_536) return undefined;
  const byFeature = new Map(features.map((ids) => [ids.feature, ids]));
  const maskStart = new Int32Array(treeCount + 1);
  const leafStart = new Int32Array(treeCount + 1);
  for (let tree = 0; tree < treeCount; tree++) {
    const words = Math.ceil((model.leafStart[tree + 1]! - model.leafStart[tree]!) / 32);
    maskStart[tree + 1] = maskStart[tree]! + words * idCount;
    leafStart[tree + 1] = leafStart[tree]! + 32 * words;
  }
  const masks = new Uint32Array(maskStart[treeCount]!).fill(0xffffffff);
  const leaves = new Float64Array(leafStart[treeCount]!);
  for (let tree = 0; tree < treeCount; tree++) {
    const { order, leftRange } = leafOrder(model, tree);
    order.forEach((leaf, place) => { leaves[leafStart[tree]! + place] = model.leafValue[model.leafStart[tree]! + leaf]!; });
    for (const [node, [from, to]] of leftRange) {
      const ids = byFeature.get(model.splitFeature[node]!)!;
      closeBelow(model, node, ids, masks, maskStart[tree]! + ids.first, idCount, bitsOutside(order.length + 31 >>> 5, from, to));
    }
  }
  return { features, idCount, masks, maskStart, leaves, leafStart };
}
