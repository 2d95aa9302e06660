/**
 * From values to bins: how one feature's values are cut into at most `maxBin` bins. Numeric: bins of about equal counts over the distinct values,
 * zero in a bin of its own, missing values in the last. Categorical: one bin per frequent category, bin 0 for missing, rare and unknown ones.
 * Source: src/io/bin.cpp of LightGBM 4.5.0; bounds are equal to the last bit (test/engine/boosting).
 */

import { InvalidInput } from '../../domain/errors.js';

/** Values this near to zero are zero. LightGBM's kZeroThreshold, a 32-bit constant. */
export const ZERO_THRESHOLD = Math.fround(1e-35);

/** A bin number takes two bytes at most. */
const MOST_BINS = 65_536;

/** Above this share of its commonest bin a feature counts as sparse. */
const SPARSE_SHARE = 0.7;

/** Where missing values go: the feature has none ('none'; NaN counts as zero then), or they have a bin of their own ('nan'). */
export type MissingKind = 'none' | 'nan';

/** How one feature's values become bins. Plain data. */
export interface BinMapper {
  kind: 'numeric' | 'categorical';
  /** Bins, missing values' own included. 0 when the feature cannot split anything. */
  binCount: number;
  missing: MissingKind;
  /** Numeric: upper bounds, inclusive, ascending, the last ∞; the bin of missing values is the one after them. */
  upperBounds: Float64Array;
  /** Categorical: the category of each bin, −1 in bin 0. */
  categories: Int32Array;
  /** The bin of value 0. */
  defaultBin: number;
  /** The bin whose sums are found by subtraction from the leaf's. */
  frequentBin: number;
}

/** What bin finding needs to know besides the values. */
export interface BinRules {
  maxBin: number;
  minDataInBin: number;
  /** Rows that each side of a split must keep; a feature that cannot give that is dropped. 0: nothing is dropped. */
  minSplitRows: number;
  useMissing: boolean;
}

const scratchFloat = new Float64Array(1);
const scratchBits = new BigInt64Array(scratchFloat.buffer);

/** The next double towards +∞. */
export function nextUp(value: number): number {
  if (value === Infinity || Number.isNaN(value)) return value;
  if (value === 0) return Number.MIN_VALUE;
  scratchFloat[0] = value;
  scratchBits[0]! += value > 0 ? 1n : -1n;
  return scratchFloat[0];
}

interface Distinct { values: Float64Array; counts: Int32Array }

/** Sorted values, zeros and missing left out, to distinct values with counts; neighbouring doubles count as one. `zeroCount` zeros are put at their place. */
function distinctOf(sorted: Float64Array, zeroCount: number): Distinct {
  const values = new Float64Array(sorted.length + 1);
  const counts = new Int32Array(sorted.length + 1);
  let size = 0;
  const push = (value: number, count: number) => {
    values[size] = value;
    counts[size++] = count;
  };
  const n = sorted.length;
  if (n === 0 || (sorted[0]! > 0 && zeroCount > 0)) push(0, zeroCount);
  if (n > 0) push(sorted[0]!, 1);
  for (let i = 1; i < n; i++) {
    const previous = sorted[i - 1]!;
    const value = sorted[i]!;
    if (value === previous) {
      counts[size - 1]!++;
    } else if (value <= nextUp(previous)) {
      values[size - 1] = value;
      counts[size - 1]!++;
    } else {
      if (previous < 0 && value > 0) push(0, zeroCount);
      push(value, 1);
    }
  }
  if (n > 0 && sorted[n - 1]! < 0 && zeroCount > 0) push(0, zeroCount);
  return { values: values.subarray(0, size), counts: counts.subarray(0, size) };
}

/** Bounds of bins with about equal counts over distinct values; the last is ∞. */
function greedyBounds(values: Float64Array, counts: Int32Array, maxBin: number, total: number, minDataInBin: number): number[] {
  const bounds: number[] = [];
  const n = values.length;
  const pushBetween = (low: number, high: number): boolean => {
    const bound = nextUp((low + high) / 2);
    const last = bounds.at(-1);
    if (last !== undefined && bound <= nextUp(last)) return false;
    bounds.push(bound);
    return true;
  };
  if (n <= maxBin) {
    let inBin = 0;
    for (let i = 0; i < n - 1; i++) {
      inBin += counts[i]!;
      if (inBin >= minDataInBin && pushBetween(values[i]!, values[i + 1]!)) inBin = 0;
    }
    bounds.push(Infinity);
    return bounds;
  }
  if (minDataInBin > 0) maxBin = Math.max(Math.min(maxBin, Math.floor(total / minDataInBin)), 1);
  let restBins = maxBin;
  let restRows = total;
  let meanSize = total / maxBin;
  const big = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    if (counts[i]! >= meanSize) {
      big[i] = 1;
      restBins--;
      restRows -= counts[i]!;
    }
  }
  meanSize = restRows / restBins;
  const lower: number[] = [values[0]!];
  const upper: number[] = [];
  let inBin = 0;
  for (let i = 0; i < n - 1; i++) {
    if (!big[i]) restRows -= counts[i]!;
    inBin += counts[i]!;
    if (big[i] || inBin >= meanSize || (big[i + 1] && inBin >= Math.max(1, meanSize * 0.5))) {
      upper.push(values[i]!);
      lower.push(values[i + 1]!);
      if (upper.length >= maxBin - 1) break;
      inBin = 0;
      if (!big[i]) {
        restBins--;
        meanSize = restRows / restBins;
      }
    }
  }
  for (let i = 0; i < upper.length; i++) pushBetween(upper[i]!, lower[i + 1]!);
  bounds.push(Infinity);
  return bounds;
}

