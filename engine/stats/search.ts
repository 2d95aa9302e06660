/** Searches in ascending numbers. */

/** Index of the last of `ascending[0 … count)` that is ≤ value; −1 for none. Cost O(log count). */
export function lastAtMost(ascending: Float64Array, count: number, value: number): number {
  return lastAtMostBetween(ascending, 0, count, value);
}

function lastAtMostBetween(ascending: Float64Array, start: number, end: number, value: number): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const BUCKETS_MAX = 1 << 16;

/** Ascending numbers prepared for many searches: where each of many equal slices of their range begins. */
export interface SearchTable {
  ascending: Float64Array;
  count: number;
  min: number;
  max: number;
  /** Slices per unit; 0: there is a single slice. */
  scale: number;
  /** Slice b holds ascending[starts[b] … starts[b + 1]). */
  starts: Int32Array;
}

/** @param ascending its first `count` numbers, without NaN. Cost O(count). */
export function searchTable(ascending: Float64Array, count: number): SearchTable {
  const min = ascending[0] ?? NaN;
  const max = count === 0 ? NaN : ascending[count - 1]!;
  const slices = Math.max(1, Math.min(BUCKETS_MAX, 2 * count));
  const fine = (slices - 1) / (max - min);
  const scale = fine > 0 && Number.isFinite(fine) && Number.isFinite(max - min) ? fine : 0;
  const starts = new Int32Array((scale === 0 ? 1 : slices) + 1);
  for (let i = 0; i < count; i++) starts[(((ascending[i]! - min) * scale) | 0) + 1]! += 1;
  for (let slice = 1; slice < starts.length; slice++) starts[slice]! += starts[slice - 1]!;
  return { ascending, count, min, max, scale, starts };
}

/** As lastAtMost. A number's slice never lies before that of a smaller one, so only its own slice is searched. Cost: constant where the numbers are spread. */
export function lastAtMostIn({ ascending, count, min, max, scale, starts }: SearchTable, value: number): number {
  if (!(value >= min)) return -1;
  if (value >= max) return count - 1;
  const slice = ((value - min) * scale) | 0;
  return lastAtMostBetween(ascending, starts[slice]!, starts[slice + 1]!, value);
}
