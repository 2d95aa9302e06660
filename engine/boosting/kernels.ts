/**
 * The loops over rows and bins that training spends its time in. Two implementations with equal bits work on one memory:
 * WebAssembly (kernels.wasm.ts, from kernels.assembly.ts) and plain JavaScript (here). Addresses are byte offsets into that memory.
 */
import type { BinMapper } from './bin-mapper.js';
import { exponential } from './exponential.js';
import { gainFunction, scanBothWays } from './split.js';

/** What training calls. `width` is the size of one bin in a column: 1 or 2 bytes. */
export interface Kernels {
  /** gradients[i] = (fround(score − label), 1) for squared error. */
  squaredGradients(count: number, scores: number, labels: number, gradients: number): void;
  /** Gradient and hessian of the log loss; label is −1 or 1. `table`: EXPONENTIAL_TABLE of exponential.ts. Returns how many rows were done: fewer when an exponential is beyond e^512. */
  logisticGradients(count: number, scores: number, labels: number, gradients: number, sigmoid: number, negativeWeight: number, positiveWeight: number, table: number): number;
  /** Sums of gradients and hessians over rows, in order, to two doubles at `out`. */
  sumGradients(rows: number, count: number, gradients: number, out: number): void;
  /** Adds each row's gradient pair to its bin of every feature. `ids`: row-major; positions in the histogram of `width` 2 or 4 bytes each, or bins of one byte, feature k's histogram starting at bin k · NARROW_STRIDE. */
  buildHistogram(ids: number, width: number, features: number, rows: number, count: number, gradients: number, histogram: number, bins: number): unknown;
  /** histogram −= other, both of `bins` pairs. */
  subtract(histogram: number, other: number, bins: number): void;
  /** Rows whose bin the table sends left come first, both parts in order. Returns how many. */
  partition(column: number, width: number, table: number, rows: number, count: number, scratch: number): number;
  /** score += value for the rows. */
  addToScores(rows: number, count: number, value: number, scores: number): void;
  /**
   * The commonest bin of each active feature gets what the others leave of the leaf's sums, subtracted one by one. Features whose commonest bin is 0 need none.
   * `features`: FEATURE_INTS numbers each, see featureInts; `active`: a byte each.
   */
  repair(features: number, count: number, active: number, histogram: number, gradient: number, hessian: number): void;
  /**
   * The best numeric cut of a leaf among active features, without L1, bounds and smoothing; `hessian` is the leaf's plus 2ε. Writes a byte per active feature at `splittable`:
   * whether any cut was worth it. Features that are not allowed are searched but not chosen; of equal gains the first feature wins.
   * Seven doubles at `out`: gain beyond minGain (−∞: none), bin, left rows, left gradient, left hessian, 1 for missing left, feature.
   */
  searchLeaf(
    features: number, count: number, active: number, allowed: number, splittable: number, histogram: number,
    rowCount: number, gradient: number, hessian: number, minRows: number, minHessian: number, minGain: number, lambda: number, out: number,
  ): void;
  /** `first` plus the bin of each value among ascending upper bounds, the last of them ∞; `missingBin` for NaN. Written as `width` 1 or 2 bytes, `stride` bytes apart. */
  binValues(values: number, count: number, bounds: number, boundCount: number, missingBin: number, first: number, bins: number, width: number, stride: number): void;
  /** Sorts doubles without NaN ascending, in place. `scratch`: as many doubles; `counters`: SORT_COUNTER_BYTES. */
  sortDoubles(values: number, count: number, scratch: number, counters: number): void;
  /**
   * Adds one tree's output to the scores of rows. `ids`: row-major, 2 bytes each. `masks`: per word of 32 leaves and per id, the leaves (from the left) that the id leaves open;
   * a row's leaf is the lowest that all its ids leave open.
   */
  scoreTree(ids: number, features: number, count: number, masks: number, idCount: number, leaves: number, scores: number): void;
}

/** Bins from one feature's histogram to the next where bin numbers are single bytes: enough, and no multiple of the cache's. */
export const NARROW_STRIDE = 260;

