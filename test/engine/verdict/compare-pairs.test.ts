/** Posteriors of paired differences: against formulas that are known, and honest under repeated looks. */
import { describe, expect, it } from 'vitest';
import { tally, verdictsOf, WORLDS } from '../../../bench/verdict-simulation.js';
import { LIFECYCLE_DEFAULTS } from '../../../domain/lifecycle-settings.js';
import { InvalidInput } from '../../../domain/errors.js';
import { NO_COLUMNS } from '../../../engine/calculator.js';
import { rankScores, rocAuc, averagePrecision } from '../../../engine/metrics/ranking-metrics.js';
import { comparePairs, type CompareOptions, type PairComparison } from '../../../engine/verdict/compare-pairs.js';
import { Draws } from '../../../engine/verdict/draws.js';
import { evidenceAgainstNone, judgeDifference } from '../../../engine/verdict/judge.js';
import { metricOfCells } from '../../../engine/verdict/cells.js';
import { completeRows, pairsOfFrames, selectPairs } from '../../../engine/verdict/pairs-of-frames.js';
import type { ClassPairs, LossPairs, Pairs } from '../../../engine/verdict/pairs.js';
import { rankPairs, weightedAveragePrecision, weightedRocAuc } from '../../../engine/verdict/weighted-ranking.js';

const RULES = LIFECYCLE_DEFAULTS.challenge;
const BINARY = { classes: 2, averaged: [1], valueMatrix: null, valuePerPrediction: false };
const compare = (pairs: Pairs, metric: string, more: Partial<CompareOptions> = {}): PairComparison => comparePairs(pairs, { metric, basis: 'realized', rules: RULES, seed: 7, ...more });
const deviationOf = (values: Float64Array): number => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1));
};

/** n rows; the challenger's scores are nearer to the truth by `gain`, and share half of their noise with the champion's. */
function scored(n: number, gain: number, seed = 1): { truth: Int32Array; champion: Float64Array; challenger: Float64Array } {
  const draws = new Draws(seed);
  const truth = Int32Array.from({ length: n }, () => Number(draws.uniform() < 0.4));
  const shared = Float64Array.from({ length: n }, () => draws.normal());
  const score = (shift: number): Float64Array => Float64Array.from(truth, (label, i) => shift * label + Math.SQRT1_2 * (shared[i]! + draws.normal()));
  return { truth, champion: score(1), challenger: score(1 + gain) };
}

function ranked({ truth, champion, challenger }: ReturnType<typeof scored>, metric: 'roc_auc' | 'average_precision' = 'roc_auc'): ClassPairs {
  return { kind: 'classes', metric, rows: truth.length, options: BINARY, truth, chances: null, predicted: null, scores: { champion: [champion, champion], challenger: [challenger, challenger] } };
}

function predicted(metric: ClassPairs['metric'], truth: number[], champion: number[], challenger: number[]): ClassPairs {
  return { kind: 'classes', metric, rows: truth.length, options: BINARY, truth: Int32Array.from(truth), chances: null, predicted: { champion: Int32Array.from(champion), challenger: Int32Array.from(challenger) }, scores: null };
}

/** DeLong, DeLong and Clarke-Pearson 1988: deviation of the difference of two ROC AUCs on the same rows. */
function delong({ truth, champion, challenger }: ReturnType<typeof scored>): number {
  const positives = [...truth.keys()].filter((row) => truth[row] === 1);
  const negatives = [...truth.keys()].filter((row) => truth[row] === 0);
  const above = (scores: Float64Array, p: number, n: number): number => (scores[p]! > scores[n]! ? 1 : scores[p] === scores[n] ? 0.5 : 0);
  const difference = (p: number, n: number): number => above(challenger, p, n) - above(champion, p, n);
  const ofPositives = Float64Array.from(positives, (p) => negatives.reduce((sum, n) => sum + difference(p, n), 0) / negatives.length);
  const ofNegatives = Float64Array.from(negatives, (n) => positives.reduce((sum, p) => sum + difference(p, n), 0) / positives.length);
  return Math.sqrt(deviationOf(ofPositives) ** 2 / positives.length + deviationOf(ofNegatives) ** 2 / negatives.length);
}

