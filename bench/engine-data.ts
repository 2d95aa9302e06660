/**
 * Seeded tables for the engine's bench: ten numbers, four categories, a timestamp, and what a two-class and a regression model say about each row.
 * Written once as raw columns (which both sides read in a blink, so that only computing is measured) and as CSV and Parquet.
 */
import { once } from 'node:events';
import { closeSync, createWriteStream, existsSync, mkdirSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import type { Column, Frame } from '../engine/index.js';
import { seededRandom } from './generate.js';

export const CONTINUOUS = ['x0', 'x1', 'x2', 'x3', 'x4', 'x5', 'x6', 'x7', 'x8', 'x9'];
export const CATEGORICAL = ['k0', 'k1', 'k2', 'k3'];
/** Columns of the files; the raw tables have those of the regression model as well. */
const IN_FILES = ['at', ...CONTINUOUS, ...CATEGORICAL, 'score', 'prediction', 'target'];
const CATEGORY_COUNTS = [2, 5, 20, 100];
const START_MICROS = Date.UTC(2024, 0, 1) * 1000;
const STEP_MICROS = 9_500_000;
const GROUP_ROWS = 50_000;

/** Which rows a table has. */
export interface TableOptions {
  rows: number;
  seed: number;
  firstRow: number;
  /** Standard deviations by which three columns have moved in the last row; the move begins at half of the rows. */
  drift: number;
}

/** Rows in memory, in the engine's form. */
export function generateTable({ rows, seed, firstRow, drift }: TableOptions): Frame {
  const random = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const numbers = new Map(['at', ...CONTINUOUS, 'score', 'prediction', 'target', 'price', 'price_estimate'].map((name) => [name, new Float64Array(rows)]));
  const codes = CATEGORY_COUNTS.map(() => new Int32Array(rows));
  const set = (name: string, row: number, value: number): void => { numbers.get(name)![row] = value; };
  for (let i = 0; i < rows; i++) {
    const moved = drift * Math.max(0, (2 * i) / rows - 1);
    const [a, b, c] = [normal() + moved, normal(), random()] as const;
    set('at', i, START_MICROS + (firstRow + i) * STEP_MICROS);
    set('x0', i, a);
    set('x1', i, 30_000 * Math.exp(0.6 * b));
    set('x2', i, c);
    set('x3', i, -5 * Math.log(1 - random()) * (1 + 0.2 * moved));
    set('x4', i, 0.6 * a + 0.8 * normal());
    set('x5', i, 12_000 + 1000 * (0.5 * b + normal()));
    set('x6', i, Math.floor(100 * random() ** 2));
    set('x7', i, Math.round(100 * (20 + 4 * normal() + moved)) / 100);
    set('x8', i, random() < 0.01 ? NaN : normal() * (1 + c));
    set('x9', i, random() < 0.01 ? NaN : Math.abs(normal()) + a * 0.1);
    CATEGORY_COUNTS.forEach((count, k) => { codes[k]![i] = k === 3 && random() < 0.005 ? -1 : Math.floor(count * random() ** (1.5 + 0.2 * moved)); });
    const logit = 1.2 * a - 0.7 * b + 2 * (c - 0.5) + (codes[0]![i] === 0 ? 0.4 : -0.4);
    const chance = 1 / (1 + Math.exp(-logit));
    const score = 1 / (1 + Math.exp(-(1.4 * logit + 0.5 * normal() + 0.2)));
    set('score', i, score);
    set('prediction', i, score >= 0.5 ? 1 : 0);
    set('target', i, random() < chance ? 1 : 0);
    const estimate = 5000 * Math.exp(0.25 * a + 0.2 * b + 0.3 * c);
    set('price_estimate', i, Math.round(estimate));
    set('price', i, Math.round(estimate * Math.exp((0.1 + 0.15 * c + (codes[1]![i] === 2 ? 0.1 : 0)) * normal())));
  }
  const columns = new Map<string, Column>([...numbers].map(([name, values]) => [name, name === 'at' ? { kind: 'timestamp', micros: values } : { kind: 'continuous', values, dtype: 'float64' }]));
  CATEGORY_COUNTS.forEach((count, k) => columns.set(`k${k}`, { kind: 'categorical', codes: codes[k]!, categories: Array.from({ length: count }, (_, i) => `${'abcd'[k]}-${String(i).padStart(2, '0')}`), dtype: 'text' }));
  return { rowCount: rows, columns };
}

interface RawColumn {
  name: string;
  kind: Column['kind'];
  /** Bytes into the file. */
  offset: number;
  categories: string[];
}

/** Raw columns: <name>.bin, little endian, doubles or 32-bit codes one column after another; <name>.json says where. */
export function writeRaw(folder: string, name: string, frame: Frame): void {
  const buffers: Buffer[] = [];
  let offset = 0;
  const columns: RawColumn[] = [...frame.columns].map(([column, data]) => {
    const array = data.kind === 'categorical' ? data.codes : data.kind === 'timestamp' ? data.micros : data.values;
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    buffers.push(bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8));
    const described = { name: column, kind: data.kind, offset, categories: data.kind === 'categorical' ? data.categories : [] };
    offset += bytes.length + ((8 - (bytes.length % 8)) % 8);
    return described;
  });
  writeFileSync(join(folder, `${name}.bin`), Buffer.concat(buffers));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ rows: frame.rowCount, columns }));
}

