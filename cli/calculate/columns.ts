/** Sorts a request's columns into continuous and categorical ones, and reads them as the calculator wants them. */
import { InvalidInput } from '../../domain/errors.js';
import { quoted } from '../../domain/schema.js';
import { toCategorical, type CalculatorColumns, type CategoricalColumn, type Column, type ContinuousColumn, type Frame } from '../../engine/index.js';
import type { ColumnReading, Construction } from './constructors.js';

type Split = Pick<CalculatorColumns, 'continuous' | 'categorical'>;

/** By the reference's types. @throws InvalidInput where the calculator takes only one kind and a column is of the other */
export function splitColumns(construction: Construction, reference: Frame): Split {
  const split: Split = { continuous: [], categorical: [] };
  for (const [name, reading] of construction.readings) {
    const { kind } = readAs(reference.columns.get(name)!, reading, name);
    const wanted = kind !== 'timestamp' && construction.kinds[kind];
    if (wanted) split[kind].push(name);
    else if (construction.kinds.refuseOthers) throw new InvalidInput(`column ${quoted(name)} is ${kind}, the calculator takes only ${construction.kinds.continuous ? 'continuous' : 'categorical'} columns`);
  }
  return split;
}

/** The frame with only the calculator's columns, each read as it wants. Columns that the frame lacks are left out. */
export function readColumns(construction: Construction, frame: Frame): Frame {
  const columns = new Map<string, Column>();
  for (const [name, reading] of construction.readings) {
    const column = frame.columns.get(name);
    if (column) columns.set(name, readAs(column, reading, name));
  }
  return { rowCount: frame.rowCount, columns };
}

function readAs(column: Column, reading: ColumnReading, name: string): Column {
  switch (reading) {
    case 'as it is': return column;
    case 'as categories': return column.kind === 'continuous' ? toCategorical(column) : column;
    case 'whole numbers as categories': return column.kind === 'continuous' && column.dtype === 'int64' ? toCategorical(column) : column;
    case 'as numbers': return column.kind === 'categorical' ? numbersOf(column, name) : column;
  }
}

/** True and False are 1 and 0. */
function numbersOf(column: CategoricalColumn, name: string): ContinuousColumn {
  const valueOf = column.categories.map((category) => {
    if (category === 'True' || category === 'False') return category === 'True' ? 1 : 0;
    throw new InvalidInput(`column ${quoted(name)} holds text ('${category}'), numbers are needed`);
  });
  return { kind: 'continuous', values: Float64Array.from(column.codes, (code) => (code < 0 ? NaN : valueOf[code]!)), dtype: 'float64' };
}
