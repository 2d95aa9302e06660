/** A classifier of two classes: gradient boosting on a table's numbers and categories, as plain data that a file can hold. */
import { binFeatures, fromExactJson, predictBoosting, toExactJson, trainBoosting, type BoostedTrees, type BoostingFeature } from 'aftercare/engine';

export type Cell = string | number | boolean | Date | null | undefined;
export type TableRow = Readonly<Record<string, Cell>>;

export interface FeatureColumn {
  name: string;
  kind: 'continuous' | 'categorical';
}

export interface Classifier {
  features: FeatureColumn[];
  /** Per categorical feature its values; their places are the codes. */
  categories: Record<string, string[]>;
  trees: BoostedTrees;
}

/** @param labels 0 or 1 for each row */
export function trainClassifier(rows: readonly TableRow[], labels: Float64Array, features: FeatureColumn[]): Classifier {
  const categories: Record<string, string[]> = {};
  for (const { name, kind } of features) {
    if (kind === 'categorical') categories[name] = [...new Set(rows.map((row) => textOf(row[name])).filter((text) => text !== null))].sort();
  }
  return { features, categories, trees: trainBoosting(binFeatures(encode(rows, features, categories)), labels, { objective: 'binary' }) };
}

/** @returns for each row the probability of label 1 */
export function predict({ features, categories, trees }: Classifier, rows: readonly TableRow[]): Float64Array {
  return predictBoosting(trees, encode(rows, features, categories));
}

export const classifierToText = (classifier: Classifier): string => toExactJson(classifier);
export const classifierFromText = (text: string): Classifier => fromExactJson(text) as Classifier;

function encode(rows: readonly TableRow[], features: readonly FeatureColumn[], categories: Record<string, string[]>): BoostingFeature[] {
  return features.map(({ name, kind }) => {
    if (kind === 'continuous') return { name, kind: 'numeric', values: Float64Array.from(rows, (row) => (row[name] === null || row[name] === undefined ? NaN : Number(row[name]))) };
    const codes = new Map((categories[name] ?? []).map((text, code) => [text, code]));
    // What training did not see, and what is missing, goes with the rest.
    return { name, kind: 'categorical', values: Float64Array.from(rows, (row) => codes.get(textOf(row[name]) ?? '') ?? -1) };
  });
}

const textOf = (cell: Cell): string | null => (cell === null || cell === undefined ? null : String(cell));

/** Area under the ROC curve, by ranks; NaN when only one class is there. */
export function rocAuc(scores: Float64Array, labels: Float64Array): number {
  const order = Array.from(scores, (_, i) => i).sort((i, j) => scores[i]! - scores[j]!);
  let ranksOfOnes = 0;
  let ones = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) to += 1;
    for (const i of order.slice(from, to)) {
      if (labels[i] !== 1) continue;
      ranksOfOnes += (from + 1 + to) / 2;
      ones += 1;
    }
    from = to;
  }
  return (ranksOfOnes - (ones * (ones + 1)) / 2) / (ones * (order.length - ones));
}