/** Numbers that kernels know of a feature. */
export const FEATURE_INTS = 6;

/** They are: its first bin in a histogram, bins, commonest bin, 1 when scanned both ways, 1 when missing always goes right, its index. */
export function featureInts(mapper: BinMapper, firstBin: number, index: number): number[] {
  const hasMissing = mapper.missing === 'nan';
  return [firstBin, mapper.binCount, mapper.frequentBin, hasMissing && mapper.binCount > 2 ? 1 : 0, hasMissing && mapper.binCount <= 2 ? 1 : 0, index];
}

/** What sorting counts digits in. */
export const SORT_COUNTER_BYTES = 6 * 2048 * 4;

/** Kernels in JavaScript over the memory. */
export function javaScriptKernels(buffer: ArrayBufferLike): Kernels {
  const u8 = new Uint8Array(buffer);
  const u16 = new Uint16Array(buffer);
  const u32 = new Uint32Array(buffer);
  const i32 = new Int32Array(buffer);
  const f32 = new Float32Array(buffer);
  const f64 = new Float64Array(buffer);
  return {
    squaredGradients(count, scores, labels, gradients) {
      const [s, l, g] = [scores >>> 3, labels >>> 2, gradients >>> 2];
      for (let i = 0; i < count; i++) {
        f32[g + 2 * i] = f64[s + i]! - f32[l + i]!;
        f32[g + 2 * i + 1] = 1;
      }
    },
    logisticGradients(count, scores, labels, gradients, sigmoid, negativeWeight, positiveWeight) {
      const [s, l, g] = [scores >>> 3, labels >>> 2, gradients >>> 2];
      for (let i = 0; i < count; i++) {
        const label = f32[l + i]!;
        const weight = label > 0 ? positiveWeight : negativeWeight;
        const response = (-label * sigmoid) / (1 + exponential(label * sigmoid * f64[s + i]!));
        const size = Math.abs(response);
        f32[g + 2 * i] = response * weight;
        f32[g + 2 * i + 1] = size * (sigmoid - size) * weight;
      }
      return count;
    },
    sumGradients(rows, count, gradients, out) {
      const [r, g] = [rows >>> 2, gradients >>> 2];
      let gradient = 0;
      let hessian = 0;
      for (let i = 0; i < count; i++) {
        const at = g + 2 * i32[r + i]!;
        gradient += f32[at]!;
        hessian += f32[at + 1]!;
      }
      f64[out >>> 3] = gradient;
      f64[(out >>> 3) + 1] = hessian;
    },
    buildHistogram(ids, width, features, rows, count, gradients, histogram, bins) {
      const numbers = width === 4 ? u32 : width === 2 ? u16 : u8;
      const stride = width === 1 ? 2 * NARROW_STRIDE : 0;
      const [d, r, g, h] = [ids / width, rows >>> 2, gradients >>> 2, histogram >>> 3];
      f64.fill(0, h, h + 2 * bins);
      for (let i = 0; i < count; i++) {
        const row = i32[r + i]!;
        const gradient = f32[g + 2 * row]!;
        const hessian = f32[g + 2 * row + 1]!;
        const first = d + row * features;
        for (let k = 0; k < features; k++) {
          const at = h + k * stride + 2 * numbers[first + k]!;
          f64[at]! += gradient;
          f64[at + 1]! += hessian;
        }
      }
    },
    subtract(histogram, other, bins) {
      const [h, o] = [histogram >>> 3, other >>> 3];
      for (let i = 0; i < 2 * bins; i++) f64[h + i]! -= f64[o + i]!;
    },
    partition(column, width, table, rows, count, scratch) {
      const [c, r, s] = [width === 2 ? column >>> 1 : column, rows >>> 2, scratch >>> 2];
      const bins = width === 2 ? u16 : u8;
      let left = 0;
      let right = 0;
      for (let i = 0; i < count; i++) {
        const row = i32[r + i]!;
        const goesLeft = u8[table + bins[c + row]!]!;
        i32[r + left] = row;
        i32[s + right] = row;
        left += goesLeft;
        right += 1 - goesLeft;
      }
      i32.copyWithin(r + left, s, s + right);
      return left;
    },
    addToScores(rows, count, value, scores) {
      const [r, s] = [rows >>> 2, scores >>> 3];
      for (let i = 0; i < count; i++) f64[s + i32[r + i]!]! += value;
    },
    repair(features, count, active, histogram, gradient, hessian) {
      const h = histogram >>> 3;
      for (let i = 0; i < count; i++) {
        const [first, binCount, frequent] = i32.subarray((features >>> 2) + FEATURE_INTS * i) as unknown as [number, number, number];
        if (frequent === 0 || !u8[active + i]) continue;
        const at = h + 2 * first;
        let restGradient = gradient;
        let restHessian = hessian;
        for (let bin = 0; bin < binCount; bin++) {
          if (bin === frequent) continue;
          restGradient -= f64[at + 2 * bin]!;
          restHessian -= f64[at + 2 * bin + 1]!;
        }
        f64[at + 2 * frequent] = restGradient;
        f64[at + 2 * frequent + 1] = restHessian;
      }
    },
    searchLeaf(features, count, active, allowed, splittable, histogram, rowCount, gradient, hessian, minRows, minHessian, minGain, lambda, out) {
      const gainOf = gainFunction({ l1: 0, l2: lambda, maxDeltaStep: 0, pathSmooth: 0 }, 0);
      let best = -Infinity;
      f64.set([best, 0, 0, 0, 0, 0, -1], out >>> 3);
      for (let i = 0; i < count; i++) {
        if (!u8[active + i]) continue;
        const [first, binCount, frequent, twoWays, missingRight, feature] = i32.subarray((features >>> 2) + FEATURE_INTS * i) as unknown as [number, number, number, number, number, number];
        const cut = scanBothWays(f64, (histogram >>> 3) + 2 * first, { binCount, missing: twoWays === 1, frequentIsZero: frequent === 0, rowCount, gradient, hessian, minRows, minHessian, minGain, onlyBin: -1 }, gainOf);
        u8[splittable + i] = cut.splittable ? 1 : 0;
        if (!cut.splittable || !u8[allowed + i] || !(cut.gain - minGain > best)) continue;
        best = cut.gain - minGain;
        f64.set([best, cut.bin, cut.leftCount, cut.leftGradient, cut.leftHessian, cut.missingLeft && missingRight === 0 ? 1 : 0, feature], out >>> 3);
      }
    },
    binValues(values, count, bounds, boundCount, missingBin, first, bins, width, stride) {
      const [v, b] = [values >>> 3, bounds >>> 3];
      const [target, start, step] = width === 1 ? [u8, bins, stride] as const : [u16, bins >>> 1, stride >>> 1] as const;
      for (let i = 0; i < count; i++) {
        const value = f64[v + i]!;
        let low = 0;
        let high = boundCount - 1;
        while (low < high) {
          const middle = (low + high) >> 1;
          if (f64[b + middle]! < value) low = middle + 1;
          else high = middle;
        }
        target[start + i * step] = first + (value === value ? low : missingBin);
      }
    },
    sortDoubles(values, count) {
      f64.subarray(values >>> 3, (values >>> 3) + count).sort();
    },
    scoreTree(ids, features, count, masks, idCount, leaves, scores) {
      const [d, m, l, s] = [ids >>> 1, masks >>> 2, leaves >>> 3, scores >>> 3];
      for (let i = 0; i < count; i++) {
        let open = 0;
        let word = 0;
        for (; open === 0; word++) {
          open = -1;
          for (let k = d + i * features; k < d + (i + 1) * features; k++) open &= i32[m + word * idCount + u16[k]!]!;
        }
        f64[s + i]! += f64[l + 32 * (word - 1) + 31 - Math.clz32(open & -open)]!;
      }
    },
  };
}