describe('weighted metrics', () => {
  it('with equal weights are the plain ones, ties included, and a weight of 2 is the row twice', () => {
    const { truth, champion } = scored(400, 0);
    const rounded = champion.map((score) => Math.round(score * 3));
    const target = Float64Array.from(truth);
    for (const scores of [champion, rounded]) {
      const ordered = rankPairs(scores, target);
      const ones = new Float64Array(400).fill(1);
      expect(weightedRocAuc(ordered, ones)).toBeCloseTo(rocAuc(rankScores(target, scores)), 12);
      expect(weightedAveragePrecision(ordered, ones)).toBeCloseTo(averagePrecision(rankScores(target, scores)), 12);
      const twice = ones.map((_, i) => (i < 50 ? 2 : 1));
      const repeat = (values: Float64Array): Float64Array => Float64Array.from([...values, ...values.subarray(0, 50)]);
      expect(weightedRocAuc(ordered, twice)).toBeCloseTo(rocAuc(rankScores(repeat(target), repeat(scores))), 12);
      expect(weightedAveragePrecision(ordered, twice)).toBeCloseTo(averagePrecision(rankScores(repeat(target), repeat(scores))), 12);
    }
    expect(weightedRocAuc(rankPairs(champion, new Float64Array(400)), new Float64Array(400).fill(1))).toBeNaN();
  });

  it('of cells are those of the confusion matrix', () => {
    // True negatives 50, false positives 10, false negatives 5, true positives 35.
    const cells = Float64Array.of(50, 10, 5, 35);
    const options = { ...BINARY, valueMatrix: [[1, -4], [-10, 5]] };
    const of = (metric: Parameters<typeof metricOfCells>[0]): number => metricOfCells(metric, cells, 2, options);
    expect(of('accuracy')).toBeCloseTo(0.85, 12);
    expect(of('precision')).toBeCloseTo(35 / 45, 12);
    expect(of('recall')).toBeCloseTo(35 / 40, 12);
    expect(of('specificity')).toBeCloseTo(50 / 60, 12);
    expect(of('f1')).toBeCloseTo(70 / 85, 12);
    expect(of('business_value')).toBeCloseTo((50 - 40 - 50 + 175) / 100, 12);
    expect(metricOfCells('precision', Float64Array.of(50, 0, 5, 0), 2, options)).toBeNaN();
    expect(metricOfCells('recall', Float64Array.of(5, 0, 0, 2, 6, 0, 0, 3, 4), 3, { ...BINARY, classes: 3, averaged: [0, 1, 2] })).toBeCloseTo((1 + 6 / 8 + 4 / 7) / 3, 12);
  });
});

