/** What a training keeps in its block of memory, and where. */
import type { BinnedFeatures } from './binned.js';
import { EXPONENTIAL_TABLE } from './exponential.js';
import { FEATURE_INTS, featureInts, NARROW_STRIDE } from './kernels.js';
import type { BoostingParameters } from './parameters.js';
import { Layout } from './workspace.js';

/** Histograms may be this much longer than their bins for the sake of single-byte bin numbers. */
const MOST_SPREAD = 2;

/** Bin numbers up to this many bytes stay in the processor's cache. */
const CACHED_BYTES = 1 << 20;

/** Offsets of everything a training works on. Histograms are one block per leaf; a pair of doubles per bin. */
export class TrainingMemory {
  readonly layout = new Layout();
  readonly rowCount: number;
  /** Features that have a column here, ascending. */
  readonly features: Int32Array;
  /** Per feature: its first pair within a histogram. */
  readonly firstBin: Int32Array;
  readonly bins: number;
  /** Bytes of one row-major bin number: 1: the bin itself, histograms NARROW_STRIDE bins apart; 2 or 4: the position in a histogram. */
  readonly idWidth: 1 | 2 | 4;
  readonly ids: number;
  /** Per feature: offset of its column, and bytes of one bin in it. */
  readonly columns: Int32Array;
  readonly columnWidth: Uint8Array;
  readonly labels: number;
  readonly scores: number;
  readonly gradients: number;
  readonly rows: number;
  readonly scratch: number;
  readonly table: number;
  readonly histograms: number;
  /** Leaves a tree can have at most: each keeps a row. */
  readonly leafCount: number;
  readonly result: number;
  readonly exponentials: number;
  /** What kernels know of the features; and a byte per feature: takes part in this leaf, is searched by the kernel, may be chosen, was worth splitting. */
  readonly descriptors: number;
  readonly active: number;
  readonly searched: number;
  readonly allowed: number;
  readonly splittable: number;

  constructor(data: BinnedFeatures, parameters: BoostingParameters) {
    this.rowCount = data.rowCount;
    this.features = Int32Array.from(data.internalOrder).sort();
    this.firstBin = new Int32Array(data.features.length);
    const counts = Array.from(this.features, (feature) => data.mappers[feature]!.binCount);
    const packed = counts.reduce((sum, count) => sum + count, 0);
    // Half the bytes to read, worth it where they come from far; unless that leaves histograms mostly empty, or bins do not fit.
    const narrow = 2 * counts.length * data.rowCount > CACHED_BYTES && counts.every((count) => count <= 256) && NARROW_STRIDE * counts.length <= MOST_SPREAD * packed;
    let bins = 0;
    this.features.forEach((feature, position) => {
      this.firstBin[feature] = bins;
      bins += narrow ? NARROW_STRIDE : counts[position]!;
    });
    this.bins = bins;
    this.idWidth = narrow ? 1 : bins <= 65_536 ? 2 : 4;
    const { layout, rowCount } = this;
    this.result = layout.take(128);
    this.exponentials = layout.take(EXPONENTIAL_TABLE.byteLength);
    this.table = layout.take(65_536);
    const count = this.features.length;
    this.descriptors = layout.take(4 * FEATURE_INTS * count);
    [this.active, this.searched, this.allowed, this.splittable] = [layout.take(count), layout.take(count), layout.take(count), layout.take(count)];
    this.ids = layout.take(rowCount * this.features.length * this.idWidth);
    this.columns = new Int32Array(data.features.length);
    this.columnWidth = new Uint8Array(data.features.length);
    for (const feature of this.features) {
      this.columnWidth[feature] = data.columns[feature]!.BYTES_PER_ELEMENT;
      this.columns[feature] = layout.take(rowCount * this.columnWidth[feature]!);
    }
    this.labels = layout.take(4 * rowCount);
    this.scores = layout.take(8 * rowCount);
    this.gradients = layout.take(8 * rowCount);
    this.rows = layout.take(4 * rowCount + 4);
    this.scratch = layout.take(4 * rowCount + 4);
    this.leafCount = Math.min(parameters.numLeaves, Math.max(rowCount, 2), parameters.maxDepth > 0 ? 2 ** parameters.maxDepth : Infinity);
    this.histograms = layout.take(16 * bins * this.leafCount);
  }

  /** Offset of a leaf's histogram. */
  histogram(slot: number): number {
    return this.histograms + 16 * this.bins * slot;
  }

  /** Copies bins and labels in; binary labels become −1 and 1. */
  fill(buffer: ArrayBufferLike, data: BinnedFeatures, labels: Float64Array, binary: boolean): void {
    const count = this.features.length;
    const cells = this.rowCount * count;
    const ids = this.idWidth === 1 ? new Uint8Array(buffer, this.ids, cells) : this.idWidth === 2 ? new Uint16Array(buffer, this.ids, cells) : new Uint32Array(buffer, this.ids, cells);
    this.features.forEach((feature, position) => {
      const column = data.columns[feature]!;
      const first = this.idWidth === 1 ? 0 : this.firstBin[feature]!;
      for (let row = 0, at = position; row < column.length; row++, at += count) ids[at] = first + column[row]!;
      if (column instanceof Uint8Array) new Uint8Array(buffer, this.columns[feature]!, column.length).set(column);
      else new Uint16Array(buffer, this.columns[feature]!, column.length).set(column);
    });
    new Int32Array(buffer, this.descriptors, FEATURE_INTS * count).set([...this.features].flatMap((feature) => featureInts(data.mappers[feature]!, this.firstBin[feature]!, feature)));
    new Float64Array(buffer, this.exponentials, EXPONENTIAL_TABLE.length).set(EXPONENTIAL_TABLE);
    const stored = new Float32Array(buffer, this.labels, this.rowCount);
    for (let row = 0; row < this.rowCount; row++) stored[row] = binary ? 2 * labels[row]! - 1 : labels[row]!;
  }
}
