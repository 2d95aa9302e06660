/** Tables of results: named columns of one type each, as they go into CSV and Parquet files. */

/** A cell; null: there is none. Moments are ISO 8601 without zone, with up to nine decimals. */
export type TableColumn =
  | { name: string; type: 'text'; values: (string | null)[] }
  | { name: string; type: 'moment'; values: (string | null)[] }
  /** ISO 8601 UTC, with up to six decimals and Z. */
  | { name: string; type: 'instant'; values: (string | null)[] }
  /** Whole numbers, within ±2^53. */
  | { name: string; type: 'whole'; values: (number | null)[] }
  /** NaN is a value here, and written as one where the format has it. */
  | { name: string; type: 'number'; values: (number | null)[] }
  | { name: string; type: 'flag'; values: (boolean | null)[] }
  /** Lists, as JSON. */
  | { name: string; type: 'json'; values: (string | null)[] }
  /** No row has a cell. */
  | { name: string; type: 'nothing'; values: null[] };

export interface Table {
  rowCount: number;
  columns: TableColumn[];
}

/** A column without any cell has no type. */
export function orNothing(column: TableColumn): TableColumn {
  return column.values.every((value) => value === null) ? { name: column.name, type: 'nothing', values: column.values.map(() => null) } : column;
}
