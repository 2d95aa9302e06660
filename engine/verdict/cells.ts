/** Metrics of classification from a table of weights by true and predicted class: counts, expected counts or shares alike. */
import type { BinaryMetric } from '../../domain/metrics.js';

/** Metrics that follow from predicted classes. */
export type CellMetric = Exclude<BinaryMetric, 'roc_auc' | 'average_precision' | 'confusion_matrix'>;

export interface CellOptions {
  /** Classes are 0 … k − 1; a further label stands for "none of them". */
  classes: number;
  /** Classes that a metric of one class against the rest is averaged over: the positive one of two, all of several. */
  averaged: readonly number[];
  /** Rows by true class, columns by predicted class. */
  valueMatrix: number[][] | null;
  valuePerPrediction: boolean;
}

/**
 * @param cells labels² weights by true, then predicted label
 * @param labels number of classes, or one more
 * @returns NaN where nothing is of the class that it speaks of. Business value is per row, so that it does not grow with their number.
 */
export function metricOfCells(metric: CellMetric, cells: Float64Array, labels: number, options: CellOptions): number {
  const total = sumOf(cells);
  if (!(total > 0)) return NaN;
  switch (metric) {
    case 'accuracy': return diagonal(cells, labels, options.classes) / total;
    case 'business_value': return valueOf(cells, labels, total, options);
    default: return oneAgainstRest(metric, cells, labels, total, options);
  }
}

function oneAgainstRest(metric: 'f1' | 'precision' | 'recall' | 'specificity', cells: Float64Array, labels: number, total: number, { averaged }: CellOptions): number {
  let sum = 0;
  for (const own of averaged) {
    let ofTrue = 0;
    let ofPredicted = 0;
    for (let other = 0; other < labels; other++) {
      ofTrue += cells[own * labels + other]!;
      ofPredicted += cells[other * labels + own]!;
    }
    const hit = cells[own * labels + own]!;
    const share = shareOf(metric, hit, ofTrue, ofPredicted, total);
    // Of several classes one that is never predicted has a precision of 0; of two there is nothing to say.
    sum += share === share || averaged.length === 1 ? share : 0;
  }
  return sum / averaged.length;
}

function shareOf(metric: 'f1' | 'precision' | 'recall' | 'specificity', hit: number, ofTrue: number, ofPredicted: number, total: number): number {
  switch (metric) {
    case 'precision': return hit / ofPredicted;
    case 'recall': return hit / ofTrue;
    case 'f1': return (2 * hit) / (ofTrue + ofPredicted);
    case 'specificity': return (total - ofTrue - ofPredicted + hit) / (total - ofTrue);
  }
}

function valueOf(cells: Float64Array, labels: number, total: number, { classes, valueMatrix, valuePerPrediction }: CellOptions): number {
  if (valueMatrix === null) return NaN;
  let value = 0;
  for (let predicted = 0; predicted < classes; predicted++) {
    let rows = 0;
    let ofClass = 0;
    for (let truth = 0; truth < classes; truth++) {
      const weight = cells[truth * labels + predicted]!;
      rows += weight;
      ofClass += valueMatrix[truth]![predicted]! * weight;
    }
    value += valuePerPrediction ? (rows > 0 ? ofClass / rows : 0) : ofClass / total;
  }
  return value;
}

function diagonal(cells: Float64Array, labels: number, classes: number): number {
  let sum = 0;
  for (let own = 0; own < classes; own++) sum += cells[own * labels + own]!;
  return sum;
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
