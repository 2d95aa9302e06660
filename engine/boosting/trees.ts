/** A trained boosting: trees as flat arrays. */

/** Bits of `decisions`. */
export const CATEGORICAL = 1;
export const MISSING_LEFT = 2;
export const HAS_MISSING = 4;

/**
 * Trees one after the other. Plain data: typed arrays, strings and numbers only.
 *
 * Tree t has nodes nodeStart[t] … nodeStart[t + 1] − 1 and leaves leafStart[t] … leafStart[t + 1] − 1; a tree without nodes is a constant.
 * Children ≥ 0 are nodes, counted within the tree; −1 − k is its leaf k.
 */
export interface BoostedTrees {
  objective: 'regression' | 'binary';
  sigmoid: number;
  features: { name: string; kind: 'numeric' | 'categorical' }[];
  nodeStart: Int32Array;
  leafStart: Int32Array;
  splitFeature: Int32Array;
  /** Numeric: values up to it go left. Categorical: which set of categories. */
  threshold: Float64Array;
  decisions: Uint8Array;
  left: Int32Array;
  right: Int32Array;
  leafValue: Float64Array;
  /** What each split took away from the loss. */
  gain: Float64Array;
  /** Set s of categories that go left: bits categoryStart[s]·32 … categoryStart[s + 1]·32 − 1 of categoryBits, category k at bit k. */
  categoryStart: Int32Array;
  categoryBits: Uint32Array;
}

/** One tree while it grows. */
export interface Tree {
  nodes: TreeNode[];
  leafValues: number[];
}

export interface TreeNode {
  feature: number;
  /** Numeric: upper bound. */
  threshold: number;
  decision: number;
  /** Categories that go left; empty when numeric. */
  categories: number[];
  left: number;
  right: number;
  gain: number;
}

function bitset(categories: number[]): Uint32Array {
  const bits = new Uint32Array(Math.floor(Math.max(...categories) / 32) + 1);
  for (const category of categories) bits[category >>> 5]! |= 1 << (category & 31);
  return bits;
}

/** Lays trees out flat. */
export function flattenTrees(trees: Tree[], rest: Pick<BoostedTrees, 'objective' | 'sigmoid' | 'features'>): BoostedTrees {
  const nodes = trees.flatMap((tree) => tree.nodes);
  const starts = (counts: number[]) => {
    const start = new Int32Array(counts.length + 1);
    counts.forEach((count, index) => { start[index + 1] = start[index]! + count; });
    return start;
  };
  const sets = nodes.filter((node) => node.decision & CATEGORICAL).map((node) => bitset(node.categories));
  let set = 0;
  return {
    ...rest,
    nodeStart: starts(trees.map((tree) => tree.nodes.length)),
    leafStart: starts(trees.map((tree) => tree.leafValues.length)),
    splitFeature: Int32Array.from(nodes, (node) => node.feature),
    threshold: Float64Array.from(nodes, (node) => (node.decision & CATEGORICAL ? set++ : node.threshold)),
    decisions: Uint8Array.from(nodes, (node) => node.decision),
    left: Int32Array.from(nodes, (node) => node.left),
    right: Int32Array.from(nodes, (node) => node.right),
    leafValue: Float64Array.from(trees.flatMap((tree) => tree.leafValues)),
    gain: Float64Array.from(nodes, (node) => node.gain),
    categoryStart: starts(sets.map((bits) => bits.length)),
    categoryBits: Uint32Array.from(sets.flatMap((bits) => [...bits])),
  };
}