/** The columns asked for; the memory can be read by all threads. */
export function readRaw(folder: string, name: string, wanted: readonly string[]): Frame {
  const { rows, columns } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as { rows: number; columns: RawColumn[] };
  const file = openSync(join(folder, `${name}.bin`), 'r');
  const frame: Frame = { rowCount: rows, columns: new Map() };
  for (const column of columns) {
    if (!wanted.includes(column.name)) continue;
    const width = column.kind === 'categorical' ? 4 : 8;
    const shared = new SharedArrayBuffer(rows * width);
    if (readSync(file, new Uint8Array(shared), 0, rows * width, column.offset) !== rows * width) throw new Error(`${name}.bin is too short`);
    if (column.kind === 'categorical') frame.columns.set(column.name, { kind: 'categorical', codes: new Int32Array(shared), categories: column.categories, dtype: 'text' });
    else if (column.kind === 'timestamp') frame.columns.set(column.name, { kind: 'timestamp', micros: new Float64Array(shared) });
    else frame.columns.set(column.name, { kind: 'continuous', values: new Float64Array(shared), dtype: 'float64' });
  }
  closeSync(file);
  return frame;
}

function timeOf(micros: number): string {
  return new Date(micros / 1000).toISOString().replace('T', ' ').replace('Z', '');
}

/** All digits, so that both sides read the very numbers of the raw columns. */
async function writeCsv(file: string, frame: Frame): Promise<void> {
  const out = createWriteStream(file, { highWaterMark: 1024 * 1024 });
  const columns = IN_FILES.map((name) => frame.columns.get(name)!);
  let text = `${IN_FILES.join(',')}\n`;
  for (let row = 0; row < frame.rowCount; row++) {
    columns.forEach((column, i) => {
      const cell = cellOf(column, row);
      text += `${i === 0 ? '' : ','}${cell ?? ''}`;
    });
    text += '\n';
    if (text.length > 256 * 1024) {
      if (!out.write(text)) await once(out, 'drain');
      text = '';
    }
  }
  out.end(text);
  await once(out, 'close');
}

function cellOf(column: Column, row: number): string | number | null {
  switch (column.kind) {
    case 'categorical': return column.codes[row]! < 0 ? null : column.categories[column.codes[row]!]!;
    case 'timestamp': return timeOf(column.micros[row]!);
    case 'continuous': return Number.isNaN(column.values[row]!) ? null : column.values[row]!;
  }
}

async function writeParquet(file: string, frame: Frame): Promise<void> {
  const columns = IN_FILES.map((name) => ({ name, column: frame.columns.get(name)! }));
  const schema = columns.map(({ name, column }) => {
    const repetition_type = 'OPTIONAL' as const;
    if (column.kind === 'categorical') return { name, repetition_type, type: 'BYTE_ARRAY' as const, converted_type: 'UTF8' as const };
    if (column.kind === 'timestamp') return { name, repetition_type, type: 'INT64' as const, logical_type: { type: 'TIMESTAMP' as const, isAdjustedToUTC: false, unit: 'MILLIS' as const } };
    return { name, repetition_type, type: 'DOUBLE' as const };
  });
  const parquet = new ParquetWriter({ writer: fileWriter(file), schema: [{ name: 'root', num_children: schema.length }, ...schema] });
  for (let start = 0; start < frame.rowCount; start += GROUP_ROWS) {
    const rows = Math.min(GROUP_ROWS, frame.rowCount - start);
    const columnData = columns.map(({ name, column }) => ({
      name,
      data: Array.from({ length: rows }, (_, i) => (column.kind === 'timestamp' ? new Date(column.micros[start + i]! / 1000) : cellOf(column, start + i))),
    }));
    await parquet.write({ columnData, rowGroupSize: GROUP_ROWS });
  }
  await parquet.finish();
}

/** Makes the folder's tables unless they are there: `reference` and `analysis`, and a smaller pair `small_…` for what trains trees. */
export async function prepareTables(folder: string, referenceRows: number, rows: number, smallRows: number): Promise<void> {
  if (existsSync(join(folder, 'complete'))) return;
  mkdirSync(folder, { recursive: true });
  const tables: [string, TableOptions][] = [
    ['reference', { rows: referenceRows, seed: 11, firstRow: 0, drift: 0 }],
    ['analysis', { rows, seed: 12, firstRow: referenceRows, drift: 0.5 }],
    ['small_reference', { rows: smallRows, seed: 13, firstRow: 0, drift: 0 }],
    ['small_analysis', { rows: smallRows, seed: 14, firstRow: smallRows, drift: 0.5 }],
  ];
  for (const [name, options] of tables) {
    const frame = generateTable(options);
    writeRaw(folder, name, frame);
    if (name.startsWith('small')) continue;
    await writeCsv(join(folder, `${name}.part`), frame);
    renameSync(join(folder, `${name}.part`), join(folder, `${name}.csv`));
    await writeParquet(join(folder, `${name}.parquet`), frame);
  }
  writeFileSync(join(folder, 'complete'), '');
}

