/**
 * The kernels of kernels.ts and predict-kernel.ts in AssemblyScript; scripts/build-kernels.mjs makes kernels.wasm.ts of it.
 * Each lane of a vector is an addition of its own in the order of rows, so bits are those of the JavaScript kernels. No fused multiply-add anywhere.
 */

/** Gradient pair of a row as two doubles. */
// @ts-ignore: decorator
@inline
function pairOf(gradients: usize, row: i32): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(gradients + (<usize>row << 3)));
}

// @ts-ignore: decorator
@inline
function add(histogram: usize, id: usize, pair: v128): void {
  const at = histogram + (id << 4);
  v128.store(at, f64x2.add(v128.load(at), pair));
}

/** Bytes from one feature's histogram to the next where ids are single bytes: 260 bins, so that equal bins of several features do not share a cache set. */
const STRIDE: usize = 260 * 16;

/** Rows whose numbers are fetched before they are added up, where they do not lie in the cache anyway. */
const BATCH_ROWS: usize = 96;
/** Numbers of rows below this lie in the cache. */
const CACHED_BYTES: usize = 1 << 20;

/**
 * Reads something of every row, so that the reads wait for memory together and not one after the other. What is read is of no interest;
 * it is returned lest the compiler leave the reading out.
 */
function touchRows(at: usize, end: usize, ids: usize, rowBytes: usize, gradients: usize): i32 {
  let sum = 0;
  for (; at < end; at += 4) {
    const row = <usize>load<i32>(at);
    const first = ids + row * rowBytes;
    sum += load<u8>(first) + load<u8>(first + rowBytes - 1) + load<u8>(gradients + (row << 3));
  }
  return sum;
}

function addNarrow(at: usize, end: usize, ids: usize, rowBytes: usize, gradients: usize, histogram: usize): void {
  const octets = rowBytes & ~7;
  const quads = rowBytes & ~3;
  for (; at < end; at += 4) {
    const row = load<i32>(at);
    const pair = pairOf(gradients, row);
    const first = ids + <usize>row * rowBytes;
    let id = first;
    let base = histogram;
    for (const octetEnd = first + octets; id < octetEnd; id += 8, base += 8 * STRIDE) {
      const eight = load<u64>(id);
      add(base, <usize>(eight & 0xff), pair);
      add(base + STRIDE, <usize>((eight >> 8) & 0xff), pair);
      add(base + 2 * STRIDE, <usize>((eight >> 16) & 0xff), pair);
      add(base + 3 * STRIDE, <usize>((eight >> 24) & 0xff), pair);
      add(base + 4 * STRIDE, <usize>((eight >> 32) & 0xff), pair);
      add(base + 5 * STRIDE, <usize>((eight >> 40) & 0xff), pair);
      add(base + 6 * STRIDE, <usize>((eight >> 48) & 0xff), pair);
      add(base + 7 * STRIDE, <usize>(eight >> 56), pair);
    }
    if (id < first + quads) {
      const four = load<u32>(id);
      add(base, <usize>(four & 0xff), pair);
      add(base + STRIDE, <usize>((four >> 8) & 0xff), pair);
      add(base + 2 * STRIDE, <usize>((four >> 16) & 0xff), pair);
      add(base + 3 * STRIDE, <usize>(four >> 24), pair);
      id += 4;
      base += 4 * STRIDE;
    }
    for (const rowEnd = first + rowBytes; id < rowEnd; id++, base += STRIDE) add(base, <usize>load<u8>(id), pair);
  }
}

function addWide(at: usize, end: usize, ids: usize, rowBytes: usize, gradients: usize, histogram: usize): void {
  const quads = rowBytes & ~7;
  for (; at < end; at += 4) {
    const row = load<i32>(at);
    const pair = pairOf(gradients, row);
    let id = ids + <usize>row * rowBytes;
    const quadEnd = id + quads;
    const rowEnd = id + rowBytes;
    for (; id < quadEnd; id += 8) {
      const four = load<u64>(id);
      add(histogram, <usize>(four & 0xffff), pair);
      add(histogram, <usize>((four >> 16) & 0xffff), pair);
      add(histogram, <usize>((four >> 32) & 0xffff), pair);
      add(histogram, <usize>(four >> 48), pair);
    }
    for (; id < rowEnd; id += 2) add(histogram, <usize>load<u16>(id), pair);
  }
}

