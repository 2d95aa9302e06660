/** Sorts a request's columns into continuous and categorical ones, and reads them as the calculator wants them. */
import { InvalidInput } from '../../domain/errors.js';
import { quoted } from '../../domain/schema.js';
import { toCategorical, type CategoricalColumn, type Column, type ContinuousColumn, type Frame } from '../../engine/index.js';
import type { ColumnReading, ColumnsByKind, ConstructionBase, WantedKinds } from './construction.js';
import { labelsOf, spellingOf, type LabelSpelling } from './labels.js';

/** By the reference's types, after `readColumns`. @throws InvalidInput where the calculator takes only one kind and a column is of the other */
export function splitColumns({ calculator, readings, kinds }: ConstructionBase, reference: Frame): ColumnsByKind {
  const split: ColumnsByKind = { continuous: [], categorical: [] };
  for (const name of readings.keys()) {
    const { kind } = reference.columns.get(name)!;
    const wanted = kind !== 'timestamp' && kinds[kind];
    if (wanted) split[kind].push(name);
    else if (kinds.refuseOthers) throw new InvalidInput(`column ${quoted(name)} of the reference is ${kind}, ${calculator} takes only ${namesOf(kinds)} columns: leave it out`);
  }
  return split;
}

/** @throws InvalidInput naming the columns that are missing, and those that there are */
export function requireNamed(frame: Frame, names: Iterable<string>, where: string): void {
  const missing = [...names].filter((name) => !frame.columns.has(name));
  if (missing.length === 0) return;
  const there = [...frame.columns.keys()];
  const some = there.slice(0, 20).map(quoted).join(', ') + (there.length > 20 ? ` and ${there.length - 20} more` : '');
  throw new InvalidInput(`${where} lacks ${missing.length === 1 ? 'column' : 'columns'} ${missing.map(quoted).join(', ')}; it has ${some}: correct the name, or add the column`);
}

function namesOf({ continuous, categorical }: WantedKinds): string {
  return [...(continuous ? ['continuous'] : []), ...(categorical ? ['categorical'] : [])].join(' and ');
}

/**
 * The frame with only the calculator's columns, each read as it wants. Columns that the frame lacks are left out.
 * @param spelling of class labels, see labels.ts
 */
export function readColumns({ readings }: ConstructionBase, frame: Frame, spelling: LabelSpelling): Frame {
  const columns = new Map<string, Column>();
  for (const [name, reading] of readings) {
    const column = frame.columns.get(name);
    if (column) columns.set(name, readAs(column, reading, spelling, name));
  }
  return { rowCount: frame.rowCount, columns };
}

function readAs(column: Column, reading: ColumnReading, spelling: LabelSpelling, name: string): Column {
  switch (reading) {
    case 'as it is': return column;
    case 'as categories': return column.kind === 'continuous' ? toCategorical(column) : column;
    case 'whole numbers as categories': return column.kind === 'continuous' && column.dtype === 'int64' ? toCategorical(column) : column;
    case 'as labels': return labelsOf(column, spelling, name);
    case 'as texts': return labelsOf(column, spellingOf(column), name);
    case 'as numbers': return column.kind === 'categorical' ? numbersOf(column, name) : column;
  }
}

/** True and False are 1 and 0. */
function numbersOf(column: CategoricalColumn, name: string): ContinuousColumn {
  const valueOf = column.categories.map((category) => {
    if (category === 'True' || category === 'False') return category === 'True' ? 1 : 0;
    throw new InvalidInput(`column ${quoted(name)} holds text ('${category}'), numbers are needed: write its values as numbers, classes as 0 and 1`);
  });
  return { kind: 'continuous', values: Float64Array.from(column.codes, (code) => (code < 0 ? NaN : valueOf[code]!)), dtype: 'float64' };
}
