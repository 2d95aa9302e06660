/** Two versions that answer the same rows, with a known difference between them, and what a sequence of verdicts says about them. */
import type { Judgement } from '../domain/challenge.js';
import { LIFECYCLE_DEFAULTS } from '../domain/lifecycle-settings.js';
import { comparePairs } from '../engine/verdict/compare-pairs.js';
import { Draws } from '../engine/verdict/draws.js';
import type { Pairs } from '../engine/verdict/pairs.js';

export interface World {
  /** What people read. */
  name: string;
  metric: 'roc_auc' | 'accuracy' | 'f1' | 'rmse';
  /** Share of positives. */
  positives: number;
  /** Correlation of both versions' scores within a class. */
  together: number;
  /** ROC AUC of the champion, and of the challenger. */
  champion: number;
  challenger: number;
}

export const LOOKS = 10;
export const ROWS_BETWEEN = LIFECYCLE_DEFAULTS.challenge.everyRows;

const EQUAL: Omit<World, 'name'> = { metric: 'roc_auc', positives: 0.3, together: 0.5, champion: 0.8, challenger: 0.8 };

/** Equal versions, and others that are not, by what is judged. */
export const WORLDS: World[] = [
  { ...EQUAL, name: 'equal, ROC AUC 0.80' },
  { ...EQUAL, positives: 0.05, name: 'equal, ROC AUC 0.80, 5 % positives' },
  { ...EQUAL, together: 0, name: 'equal, ROC AUC 0.80, errors have nothing in common' },
  { ...EQUAL, metric: 'accuracy', name: 'equal, accuracy' },
  { ...EQUAL, metric: 'f1', positives: 0.1, name: 'equal, F1, 10 % positives' },
  { ...EQUAL, metric: 'rmse', name: 'equal, RMSE' },
  { ...EQUAL, challenger: 0.83, name: 'better by 0.03 ROC AUC' },
  { ...EQUAL, challenger: 0.83, positives: 0.05, name: 'better by 0.03 ROC AUC, 5 % positives' },
  { ...EQUAL, challenger: 0.77, name: 'worse by 0.03 ROC AUC' },
];

/** The verdicts at 1,000, 2,000 … 10,000 rows. Scores are normal in each class, so that the ROC AUC is known exactly: Φ(shift / √2). */
export function verdictsOf(world: World, seed: number, looks = LOOKS): Judgement[] {
  const draws = new Draws(seed);
  const rows = looks * ROWS_BETWEEN;
  const truth = new Int32Array(rows);
  const [champion, challenger, target] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)];
  const [shiftOfChampion, shiftOfChallenger] = [shiftFor(world.champion), shiftFor(world.challenger)];
  const own = Math.sqrt(1 - world.together);
  for (let i = 0; i < rows; i++) {
    truth[i] = Number(draws.uniform() < world.positives);
    const shared = Math.sqrt(world.together) * draws.normal();
    champion[i] = shiftOfChampion * truth[i]! + shared + own * draws.normal();
    challenger[i] = shiftOfChallenger * truth[i]! + shared + own * draws.normal();
    target[i] = truth[i]!;
  }
  return Array.from({ length: looks }, (_, look) => {
    const pairs = pairsOf(world, (look + 1) * ROWS_BETWEEN, truth, champion, challenger);
    const options = { metric: world.metric, basis: 'realized' as const, rules: LIFECYCLE_DEFAULTS.challenge, seed: seed + 7919 * look };
    // What a tenth of the draws leaves wide open, all of them leave open too: a probability of 0.95 gives 80 of 100 once in 100 million times.
    const { probability } = comparePairs(pairs, { ...options, draws: 100 }).comparison;
    if (probability !== null && Math.max(probability.better, probability.worse, probability.equivalent) <= 0.8) return 'not yet';
    return comparePairs(pairs, options).comparison.judgement;
  });
}

function pairsOf(world: World, rows: number, truth: Int32Array, champion: Float64Array, challenger: Float64Array): Pairs {
  const [a, b] = [champion.subarray(0, rows), challenger.subarray(0, rows)];
  if (world.metric === 'rmse') {
    // Errors of a regression: the same noise, one loss for each row.
    const losses = (scores: Float64Array, shift: number): Float64Array => Float64Array.from(scores, (score, i) => (score - shift * truth[i]!) ** 2);
    return { kind: 'losses', rows, root: true, losses: { champion: losses(a, shiftFor(world.champion)), challenger: losses(b, shiftFor(world.challenger)) } };
  }
  // Where both errors are equally frequent.
  const classes = (scores: Float64Array, shift: number): Int32Array => Int32Array.from(scores, (score) => Number(score > shift / 2));
  const ranks = world.metric === 'roc_auc';
  return {
    kind: 'classes', metric: world.metric, rows, truth: truth.subarray(0, rows), chances: null,
    options: { classes: 2, averaged: [1], valueMatrix: null, valuePerPrediction: false },
    predicted: ranks ? null : { champion: classes(a, shiftFor(world.champion)), challenger: classes(b, shiftFor(world.challenger)) },
    scores: ranks ? { champion: [a, a], challenger: [b, b] } : null,
  };
}

/** Distance of two normal classes whose ROC AUC is this: √2 Φ⁻¹, by bisection of the integral. */
function shiftFor(auc: number): number {
  let [low, high] = [0, 10];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalShare(middle / Math.SQRT2) < auc) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Φ by Simpson's rule from 0; to 1e-10 within six deviations. */
function normalShare(x: number): number {
  const steps = 200;
  const h = x / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) sum += (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(-((i * h) ** 2) / 2);
  return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI);
}

export interface Tally {
  worlds: number;
  /** Sequences in which any look says better, or worse. */
  everBetter: number;
  everWorse: number;
  /** Sequences whose first judgement is this one. */
  firstBetter: number;
  firstWorse: number;
  firstEquivalent: number;
  /** Rows until the first judgement, of those that came to one: the middle one. */
  medianRows: number | null;
}

export function tally(sequences: readonly Judgement[][]): Tally {
  const count = (holds: (sequence: Judgement[]) => boolean): number => sequences.filter(holds).length;
  const first = (sequence: Judgement[]): number => sequence.findIndex((judgement) => judgement !== 'not yet');
  const judged = sequences.map((sequence) => first(sequence)).filter((look) => look >= 0).sort((a, b) => a - b);
  return {
    worlds: sequences.length,
    everBetter: count((sequence) => sequence.includes('better')),
    everWorse: count((sequence) => sequence.includes('worse')),
    firstBetter: count((sequence) => sequence[first(sequence)] === 'better'),
    firstWorse: count((sequence) => sequence[first(sequence)] === 'worse'),
    firstEquivalent: count((sequence) => sequence[first(sequence)] === 'equivalent'),
    medianRows: judged.length === 0 ? null : (judged[Math.floor(judged.length / 2)]! + 1) * ROWS_BETWEEN,
  };
}