function addWidest(at: usize, end: usize, ids: usize, rowBytes: usize, gradients: usize, histogram: usize): void {
  for (; at < end; at += 4) {
    const row = load<i32>(at);
    const pair = pairOf(gradients, row);
    let id = ids + <usize>row * rowBytes;
    for (const rowEnd = id + rowBytes; id < rowEnd; id += 4) add(histogram, <usize>load<u32>(id), pair);
  }
}

export function buildHistogram(ids: usize, width: i32, features: i32, rows: usize, count: i32, gradients: usize, histogram: usize, bins: i32): i32 {
  memory.fill(histogram, 0, <usize>bins << 4);
  if (count == 0) return 0;
  const rowBytes = <usize>features * <usize>width;
  const end = rows + (<usize>count << 2);
  const span = <usize>(load<i32>(end - 4) - load<i32>(rows) + 1);
  const batch = span * (rowBytes + 8) < CACHED_BYTES ? end - rows : BATCH_ROWS << 2;
  let touched = 0;
  for (let at = rows; at < end; at += batch) {
    const next = min(at + batch, end);
    if (batch == BATCH_ROWS << 2) touched += touchRows(at, next, ids, rowBytes, gradients);
    if (width == 1) addNarrow(at, next, ids, rowBytes, gradients, histogram);
    else if (width == 2) addWide(at, next, ids, rowBytes, gradients, histogram);
    else addWidest(at, next, ids, rowBytes, gradients, histogram);
  }
  return touched;
}

export function subtract(histogram: usize, other: usize, bins: i32): void {
  const end = histogram + (<usize>bins << 4);
  for (; histogram < end; histogram += 16, other += 16) v128.store(histogram, f64x2.sub(v128.load(histogram), v128.load(other)));
}

export function squaredGradients(count: i32, scores: usize, labels: usize, gradients: usize): void {
  for (let i = 0; i < count; i++, scores += 8, labels += 4, gradients += 8) {
    store<f32>(gradients, <f32>(load<f64>(scores) - <f64>load<f32>(labels)));
    store<f32>(gradients, 1, 4);
  }
}

/** e^x of two numbers within ±512, from the table that exponential.ts makes. */
// @ts-ignore: decorator
@inline
function exponentials(x: v128, table: usize): v128 {
  const shift = f64x2.splat(6755399441055744);
  const k = f64x2.sub(f64x2.add(f64x2.mul(f64x2.splat(184.6649652337873), x), shift), shift);
  const r = f64x2.add(f64x2.add(x, f64x2.mul(k, f64x2.splat(-0.005415212348111709))), f64x2.mul(k, f64x2.splat(-1.2864023111638344e-14)));
  const steps = i32x4.trunc_sat_f64x2_s_zero(k);
  const one = i32x4.extract_lane(steps, 0);
  const two = i32x4.extract_lane(steps, 1);
  const first = v128.load(table + (<usize>(one & 127) << 4));
  const second = v128.load(table + (<usize>(two & 127) << 4));
  const tail = v128.shuffle<f64>(first, second, 0, 2);
  const head = v128.shuffle<i64>(first, second, 1, 3);
  const square = f64x2.mul(r, r);
  const low = f64x2.mul(square, f64x2.add(f64x2.splat(0.49999999999996786), f64x2.mul(r, f64x2.splat(0.16666666666665886))));
  const high = f64x2.mul(f64x2.mul(square, square), f64x2.add(f64x2.splat(0.0416666808410674), f64x2.mul(r, f64x2.splat(0.008333335853059549))));
  const rest = f64x2.add(f64x2.add(f64x2.add(tail, r), low), high);
  const scale = i64x2.add(head, i64x2.shl(i64x2.replace_lane(i64x2.splat(<i64>(one >> 7)), 1, <i64>(two >> 7)), 52));
  return f64x2.add(scale, f64x2.mul(scale, rest));
}

