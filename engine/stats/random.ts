/**
 * Mersenne Twister MT19937 with NumPy's legacy draws, so that what scikit-learn and NannyML draw from a given seed comes out equal.
 * Source: Matsumoto and Nishimura 1998; draws: bounded by masking and rejection, shuffle from the end (Fisher–Yates). Agreement: test/oracles/kernels.json.
 */

const N = 624;
const M = 397;

function twist(high: number, low: number): number {
  const y = (high & 0x80000000) | (low & 0x7fffffff);
  return (y >>> 1) ^ (-(y & 1) & 0x9908b0df);
}

/** One stream of draws; the same seed gives the same draws. */
export class LegacyRandom {
  private readonly state = new Uint32Array(N);
  private position = N;

  constructor(seed: number) {
    this.state[0] = seed >>> 0;
    for (let i = 1; i < N; i++) {
      const previous = this.state[i - 1]! ^ (this.state[i - 1]! >>> 30);
      this.state[i] = (Math.imul(previous, 1812433253) + i) >>> 0;
    }
  }

  /** Uniform whole number in [0, 2³²). */
  next(): number {
    if (this.position === N) this.refill();
    let y = this.state[this.position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** Uniform whole number in [0, max], max below 2³². A range of one number draws nothing. */
  upTo(max: number): number {
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    let value = (this.next() & mask) >>> 0;
    while (value > max) value = (this.next() & mask) >>> 0;
    return value;
  }

  /** As many draws of upTo(max) as `out` is long. @param max below 2³¹ */
  fillUpTo(max: number, out: Int32Array): void {
    if (max === 0) {
      out.fill(0);
      return;
    }
    const mask = 0xffffffff >>> Math.clz32(max);
    let at = 0;
    while (at < out.length) {
      if (this.position === N) this.refill();
      const { state } = this;
      let position = this.position;
      // Written always, counted only when it is small enough: a branch could not be foreseen.
      while (position < N && at < out.length) {
        let y = state[position++]!;
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        y = (y ^ (y >>> 18)) & mask;
        out[at] = y;
        at += Number(y <= max);
      }
      this.position = position;
    }
  }

  /** Puts the numbers into random order, in place. */
  shuffle(numbers: Int32Array): void {
    for (let i = numbers.length - 1; i > 0; i--) {
      const j = this.upTo(i);
      const kept = numbers[i]!;
      numbers[i] = numbers[j]!;
      numbers[j] = kept;
    }
  }

  /** 0 … count − 1 in random order. */
  permutation(count: number): Int32Array {
    const numbers = new Int32Array(count);
    for (let i = 1; i < count; i++) numbers[i] = i;
    this.shuffle(numbers);
    return numbers;
  }

  private refill(): void {
    const s = this.state;
    // Without remainders and branches, which would take most of the time.
    for (let i = 0; i < N - M; i++) s[i] = s[i + M]! ^ twist(s[i]!, s[i + 1]!);
    for (let i = N - M; i < N - 1; i++) s[i] = s[i + M - N]! ^ twist(s[i]!, s[i + 1]!);
    s[N - 1] = s[M - 1]! ^ twist(s[N - 1]!, s[0]!);
    this.position = 0;
  }
}
