/** Frames made for tests of the engine: seeded, with ties, gaps and all kinds of columns. */
import type { Column, Frame } from '../../engine/index.js';

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Two-class data: amount (gaps), rate (ties), plan (gaps), city, score, prediction, outcome; and of three classes: tier, tier_guess and the scores p_basic,
 * p_gold, p_plus, which sum to 1. `shift` moves everything a little.
 */
export function loanFrame(rows: number, seed: number, shift = 0): Frame {
  const random = uniform(seed);
  const amount = new Float64Array(rows);
  const rate = new Float64Array(rows);
  const score = new Float64Array(rows);
  const prediction = new Float64Array(rows);
  const outcome = new Float64Array(rows);
  const plan = new Int32Array(rows);
  const city = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    amount[i] = random() < 0.05 ? NaN : 1000 * Math.exp(random() + random() + shift);
    rate[i] = Math.round(10 * (random() + shift)) / 10;
    score[i] = Math.round(1000 * random()) / 1000;
    prediction[i] = score[i]! >= 0.5 ? 1 : 0;
    outcome[i] = random() < score[i]! ** 1.5 ? 1 : 0;
    plan[i] = random() < 0.04 ? -1 : Math.floor(3 * random());
    city[i] = Math.floor(4 * random() * (1 + shift) ** 2);
  }
  const columns = new Map<string, Column>([
    ['amount', { kind: 'continuous', values: amount }],
    ['rate', { kind: 'continuous', values: rate }],
    ['score', { kind: 'continuous', values: score }],
    ['prediction', { kind: 'continuous', values: prediction }],
    ['outcome', { kind: 'continuous', values: outcome }],
    ['plan', { kind: 'categorical', codes: plan, categories: ['small', 'large', 'none'] }],
    ['city', { kind: 'categorical', codes: city, categories: ['Gent', 'Leuven', 'Brugge', 'Aalst', 'Ieper', 'Mons', 'Namur', 'Dinant', 'Arlon'] }],
  ]);
  for (const [name, column] of tierColumns(rows, seed, shift)) columns.set(name, column);
  return { rowCount: rows, columns };
}

/** Classes of `tier` in ascending order, with their columns of scores. */
export const TIERS = ['basic', 'gold', 'plus'].map((tier) => ({ class: tier, column: `p_${tier}` }));

function tierColumns(rows: number, seed: number, shift: number): Map<string, Column> {
  const random = uniform(seed + 1_000_000);
  const codes = { truth: new Int32Array(rows), guess: new Int32Array(rows) };
  const scores = TIERS.map(() => new Float64Array(rows));
  for (let i = 0; i < rows; i++) {
    const weights = TIERS.map((_, place) => (place === 0 ? 1 + shift : 1) * random() ** 3);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    // Two decimals, so that there are ties; hundredths that sum to 100.
    const hundredths = weights.map((weight) => Math.floor((100 * weight) / total));
    hundredths[2] = 100 - hundredths[0]! - hundredths[1]!;
    hundredths.forEach((value, place) => {
      scores[place]![i] = value / 100;
    });
    // The scores are honest: each is the chance of its class.
    const drawn = 100 * random();
    codes.truth[i] = drawn < hundredths[0]! ? 0 : drawn < hundredths[0]! + hundredths[1]! ? 1 : 2;
    codes.guess[i] = hundredths.indexOf(Math.max(...hundredths));
  }
  const categories = TIERS.map((tier) => tier.class);
  return new Map<string, Column>([
    ['tier', { kind: 'categorical', codes: codes.truth, categories }],
    ['tier_guess', { kind: 'categorical', codes: codes.guess, categories: [...categories] }],
    ...TIERS.map(({ column }, place): [string, Column] => [column, { kind: 'continuous', values: scores[place]! }]),
  ]);
}

/** The same rows, one column replaced. */
export function withColumn(frame: Frame, name: string, column: Column): Frame {
  return { rowCount: frame.rowCount, columns: new Map([...frame.columns, [name, column]]) };
}
