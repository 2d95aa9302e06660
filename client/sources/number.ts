/**
 * Decimal text to the nearest double, straight from bytes: the same result as JavaScript's `Number(text)`, without making a string.
 * Three ways, each exact: up to 2^53 by one division or multiplication (Clinger 1990), up to 19 digits in double-double arithmetic with a proven error
 * bound, and `Number()` for the rest (more digits, extreme exponents, the about one case in 2^40 that lies too near to a halfway point).
 */

const ZERO = 48;
const NINE = 57;
const DOT = 46;
const PLUS = 43;
const MINUS = 45;

const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const MAX_EXACT_INTEGER = 2 ** 53;
/** Exponents for which the double-double products can neither overflow nor lose bits to underflow. */
const MAX_WIDE_EXPONENT = 200;
const SPLITTER = 2 ** 27 + 1;
/** Ours is at most 2^-100 of the value off (four roundings of terms below 2^-52); asked for with room to spare. */
const WIDE_ERROR = 2 ** -95;

/** 10^k = high + low to about 2^-106, for k = −200 … 200 at index k + 200. */
const [POWER_HIGH, POWER_LOW] = widePowers();

function widePowers(): [Float64Array, Float64Array] {
  const high = new Float64Array(2 * MAX_WIDE_EXPONENT + 1);
  const low = new Float64Array(2 * MAX_WIDE_EXPONENT + 1);
  for (let k = -MAX_WIDE_EXPONENT; k <= MAX_WIDE_EXPONENT; k++) {
    const at = k + MAX_WIDE_EXPONENT;
    const nearest = Number(`1e${k}`);
    high[at] = nearest;
    low[at] = k >= 0 ? Number(10n ** BigInt(k) - BigInt(nearest)) : remainderOfInverse(-k, nearest);
  }
  return [high, low];
}

/** 10^-n − nearest, to 53 bits. */
function remainderOfInverse(n: number, nearest: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, nearest);
  const raw = bits.getBigUint64(0);
  const mantissa = (raw & ((1n << 52n) - 1n)) | (1n << 52n);
  const shift = 1075n - ((raw >> 52n) & 0x7ffn);                       // nearest = mantissa / 2^shift
  const power = 10n ** BigInt(n);
  let rest = Number((((1n << shift) - mantissa * power) << 128n) / power);
  for (let i = 0n; i < shift + 128n; i++) rest /= 2;                     // by halvings, which are exact
  return rest;
}

/** Scans one number; `at` is where it ended, or where it began when there was none. Holds no other state. */
export class NumberScanner {
  at = 0;

  /**
   * @param bytes a byte that cannot belong to a number must follow the number (a comma, a line end, 0)
   * @returns the nearest double (±Infinity beyond the range), NaN with `at === from` when no decimal number starts at `from`
   */
  scan(bytes: Buffer, from: number): number {
    let p = from;
    let c = bytes[p]!;
    const negative = c === MINUS;
    if (negative || c === PLUS) c = bytes[++p]!;
    let head = 0;                  // the first 15 digits, leading zeros not counted
    let headDigits = 0;
    let tail = 0;                  // the next up to four
    let tailDigits = 0;
    let dropped = 0;               // any more: Number() decides
    let exponent = 0;
    const digitsFrom = p;
    while (c >= ZERO && c <= NINE) {
      if (headDigits < 15) {
        head = head * 10 + (c - ZERO);
        if (head !== 0) headDigits++;
      } else if (tailDigits < 4) {
        tail = tail * 10 + (c - ZERO);
        tailDigits++;
      } else dropped++;
      c = bytes[++p]!;
    }
    let digits = p - digitsFrom;
    if (c === DOT) {
      c = bytes[++p]!;
      const fractionFrom = p;
      while (c >= ZERO && c <= NINE) {
        if (headDigits < 15) {
          head = head * 10 + (c - ZERO);
          if (head !== 0) headDigits++;
        } else if (tailDigits < 4) {
          tail = tail * 10 + (c - ZERO);
          tailDigits++;
        } else dropped++;
        c = bytes[++p]!;
      }
      digits += p - fractionFrom;
      exponent = fractionFrom - p;
    }
    if (digits === 0) {
      this.at = from;
      return NaN;
    }
    if (c === 101 || c === 69) {
      let q = p + 1;
      let e = bytes[q]!;
      const down = e === MINUS;
      if (down || e === PLUS) e = bytes[++q]!;
      if (e < ZERO || e > NINE) {
        this.at = from;
        return NaN;
      }
      let written = 0;
      while (e >= ZERO && e <= NINE) {
        if (written < 1e6) written = written * 10 + (e - ZERO);
        e = bytes[++q]!;
      }
      exponent += down ? -written : written;
      p = q;
    }
    this.at = p;
    if (dropped > 0) return slow(bytes, from, p);
    const whole = tailDigits === 0 ? head : head * EXACT_POWERS[tailDigits]! + tail;
    if (whole < MAX_EXACT_INTEGER) {
      if (whole === 0) return negative ? -0 : 0;
      if (exponent >= -22 && exponent <= 22) {
        const value = exponent < 0 ? whole / EXACT_POWERS[-exponent]! : whole * EXACT_POWERS[exponent]!;
        return negative ? -value : value;
      }
    }
    if (exponent < -MAX_WIDE_EXPONENT || exponent > MAX_WIDE_EXPONENT) return slow(bytes, from, p);
    const value = wide(head, EXACT_POWERS[tailDigits]!, tail, POWER_HIGH[exponent + MAX_WIDE_EXPONENT]!, POWER_LOW[exponent + MAX_WIDE_EXPONENT]!);
    if (value !== value) return slow(bytes, from, p);
    return negative ? -value : value;
  }
}

function slow(bytes: Buffer, from: number, to: number): number {
  return Number(bytes.toString('latin1', from, to));
}

/**
 * (head × scale + tail) × (high + low), correctly rounded, or NaN when the error bound does not settle the last bit.
 * Products without error after Dekker 1971, sums after Knuth.
 */
function wide(head: number, scale: number, tail: number, high: number, low: number): number {
  // digits = wh + wl, without error: below 2^64
  let split = head * SPLITTER;
  let aHigh = split - (split - head);
  let aLow = head - aHigh;
  const bHigh = scale;                                                    // at most 10^4: no low part
  const product = head * scale;
  const productError = aLow * bHigh - (product - aHigh * bHigh);
  const wh = product + tail;
  const part = wh - product;
  const wl = product - (wh - part) + (tail - part) + productError;
  // × power of ten
  const first = wh * high;
  split = wh * SPLITTER;
  aHigh = split - (split - wh);
  aLow = wh - aHigh;
  split = high * SPLITTER;
  const cHigh = split - (split - high);
  const cLow = high - cHigh;
  const firstError = aLow * cLow - (first - aHigh * cHigh - aLow * cHigh - aHigh * cLow);
  const rest = firstError + (wh * low + wl * high);
  const value = first + rest;
  const left = rest - (value - first);
  const bound = value * WIDE_ERROR;
  return value + (left + bound) === value && value + (left - bound) === value ? value : NaN;
}
