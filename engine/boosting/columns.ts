/** Which features a tree, and a node in it, may use. Source: src/treelearner/col_sampler.hpp of LightGBM 4.5.0. */
import type { BoostingParameters } from './parameters.js';
import { CongruentialRandom } from './random.js';

/** Draws features; all of them, without a draw, when both shares are 1. */
export class FeatureSampler {
  private readonly random: CongruentialRandom;
  private current: Int32Array;

  /** @param usable features that can split, ascending */
  constructor(private readonly usable: Int32Array, private readonly parameters: BoostingParameters) {
    this.random = new CongruentialRandom(parameters.featureFractionSeed);
    this.current = usable;
    // LightGBM draws once when it sets up, before the first tree's own draw.
    this.drawForTree();
  }

  private countOf(total: number, share: number): number {
    return Math.max(Math.trunc(total * share + 0.5), Math.min(1, total));
  }

  /** The features of the next tree. */
  drawForTree(): Int32Array {
    if (this.parameters.colsampleByTree < 1) {
      const drawn = this.random.sample(this.usable.length, this.countOf(this.usable.length, this.parameters.colsampleByTree));
      this.current = drawn.map((position) => this.usable[position]!);
    }
    return this.current;
  }

  /** The features that the next node may be split by; null: all of the tree's. */
  drawForNode(): Set<number> | null {
    if (this.parameters.colsampleByNode >= 1) return null;
    const drawn = this.random.sample(this.current.length, this.countOf(this.current.length, this.parameters.colsampleByNode));
    return new Set(Array.from(drawn, (position) => this.current[position]!));
  }
}
