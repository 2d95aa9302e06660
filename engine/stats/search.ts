/** Index of the last of `ascending[0 … count)` that is ≤ value; −1 for none. Cost O(log count). */
export function lastAtMost(ascending: Float64Array, count: number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
