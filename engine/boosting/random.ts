/**
 * The small linear congruential generator LightGBM draws from (x ← 214013·x + 2531011 modulo 2³²), with its ways of drawing,
 * so that samples of rows and features come out equal for equal seeds. Source: include/LightGBM/utils/random.h of LightGBM 4.5.0.
 */

/** One stream of draws; the same seed gives the same draws. */
export class CongruentialRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  private step(): number {
    this.state = (Math.imul(this.state, 214013) + 2531011) | 0;
    return this.state;
  }

  /** Whole number in [0, 32768): bits 16 to 30 of the state. */
  private next15(): number {
    return (this.step() >>> 16) & 0x7fff;
  }

  /** Whole number in [low, high), from 15 random bits. */
  nextShort(low: number, high: number): number {
    return (this.next15() % (high - low)) + low;
  }

  /** Whole number in [low, high), from 31 random bits. */
  nextInt(low: number, high: number): number {
    return ((this.step() & 0x7fffffff) % (high - low)) + low;
  }

  /** Multiple of 2⁻¹⁵ in [0, 1). */
  nextFloat(): number {
    return this.next15() / 32768;
  }

  /** `count` of the numbers 0 … total − 1, ascending; none when count is 0 or more than total. */
  sample(total: number, count: number): Int32Array {
    if (count > total || count <= 0) return new Int32Array(0);
    const chosen = new Int32Array(count);
    if (count === total) return chosen.map((_, index) => index);
    if (count > 1 && count > total / Math.log2(count)) {
      let taken = 0;
      for (let index = 0; index < total; index++) {
        if (this.nextFloat() < (count - taken) / (total - index)) chosen[taken++] = index;
      }
      return chosen.subarray(0, taken);
    }
    const set = new Set<number>();
    for (let last = total - count; last < total; last++) {
      const drawn = this.nextInt(0, last + 1);
      set.add(set.has(drawn) ? last : drawn);
    }
    return Int32Array.from(set).sort();
  }
}
