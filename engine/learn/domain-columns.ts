/** The reference's columns, ready to be put beside a chunk's for a model that shall tell the two apart. */
import type { BoostingFeature } from '../boosting/index.js';
import { categoricalOf, compareText, continuousOf, toCategorical, type CategoricalColumn, type Frame } from '../frame.js';

/** A column of the reference. */
export type EncodedColumn =
  | { kind: 'continuous'; column: string; values: Float64Array }
  /** `categories` ascending, as text or as numbers; code −1: missing */
  | { kind: 'categorical'; column: string; order: 'as text' | 'as numbers'; categories: string[]; codes: Int32Array };

/** @throws InvalidInput when the column is missing or of another kind; numbers may be taken as categories, text not as numbers */
export function encodeReference(name: string, kind: EncodedColumn['kind'], reference: Frame): EncodedColumn {
  if (kind === 'continuous') return { kind, column: name, values: continuousOf(reference, name).values.slice() };
  const { order, column } = categoriesOf(name, reference);
  const { categories, places } = ascending(column.categories, usedIn(column), order);
  return { kind, column: name, order, categories, codes: column.codes.map((code) => (code < 0 ? -1 : places[code]!)) };
}

function categoriesOf(name: string, frame: Frame): { order: 'as text' | 'as numbers'; column: CategoricalColumn } {
  const column = frame.columns.get(name);
  return column?.kind === 'continuous' ? { order: 'as numbers', column: toCategorical(column) } : { order: 'as text', column: categoricalOf(frame, name) };
}

function usedIn(column: CategoricalColumn): Uint8Array {
  const used = new Uint8Array(column.categories.length);
  for (let i = 0; i < column.codes.length; i++) if (column.codes[i]! >= 0) used[column.codes[i]!] = 1;
  return used;
}

/** The used categories in order, and the place of each given one among them. */
function ascending(given: readonly string[], used: Uint8Array, order: 'as text' | 'as numbers'): { categories: string[]; places: Int32Array } {
  const compare = order === 'as numbers' ? (a: string, b: string) => Number(a) - Number(b) : compareText;
  const categories = given.filter((_, code) => used[code] === 1).sort(compare);
  const placeOf = new Map(categories.map((category, place) => [category, place]));
  return { categories, places: Int32Array.from(given, (category) => placeOf.get(category) ?? -1) };
}

/**
 * The reference's rows, and below them the chunk's, if there is one. Categories are numbered anew over both, as scikit-learn's OrdinalEncoder does when it
 * sees them together; missing is NaN.
 *
 * @throws InvalidInput when the chunk has the column in another kind
 */
export function appendChunk(encoded: EncodedColumn, chunk: Frame | null): BoostingFeature {
  if (encoded.kind === 'continuous') {
    return { name: encoded.column, kind: 'numeric', values: chunk ? joined(encoded.values, continuousOf(chunk, encoded.column).values) : encoded.values };
  }
  const { column, order, categories, codes } = encoded;
  const added = chunk && (order === 'as numbers' ? categoriesOf(column, chunk).column : categoricalOf(chunk, column));
  const given = added ? [...new Set([...categories, ...added.categories])] : categories;
  const placeOfGiven = new Map(given.map((category, place) => [category, place]));
  const used = new Uint8Array(given.length).fill(1, 0, categories.length);
  const codesOfAdded = added ? Int32Array.from(added.categories, (category) => placeOfGiven.get(category)!) : new Int32Array(0);
  if (added) for (let i = 0; i < added.codes.length; i++) if (added.codes[i]! >= 0) used[codesOfAdded[added.codes[i]!]!] = 1;
  const { places } = ascending(given, used, order);
  const values = new Float64Array(codes.length + (added?.codes.length ?? 0));
  for (let i = 0; i < codes.length; i++) values[i] = codes[i]! < 0 ? NaN : places[codes[i]!]!;
  if (added) for (let i = 0; i < added.codes.length; i++) values[codes.length + i] = added.codes[i]! < 0 ? NaN : places[codesOfAdded[added.codes[i]!]!]!;
  return { name: column, kind: 'categorical', values };
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
