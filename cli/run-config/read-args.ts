/** `read_args` of an input: arguments of pandas' readers, as far as they can be honoured. */
import { extname } from 'node:path';
import { InvalidInput } from '../../domain/errors.js';
import { isAbsent, refuseOthers, sectionOf, shown, textsOf, type Section } from './fields.js';

/** How a file is read. */
export interface ReadOptions {
  /** null: all. */
  columns: string[] | null;
  /** null: all. */
  rowLimit: number | null;
  columnTypes: Record<string, string>;
}

/** Arguments that change nothing about what is read, whatever they say. */
const WITHOUT_EFFECT = ['engine', 'low_memory', 'float_precision', 'memory_map', 'cache_dates', 'infer_datetime_format', 'verbose', 'use_threads'];
/** Arguments whose default may be written down. */
const DEFAULTS: Record<string, readonly unknown[]> = {
  sep: [','], delimiter: [','], header: [0, 'infer'], index_col: [false], encoding: ['utf-8', 'utf8', 'UTF-8', 'UTF8', 'utf-8-sig'], compression: ['infer'], decimal: ['.'], quotechar: ['"'],
  skiprows: [0], skipfooter: [0], keep_default_na: [true], na_filter: [true], dayfirst: [false], skip_blank_lines: [true], on_bad_lines: ['error'], use_nullable_dtypes: [false],
};

/** @throws InvalidInput naming the arguments that cannot be honoured */
export function readOptions(path: string, given: unknown): ReadOptions {
  const options: ReadOptions = { columns: null, rowLimit: null, columnTypes: {} };
  const extension = extname(path.toLowerCase().replace(/\.gz$/, ''));
  if (!['.csv', '.pq', '.parquet'].includes(extension)) throw new InvalidInput(`path '${path}': files of the kind '${extension}' cannot be read, only .csv (also .csv.gz), .pq and .parquet`);
  if (isAbsent(given)) return options;
  const section = sectionOf(given, "'read_args'");
  const isParquet = extension !== '.csv';
  const own = isParquet ? ['columns'] : ['usecols', 'nrows', 'dtype', 'parse_dates'];
  refuseOthers(section, [...own, ...WITHOUT_EFFECT, ...Object.keys(DEFAULTS)], `of 'read_args' there are ${own.join(', ')}; prepare the file so that it needs nothing else`);
  for (const [name, values] of Object.entries(DEFAULTS)) {
    const value = section[name];
    if (!isAbsent(value) && !values.includes(value)) throw new InvalidInput(`'read_args' ${name}: ${shown(value)} cannot be honoured, only ${values.map(shown).join(' or ')}; save the file that way`);
  }
  const columns = isParquet ? 'columns' : 'usecols';
  return {
    columns: isAbsent(section[columns]) ? null : textsOf(section, columns),
    rowLimit: rowLimitOf(section),
    columnTypes: { ...typesOf(section), ...datesOf(section) },
  };
}

function rowLimitOf(section: Section): number | null {
  const value = section['nrows'];
  if (isAbsent(value)) return null;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new InvalidInput(`'read_args' nrows must be a whole number, it is ${shown(value)}`);
  return value;
}

function typesOf(section: Section): Record<string, string> {
  if (isAbsent(section['dtype'])) return {};
  if (typeof section['dtype'] !== 'object') throw new InvalidInput(`'read_args' dtype: ${shown(section['dtype'])} cannot be honoured for all columns at once; name each column and its type`);
  const types = sectionOf(section['dtype'], "'read_args' dtype");
  for (const [column, type] of Object.entries(types)) if (typeof type !== 'string') throw new InvalidInput(`'read_args' dtype of '${column}' must be the name of a type, it is ${shown(type)}`);
  return types as Record<string, string>;
}

/** `true` is about the index alone, which nobody sees. */
function datesOf(section: Section): Record<string, string> {
  const value = section['parse_dates'];
  if (isAbsent(value) || typeof value === 'boolean') return {};
  return Object.fromEntries(textsOf(section, 'parse_dates').map((column) => [column, 'timestamp']));
}
