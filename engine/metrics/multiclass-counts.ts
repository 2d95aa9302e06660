/**
 * Counts of a chunk of several classes. The classes are those that have a column of probabilities; any other label counts as one more row or column,
 * "none of them", at the end. A row with a missing label is left out.
 */
import type { CategoricalColumn } from '../frame.js';

export interface LabelCounts {
  /** Number of classes, k. */
  classes: number;
  /** (k + 1)² cells by true label, then predicted label; the last of each is "none of the classes". */
  cells: Float64Array;
  /** Per label, k + 1: rows by true and by predicted label. */
  byTrue: Float64Array;
  byPredicted: Float64Array;
  rows: number;
  /** Rows whose two labels are the same text, whether a class or not. */
  equal: number;
  /** Distinct labels, also of those that are no class. */
  trueLabels: number;
  predictedLabels: number;
}

/** Labels as numbers: a class's place, then any other label in the order in which it was met. One scheme for all columns of a chunk. */
export class LabelScheme {
  private readonly codeOf: Map<string, number>;

  constructor(readonly classes: readonly string[]) {
    this.codeOf = new Map(classes.map((label, place) => [label, place]));
  }

  /** Per category of a column, its code here. */
  codesOf(categories: readonly string[]): Int32Array {
    return Int32Array.from(categories, (label) => {
      let code = this.codeOf.get(label);
      if (code === undefined) {
        code = this.codeOf.size;
        this.codeOf.set(label, code);
      }
      return code;
    });
  }
}

/**
 * Each row's class, −1 where the label is missing, k where it is none of the classes.
 * Cost O(rows + categories).
 */
export function classCodes(column: CategoricalColumn, classes: readonly string[]): Int32Array {
  const table = new LabelScheme(classes).codesOf(column.categories);
  const codes = new Int32Array(column.codes.length);
  for (let i = 0; i < codes.length; i++) {
    const code = column.codes[i]!;
    codes[i] = code < 0 ? -1 : Math.min(classes.length, table[code]!);
  }
  return codes;
}

/** One pass. @param target, prediction same length */
export function countLabels(target: CategoricalColumn, prediction: CategoricalColumn, classes: readonly string[]): LabelCounts {
  const k = classes.length;
  const scheme = new LabelScheme(classes);
  const trueCode = scheme.codesOf(target.categories);
  const predictedCode = scheme.codesOf(prediction.categories);
  const cells = new Float64Array((k + 1) * (k + 1));
  const seenTrue = new Uint8Array(trueCode.length);
  const seenPredicted = new Uint8Array(predictedCode.length);
  let rows = 0;
  let equal = 0;
  for (let i = 0; i < target.codes.length; i++) {
    const t = target.codes[i]!;
    const p = prediction.codes[i]!;
    if (t < 0 || p < 0) continue;
    rows += 1;
    seenTrue[t] = 1;
    seenPredicted[p] = 1;
    const truth = trueCode[t]!;
    const guess = predictedCode[p]!;
    if (truth === guess) equal += 1;
    const cell = (truth < k ? truth : k) * (k + 1) + (guess < k ? guess : k);
    cells[cell] = cells[cell]! + 1;
  }
  const byTrue = new Float64Array(k + 1);
  const byPredicted = new Float64Array(k + 1);
  for (let t = 0; t <= k; t++) {
    for (let p = 0; p <= k; p++) {
      byTrue[t]! += cells[t * (k + 1) + p]!;
      byPredicted[p]! += cells[t * (k + 1) + p]!;
    }
  }
  return { classes: k, cells, byTrue, byPredicted, rows, equal, trueLabels: sumOf(seenTrue), predictedLabels: sumOf(seenPredicted) };
}

function sumOf(flags: Uint8Array): number {
  let sum = 0;
  for (const flag of flags) sum += flag;
  return sum;
}

/** Rows of one true class that were predicted as another (or the same). */
export function cellOf({ cells, classes }: LabelCounts, truth: number, predicted: number): number {
  return cells[truth * (classes + 1) + predicted]!;
}

/**
 * Business value from a matrix of counts of the classes alone.
 *
 * @param cell count (or expected count) of a true and a predicted class
 * @param perPrediction each predicted class's rows are divided by their number (none: 0), then added: the sum over classes of the mean value of a prediction
 */
export function businessValueOf(cell: (truth: number, predicted: number) => number, matrix: number[][], perPrediction: boolean): number {
  let value = 0;
  for (let predicted = 0; predicted < matrix.length; predicted++) {
    let predictions = 0;
    let ofClass = 0;
    for (let truth = 0; truth < matrix.length; truth++) {
      const count = cell(truth, predicted);
      predictions += count;
      ofClass += matrix[truth]![predicted]! * count;
    }
    value += !perPrediction ? ofClass : predictions === 0 ? 0 : ofClass / predictions;
  }
  return value;
}