/** Returns how many rows were done before one whose exponential is out of reach. */
export function logisticGradients(count: i32, scores: usize, labels: usize, gradients: usize, sigmoid: f64, negativeWeight: f64, positiveWeight: f64, table: usize): i32 {
  const one = f64x2.splat(1);
  const steepness = f64x2.splat(sigmoid);
  const limit = f64x2.splat(512);
  for (let i = 0; i < count; i += 2, scores += 16, labels += 8, gradients += 16) {
    // The memory behind the last row is there (regions are padded) and its results are overwritten or never read.
    const label = f64x2.promote_low_f32x4(v128.load64_zero(labels));
    const weight = v128.bitselect(f64x2.splat(positiveWeight), f64x2.splat(negativeWeight), f64x2.gt(label, f64x2.splat(0)));
    const power = f64x2.mul(f64x2.mul(label, steepness), v128.load(scores));
    const within = f64x2.lt(f64x2.abs(power), limit);
    const whole = i + 1 < count;
    if (!(i64x2.extract_lane(within, 0) & (whole ? i64x2.extract_lane(within, 1) : -1))) return i;
    const response = f64x2.div(f64x2.mul(f64x2.neg(label), steepness), f64x2.add(one, exponentials(power, table)));
    const size = f64x2.abs(response);
    const gradient = f32x4.demote_f64x2_zero(f64x2.mul(response, weight));
    const hessian = f32x4.demote_f64x2_zero(f64x2.mul(f64x2.mul(size, f64x2.sub(steepness, size)), weight));
    const pairs = v128.shuffle<f32>(gradient, hessian, 0, 4, 1, 5);
    if (whole) v128.store(gradients, pairs);
    else v128.store64_lane(gradients, pairs, 0);
  }
  return count;
}

export function sumGradients(rows: usize, count: i32, gradients: usize, out: usize): void {
  let sum = f64x2.splat(0);
  const end = rows + (<usize>count << 2);
  for (; rows < end; rows += 4) sum = f64x2.add(sum, pairOf(gradients, load<i32>(rows)));
  v128.store(out, sum);
}

export function partition(column: usize, width: i32, table: usize, rows: usize, count: i32, scratch: usize): i32 {
  let left = rows;
  let right = scratch;
  const end = rows + (<usize>count << 2);
  if (width == 1) {
    for (let at = rows; at < end; at += 4) {
      const row = load<i32>(at);
      const goesLeft = <usize>load<u8>(table + <usize>load<u8>(column + <usize>row));
      store<i32>(left, row);
      store<i32>(right, row);
      left += goesLeft << 2;
      right += (1 - goesLeft) << 2;
    }
  } else {
    for (let at = rows; at < end; at += 4) {
      const row = load<i32>(at);
      const goesLeft = <usize>load<u8>(table + <usize>load<u16>(column + (<usize>row << 1)));
      store<i32>(left, row);
      store<i32>(right, row);
      left += goesLeft << 2;
      right += (1 - goesLeft) << 2;
    }
  }
  memory.copy(left, scratch, right - scratch);
  return <i32>((left - rows) >> 2);
}

export function addToScores(rows: usize, count: i32, value: f64, scores: usize): void {
  const end = rows + (<usize>count << 2);
  for (; rows < end; rows += 4) {
    const at = scores + (<usize>load<i32>(rows) << 3);
    store<f64>(at, load<f64>(at) + value);
  }
}

