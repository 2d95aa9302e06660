/** Random draws that posteriors are made of: reproducible from a seed. */
import { LegacyRandom } from '../stats/random.js';

const TWO_32 = 4_294_967_296;
/** Weights are taken from so many equally probable values of the exponential distribution; finer ones change no figure that is shown. */
const STEPS = 1 << 16;

let exponentials: Float64Array | null = null;

/** −ln of the middles of 65,536 equal parts of (0, 1), scaled to a mean of exactly 1. */
function exponentialTable(): Float64Array {
  if (exponentials) return exponentials;
  const table = Float64Array.from({ length: STEPS }, (_, i) => -Math.log((i + 0.5) / STEPS));
  const mean = table.reduce((sum, value) => sum + value, 0) / STEPS;
  exponentials = table.map((value) => value / mean);
  return exponentials;
}

/** A stream of draws; the same seed gives the same. */
export class Draws {
  private readonly random: LegacyRandom;
  private spare = NaN;

  /** @param seed a whole number in [0, 2³²) */
  constructor(seed: number) {
    this.random = new LegacyRandom(seed);
  }

  /** In (0, 1). */
  uniform(): number {
    return (this.random.next() + 0.5) / TWO_32;
  }

  /** Standard normal. Source: Marsaglia's polar method. */
  normal(): number {
    if (this.spare === this.spare) {
      const kept = this.spare;
      this.spare = NaN;
      return kept;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.spare = y * scale;
      return x * scale;
    }
  }

  /** Gamma with scale 1. @param shape above 0. Source: Marsaglia and Tsang 2000. */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * this.uniform() ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /** Independent exponential weights of mean 1: divided by their sum they are a uniform Dirichlet draw over the rows (Rubin's Bayesian bootstrap). */
  exponentialWeights(out: Float64Array): void {
    const table = exponentialTable();
    for (let i = 0; i < out.length; i += 2) {
      const bits = this.random.next();
      out[i] = table[bits & 0xffff]!;
      if (i + 1 < out.length) out[i + 1] = table[bits >>> 16]!;
    }
  }
}