describe('comparePairs', () => {
  it('ROC AUC: its interval is as wide as DeLong\'s says, for the same rows', () => {
    const rows = scored(1_500, 0.2);
    const { comparison, differences } = compare(ranked(rows), 'roc_auc', { draws: 4_000 });
    expect(comparison.challenger! - comparison.champion!).toBeCloseTo(comparison.difference!.mean, 2);
    expect(deviationOf(differences) / delong(rows)).toBeGreaterThan(0.94);
    expect(deviationOf(differences) / delong(rows)).toBeLessThan(1.06);
    // Versions that err together are told apart sooner than the deviations of each alone would allow.
    const apart = compare({ ...ranked(rows), scores: { champion: [rows.champion, rows.champion], challenger: [rows.champion, rows.champion] } }, 'roc_auc');
    expect(apart.comparison).toMatchObject({ judgement: 'equivalent', difference: { mean: 0, lower: 0, upper: 0 } });
  });

  it('accuracy: the difference is a matter of the rows on which one is right and the other is not (McNemar)', () => {
    // 1,000 rows: 60 only the challenger gets right, 30 only the champion, the rest both.
    const truth = Array.from({ length: 1_000 }, (_, i) => i % 2);
    const champion = truth.map((label, i) => (i < 60 ? 1 - label : label));
    const challenger = truth.map((label, i) => (i >= 60 && i < 90 ? 1 - label : label));
    const { comparison, differences } = compare(predicted('accuracy', truth, champion, challenger), 'accuracy', { draws: 20_000 });
    expect(comparison).toMatchObject({ champion: 0.94, challenger: 0.97 });
    expect(comparison.difference!.mean).toBeCloseTo(0.03, 3);
    const exact = Math.sqrt((0.09 - 0.03 ** 2) / 1_001);
    expect(deviationOf(differences) / exact).toBeGreaterThan(0.97);
    expect(deviationOf(differences) / exact).toBeLessThan(1.03);
  });

  it('losses: the mean of paired differences has its standard error, and fewer is better', () => {
    const draws = new Draws(3);
    const champion = Float64Array.from({ length: 2_000 }, () => 10 + draws.normal());
    const challenger = champion.map((loss) => loss - 0.2 + 0.5 * draws.normal());
    const pairs: LossPairs = { kind: 'losses', rows: 2_000, root: false, losses: { champion, challenger } };
    const { comparison, differences } = compare(pairs, 'mae', { draws: 4_000 });
    expect(comparison).toMatchObject({ judgement: 'better' });
    expect(comparison.difference!.mean).toBeCloseTo(0.2, 1);
    const error = deviationOf(champion.map((loss, i) => loss - challenger[i]!)) / Math.sqrt(2_000);
    expect(deviationOf(differences) / error).toBeGreaterThan(0.94);
    expect(deviationOf(differences) / error).toBeLessThan(1.06);
    const rooted = compare({ ...pairs, root: true, losses: { champion: champion.map((x) => x * x), challenger: challenger.map((x) => x * x) } }, 'rmse').comparison;
    expect(rooted.champion).toBeCloseTo(10.05, 1);
    expect(rooted.judgement).toBe('better');
  });

  it('several classes: means over the classes, equal to the binary metric where there are two of them', () => {
    const { truth, champion, challenger } = scored(1_200, 0.3);
    const three = { ...BINARY, classes: 3, averaged: [0, 1, 2] };
    const codes = (scores: Float64Array): Int32Array => Int32Array.from(scores, (score) => (score > 1 ? 2 : score > 0.3 ? 1 : 0));
    const labels = truth.map((label, i) => (label === 1 ? 2 : i % 3 === 0 ? 1 : 0));
    for (const metric of ['f1', 'precision', 'recall', 'specificity', 'accuracy'] as const) {
      const { comparison } = compare({ kind: 'classes', metric, rows: 1_200, options: three, truth: labels, chances: null, predicted: { champion: codes(champion), challenger: codes(challenger) }, scores: null }, metric);
      expect(comparison.difference).not.toBeNull();
      expect(Math.abs(comparison.challenger! - comparison.champion! - comparison.difference!.mean)).toBeLessThan(0.01);
    }
    const negative = champion.map((score) => -score);
    const mirrored = compare({ ...ranked({ truth, champion, challenger }), options: { ...BINARY, averaged: [0, 1] }, scores: { champion: [negative, champion], challenger: [challenger.map((score) => -score), challenger] } }, 'roc_auc').comparison;
    expect(mirrored.champion).toBeCloseTo(compare(ranked({ truth, champion, challenger }), 'roc_auc').comparison.champion!, 12);
  });

  it('estimated: chances in place of classes give the expected metric, and what is not known of the calibration widens the interval', () => {
    const draws = new Draws(5);
    const chance = Float64Array.from({ length: 4_000 }, () => draws.uniform());
    const truth = Int32Array.from(chance, (p) => Number(draws.uniform() < p));
    const blurred = chance.map((p) => 0.25 + 0.5 * p);
    const one = (p: Float64Array): Float64Array[] => [p.map((value) => 1 - value), p];
    const guesses = { champion: Int32Array.from(chance, (_, i) => Number(i % 2 === 0 && chance[i]! > 0.5)), challenger: Int32Array.from(chance, (p) => Number(p > 0.5)) };
    const base: ClassPairs = { kind: 'classes', metric: 'roc_auc', rows: 4_000, options: BINARY, truth: null, chances: { champion: one(blurred), challenger: one(chance) }, predicted: null, scores: { champion: one(chance), challenger: one(chance) } };
    const estimated = compare(base, 'roc_auc', { basis: 'estimated' }).comparison;
    expect(estimated.challenger).toBeCloseTo(rocAuc(rankScores(Float64Array.from(truth), chance)), 1);
    expect(estimated.champion).toBeLessThan(estimated.challenger!);
    const wider = compare(base, 'roc_auc', { basis: 'estimated', further: 0.05 }).comparison.difference!;
    expect(wider.upper - wider.lower).toBeGreaterThan(0.17);
    const counted = compare({ ...base, metric: 'accuracy', scores: null, chances: { champion: one(chance), challenger: one(chance) }, predicted: guesses }, 'accuracy', { basis: 'estimated' }).comparison;
    const share = (guess: Int32Array): number => guess.reduce((sum, label, i) => sum + (label === 1 ? chance[i]! : 1 - chance[i]!), 0) / 4_000;
    expect(counted.champion).toBeCloseTo(share(guesses.champion), 12);
    expect(counted.challenger).toBeCloseTo(share(guesses.challenger), 12);
  });

  it('gives the same figures for the same seed, others for another, and does not write to what it is given', () => {
    const pairs = ranked(scored(600, 0.1));
    const before = JSON.stringify(pairs);
    const first = compare(pairs, 'roc_auc').comparison;
    expect(compare(pairs, 'roc_auc').comparison).toEqual(first);
    expect(compare(pairs, 'roc_auc', { seed: 8 }).comparison.difference).not.toEqual(first.difference);
    expect(JSON.stringify(pairs)).toBe(before);
  });

  it('judges an error in cents as it judges the same error in euros, and says by what it went', () => {
    const draws = new Draws(5);
    const error = Float64Array.from({ length: 4_000 }, () => draws.normal());
    const other = (gain: number): Float64Array => error.map((value) => gain * (0.99 * value + 0.14 * draws.normal()));
    for (const [gain, expected] of [[1, 'equivalent'], [0.8, 'better'], [1.2, 'worse']] as const) {
      const challenger = other(gain);
      const of = (unit: number) => compare({ kind: 'losses', rows: 4_000, root: true, losses: { champion: error.map((value) => (unit * value) ** 2), challenger: challenger.map((value) => (unit * value) ** 2) } }, 'rmse').comparison;
      const [euros, cents] = [of(300), of(30_000)];
      expect(euros.judgement, `${gain}`).toBe(expected);
      expect(cents.judgement, `${gain}`).toBe(expected);
      expect(euros.rope).toBeCloseTo(0.01 * Math.max(euros.champion!, euros.challenger!), 12);
      expect(cents.rope! / euros.rope!).toBeCloseTo(100, 9);
    }
    expect(compare(ranked(scored(600, 0)), 'roc_auc').comparison.rope).toBe(0.01);
    expect(compare(ranked(scored(600, 0)), 'roc_auc', { rules: { ...RULES, rope: 0.03 } }).comparison.rope).toBe(0.03);
  });

  it('says nothing where there is nothing to say', () => {
    expect(compare(ranked(scored(20, 0)), 'roc_auc').comparison).toMatchObject({ judgement: 'not yet', difference: null, reason: '20 pairs: 30 are needed to say anything' });
    expect(compare(ranked(scored(300, 0)), 'roc_auc').comparison).toMatchObject({ judgement: 'not yet', reason: '300 pairs of the 500 that are needed' });
    const rare = scored(2_000, 0);
    rare.truth.fill(0);
    rare.truth.fill(1, 0, 4);
    expect(compare(ranked(rare), 'roc_auc').comparison.reason).toBe('only 4 of 2000 targets are of the rarest class: 10 are needed');
    const never = Array.from({ length: 1_000 }, () => 0);
    const never1 = compare(predicted('precision', never.map((_, i) => i % 2), never, never), 'precision').comparison;
    expect(never1).toMatchObject({ champion: null, judgement: 'not yet', difference: null });
  });
});

