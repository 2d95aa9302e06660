/**
 * Class labels. A request names classes by texts, data hold them as texts, numbers or truth values; all are brought to one spelling, that of the reference's targets as
 * Python's `str` writes them: 1, 1.0 (a column with decimals or gaps), True. So labels meet their classes also where a later file holds 1 as 1.0.
 */
import { InvalidInput } from '../../domain/errors.js';
import { quoted } from '../../domain/schema.js';
import { floatText } from '../flat/python-text.js';
import { compareText, type CalculatorColumns, type CategoricalColumn, type Column } from '../../engine/index.js';

/** How labels are spelt. */
export type LabelSpelling = 'text' | 'whole' | 'decimal';

/** By the type of a column of labels. */
export function spellingOf(column: Column): LabelSpelling {
  if (column.kind !== 'continuous') return 'text';
  return column.dtype === 'int64' ? 'whole' : 'decimal';
}

/** A column as labels. @throws InvalidInput when it holds moments */
export function labelsOf(column: Column, spelling: LabelSpelling, name: string): CategoricalColumn {
  switch (column.kind) {
    case 'timestamp': throw new InvalidInput(`column ${quoted(name)} holds timestamps, class labels are needed`);
    case 'categorical': return spelling === 'text' ? column : respelt(column, spelling);
    case 'continuous': return labelsOfNumbers(column.values, spelling);
  }
}

function labelsOfNumbers(values: Float64Array, spelling: LabelSpelling): CategoricalColumn {
  const known = new Map<number, number>();
  const codes = Int32Array.from(values, (value) => {
    if (value !== value) return -1;
    let code = known.get(value);
    if (code === undefined) {
      code = known.size;
      known.set(value, code);
    }
    return code;
  });
  return { kind: 'categorical', codes, categories: [...known.keys()].map((value) => numberLabel(value, spelling)), dtype: 'text' };
}

/** Texts among numbers: those that are numbers are spelt like the others. */
function respelt(column: CategoricalColumn, spelling: LabelSpelling): CategoricalColumn {
  const spelt = column.categories.map((category) => classLabel(category, spelling));
  const distinct = [...new Set(spelt)];
  const place = new Map(distinct.map((category, code) => [category, code]));
  return { ...column, categories: distinct, codes: column.codes.map((code) => (code < 0 ? -1 : place.get(spelt[code]!)!)) };
}

function numberLabel(value: number, spelling: LabelSpelling): string {
  return spelling === 'decimal' ? floatText(value) : String(value);
}

/** A class as a request writes it, spelt as the labels are: JSON's true is Python's True. */
function classLabel(given: string, spelling: LabelSpelling): string {
  const value = given.trim() === '' ? NaN : Number(given);
  return spelling === 'text' || Number.isNaN(value) ? given : numberLabel(value, spelling);
}

/**
 * The classes in ascending order (numbers as numbers), each with its column.
 * @param target the reference's column of targets, as it stands in the file
 */
export function classesInOrder(classes: ReadonlyMap<string, string>, target: Column | undefined): CalculatorColumns['classProbabilities'] {
  const spelling = target ? spellingOf(target) : 'text';
  const truthValues = target?.kind === 'categorical' && target.categories.every((category) => category === 'True' || category === 'False');
  const spell = (given: string): string => {
    if (truthValues && (given === 'true' || given === 'false')) return given === 'true' ? 'True' : 'False';
    return classLabel(given, spelling);
  };
  const ordered = [...classes].map(([given, column]) => ({ class: spell(given), column }));
  return ordered.sort((a, b) => (spelling === 'text' ? compareText(a.class, b.class) : Number(a.class) - Number(b.class)));
}
