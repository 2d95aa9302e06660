/** Which columns of an input a batch takes, and what is said when the input lacks some. */
import { InvalidInput } from '../domain/errors.js';
import { didYouMean } from '../domain/near-names.js';
import type { RowSource } from '../domain/row-block.js';
import { quoted, storedColumns, type ColumnRole, type ModelSchema, type SchemaColumn } from '../domain/schema.js';
import { storableText } from './quarantine.js';

export interface TakenColumns {
  /** What is asked of the source, in schema order. */
  columns: SchemaColumn[];
  unknown: string[];
  missing: string[];
  /** True: the input brings targets along. */
  withTargets: boolean;
}

const NEEDED_ROLES: readonly ColumnRole[] = ['identifier', 'timestamp', 'prediction', 'predicted_probability'];
const MOST_SHOWN = 12;

/** Columns of an analysis input. @throws InvalidInput when it has none of the schema's columns, or lacks one that inferences cannot do without */
export function analysisColumns(schema: ModelSchema, source: RowSource): TakenColumns {
  const given = new Set(source.columnNames);
  const columns = storedColumns(schema);
  const absent = columns.filter(({ name }) => !given.has(name));
  if (absent.length === columns.length) {
    throw new InvalidInput(`${source.label} has none of the model's ${columns.length} columns: it has ${listed(source.columnNames)}, the model ${listed(columns.map(({ name }) => name))}`);
  }
  requireColumns(source, absent.filter(({ role }) => NEEDED_ROLES.includes(role)));
  return {
    columns,
    unknown: unknownColumns(schema, source),
    missing: absent.filter(({ role }) => role !== 'target').map(({ name }) => name),
    withTargets: columns.some(({ name, role }) => role === 'target' && given.has(name)),
  };
}

/** Identifier and target. @throws InvalidInput when the model or the input lacks one of them */
export function targetColumns(schema: ModelSchema, source: RowSource): TakenColumns {
  const columns = storedColumns(schema).filter(({ role }) => role === 'identifier' || role === 'target');
  if (!columns.some(({ role }) => role === 'target')) throw new InvalidInput('the model has no target column: it takes no targets');
  if (!columns.some(({ role }) => role === 'identifier')) {
    throw new InvalidInput('the model has no identifier column, so targets can only come in the same rows as their inferences: append them together');
  }
  requireColumns(source, columns.filter(({ name }) => !source.columnNames.includes(name)));
  return { columns, unknown: unknownColumns(schema, source), missing: [], withTargets: true };
}

/** The identifier alone. @throws InvalidInput as above */
export function identifierColumns(schema: ModelSchema, source: RowSource): TakenColumns {
  const columns = storedColumns(schema).filter(({ role }) => role === 'identifier');
  if (columns.length === 0) throw new InvalidInput('the model has no identifier column: its rows cannot be removed one by one');
  requireColumns(source, columns.filter(({ name }) => !source.columnNames.includes(name)));
  return { columns, unknown: unknownColumns(schema, source), missing: [], withTargets: false };
}

/** Everything that is kept. @throws InvalidInput when the reference lacks a column of its schema */
export function referenceColumns(schema: ModelSchema, source: RowSource): TakenColumns {
  const columns = storedColumns(schema);
  requireColumns(source, columns.filter(({ name }) => !source.columnNames.includes(name)));
  return { columns, unknown: unknownColumns(schema, source), missing: [], withTargets: columns.some(({ role }) => role === 'target') };
}

function requireColumns(source: RowSource, absent: readonly SchemaColumn[]): void {
  if (absent.length === 0) return;
  const first = absent[0]!;
  const what = absent.slice(0, MOST_SHOWN).map(({ name, role }) => `${quoted(name)} (${role.replaceAll('_', ' ')})`).join(', ');
  throw new InvalidInput(`${source.label} lacks column${absent.length > 1 ? 's' : ''} ${what}${didYouMean(first.name, source.columnNames) || `; it has ${listed(source.columnNames)}`}`);
}

function unknownColumns(schema: ModelSchema, source: RowSource): string[] {
  const known = new Set(schema.columns.map(({ name }) => name));
  return source.columnNames.filter((name) => !known.has(name)).map(storableText);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no columns';
  const shown = names.slice(0, MOST_SHOWN).map(quoted).join(', ');
  return names.length > MOST_SHOWN ? `${shown} and ${names.length - MOST_SHOWN} more` : shown;
}
