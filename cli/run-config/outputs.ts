/** Where a calculator's results go: files, or tables of a database. */
import { join } from 'node:path';
import { InvalidInput } from '../../domain/errors.js';
import { PANDAS_CSV, type CsvOptions } from '../flat/csv.js';
import { TABLES } from './database-tables.js';
import { flagOf, isAbsent, optionalSection, optionalText, refuseOthers, sectionOf, shown, textOf, textsOf, type Section } from './fields.js';
import { localPath, refuseRemoteArguments } from './paths.js';

export interface CsvOutput {
  kind: 'csv';
  path: string;
  options: CsvOptions;
  /** null: all. */
  columns: string[] | null;
}

export interface ParquetOutput {
  kind: 'parquet';
  path: string;
  compressed: boolean;
}

export interface DatabaseOutput {
  kind: 'database';
  url: string;
  modelName: string | null;
}

export type Output = CsvOutput | ParquetOutput | DatabaseOutput;

/** @throws InvalidInput naming what cannot be honoured */
export function outputOf(given: unknown, calculatorType: string, now: Date): Output {
  const section = sectionOf(given, 'an output');
  const params = optionalSection(section['params'], "'params'");
  const writeArgs = optionalSection(section['write_args'], "'write_args'");
  const type = textOf(section, 'type');
  switch (type) {
    case 'raw_files': return fileOutput(params, writeArgs, now);
    case 'database': return databaseOutput(params, writeArgs, calculatorType);
    case 'pickle': throw new InvalidInput("output 'pickle' cannot be honoured: it holds Python objects; use 'raw_files' with format parquet, which pandas reads with read_parquet");
    default: throw new InvalidInput(`output '${type}' is not known; there are raw_files and database`);
  }
}

function fileOutput(params: Section, writeArgs: Section, now: Date): CsvOutput | ParquetOutput {
  refuseRemoteArguments(params);
  refuseOthers(params, ['path', 'credentials', 'fs_args'], "'params' of raw_files has 'path'");
  const path = join(localPath(textOf(params, 'path'), now), textOf(writeArgs, 'filename'));
  const format = optionalText(writeArgs, 'format') ?? 'parquet';
  if (format === 'csv') return csvOutput(path, writeArgs);
  if (format !== 'parquet') throw new InvalidInput(`'write_args' format must be parquet or csv, it is ${shown(format)}`);
  refuseOthers(writeArgs, ['filename', 'format', 'compression', 'engine', 'index'], "of 'write_args' there are filename, format and compression");
  if (flagOf(writeArgs, 'index', false)) throw new InvalidInput("'write_args' index: true cannot be honoured in Parquet files: their rows are numbered by their order; leave it out");
  return { kind: 'parquet', path, compressed: isCompressed(writeArgs) };
}

/** Absent: Snappy, as pandas has it; null: not at all. */
function isCompressed(writeArgs: Section): boolean {
  const value = writeArgs['compression'];
  if (value === undefined || value === 'snappy') return true;
  if (value === null || value === 'none') return false;
  throw new InvalidInput(`'write_args' compression: ${shown(value)} cannot be honoured, only snappy and none`);
}

function csvOutput(path: string, writeArgs: Section): CsvOutput {
  const own = ['filename', 'format', 'index', 'index_label', 'sep', 'na_rep', 'header', 'columns', 'lineterminator', 'encoding'];
  refuseOthers(writeArgs, own, `of 'write_args' there are ${own.join(', ')}`);
  const encoding = optionalText(writeArgs, 'encoding') ?? 'utf-8';
  if (!/^utf-?8$/i.test(encoding)) throw new InvalidInput(`'write_args' encoding: ${shown(encoding)} cannot be honoured, only utf-8`);
  const separator = optionalText(writeArgs, 'sep') ?? PANDAS_CSV.separator;
  if (separator.length !== 1) throw new InvalidInput(`'write_args' sep must be one character, it is ${shown(separator)}`);
  return {
    kind: 'csv',
    path,
    columns: isAbsent(writeArgs['columns']) ? null : textsOf(writeArgs, 'columns'),
    options: {
      ...PANDAS_CSV,
      separator,
      index: flagOf(writeArgs, 'index', true) ? { name: optionalText(writeArgs, 'index_label') ?? '' } : null,
      header: flagOf(writeArgs, 'header', true),
      missing: writeArgs['na_rep'] === '' ? '' : (optionalText(writeArgs, 'na_rep') ?? ''),
      lineEnd: optionalText(writeArgs, 'lineterminator') ?? PANDAS_CSV.lineEnd,
    },
  };
}

/** Options of SQLAlchemy's engine that change nothing about what is written. */
const WITHOUT_EFFECT = ['echo', 'echo_pool', 'pool_size', 'max_overflow', 'pool_pre_ping', 'pool_recycle', 'pool_timeout', 'pool_use_lifo', 'future', 'hide_parameters', 'logging_name'];

function databaseOutput(params: Section, writeArgs: Section, calculatorType: string): DatabaseOutput {
  refuseOthers(params, ['connection_string', 'connection_options', 'model_name'], "'params' of database has connection_string and model_name");
  refuseOthers(writeArgs, [], "a database takes no 'write_args'");
  refuseOthers(optionalSection(params['connection_options'], "'connection_options'"), WITHOUT_EFFECT, 'put what the connection needs into the connection string');
  if (!Object.hasOwn(TABLES, calculatorType)) throw new InvalidInput(`output 'database' has no table for results of ${calculatorType}; there are tables for ${Object.keys(TABLES).join(', ')}; use raw_files`);
  return { kind: 'database', url: postgresUrl(textOf(params, 'connection_string')), modelName: optionalText(params, 'model_name') };
}

/** SQLAlchemy's `postgresql+driver://…` is `postgresql://…`. The message keeps a password to itself. */
function postgresUrl(text: string): string {
  const [, dialect = text.split(':')[0]!] = /^([A-Za-z\d]+)(\+[A-Za-z\d_]+)?:\/\//.exec(text) ?? [];
  if (dialect !== 'postgresql' && dialect !== 'postgres') throw new InvalidInput(`output 'database': databases of the kind '${dialect}' cannot be written, only PostgreSQL (postgresql://user:password@host:5432/database); use raw_files for others`);
  return text.replace(/^[A-Za-z\d]+(\+[A-Za-z\d_]+)?:\/\//, 'postgresql://');
}