/** Bounds with zero in a bin of its own: negative values, zero and positive values are cut apart first. */
function boundsAroundZero({ values, counts }: Distinct, maxBin: number, total: number, minDataInBin: number): number[] {
  const n = values.length;
  let leftRows = 0;
  let rightRows = 0;
  let zeroRows = 0;
  let leftEnd = n;
  let rightStart = n;
  for (let i = n - 1; i >= 0; i--) {
    const value = values[i]!;
    if (value > -ZERO_THRESHOLD) leftEnd = i;
    if (value > ZERO_THRESHOLD) {
      rightStart = i;
      rightRows += counts[i]!;
    } else if (value <= -ZERO_THRESHOLD) leftRows += counts[i]!;
    else zeroRows += counts[i]!;
  }
  let bounds: number[] = [];
  if (leftEnd > 0 && maxBin > 1) {
    const leftBins = Math.max(1, Math.trunc((leftRows / (total - zeroRows)) * (maxBin - 1)));
    bounds = greedyBounds(values.subarray(0, leftEnd), counts.subarray(0, leftEnd), leftBins, leftRows, minDataInBin);
    bounds[bounds.length - 1] = -ZERO_THRESHOLD;
  }
  const rightBins = maxBin - 1 - bounds.length;
  if (rightStart < n && rightBins > 0) {
    const right = greedyBounds(values.subarray(rightStart), counts.subarray(rightStart), rightBins, rightRows, minDataInBin);
    return [...bounds, ZERO_THRESHOLD, ...right];
  }
  return [...bounds, Infinity];
}

/** True when no cut between bins leaves enough rows on both sides. */
function cannotSplit(rowsPerBin: ArrayLike<number>, total: number, minRows: number, categorical: boolean): boolean {
  const enough = (left: number) => left >= minRows && total - left >= minRows;
  if (categorical && rowsPerBin.length > 2) return false;
  let left = 0;
  for (let bin = 0; bin < rowsPerBin.length - 1; bin++) {
    left = categorical ? rowsPerBin[bin]! : left + rowsPerBin[bin]!;
    if (enough(left)) return false;
  }
  return true;
}

function emptyMapper(kind: BinMapper['kind']): BinMapper {
  return { kind, binCount: 0, missing: 'none', upperBounds: new Float64Array(0), categories: new Int32Array(0), defaultBin: 0, frequentBin: 0 };
}

/** The bin of value 0, and the bin to be left out of the sums, settled; a feature that cannot split comes back empty. */
function settle(mapper: BinMapper, rowsPerBin: ArrayLike<number>, total: number, rules: BinRules): BinMapper {
  const categorical = mapper.kind === 'categorical';
  if (mapper.binCount <= 1 || (rules.minSplitRows > 0 && cannotSplit(rowsPerBin, total, rules.minSplitRows, categorical))) return emptyMapper(mapper.kind);
  mapper.defaultBin = binOf(mapper, 0);
  let frequent = 0;
  for (let bin = 1; bin < rowsPerBin.length; bin++) if (rowsPerBin[bin]! > rowsPerBin[frequent]!) frequent = bin;
  mapper.frequentBin = frequent !== mapper.defaultBin && rowsPerBin[frequent]! / total < SPARSE_SHARE ? mapper.defaultBin : frequent;
  return mapper;
}

