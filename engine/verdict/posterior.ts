/**
 * Draws of both versions' metrics from their joint posterior, on the same rows: what one row says about both stays together, so that what the versions have
 * in common falls out of the difference.
 *
 * One idea for all metrics: the weights of the rows are a Dirichlet draw. Where a metric follows from classes alone, rows of the same true class and the
 * same two predictions are one cell, and the cells' weights are Dirichlet with the counts as parameters: every rate among them is then Beta.
 * Everywhere else (ranking metrics, losses, expected counts) each row has its own weight: Rubin's Bayesian bootstrap.
 */
import { metricOfCells, type CellMetric } from './cells.js';
import type { Draws } from './draws.js';
import type { Both, ClassPairs, LossPairs, Pairs, WeightedMetrics } from './pairs.js';
import { rankPairs, weightedAveragePrecision, weightedRocAuc } from './weighted-ranking.js';

export interface PosteriorSample {
  /** On the rows as they are. */
  observed: Both<number>;
  /** Draws; NaN where one does not allow the metric. */
  champion: Float64Array;
  challenger: Float64Array;
}

/** @param count number of draws. Cost: count × rows for the bootstrap, count × cells otherwise. */
export function samplePosterior(pairs: Pairs, count: number, draws: Draws): PosteriorSample {
  const sample = { champion: new Float64Array(count), challenger: new Float64Array(count) };
  const keep = (i: number, { champion, challenger }: Both<number>): void => {
    sample.champion[i] = champion;
    sample.challenger[i] = challenger;
  };
  if (pairs.kind === 'classes' && pairs.truth !== null && pairs.predicted !== null && isCellMetric(pairs.metric)) {
    const cells = jointCells(pairs, pairs.truth, pairs.predicted);
    for (let i = 0; i < count; i++) keep(i, cells.metrics(drawCells(cells.counts, draws)));
    return { observed: cells.metrics(cells.counts), ...sample };
  }
  const metrics = pairs.kind === 'losses' ? meanLosses(pairs) : classMetrics(pairs);
  const weights = new Float64Array(pairs.rows).fill(1);
  const observed = metrics(weights);
  for (let i = 0; i < count; i++) {
    draws.exponentialWeights(weights);
    keep(i, metrics(weights));
  }
  return { observed, ...sample };
}

function isCellMetric(metric: ClassPairs['metric']): metric is CellMetric {
  return metric !== 'roc_auc' && metric !== 'average_precision';
}

// ---- cells -------------------------------------------------------------------------------------------------------------------------

/** Up to so many labels, cells that no row is in are drawn as well. */
const ALL_CELLS_UP_TO = 4;

interface JointCells {
  /** Rows by true class, the champion's prediction and the challenger's. */
  counts: Float64Array;
  metrics: (cells: Float64Array) => Both<number>;
}

function jointCells({ rows, options, metric }: ClassPairs, truth: Int32Array, predicted: Both<Int32Array>): JointCells {
  let labels = options.classes;
  for (let i = 0; i < rows; i++) if (Math.max(truth[i]!, predicted.champion[i]!, predicted.challenger[i]!) >= options.classes) labels = options.classes + 1;
  const counts = new Float64Array(labels ** 3);
  for (let i = 0; i < rows; i++) counts[(truth[i]! * labels + predicted.champion[i]!) * labels + predicted.challenger[i]!]! += 1;
  const own = { champion: new Float64Array(labels * labels), challenger: new Float64Array(labels * labels) };
  const metrics = (cells: Float64Array): Both<number> => {
    own.champion.fill(0);
    own.challenger.fill(0);
    for (let t = 0, at = 0; t < labels; t++) {
      for (let a = 0; a < labels; a++) {
        for (let b = 0; b < labels; b++, at++) {
          own.champion[t * labels + a]! += cells[at]!;
          own.challenger[t * labels + b]! += cells[at]!;
        }
      }
    }
    const of = (cellsOfOne: Float64Array): number => metricOfCells(metric as CellMetric, cellsOfOne, labels, options);
    return { champion: of(own.champion), challenger: of(own.challenger) };
  };
  return { counts, metrics };
}

/** One draw of the cells' weights. The prior is worth one row, spread evenly over all cells (Perks 1947): weak, and the same for both versions. */
function drawCells(counts: Float64Array, draws: Draws): Float64Array {
  const prior = 1 / counts.length;
  const all = counts.length <= ALL_CELLS_UP_TO ** 3;
  return counts.map((count) => (count > 0 || all ? draws.gamma(count + prior) : 0));
}

// ---- rows --------------------------------------------------------------------------------------------------------------------------

function meanLosses({ losses: { champion, challenger }, root }: LossPairs): WeightedMetrics {
  return (weights) => {
    let total = 0;
    let ofChampion = 0;
    let ofChallenger = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      total += weight;
      ofChampion += weight * champion[i]!;
      ofChallenger += weight * challenger[i]!;
    }
    const metric = (sum: number): number => (root ? Math.sqrt(sum / total) : sum / total);
    return { champion: metric(ofChampion), challenger: metric(ofChallenger) };
  };
}

function classMetrics(pairs: ClassPairs): WeightedMetrics {
  return isCellMetric(pairs.metric) ? expectedCells(pairs, pairs.metric) : ranked(pairs);
}

/** Of a ranking metric: the mean over the classes that count, each one against the rest. */
function ranked({ metric, options, truth, chances, scores }: ClassPairs): WeightedMetrics {
  const side = (name: keyof Both<unknown>): ((weights: Float64Array) => number) => {
    const rankings = options.averaged.map((own) => rankPairs(scores![name][own]!, truth === null ? chances![name][own]! : Float64Array.from(truth, (label) => Number(label === own))));
    const value = metric === 'roc_auc' ? weightedRocAuc : weightedAveragePrecision;
    return (weights) => rankings.reduce((sum, ranking) => sum + value(ranking, weights), 0) / rankings.length;
  };
  const [champion, challenger] = [side('champion'), side('challenger')];
  return (weights) => ({ champion: champion(weights), challenger: challenger(weights) });
}

/** Of a metric of classes whose truth is not known: each row counts in every true class by its chance. */
function expectedCells({ options, chances, predicted, rows }: ClassPairs, metric: CellMetric): WeightedMetrics {
  const { classes } = options;
  // A prediction may be none of the classes.
  const labels = classes + 1;
  const cells = new Float64Array(labels * labels);
  const side = (name: keyof Both<unknown>) => (weights: Float64Array): number => {
    cells.fill(0);
    for (let own = 0; own < classes; own++) {
      const chance = chances![name][own]!;
      const guess = predicted![name];
      for (let i = 0; i < rows; i++) cells[own * labels + guess[i]!]! += weights[i]! * chance[i]!;
    }
    return metricOfCells(metric, cells, labels, options);
  };
  const [champion, challenger] = [side('champion'), side('challenger')];
  return (weights) => ({ champion: champion(weights), challenger: challenger(weights) });
}
