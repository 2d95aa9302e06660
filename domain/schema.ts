/** What the columns of a model's data are. Types only, and the rules that need no data; inference from data is in client/. */
import { InvalidInput } from './errors.js';

export type ProblemType = 'classification_binary' | 'classification_multiclass' | 'regression';

export type ColumnRole = 'feature' | 'prediction' | 'predicted_probability' | 'target' | 'timestamp' | 'identifier' | 'segment' | 'ignored';

/**
 * How values are stored and parsed.
 * - continuous: float8, NaN and empty are missing
 * - categorical: text, empty is missing
 * - timestamp: microseconds since 1970 UTC
 * - text: identifiers; whole numbers of typed files in canonical decimal form, CSV text as it stands
 */
export type ColumnKind = 'continuous' | 'categorical' | 'timestamp' | 'text';

export interface SchemaColumn {
  name: string;
  role: ColumnRole;
  kind: ColumnKind;
  /** Only for a predicted probability of a multiclass model: the class it belongs to. */
  class?: string;
}

/** The columns of one version's data. Binary targets and predictions are continuous and hold 0 or 1. */
export interface ModelSchema {
  problemType: ProblemType;
  columns: SchemaColumn[];
}

export function columnsOf(schema: ModelSchema, role: ColumnRole): SchemaColumn[] {
  return schema.columns.filter((column) => column.role === role);
}

/** The one column of a role, or null where the schema has none. */
export function columnOf(schema: ModelSchema, role: ColumnRole): SchemaColumn | null {
  return schema.columns.find((column) => column.role === role) ?? null;
}

/** Columns whose values are kept: everything that is not ignored. */
export function storedColumns(schema: ModelSchema): SchemaColumn[] {
  return schema.columns.filter((column) => column.role !== 'ignored');
}

const SINGLE_ROLES: ColumnRole[] = ['target', 'timestamp', 'identifier', 'prediction'];
const MAX_COLUMNS = 1500;

/** @throws InvalidInput naming the columns when the schema cannot describe a model. */
export function checkSchema(schema: ModelSchema): ModelSchema {
  const seen = new Set<string>();
  for (const column of schema.columns) {
    if (column.name === '') throw new InvalidInput('the schema has a column without a name');
    if (seen.has(column.name)) throw new InvalidInput(`column ${quoted(column.name)} stands twice in the schema`);
    seen.add(column.name);
  }
  if (storedColumns(schema).length > MAX_COLUMNS) {
    throw new InvalidInput(`the schema has ${storedColumns(schema).length} columns, ${MAX_COLUMNS} at most can be kept: ignore some`);
  }
  for (const role of SINGLE_ROLES) {
    const found = columnsOf(schema, role);
    if (found.length > 1) throw new InvalidInput(`the schema has ${found.length} ${role} columns (${found.map((c) => quoted(c.name)).join(', ')}), one at most is possible`);
  }
  const probabilities = columnsOf(schema, 'predicted_probability');
  if (schema.problemType === 'classification_binary' && probabilities.length > 1) {
    throw new InvalidInput(`a binary model has one predicted probability, the schema has ${probabilities.length} (${probabilities.map((c) => quoted(c.name)).join(', ')})`);
  }
  if (schema.columns.every((column) => column.role === 'ignored' || column.role === 'identifier' || column.role === 'timestamp')) {
    throw new InvalidInput('the schema has no feature, prediction or target: there is nothing to monitor');
  }
  return schema;
}

/** A column's name as it stands in messages. */
export function quoted(name: string): string {
  return `'${name.length > 80 ? `${name.slice(0, 77)}…` : name}'`;
}
