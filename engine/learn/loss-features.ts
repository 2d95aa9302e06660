/**
 * Columns as the boosting that learns losses sees them: numbers as they are, categories as whole codes. Code 0 is a category that the reference
 * does not have; its own begin with 1, in ascending order of their texts. A missing cell is a category of its own. Codes of NannyML 0.13.1.
 */
import { InvalidInput } from '../../domain/errors.js';
import { quoted } from '../../domain/schema.js';
import type { BoostingFeature } from '../boosting/index.js';
import { categoricalOf, compareText, continuousOf, takeNumbers, type CategoricalColumn, type Frame } from '../frame.js';

/** One feature: plain data. */
export type LossFeature =
  | { kind: 'continuous'; column: string }
  /** In ascending order: the one at k has the code k + 1. */
  | { kind: 'categorical'; column: string; categories: string[] };

/** What a missing cell is called among the categories, as NannyML calls it: its place in the order counts. */
const MISSING = 'NML_missing_value';

/** @param names columns in the order in which splits are tried; of equal splits the first counts. @throws InvalidInput when a column is missing or a moment */
export function learnLossFeatures(names: readonly string[], reference: Frame): LossFeature[] {
  return names.map((column) => {
    const found = reference.columns.get(column);
    if (found?.kind === 'timestamp') throw new InvalidInput(`column ${quoted(column)} is a timestamp, losses are learnt from numbers and categories`);
    return found?.kind === 'categorical' ? { kind: 'categorical', column, categories: categoriesOf(found) } : { kind: 'continuous', column: numbersNamed(reference, column) };
  });
}

function numbersNamed(reference: Frame, column: string): string {
  continuousOf(reference, column);
  return column;
}

function categoriesOf({ codes, categories }: CategoricalColumn): string[] {
  const seen = new Uint8Array(categories.length);
  let missing = false;
  for (let i = 0; i < codes.length; i++) {
    if (codes[i]! < 0) missing = true;
    else seen[codes[i]!] = 1;
  }
  const present = new Set(categories.filter((_, code) => seen[code] === 1));
  if (missing) present.add(MISSING);
  return [...present].sort(compareText);
}

/**
 * @param rows only these, in this order; null: all, and numbers share the frame's memory
 * @throws InvalidInput when the frame lacks a column, or has it as another kind
 */
export function encodeLossFeatures(features: readonly LossFeature[], frame: Frame, rows: Int32Array | null = null): BoostingFeature[] {
  return features.map((feature) => {
    const values = feature.kind === 'continuous' ? continuousOf(frame, feature.column).values : codesOf(categoricalOf(frame, feature.column), feature.categories);
    return { name: feature.column, kind: feature.kind === 'continuous' ? 'numeric' : 'categorical', values: rows === null ? values : takeNumbers(values, rows) };
  });
}

function codesOf({ codes, categories }: CategoricalColumn, known: readonly string[]): Float64Array {
  const codeOf = new Map(known.map((category, place) => [category, place + 1]));
  const own = Float64Array.from(categories, (category) => codeOf.get(category) ?? 0);
  const ofMissing = codeOf.get(MISSING) ?? 0;
  const encoded = new Float64Array(codes.length);
  for (let i = 0; i < codes.length; i++) encoded[i] = codes[i]! < 0 ? ofMissing : own[codes[i]!]!;
  return encoded;
}
