/**
 * Sorting and order statistics of numbers by distribution into buckets: several times faster than a comparison sort, the same result.
 * A value's bucket grows with the value (a subtraction, a multiplication and a truncation never turn an order round), so buckets can be sorted one by one.
 */

/** Below this the built-in sort is as fast. */
const SMALL = 192;
const INSERTION_MAX = 24;
/** Outliers far out put nearly all values into one bucket, again and again: after so many times a comparison sort goes on. */
const DEPTH_MAX = 4;
/** About two values per bucket; more buckets than this do not stay in the processor's caches. */
const BUCKETS_MAX = 1 << 16;

/** Smallest and largest of some values. */
export interface Range {
  min: number;
  max: number;
}

/** Ascending, a new array. Cost: about linear; never more than a few times that of a comparison sort. @param values without NaN */
export function sortedCopy(values: Float64Array): Float64Array {
  const out = new Float64Array(values.length);
  sortInto(values, out, 0);
  return out;
}

/** Sorts `values` into `out`, which has the same length. They may be the same memory. */
function sortInto(values: Float64Array, out: Float64Array, depth: number): void {
  const n = values.length;
  const range = n < SMALL || depth > DEPTH_MAX ? null : finiteRange(values);
  if (range === null) {
    if (out !== values) out.set(values);
    out.sort();
    return;
  }
  const { min, max } = range;
  if (min === max) {
    if (out !== values) out.set(values);
    return;
  }
  const buckets = Math.min(BUCKETS_MAX, n >> 1);
  const scale = (buckets - 1) / (max - min);
  const places = new Uint16Array(n);
  const ends = new Uint32Array(buckets + 1);
  countPlaces(values, min, scale, places, ends);
  addUp(ends);
  distribute(out === values ? Float64Array.from(values) : values, places, ends, out);
  sortBuckets(out, ends, buckets, depth);
}

/* Each long loop is a function of its own that ends with it: a loop that is compiled while it runs is left through code that has not run yet, which throws the
 * compiled code's work away, call after call. */

/** @param ends gets the number of values of each bucket, one place further on */
function countPlaces(values: Float64Array, min: number, scale: number, places: Uint16Array, ends: Uint32Array): void {
  for (let i = 0; i < values.length; i++) {
    const bucket = ((values[i]! - min) * scale) | 0;
    places[i] = bucket;
    ends[bucket + 1]! += 1;
  }
}

/** Each number becomes the sum of all up to it. */
function addUp(numbers: Uint32Array): void {
  for (let i = 1; i < numbers.length; i++) numbers[i]! += numbers[i - 1]!;
}

/** @param ends where each bucket begins; afterwards where it ends */
function distribute(source: Float64Array, places: Uint16Array, ends: Uint32Array, out: Float64Array): void {
  for (let i = 0; i < source.length; i++) out[ends[places[i]!]!++] = source[i]!;
}

function sortBuckets(out: Float64Array, ends: Uint32Array, buckets: number, depth: number): void {
  let start = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const end = ends[bucket]!;
    if (end - start > 1) sortBucket(out, start, end, depth);
    start = end;
  }
}

function sortBucket(out: Float64Array, start: number, end: number, depth: number): void {
  if (end - start <= INSERTION_MAX) sortByInsertion(out, start, end);
  else {
    const part = out.subarray(start, end);
    sortInto(part, part, depth + 1);
  }
}

/** null: there is a NaN, or the range is not finite, or so small that its buckets have no width. */
function finiteRange(values: Float64Array): Range | null {
  const found = extremes(values, new Float64Array(3));
  return found[2] === 0 ? usable({ min: found[0]!, max: found[1]! }) : null;
}

/** Smallest, largest, and a sum that is 0 if all are finite. @param out is written and returned */
function extremes(values: Float64Array, out: Float64Array): Float64Array {
  let min = values[0]!;
  let max = min;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    sum += value - value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  out[0] = min;
  out[1] = max;
  out[2] = sum;
  return out;
}

function usable({ min, max }: Range): Range | null {
  const width = max - min;
  return width < Infinity && (width === 0 || BUCKETS_MAX / width < Infinity) ? { min, max } : null;
}

function sortByInsertion(values: Float64Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const value = values[i]!;
    let at = i;
    while (at > start && values[at - 1]! > value) {
      values[at] = values[at - 1]!;
      at -= 1;
    }
    values[at] = value;
  }
}

const SELECT_BUCKETS = 2048;

/**
 * The values that stand at places `first` and `first` + 1 of the sorted values; the second is NaN where there is none.
 *
 * @param values without NaN
 * @param first 0 … n − 1
 * @param known the smallest and the largest value, where they are known already
 * Cost: two passes and a sort of one bucket in about two thousand (skewed values: a few times that).
 */
export function orderStatistics(values: Float64Array, first: number, known?: Range): [number, number] {
  const n = values.length;
  const range = n < SMALL ? null : known ? usable(known) : finiteRange(values);
  if (range === null) return placesIn(Float64Array.from(values).sort(), first);
  const { min, max } = range;
  if (min === max) return [min, first + 1 < n ? min : NaN];
  const scale = (SELECT_BUCKETS - 1) / (max - min);
  const counts = new Uint32Array(SELECT_BUCKETS);
  countBuckets(values, min, scale, counts);
  let low = 0;
  let before = 0;
  while (before + counts[low]! <= first) before += counts[low++]!;
  // The next place may lie in a later bucket.
  let high = low;
  let size = counts[low]!;
  while (first + 1 < n && before + size <= first + 1) size += counts[++high]!;
  const gathered = new Float64Array(size);
  gather(values, min, scale, low, high, gathered);
  return placesIn(sortedCopy(gathered), first - before);
}

function countBuckets(values: Float64Array, min: number, scale: number, counts: Uint32Array): void {
  for (let i = 0; i < values.length; i++) counts[((values[i]! - min) * scale) | 0]! += 1;
}

/** The values of the buckets `low` … `high`, in order. */
function gather(values: Float64Array, min: number, scale: number, low: number, high: number, out: Float64Array): void {
  const span = high - low;
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    const bucket = ((values[i]! - min) * scale) | 0;
    // One comparison that rarely holds; of two, the one with `low` could not be foreseen near the middle (3 times faster).
    if ((bucket - low) >>> 0 <= span) out[at++] = values[i]!;
  }
}

function placesIn(sorted: Float64Array, first: number): [number, number] {
  return [sorted[first]!, first + 1 < sorted.length ? sorted[first + 1]! : NaN];
}
