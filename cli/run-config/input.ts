/** The data of a configuration: reference, and analysis with its targets. Read once, ordered once per timestamp column. */
import { InvalidInput } from '../../domain/errors.js';
import type { PeriodName } from '../../domain/measurement.js';
import { quoted } from '../../domain/schema.js';
import { readFrame } from '../../client/sources/frame.js';
import { takeRows, type Column, type Frame } from '../../engine/index.js';
import { inOrderOf, keysOf, type PreparedData } from '../calculate/data.js';
import { requireNamed } from '../calculate/columns.js';
import type { InputFile, RunConfig } from './config.js';

/** Rows of one period; asked for in the order of a timestamp column, or as they stand. */
export class InputRows {
  private readonly ordered = new Map<string, PreparedData>();

  constructor(readonly frame: Frame, private readonly period: PeriodName) {}

  /** @throws InvalidInput when there is no such column */
  inOrderOf(timestamp: string | null): PreparedData {
    if (timestamp === null) return { frame: this.frame, micros: null };
    let rows = this.ordered.get(timestamp);
    if (!rows) {
      rows = inOrderOf(this.frame, timestamp, `the ${this.period} data`);
      this.ordered.set(timestamp, rows);
    }
    return rows;
  }
}

/** @throws InvalidInput naming the file, when it cannot be read or targets cannot be joined */
export async function readInput(config: RunConfig): Promise<{ reference: InputRows; analysis: InputRows }> {
  const [reference, analysis, targets] = [await read(config.reference), await read(config.analysis), config.targets && (await read(config.targets))];
  if (config.targets === null || targets === null) return { reference: new InputRows(reference, 'reference'), analysis: new InputRows(analysis, 'analysis') };
  const { joinColumn, path } = config.targets;
  const joined = joinColumn === null ? joinByPosition(analysis, targets, path) : joinByColumn(analysis, targets, joinColumn, path);
  return { reference: new InputRows(reference, 'reference'), analysis: new InputRows(joined, 'analysis') };
}

function read({ path, read: { columns, rowLimit, columnTypes } }: InputFile): Promise<Frame> {
  return readFrame(path, { columnTypes, rows: rowLimit === null ? null : [0, rowLimit], ...(columns === null ? {} : { columns }) });
}

/**
 * Row by row, as pandas' `join` does it: further targets are left out, rows without one have none.
 * @throws InvalidInput when both have a column of the same name
 */
export function joinByPosition(analysis: Frame, targets: Frame, file: string): Frame {
  const twice = [...targets.columns.keys()].filter((name) => analysis.columns.has(name));
  if (twice.length > 0) throw new InvalidInput(`${file}: ${twice.map(quoted).join(', ')} ${twice.length === 1 ? 'is' : 'are'} in the analysis data too; name a join_column, or leave ${twice.length === 1 ? 'it' : 'them'} out`);
  const rows = Int32Array.from({ length: analysis.rowCount }, (_, row) => (row < targets.rowCount ? row : -1));
  return { rowCount: analysis.rowCount, columns: new Map([...analysis.columns, ...takeEach(targets, rows)]) };
}

/**
 * Rows with equal values, as pandas' `merge` does it: rows without a target vanish, a target that stands in several rows makes several. Other columns that both have
 * become `name_x` and `name_y`. Unlike there, a missing value equals nothing.
 * @throws InvalidInput when one of them lacks the column, or no row of one meets a row of the other
 */
export function joinByColumn(analysis: Frame, targets: Frame, on: string, file: string): Frame {
  requireNamed(analysis, [on], 'the analysis data');
  requireNamed(targets, [on], file);
  const rowsOf = new Map<string | number, number[]>();
  keysOf(targets.columns.get(on)!).forEach((key, row) => {
    if (key === null) return;
    const rows = rowsOf.get(key);
    if (rows) rows.push(row);
    else rowsOf.set(key, [row]);
  });
  const left: number[] = [];
  const right: number[] = [];
  keysOf(analysis.columns.get(on)!).forEach((key, row) => {
    for (const match of (key === null ? undefined : rowsOf.get(key)) ?? []) {
      left.push(row);
      right.push(match);
    }
  });
  if (left.length === 0) throw new InvalidInput(`${file}: none of its ${targets.rowCount} values of ${quoted(on)} is among the ${analysis.rowCount} of the analysis data; are both of the same type?`);
  const joined = takeRows(analysis, Int32Array.from(left));
  const others = [...takeEach(targets, Int32Array.from(right))].filter(([name]) => name !== on);
  const shared = new Set(others.map(([name]) => name).filter((name) => analysis.columns.has(name)));
  const renamed = (suffix: string) => ([name, column]: [string, Column]): [string, Column] => [shared.has(name) ? name + suffix : name, column];
  return { rowCount: left.length, columns: new Map([...[...joined.columns].map(renamed('_x')), ...others.map(renamed('_y'))]) };
}

/** Each column's cells at the rows; −1: missing. */
function takeEach({ columns }: Frame, rows: Int32Array): Map<string, Column> {
  const hasGaps = rows.includes(-1);
  const numbers = (values: Float64Array) => Float64Array.from(rows, (row) => (row < 0 ? NaN : values[row]!));
  return new Map([...columns].map(([name, column]): [string, Column] => {
    switch (column.kind) {
      case 'continuous': return [name, { ...column, values: numbers(column.values), ...(hasGaps ? { dtype: 'float64' } : {}) }];
      case 'timestamp': return [name, { ...column, micros: numbers(column.micros) }];
      case 'categorical': return [name, { ...column, codes: rows.map((row) => (row < 0 ? -1 : column.codes[row]!)) }];
    }
  }));
}
