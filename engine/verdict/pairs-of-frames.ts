/** From the columns of both versions to the rows that a comparison takes. */
import { InvalidInput } from '../../domain/errors.js';
import { needsScores, type PerformanceMetric, type RegressionMetric } from '../../domain/metrics.js';
import type { PerformanceSettings } from '../../domain/settings.js';
import type { CalculatorColumns } from '../calculator.js';
import { classesOf, metricOptions } from '../calculators/performance-settings.js';
import { targetProbabilitiesOf } from '../custom-metrics/target-probabilities.js';
import { expectedLossesOf } from '../estimators/direct-loss.js';
import type { FittedEstimatedPerformance } from '../estimators/estimated-performance.js';
import { categoricalOf, continuousOf, takeNumbers, type Column, type Frame } from '../frame.js';
import { classCodes } from '../metrics/multiclass-counts.js';
import { isRoot, lossesOf, lossOf } from '../metrics/regression-losses.js';
import type { Both, ClassPairs, LossPairs, Pairs } from './pairs.js';

export interface PairFrames {
  metric: PerformanceMetric;
  /** Names of columns, equal in both versions. */
  columns: CalculatorColumns;
  /** For business value: its matrix. */
  settings: PerformanceSettings;
  /** The same rows in the same order. */
  frames: Both<Frame>;
  /** Of the same rows. null: take what was learnt on each version's reference instead. */
  target: Column | null;
  fitted: Both<FittedEstimatedPerformance> | null;
}

/** Rows in which something may be missing: −1 of classes, NaN of numbers. @throws InvalidInput when a column is missing or of the wrong kind, or the metric is none that can be compared */
export function pairsOfFrames(given: PairFrames): Pairs {
  if (given.metric === 'confusion_matrix') throw new InvalidInput('a confusion matrix is several numbers: choose one metric to compare versions by');
  return given.columns.problemType === 'regression' ? lossPairs(given) : classPairs(given, given.metric as ClassPairs['metric']);
}

function both<T>(make: (side: keyof Both<T>) => T): Both<T> {
  return { champion: make('champion'), challenger: make('challenger') };
}

function classPairs(given: PairFrames, metric: ClassPairs['metric']): ClassPairs {
  const { columns, settings, frames, target, fitted } = given;
  const binary = columns.problemType === 'classification_binary';
  const classes = columns.classProbabilities.map((one) => one.class);
  const k = binary ? 2 : classes.length;
  const { businessValueMatrix, perPrediction } = metricOptions({ ...settings, metrics: [metric] }, k);
  const codesOf = (frame: Frame, name: string): Int32Array => (binary ? Int32Array.from(classesOf(frame, name, 'the rows'), (value) => (value === value ? value : -1)) : classCodes(categoricalOf(frame, name), classes));
  const named = (name: string | null, what: string): string => {
    if (name === null) throw new InvalidInput(`${metric} needs a column of ${what}`);
    return name;
  };
  const scoresOf = (frame: Frame): Float64Array[] => {
    if (!binary) return columns.classProbabilities.map(({ column }) => continuousOf(frame, column).values);
    const { values } = continuousOf(frame, named(columns.probability, 'predicted probabilities'));
    return [values, values];
  };
  return {
    kind: 'classes', metric, rows: frames.champion.rowCount,
    options: { classes: k, averaged: binary ? [1] : classes.map((_, place) => place), valueMatrix: businessValueMatrix, valuePerPrediction: perPrediction },
    truth: target === null ? null : codesOf({ rowCount: frames.champion.rowCount, columns: new Map([['target', target]]) }, 'target'),
    chances: target !== null || fitted === null ? null : both((side) => targetProbabilitiesOf(fitted[side], frames[side])),
    predicted: needsScores(metric) ? null : both((side) => codesOf(frames[side], named(columns.prediction, 'predictions'))),
    scores: needsScores(metric) ? both((side) => scoresOf(frames[side])) : null,
  };
}

function lossPairs({ metric, columns, frames, target, fitted }: PairFrames): LossPairs {
  const regression = metric as RegressionMetric;
  const losses = both((side): Float64Array => {
    if (target === null) {
      const learnt = fitted?.[side];
      if (learnt?.problem !== 'regression') throw new InvalidInput(`losses of ${metric} were not learnt`);
      return expectedLossesOf(learnt, regression, frames[side]);
    }
    if (target.kind !== 'continuous' || columns.prediction === null) throw new InvalidInput(`${metric} needs targets and predictions that are numbers`);
    return lossesOf(lossOf(regression), { target: target.values, prediction: continuousOf(frames[side], columns.prediction).values });
  });
  return { kind: 'losses', rows: frames.champion.rowCount, root: isRoot(regression), losses };
}

/** Row numbers in which nothing is missing. @param among only these; absent: all */
export function completeRows(pairs: Pairs, among: Int32Array | null = null): Int32Array {
  const columns = numbersOf(pairs);
  const codes = codesOf(pairs);
  const isComplete = (row: number): boolean => columns.every((values) => Number.isFinite(values[row])) && codes.every((values) => values[row]! >= 0);
  return (among ?? Int32Array.from({ length: pairs.rows }, (_, row) => row)).filter(isComplete);
}

function numbersOf(pairs: Pairs): Float64Array[] {
  if (pairs.kind === 'losses') return [pairs.losses.champion, pairs.losses.challenger];
  return [...new Set([pairs.chances, pairs.scores].flatMap((one) => (one === null ? [] : [...one.champion, ...one.challenger])))];
}

function codesOf(pairs: Pairs): Int32Array[] {
  if (pairs.kind === 'losses') return [];
  return [...(pairs.truth === null ? [] : [pairs.truth]), ...(pairs.predicted === null ? [] : [pairs.predicted.champion, pairs.predicted.challenger])];
}

/** These rows alone: a copy. */
export function selectPairs(pairs: Pairs, rows: Int32Array): Pairs {
  const taken = new Map<Float64Array, Float64Array>();
  const numbers = (values: Float64Array): Float64Array => {
    const known = taken.get(values) ?? takeNumbers(values, rows);
    taken.set(values, known);
    return known;
  };
  const codes = (values: Int32Array): Int32Array => rows.map((row) => values[row]!);
  const of = <T>(given: Both<T>, take: (one: T) => T): Both<T> => ({ champion: take(given.champion), challenger: take(given.challenger) });
  if (pairs.kind === 'losses') return { ...pairs, rows: rows.length, losses: of(pairs.losses, numbers) };
  const lists = (given: Both<Float64Array[]> | null): Both<Float64Array[]> | null => given && of(given, (list) => list.map(numbers));
  return { ...pairs, rows: rows.length, truth: pairs.truth && codes(pairs.truth), predicted: pairs.predicted && of(pairs.predicted, codes), chances: lists(pairs.chances), scores: lists(pairs.scores) };
}