/** Gains of both sides: (left, right) sums of gradients squared over sums of hessians. */
// @ts-ignore: decorator
@inline
function gainOf(gradients: v128, hessians: v128, l2: v128): f64 {
  const gains = f64x2.div(f64x2.mul(gradients, gradients), f64x2.add(hessians, l2));
  return f64x2.extract_lane(gains, 0) + f64x2.extract_lane(gains, 1);
}

const EPSILON: f64 = 1.0000000036274937e-15;

/**
 * The best numeric cut of one feature, without L1, bounds or smoothing: see scanDown and scanUp in split.ts.
 * Six doubles at `out`: gain, bin, left count, left gradient, left hessian, 1 for missing left. Returns 1 when any cut was worth it.
 */
function scan(at: usize, binCount: i32, missing: i32, frequentIsZero: i32, rowCount: i32, gradient: f64, hessian: f64, minRows: i32, minHessian: f64, minGain: f64, lambda: f64, out: usize): i32 {
  const rowsPerHessian = <f64>rowCount / hessian;
  const l2 = f64x2.splat(lambda);
  let splittable = 0;
  let best: f64 = -Infinity;
  let bestBin = 0;
  let bestCount = 0;
  let bestGradient: f64 = 0;
  let bestHessian: f64 = 0;
  let missingLeft: f64 = 1;

  let rightGradient: f64 = 0;
  let rightHessian = EPSILON;
  let rightCount = 0;
  for (let bin = binCount - 1 - missing; bin >= 1; bin--) {
    const entry = at + (<usize>bin << 4);
    const h = load<f64>(entry, 8);
    rightGradient += load<f64>(entry);
    rightHessian += h;
    rightCount += <i32>(h * rowsPerHessian + 0.5);
    if (rightCount < minRows || rightHessian < minHessian) continue;
    const leftCount = rowCount - rightCount;
    if (leftCount < minRows) break;
    const leftHessian = hessian - rightHessian;
    if (leftHessian < minHessian) break;
    const leftGradient = gradient - rightGradient;
    const gain = gainOf(f64x2.replace_lane(f64x2.splat(leftGradient), 1, rightGradient), f64x2.replace_lane(f64x2.splat(leftHessian), 1, rightHessian), l2);
    if (gain <= minGain) continue;
    splittable = 1;
    if (gain > best) {
      best = gain;
      bestBin = bin - 1;
      bestCount = leftCount;
      bestGradient = leftGradient;
      bestHessian = leftHessian;
    }
  }

  if (missing) {
    let leftGradient: f64 = 0;
    let leftHessian = EPSILON;
    let leftCount = 0;
    if (frequentIsZero) {
      leftGradient = gradient;
      leftHessian = hessian - EPSILON;
      leftCount = rowCount;
      for (let bin = 1; bin < binCount; bin++) {
        const entry = at + (<usize>bin << 4);
        const h = load<f64>(entry, 8);
        leftGradient -= load<f64>(entry);
        leftHessian -= h;
        leftCount -= <i32>(h * rowsPerHessian + 0.5);
      }
    }
    let found: f64 = -Infinity;
    let foundBin = 0;
    let foundCount = 0;
    let foundGradient: f64 = 0;
    let foundHessian: f64 = 0;
    for (let bin = 0; bin <= binCount - 2; bin++) {
      if (bin > 0 || !frequentIsZero) {
        const entry = at + (<usize>bin << 4);
        const h = load<f64>(entry, 8);
        leftGradient += load<f64>(entry);
        leftHessian += h;
        leftCount += <i32>(h * rowsPerHessian + 0.5);
      }
      if (leftCount < minRows || leftHessian < minHessian) continue;
      const otherCount = rowCount - leftCount;
      if (otherCount < minRows) break;
      const otherHessian = hessian - leftHessian;
      if (otherHessian < minHessian) break;
      const otherGradient = gradient - leftGradient;
      const gain = gainOf(f64x2.replace_lane(f64x2.splat(leftGradient), 1, otherGradient), f64x2.replace_lane(f64x2.splat(leftHessian), 1, otherHessian), l2);
      if (gain <= minGain) continue;
      splittable = 1;
      if (gain > found) {
        found = gain;
        foundBin = bin;
        foundCount = leftCount;
        foundGradient = leftGradient;
        foundHessian = leftHessian;
      }
    }
    if (found > best - minGain + minGain) {
      best = found;
      bestBin = foundBin;
      bestCount = foundCount;
      bestGradient = foundGradient;
      bestHessian = foundHessian;
      missingLeft = 0;
    }
  }
  store<f64>(out, best);
  store<f64>(out, <f64>bestBin, 8);
  store<f64>(out, <f64>bestCount, 16);
  store<f64>(out, bestGradient, 24);
  store<f64>(out, bestHessian, 32);
  store<f64>(out, missingLeft, 40);
  return splittable;
}

