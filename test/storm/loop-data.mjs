/**
 * The rows of the loop's story: all of them fixed, only the moments of the kills differ. Loans with an amount, an age and a region; the score of version 1 follows the old world, in
 * which a large amount is a risk; from the drift on amounts are larger and age is what counts, which version 2 knows.
 */

/** Rows of a batch, and of a chunk. */
export const BATCH = 250;
/** Of the team's own worker (trainer.mjs). */
export const TRAINING_QUEUE = 'storm-training';
const START_MS = Date.UTC(2024, 0, 1);
const MINUTE_MS = 60_000;
const REGIONS = ['north', 'south', 'east'];

/** Mulberry32. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const logistic = (x) => 1 / (1 + Math.exp(-x));
const round = (x) => Number(x.toFixed(4));

/** @returns rows with the truth `y` and the scores of both versions; rows `first` … `first + count - 1` of the world's life */
function world(first, count, drifted) {
  const random = randomFrom(1_000_003 + first);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: count }, (_, i) => {
    const amount = normal() + (drifted ? 1.5 : 0);
    const age = normal();
    const old = logistic(2 * amount);
    const real = drifted ? logistic(2.5 * age) : old;
    return {
      id: `loan-${first + i}`, at: new Date(START_MS + (first + i) * MINUTE_MS).toISOString(), amount: round(amount), age: round(age), region: REGIONS[Math.floor(random() * 3)],
      scores: [round(old), round(logistic(2.5 * age))], y: random() < real ? 1 : 0,
    };
  });
}

/** @param version whose predictions */
export const rowsOf = (rows, version, withTruth = false) => rows.map(({ id, at, amount, age, region, scores, y }) => ({
  id, at, amount, age, region, y_pred_proba: scores[version - 1], y_pred: scores[version - 1] >= 0.5 ? 1 : 0, ...(withTruth ? { y } : {}),
}));
export const truthsOf = (rows) => rows.map(({ id, y }) => ({ id, y }));
export const csvOf = (rows) => Buffer.from([Object.keys(rows[0]).join(','), ...rows.map((row) => Object.values(row).join(',')), ''].join('\n'));

export const reference = world(0, 8 * BATCH, false);
export const calm = world(10_000, 2 * BATCH, false);
export const drift = [0, 1, 2].map((n) => world(20_000 + n * BATCH, BATCH, true));
/** What version 2 is measured against, and what comes when it is in charge. */
export const newReference = world(5_000, 8 * BATCH, true);
export const after = world(30_000, 2 * BATCH, true);