describe('judgeDifference', () => {
  const rules = { ...RULES, rope: 0.01 };
  const normal = (mean: number, deviation: number): Float64Array => {
    const draws = new Draws(11);
    return Float64Array.from({ length: 4_000 }, () => mean + deviation * draws.normal());
  };
  it('goes by the region of practical equivalence', () => {
    expect(judgeDifference(normal(0.04, 0.005), 1_000, 0.8, rules)).toMatchObject({ judgement: 'better', reason: null });
    expect(judgeDifference(normal(-0.04, 0.005), 1_000, 0.8, rules)).toMatchObject({ judgement: 'worse' });
    expect(judgeDifference(normal(0.001, 0.003), 1_000, 0.8, rules)).toMatchObject({ judgement: 'equivalent' });
    // Surely above 0, not surely by more than the region.
    expect(judgeDifference(normal(0.012, 0.003), 1_000, 0.8, rules)).toMatchObject({ judgement: 'not yet', reason: 'no probability has reached 0.95' });
    expect(judgeDifference(normal(0.04, 0.005), 1_000, 0.8, { ...rules, maxWidth: 0.01 }).reason).toMatch(/^the 95 % interval is 0\.0\d+ wide, 0\.01 is allowed$/);
  });

  it('asks for evidence that stands repeated looks where the region alone would not', () => {
    const { judgement, reason, probability } = judgeDifference(normal(0.06, 0.028), 1_000, 0.8, rules);
    expect(probability.better).toBeGreaterThan(0.95);
    expect({ judgement, reason }).toEqual({ judgement: 'not yet', reason: expect.stringMatching(/^better with probability 0\.9\d+, but the evidence against no difference is \d[\d.]* : 1, and repeated looks ask for 20 : 1$/) as string });
  });

  it('evidenceAgainstNone is the ratio of two normal densities', () => {
    const density = (x: number, deviation: number): number => Math.exp(-0.5 * (x / deviation) ** 2) / deviation;
    expect(evidenceAgainstNone(0.03, 0.01, 0.04)).toBeCloseTo(density(0.03, Math.hypot(0.01, 0.04)) / density(0.03, 0.01), 9);
    expect(evidenceAgainstNone(0, 0.01, 0.04)).toBeLessThan(1);
    expect([evidenceAgainstNone(0, 0, 1), evidenceAgainstNone(0.1, 0, 1)]).toEqual([0, Infinity]);
  });
});