// What is stored of a feature, 4 bytes each: first bin, bins, commonest bin, 1 when scanned both ways, 1 when missing always goes right, index.
const FEATURE_BYTES: usize = 24;

export function repair(features: usize, count: i32, active: usize, histogram: usize, gradient: f64, hessian: f64): void {
  const whole = f64x2.replace_lane(f64x2.splat(gradient), 1, hessian);
  for (let i = 0; i < count; i++, features += FEATURE_BYTES) {
    const frequent = load<i32>(features, 8);
    if (frequent == 0 || !load<u8>(active + <usize>i)) continue;
    const at = histogram + (<usize>load<i32>(features) << 4);
    const repaired = at + (<usize>frequent << 4);
    const end = at + (<usize>load<i32>(features, 4) << 4);
    let rest = whole;
    for (let entry = at; entry < repaired; entry += 16) rest = f64x2.sub(rest, v128.load(entry));
    for (let entry = repaired + 16; entry < end; entry += 16) rest = f64x2.sub(rest, v128.load(entry));
    v128.store(repaired, rest);
  }
}

export function searchLeaf(features: usize, count: i32, active: usize, allowed: usize, splittable: usize, histogram: usize, rowCount: i32, gradient: f64, hessian: f64, minRows: i32, minHessian: f64, minGain: f64, lambda: f64, out: usize): void {
  const best = out;
  const tried = out + 64;
  store<f64>(best, -Infinity);
  store<f64>(best, -1, 48);
  for (let i = 0; i < count; i++, features += FEATURE_BYTES) {
    if (!load<u8>(active + <usize>i)) continue;
    const at = histogram + (<usize>load<i32>(features) << 4);
    const found = scan(at, load<i32>(features, 4), load<i32>(features, 12), <i32>(load<i32>(features, 8) == 0), rowCount, gradient, hessian, minRows, minHessian, minGain, lambda, tried);
    store<u8>(splittable + <usize>i, found);
    if (!found || !load<u8>(allowed + <usize>i)) continue;
    const gain = load<f64>(tried) - minGain;
    if (gain > load<f64>(best)) {
      memory.copy(best, tried, 48);
      store<f64>(best, gain);
      store<f64>(best, <f64>load<i32>(features, 20), 48);
      if (load<i32>(features, 16)) store<f64>(best, 0, 40);
    }
  }
}

/**
 * `first` plus the bin of each value among ascending upper bounds: the first bound that is not below it; `missingBin` for NaN.
 * Written as `width` 1 or 2 bytes, `stride` bytes apart.
 */
export function binValues(values: usize, count: i32, bounds: usize, boundCount: i32, missingBin: i32, first: i32, bins: usize, width: i32, stride: i32): void {
  for (let i = 0; i < count; i++, values += 8, bins += stride) {
    const value = load<f64>(values);
    let base = bounds;
    for (let rest = boundCount; rest > 1; ) {
      const half = rest >> 1;
      base = load<f64>(base + (<usize>(half - 1) << 3)) < value ? base + (<usize>half << 3) : base;
      rest -= half;
    }
    const bin = first + (value == value ? <i32>((base - bounds) >> 3) : missingBin);
    if (width == 1) store<u8>(bins, bin);
    else store<u16>(bins, bin);
  }
}

