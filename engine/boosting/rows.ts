/** Which rows a tree is grown on. Source: src/boosting/bagging.hpp of LightGBM 4.5.0. */
import type { BoostingParameters } from './parameters.js';
import { CongruentialRandom } from './random.js';

/** Rows are drawn in blocks, each from a stream of its own. */
const BLOCK_ROWS = 1024;

/** Draws the rows of one tree after the other. */
export class RowSampler {
  private readonly streams: CongruentialRandom[] = [];
  private chosen: number;
  private drawn = false;

  constructor(private readonly rowCount: number, private readonly parameters: BoostingParameters) {
    const active = parameters.subsample < 1 && parameters.subsampleFreq > 0;
    this.chosen = active ? Math.trunc(parameters.subsample * rowCount) : rowCount;
    if (!active) this.drawn = true;
    else for (let block = 0; block * BLOCK_ROWS < rowCount; block++) this.streams.push(new CongruentialRandom(parameters.baggingSeed + block));
  }

  /** True when trees differ in their rows. */
  get active(): boolean {
    return this.streams.length > 0;
  }

  /**
   * Puts the rows of the next tree first and the others after, both ascending, when it is time for another draw.
   *
   * @param rows all row numbers; kept as they are between draws
   * @returns how many rows the tree gets
   */
  draw(treeIndex: number, rows: Int32Array): number {
    if (this.drawn && !(this.chosen < this.rowCount && treeIndex % this.parameters.subsampleFreq === 0)) return this.chosen;
    this.drawn = true;
    const others: number[] = [];
    let count = 0;
    for (let row = 0; row < this.rowCount; row++) {
      if (this.streams[Math.floor(row / BLOCK_ROWS)]!.nextFloat() < this.parameters.subsample) rows[count++] = row;
      else others.push(row);
    }
    rows.set(others, count);
    this.chosen = count;
    return count;
  }
}
