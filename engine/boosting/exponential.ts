/**
 * Exponential and logarithm that do not depend on the JavaScript engine, and agree with the C library LightGBM runs on to the last bit or next to it.
 * Math.exp and Math.log are off by an ulp more often; a gradient rounded to 32 bits the other way then moves a leaf by 1e−10.
 *
 * The exponential is table-driven: e^x = 2^(k/128) · e^r with |r| ≤ ln 2/256, the first factor from a table, the second a polynomial.
 * Source of the method and its constants: Arm Optimized Routines (exp.c), which glibc uses as well.
 */

/** Fractional bits of the fixed-point numbers that tables are made with. */
const BITS = 160n;
const ONE = 1n << BITS;

/** Square root of a fixed-point number, rounded down. */
function fixedRoot(value: bigint): bigint {
  const square = value << BITS;
  let root = 1n << ((BigInt(square.toString(2).length) + 1n) / 2n);
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** The double nearest to a fixed-point number. */
function toDouble(value: bigint): number {
  const negative = value < 0n;
  const size = negative ? -value : value;
  if (size === 0n) return 0;
  const excess = BigInt(size.toString(2).length) - 53n;
  let mantissa = size;
  if (excess > 0n) {
    mantissa = size >> excess;
    const rest = size - (mantissa << excess);
    const half = 1n << (excess - 1n);
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++;
  }
  const double = Number(mantissa) * 2 ** Number((excess > 0n ? excess : 0n) - BITS);
  return negative ? -double : double;
}

/** A positive double as a fixed-point number, exact from 2⁻¹⁰⁰ up. */
function fromDouble(value: number): bigint {
  const exponent = Math.floor(Math.log2(value)) - 60;
  const mantissa = BigInt(value * 2 ** -exponent);
  const shift = BITS + BigInt(exponent);
  return shift >= 0n ? mantissa << shift : mantissa >> -shift;
}

/** 2 · artanh((v − 1)/(v + 1)) = ln v, for v near 1. */
function fixedLog(value: bigint): bigint {
  const z = ((value - ONE) << BITS) / (value + ONE);
  const square = (z * z) >> BITS;
  let power = z;
  let sum = 0n;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = (power * square) >> BITS;
  }
  return 2n * sum;
}

const SIZE = 128;

/** Per k: the tail of 2^(k/128), relative to its double, and that double. */
export const EXPONENTIAL_TABLE: Float64Array = (() => {
  const table = new Float64Array(2 * SIZE);
  let step = 2n * ONE;
  for (let halvings = 0; halvings < 7; halvings++) step = fixedRoot(step);
  let value = ONE;
  for (let k = 0; k < SIZE; k++) {
    const head = toDouble(value);
    const headFixed = fromDouble(head);
    table[2 * k] = toDouble(((value - headFixed) << BITS) / headFixed);
    table[2 * k + 1] = head;
    value = (value * step) >> BITS;
  }
  return table;
})();

const STEPS_PER_UNIT = 1.4426950408889634 * SIZE;
const STEP_HEAD = -0.005415212348111709;
const STEP_TAIL = -1.2864023111638344e-14;
const SHIFT = 6755399441055744;
const C2 = 0.49999999999996786;
const C3 = 0.16666666666665886;
const C4 = 0.0416666808410674;
const C5 = 0.008333335853059549;

/** 2^n as a product of at most two doubles is not needed here: |n| stays below 740. */
function powerOfTwo(n: number): number {
  scratch[0] = (n + 1023) * 0x100000;
  return scratchDouble[0]!;
}
const scratchBytes = new ArrayBuffer(8);
const scratch = new Int32Array(scratchBytes, 4, 1);
const scratchDouble = new Float64Array(scratchBytes);

/** e^x. Beyond ±512 Math.exp answers. */
export function exponential(x: number): number {
  const size = Math.abs(x);
  if (!(size < 512)) return Math.exp(x);
  if (size < 2 ** -54) return 1 + x;
  const k = STEPS_PER_UNIT * x + SHIFT - SHIFT;
  const r = x + k * STEP_HEAD + k * STEP_TAIL;
  const index = k & 127;
  const square = r * r;
  const rest = EXPONENTIAL_TABLE[2 * index]! + r + square * (C2 + r * C3) + square * square * (C4 + r * C5);
  const scale = EXPONENTIAL_TABLE[2 * index + 1]! * powerOfTwo((k - index) / SIZE);
  return scale + scale * rest;
}

/** Natural logarithm of a positive double in [2⁻¹⁰⁰, 2¹⁰⁰], rounded to nearest. Slow: some 40 divisions of long integers. */
export function logarithm(x: number): number {
  if (!(x >= 2 ** -100 && x <= 2 ** 100)) return Math.log(x);
  const exponent = Math.round(Math.log2(x));
  const mantissa = fromDouble(x * 2 ** -exponent);
  return toDouble(BigInt(exponent) * fixedLog(fixedRoot(fixedRoot(2n * ONE))) * 4n + fixedLog(mantissa));
}
