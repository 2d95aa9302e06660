/**
 * Sums in the order in which NumPy 1.26 adds (buffers of 8,192 values one after the other; within one pairwise, blocks of 128, eight accumulators),
 * so that figures agree with it to the last bit.
 * Source: Higham, "The accuracy of floating point summation", 1993; the block layout is NumPy's. Agreement: test/oracles/kernels.json.
 */

const BLOCK = 128;
const BUFFER = 8_192;

/** Sum of values[start … start + count). 0 for none. Cost O(count), no allocation. */
export function pairwiseSum(values: Float64Array, start = 0, count = values.length - start): number {
  if (count <= BUFFER) return sumInPairs(values, start, count);
  let sum = 0;
  for (let at = 0; at < count; at += BUFFER) sum += sumInPairs(values, start + at, Math.min(BUFFER, count - at));
  return sum;
}

function sumInPairs(values: Float64Array, start: number, count: number): number {
  if (count < 8) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[start + i]!;
    return sum;
  }
  if (count <= BLOCK) {
    let r0 = values[start]!, r1 = values[start + 1]!, r2 = values[start + 2]!, r3 = values[start + 3]!;
    let r4 = values[start + 4]!, r5 = values[start + 5]!, r6 = values[start + 6]!, r7 = values[start + 7]!;
    let i = 8;
    for (const last = count - (count % 8); i < last; i += 8) {
      const at = start + i;
      r0 += values[at]!; r1 += values[at + 1]!; r2 += values[at + 2]!; r3 += values[at + 3]!;
      r4 += values[at + 4]!; r5 += values[at + 5]!; r6 += values[at + 6]!; r7 += values[at + 7]!;
    }
    let sum = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7));
    for (; i < count; i++) sum += values[start + i]!;
    return sum;
  }
  let half = Math.floor(count / 2);
  half -= half % 8;
  return sumInPairs(values, start, half) + sumInPairs(values, start + half, count - half);
}

/** Sum of the squared distances from a centre, added as pairwiseSum would add them. Cost O(count), no allocation. */
export function pairwiseSumOfSquares(values: Float64Array, centre: number): number {
  const count = values.length;
  if (count <= BUFFER) return sumSquaresInPairs(values, centre, 0, count);
  let sum = 0;
  for (let at = 0; at < count; at += BUFFER) sum += sumSquaresInPairs(values, centre, at, Math.min(BUFFER, count - at));
  return sum;
}

function sumSquaresInPairs(values: Float64Array, centre: number, start: number, count: number): number {
  if (count < 8) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += (values[start + i]! - centre) * (values[start + i]! - centre);
    return sum;
  }
  if (count <= BLOCK) {
    const square = (at: number): number => (values[at]! - centre) * (values[at]! - centre);
    let r0 = square(start), r1 = square(start + 1), r2 = square(start + 2), r3 = square(start + 3);
    let r4 = square(start + 4), r5 = square(start + 5), r6 = square(start + 6), r7 = square(start + 7);
    let i = 8;
    for (const last = count - (count % 8); i < last; i += 8) {
      const at = start + i;
      r0 += square(at); r1 += square(at + 1); r2 += square(at + 2); r3 += square(at + 3);
      r4 += square(at + 4); r5 += square(at + 5); r6 += square(at + 6); r7 += square(at + 7);
    }
    let sum = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7));
    for (; i < count; i++) sum += square(start + i);
    return sum;
  }
  let half = Math.floor(count / 2);
  half -= half % 8;
  return sumSquaresInPairs(values, centre, start, half) + sumSquaresInPairs(values, centre, start + half, count - half);
}

/** Arithmetic mean; NaN for no values. */
export function mean(values: Float64Array): number {
  return pairwiseSum(values) / values.length;
}

/**
 * Standard deviation by the two-pass formula.
 *
 * @param degreesOfFreedom 0: population, 1: sample
 * @param centre the values' mean, where it is known already
 * @returns NaN when there are too few values
 */
export function standardDeviation(values: Float64Array, degreesOfFreedom: 0 | 1, centre = mean(values)): number {
  const n = values.length;
  if (n - degreesOfFreedom <= 0) return NaN;
  return Math.sqrt(pairwiseSumOfSquares(values, centre) / (n - degreesOfFreedom));
}

/** Mean and population standard deviation of the values that are not NaN; both NaN when there is none. */
export function meanAndDeviationIgnoringNaN(values: Float64Array): { mean: number; deviation: number } {
  const filled = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === value) {
      filled[i] = value;
      count += 1;
    }
  }
  const centre = pairwiseSum(filled) / count;
  for (let i = 0; i < values.length; i++) {
    const distance = values[i]! - centre;
    filled[i] = distance === distance ? distance * distance : 0;
  }
  return { mean: centre, deviation: Math.sqrt(pairwiseSum(filled) / count) };
}

/** The values that are not NaN, in order; the same array (no copy) when all are. */
export function withoutNaN(values: Float64Array): Float64Array {
  let missing = 0;
  for (let i = 0; i < values.length; i++) if (values[i] !== values[i]) missing += 1;
  if (missing === 0) return values;
  const kept = new Float64Array(values.length - missing);
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === value) kept[at++] = value;
  }
  return kept;
}
