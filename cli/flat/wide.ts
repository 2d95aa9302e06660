/** Records of a calculator as one wide table, a row per chunk, with the columns that NannyML's `to_df(multilevel=False)` has, in its order. */
import type { Cell, ResultRecord } from '../calculate/records.js';
import { orNothing, type Table, type TableColumn } from './table.js';

/** How a calculator's table is laid out. */
interface Layout {
  fields: readonly string[];
  /** Fields that are whole numbers where no chunk lacks one. */
  whole: readonly string[];
}

const BOUNDS = ['upper_threshold', 'lower_threshold', 'alert'];
const BAND = ['upper_confidence_boundary', 'lower_confidence_boundary'];
const JUDGED: Layout = { fields: ['value', ...BOUNDS], whole: [] };
const BANDED: Layout = { fields: ['value', 'sampling_error', ...BAND, ...BOUNDS], whole: [] };

/** By NannyML's name of the calculator. */
const LAYOUTS: Record<string, Layout> = {
  UnivariateDriftCalculator: JUDGED,
  DataReconstructionDriftCalculator: BANDED,
  DomainClassifierCalculator: JUDGED,
  MissingValuesCalculator: BANDED,
  UnseenValuesCalculator: JUDGED,
  NumericalRangeCalculator: JUDGED,
  SummaryStatsAvgCalculator: BANDED,
  SummaryStatsSumCalculator: BANDED,
  SummaryStatsStdCalculator: BANDED,
  SummaryStatsMedianCalculator: BANDED,
  SummaryStatsRowCountCalculator: { ...JUDGED, whole: ['value'] },
  PerformanceCalculator: { fields: ['sampling_error', 'value', ...BOUNDS], whole: [] },
  CBPE: { fields: ['value', 'sampling_error', 'realized', ...BAND, ...BOUNDS], whole: [] },
  DLE: { fields: ['sampling_error', 'realized', 'value', ...BAND, ...BOUNDS], whole: [] },
  ContinuousDistributionCalculator: {
    // The first is the fitted curve itself in Python, which no file can hold: NannyML leaves it empty.
    fields: ['kde', 'kde_support', 'kde_density', 'kde_cdf', 'kde_support_len', 'kde_quartiles', 'kde_density_local_max', 'kde_density_global_max', 'kde_density_scaled', 'kde_quartiles_scaled'],
    whole: ['kde_support_len'],
  },
};

export type IsWhole = (name: string, field: string, cells: readonly (number | null)[]) => boolean;

const CHUNK_FIELDS = ['key', 'chunk_index', 'start_index', 'end_index', 'start_date', 'end_date', 'period', 'targets_missing_rate'];
const WHOLE_CHUNK_FIELDS = ['chunk_index', 'start_index', 'end_index'];
const MOMENTS = ['start_date', 'end_date'];

/**
 * @param records of all chunks, reference first; the series of a chunk in the order of the columns
 * @param order of the series' names; others come behind, as they stand in the records
 * @param isWhole says, by metric, method or column, which series and fields are whole numbers, if all their cells are
 */
export function wideTable(calculator: string, records: readonly ResultRecord[], order: readonly string[], isWhole: IsWhole): Table {
  if (calculator === 'CategoricalDistributionCalculator') return valueCountTable(records);
  const layout = LAYOUTS[calculator]!;
  const rows = rowsOf(records);
  const heads = rows.map(([head]) => head!);
  const bySeries = new Map(rows[0]!.map((record) => [seriesOf(record), record]));
  const inRow = rows.map((row) => new Map(row.map((record) => [seriesOf(record), record])));
  const chunkColumns = CHUNK_FIELDS
    .filter((field) => field in heads[0]!)
    .map((field) => columnOf(field === 'chunk_index' ? field : `chunk_${field}`, heads.map((head) => head[field]!), MOMENTS.includes(field) ? 'moment' : WHOLE_CHUNK_FIELDS.includes(field)));
  const place = (name: Cell) => (order.includes(String(name)) ? order.indexOf(String(name)) : order.length);
  const seriesColumns = [...bySeries].sort(([, a], [, b]) => place(a['name']!) - place(b['name']!)).flatMap(([series, { name, method }]) => layout.fields.map((field) =>
    columnOf(`${series}_${field}`, inRow.map((row) => row.get(series)?.[field] ?? null), layout.whole.includes(field) || ((values) => isWhole(String(method ?? name), field, values)))));
  return { rowCount: rows.length, columns: [...chunkColumns, ...seriesColumns] };
}

/** Values of columns under each other: a row per column, chunk and value. */
function valueCountTable(records: readonly ResultRecord[]): Table {
  const columns: [string, string, boolean | 'moment'][] = [
    ['key', 'key', false], ['chunk_index', 'chunk_index', true], ['start_datetime', 'start_date', 'moment'], ['end_datetime', 'end_date', 'moment'], ['start_index', 'start_index', true], ['end_index', 'end_index', true],
    ['period', 'period', false], ['value', 'value', false], ['value_counts', 'value_counts', true], ['column_name', 'name', false], ['value_counts_total', 'value_counts_total', true], ['value_counts_normalised', 'value_counts_normalised', false],
  ];
  return { rowCount: records.length, columns: columns.map(([name, field, whole]) => columnOf(name, records.map((record) => record[field]!), whole)) };
}

/** Records by chunk, in order. */
function rowsOf(records: readonly ResultRecord[]): ResultRecord[][] {
  const rows = new Map<string, ResultRecord[]>();
  for (const record of records) {
    const key = `${String(record['period'])} ${String(record['chunk_index'])}`;
    const row = rows.get(key);
    if (row) row.push(record);
    else rows.set(key, [record]);
  }
  return [...rows.values()];
}

function seriesOf(record: ResultRecord): string {
  return 'method' in record ? `${String(record['name'])}_${String(record['method'])}` : String(record['name']);
}

const SPECIAL: Record<string, number> = { NaN, Infinity, '-Infinity': -Infinity };

/** The type is that of the cells; whole numbers only where they are asked for and no cell is anything else. */
function columnOf(name: string, cells: readonly Cell[], whole: boolean | 'moment' | ((values: readonly (number | null)[]) => boolean)): TableColumn {
  if (whole === 'moment') return orNothing({ name, type: 'moment', values: cells as (string | null)[] });
  if (cells.some((cell) => Array.isArray(cell))) return { name, type: 'json', values: cells.map((cell) => JSON.stringify(cell)) };
  if (cells.some((cell) => typeof cell === 'boolean')) return { name, type: 'flag', values: cells.map((cell) => (typeof cell === 'boolean' ? cell : null)) };
  if (cells.every((cell) => cell === null || typeof cell === 'number' || String(cell) in SPECIAL)) {
    const values = cells.map((cell) => (typeof cell === 'string' ? SPECIAL[cell]! : (cell as number | null)));
    const isWhole = values.every((value) => Number.isSafeInteger(value)) && (typeof whole === 'function' ? whole(values) : whole);
    return orNothing({ name, type: isWhole ? 'whole' : 'number', values });
  }
  return orNothing({ name, type: 'text', values: cells.map((cell) => (cell === null ? null : String(cell))) });
}