describe('pairsOfFrames', () => {
  const number = (...values: number[]) => ({ kind: 'continuous' as const, values: Float64Array.from(values) });
  it('takes the columns of both versions, and only rows in which nothing is missing count', () => {
    const frame = (score: number[]) => ({ rowCount: 4, columns: new Map([['score', number(...score)]]) });
    const columns = { ...NO_COLUMNS, probability: 'score', target: 'repaid' };
    const pairs = pairsOfFrames({ metric: 'roc_auc', columns, settings: { metrics: ['roc_auc'] }, frames: { champion: frame([0.1, NaN, 0.3, 0.4]), challenger: frame([0.2, 0.5, 0.6, NaN]) }, target: number(1, 0, NaN, 0), fitted: null });
    expect([...completeRows(pairs)]).toEqual([0]);
    expect(selectPairs(pairs, Int32Array.of(2, 0))).toMatchObject({ rows: 2, truth: Int32Array.of(-1, 1), scores: { champion: [Float64Array.of(0.3, 0.1), Float64Array.of(0.3, 0.1)] } });
    expect(() => pairsOfFrames({ metric: 'confusion_matrix', columns, settings: { metrics: [] }, frames: { champion: frame([]), challenger: frame([]) }, target: null, fitted: null })).toThrow(InvalidInput);
    expect(() => pairsOfFrames({ metric: 'roc_auc', columns: { ...columns, probability: null }, settings: { metrics: [] }, frames: { champion: frame([]), challenger: frame([]) }, target: number(), fitted: null })).toThrow(/roc_auc needs a column of predicted probabilities/);
  });
});

it('a sequence of looks stays honest, and finds what is there: a small part of the simulation in docs/how-it-works/verdict.md, with other draws', { timeout: 120_000 }, () => {
  const of = (name: string, seeds: number, looks: number) => tally(Array.from({ length: seeds }, (_, i) => verdictsOf(WORLDS.find((world) => world.name === name)!, 77_000 + i, looks)));
  // 5 % of 60 is 3; more than 8 would come once in 500 times if the rate were 5 %, and it is far below.
  for (const name of ['equal, F1, 10 % positives', 'equal, accuracy']) {
    const equal = of(name, 60, 10);
    expect(equal.everBetter + equal.everWorse, name).toBeLessThanOrEqual(8);
  }
  const better = of('better by 0.03 ROC AUC', 4, 5);
  expect(better.firstBetter).toBeGreaterThanOrEqual(3);
  expect(better.everWorse).toBe(0);
});