function findNumericBins(distinct: Distinct, missingCount: number, total: number, rules: BinRules): BinMapper {
  const missing: MissingKind = missingCount > 0 && rules.useMissing ? 'nan' : 'none';
  const bounds = missing === 'nan'
    ? boundsAroundZero(distinct, rules.maxBin - 1, total - missingCount, rules.minDataInBin)
    : boundsAroundZero(distinct, rules.maxBin, total, rules.minDataInBin);
  const binCount = bounds.length + (missing === 'nan' ? 1 : 0);
  const rowsPerBin = new Float64Array(binCount);
  let bin = 0;
  for (let i = 0; i < distinct.values.length; i++) {
    while (distinct.values[i]! > bounds[bin]!) bin++;
    rowsPerBin[bin]! += distinct.counts[i]!;
  }
  if (missing === 'nan') rowsPerBin[binCount - 1] = missingCount;
  return settle({ ...emptyMapper('numeric'), binCount, missing, upperBounds: Float64Array.from(bounds) }, rowsPerBin, total, rules);
}

function findCategoricalBins(distinct: Distinct, missingCount: number, total: number, rules: BinRules): BinMapper {
  const categories: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < distinct.values.length; i++) {
    const category = Math.trunc(distinct.values[i]!);
    if (category < 0) missingCount += distinct.counts[i]!;
    else if (category === categories.at(-1)) counts[counts.length - 1]! += distinct.counts[i]!;
    else {
      categories.push(category);
      counts.push(distinct.counts[i]!);
    }
  }
  const present = total - missingCount;
  if (present <= 0) return emptyMapper('categorical');
  const order = categories.map((_, index) => index).sort((a, b) => counts[b]! - counts[a]!);
  const enoughRows = Math.trunc(Math.fround(present * Math.fround(0.99)) + 0.5);
  const maxBin = Math.min(categories.length + (missingCount > 0 ? 1 : 0), rules.maxBin);
  const kept = [-1];
  const rowsPerBin = [0];
  let used = 0;
  let next = 0;
  while (next < order.length && (used < enoughRows || kept.length < maxBin)) {
    const count = counts[order[next]!]!;
    if (count < rules.minDataInBin && next > 1) break;
    kept.push(categories[order[next]!]!);
    rowsPerBin.push(count);
    used += count;
    next++;
  }
  if (kept.length > MOST_BINS) throw new InvalidInput(`a categorical feature has ${kept.length - 1} frequent categories: ${MOST_BINS - 1} are the most`);
  rowsPerBin[0] = total - used;
  const missing: MissingKind = next === order.length && missingCount === 0 ? 'none' : 'nan';
  return settle({ ...emptyMapper('categorical'), binCount: kept.length, missing, categories: Int32Array.from(kept) }, rowsPerBin, total, rules);
}

/**
 * Finds a feature's bins.
 *
 * @param sorted sampled values, ascending, without missing and without zeros (|value| ≤ 1e−35)
 * @param missingCount sampled rows that are missing
 * @param total sampled rows, zeros and missing included
 * @returns the mapper; binCount 0 when the feature cannot split anything
 */
export function findBins(kind: BinMapper['kind'], sorted: Float64Array, missingCount: number, total: number, rules: BinRules): BinMapper {
  const counted = rules.useMissing ? missingCount : 0;
  const distinct = distinctOf(sorted, total - sorted.length - counted);
  return kind === 'numeric' ? findNumericBins(distinct, counted, total, rules) : findCategoricalBins(distinct, counted, total, rules);
}

/** The bin of one value; unknown categories and negative codes are bin 0. */
function binOf(mapper: BinMapper, value: number): number {
  if (mapper.kind === 'categorical') {
    const category = Math.trunc(value);
    return category >= 0 ? Math.max(mapper.categories.indexOf(category), 0) : 0;
  }
  if (Number.isNaN(value)) {
    if (mapper.missing === 'nan') return mapper.binCount - 1;
    value = 0;
  }
  const bounds = mapper.upperBounds;
  let low = 0;
  let high = bounds.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= bounds[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The bins of a categorical column: one byte a row where they fit, else two. */
export function binCategories(mapper: BinMapper, values: Float64Array): Uint8Array | Uint16Array {
  const bins = mapper.binCount <= 256 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  const codeOf = codesOf(mapper.categories.subarray(1));
  for (let row = 0; row < values.length; row++) bins[row] = codeOf(values[row]!);
  return bins;
}

/** Above this a category is looked up in a map instead of a table. */
const TABLE_CATEGORIES = 65_536;

/** Numbers categories from 1 in the given order; missing, negative and unknown ones are 0. */
export function codesOf(categories: Int32Array): (value: number) => number {
  const codes = new Map<number, number>();
  categories.forEach((category, index) => codes.set(category, index + 1));
  if (categories.some((category) => category >= TABLE_CATEGORIES)) return (value) => codes.get(Math.trunc(value)) ?? 0;
  const table = new Uint16Array(categories.reduce((most, category) => Math.max(most, category), 0) + 1);
  for (const [category, code] of codes) table[category] = code;
  return (value) => (value > -1 && value < table.length ? table[Math.trunc(value)]! : 0);
}