const DIGIT_BITS: i32 = 11;
const DIGITS: i32 = 6;
const DIGIT_MASK: u64 = 2047;

/** Sorts doubles (no NaN) ascending: radix sort from the lowest digit, digits that are equal everywhere left out. `counters`: 6 × 2048 × 4 bytes. */
export function sortDoubles(values: usize, count: i32, scratch: usize, counters: usize): void {
  memory.fill(counters, 0, <usize>(DIGITS << DIGIT_BITS) << 2);
  const end = values + (<usize>count << 3);
  // Bits of a double as an unsigned number with the same order.
  for (let at = values; at < end; at += 8) {
    const bits = load<i64>(at);
    const key = <u64>(bits ^ ((bits >> 63) | i64.MIN_VALUE));
    store<u64>(at, key);
    for (let digit = 0; digit < DIGITS; digit++) {
      const counter = counters + (<usize>((digit << DIGIT_BITS) + <i32>((key >> (digit * DIGIT_BITS)) & DIGIT_MASK)) << 2);
      store<i32>(counter, load<i32>(counter) + 1);
    }
  }
  let from = values;
  let to = scratch;
  for (let digit = 0; digit < DIGITS; digit++) {
    const table = counters + (<usize>(digit << DIGIT_BITS) << 2);
    const shift = digit * DIGIT_BITS;
    if (count == 0 || load<i32>(table + (<usize>((load<u64>(from) >> shift) & DIGIT_MASK) << 2)) == count) continue;
    let position = 0;
    for (let entry = table; entry < table + (2048 << 2); entry += 4) {
      const size = load<i32>(entry);
      store<i32>(entry, position);
      position += size;
    }
    const fromEnd = from + (<usize>count << 3);
    for (let at = from; at < fromEnd; at += 8) {
      const key = load<u64>(at);
      const entry = table + (<usize>((key >> shift) & DIGIT_MASK) << 2);
      const place = load<i32>(entry);
      store<i32>(entry, place + 1);
      store<u64>(to + (<usize>place << 3), key);
    }
    const swap = from;
    from = to;
    to = swap;
  }
  for (let i = 0; i < count; i++) {
    const key = load<i64>(from + (<usize>i << 3));
    store<i64>(values + (<usize>i << 3), key ^ ((~key >> 63) | i64.MIN_VALUE));
  }
}

/**
 * Adds one tree's output to the scores of rows. `masks`: per id and word, the leaves (bits, from left to right) that the id leaves open;
 * the row's leaf is the lowest bit that all its ids leave open.
 */
export function scoreTree(ids: usize, features: i32, count: i32, masks: usize, idCount: i32, leaves: usize, scores: usize): void {
  const rowBytes = <usize>features << 1;
  const quads = rowBytes & ~7;
  const wordBytes = <usize>idCount << 2;
  for (let i = 0; i < count; i++, ids += rowBytes, scores += 8) {
    let word = masks;
    let leaf = leaves;
    for (;;) {
      let open: u32 = 0xffffffff;
      let id = ids;
      const quadEnd = ids + quads;
      for (; id < quadEnd; id += 8) {
        const four = load<u64>(id);
        open &= load<u32>(word + (<usize>(four & 0xffff) << 2)) & load<u32>(word + (<usize>((four >> 16) & 0xffff) << 2))
          & load<u32>(word + (<usize>((four >> 32) & 0xffff) << 2)) & load<u32>(word + (<usize>(four >> 48) << 2));
      }
      const rowEnd = ids + rowBytes;
      for (; id < rowEnd; id += 2) open &= load<u32>(word + (<usize>load<u16>(id) << 2));
      if (open) {
        store<f64>(scores, load<f64>(scores) + load<f64>(leaf + (<usize>ctz(open) << 3)));
        break;
      }
      word += wordBytes;
      leaf += 32 << 3;
    }
  }
}
