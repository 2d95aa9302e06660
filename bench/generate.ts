/** Seeded tables for the benches: the same bytes on every machine. */
import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { SchemaElement } from 'hyparquet';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';

export interface GenerateOptions {
  rows: number;
  seed?: number;
  /** Number of the first row: identifiers and times go on from there. */
  firstRow?: number;
  /** Adds the 0/1 column `target` behind the twelve. */
  target?: boolean;
  /** Shift of the mean of `amount`, in standard deviations. */
  drift?: number;
}

export interface GeneratedRow {
  id: string;
  at: string;
  amount: number;
  income: number;
  debt_ratio: number;
  tenure: number;
  usage: number;
  y_pred_proba: number;
  y_pred: number;
  region: string;
  channel: string;
  product: string;
  target: number;
}

/** The twelve columns: a text identifier, a timestamp, seven numbers (six with 16–17 digits, one 0/1), three categories. */
export const GENERATED_COLUMNS = ['id', 'at', 'amount', 'income', 'debt_ratio', 'tenure', 'usage', 'y_pred_proba', 'y_pred', 'region', 'channel', 'product'] as const;

const START_MS = Date.UTC(2024, 0, 1);
/** Nine and a half seconds between rows: a million rows are 110 days. */
const STEP_MS = 9_500;
const REGIONS = ['north', 'south', 'east', 'west', 'centre'];
const CHANNELS = ['web', 'branch', 'telephone', 'partner'];
const PRODUCTS = Array.from({ length: 20 }, (_, i) => `product-${String(i + 1).padStart(2, '0')}`);

/** A small generator of uniform numbers in [0, 1) with 53 bits. Source: Bryc, mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return () => (next() * 2 ** 21 + (next() >>> 11)) / 2 ** 53;
}

/** Rows one after another; the same object is filled again and again. */
export function* generateRows(options: GenerateOptions): Generator<GeneratedRow> {
  const { rows, seed = 1, firstRow = 0, drift = 0 } = options;
  const random = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const row: GeneratedRow = { id: '', at: '', amount: 0, income: 0, debt_ratio: 0, tenure: 0, usage: 0, y_pred_proba: 0, y_pred: 0, region: '', channel: '', product: '', target: 0 };
  for (let i = firstRow; i < firstRow + rows; i++) {
    const amount = normal() + drift;
    const income = Math.exp(normal());
    const score = 1 / (1 + Math.exp(-(amount + 0.5 * Math.log(income) + 0.7 * normal())));
    row.id = `inference-${String(i).padStart(9, '0')}`;
    row.at = new Date(START_MS + i * STEP_MS).toISOString().replace('T', ' ').replace('Z', '');
    row.amount = 1000 * amount + 12_000;
    row.income = 30_000 * income;
    row.debt_ratio = random();
    row.tenure = 10 * random();
    row.usage = normal();
    row.y_pred_proba = score;
    row.y_pred = score >= 0.5 ? 1 : 0;
    row.region = REGIONS[Math.floor(random() * REGIONS.length)]!;
    row.channel = CHANNELS[Math.floor(random() ** 2 * CHANNELS.length)]!;
    row.product = PRODUCTS[Math.floor(random() * PRODUCTS.length)]!;
    row.target = random() < score ? 1 : 0;
    yield row;
  }
}

/** Writes the table as CSV with LF; about 190 bytes a row. */
export async function writeCsv(path: string, options: GenerateOptions): Promise<void> {
  const names: (keyof GeneratedRow)[] = options.target ? [...GENERATED_COLUMNS, 'target'] : [...GENERATED_COLUMNS];
  const file = createWriteStream(path, { highWaterMark: 1024 * 1024 });
  let text = `${names.join(',')}\n`;
  for (const row of generateRows(options)) {
    for (let i = 0; i < names.length; i++) text += i === 0 ? row[names[i]!] : `,${row[names[i]!]}`;
    text += '\n';
    if (text.length > 256 * 1024) {
      if (!file.write(text)) await once(file, 'drain');
      text = '';
    }
  }
  file.end(text);
  await once(file, 'close');
}

const GROUP_ROWS = 50_000;

/** The generated table as a file of the format csv, csv.gz or parquet (row groups of 50,000, columns nullable as pandas writes them) in a folder; written once. */
export async function fileOf(folder: string, format: string, rows: number, firstRow = 0): Promise<string> {
  const file = join(folder, `${firstRow}.${format}`);
  if (existsSync(file)) return file;
  const half = `${file}.${process.pid}.part`;
  if (format === 'csv') await writeCsv(half, { rows, firstRow });
  else if (format === 'csv.gz') await pipeline(createReadStream(await fileOf(folder, 'csv', rows, firstRow)), createGzip({ level: 6 }), createWriteStream(half));
  else await writeParquet(half, rows, firstRow);
  renameSync(half, file);
  return file;
}

function parquetElement(name: string): SchemaElement {
  const repetition_type = 'OPTIONAL';
  if (['id', 'region', 'channel', 'product'].includes(name)) return { name, repetition_type, type: 'BYTE_ARRAY', converted_type: 'UTF8' };
  if (name === 'at') return { name, repetition_type, type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MILLIS' } };
  return { name, repetition_type, type: 'DOUBLE' };
}

async function writeParquet(file: string, rows: number, firstRow: number): Promise<void> {
  const parquet = new ParquetWriter({ writer: fileWriter(file), schema: [{ name: 'root', num_children: GENERATED_COLUMNS.length }, ...GENERATED_COLUMNS.map(parquetElement)] });
  let group: Partial<GeneratedRow>[] = [];
  const flush = async (): Promise<void> => {
    const columnData = GENERATED_COLUMNS.map((name) => ({ name, data: group.map((row) => (name === 'at' ? new Date(`${row.at!.replace(' ', 'T')}Z`) : row[name])) }));
    await parquet.write({ columnData, rowGroupSize: GROUP_ROWS });
    group = [];
  };
  for (const row of generateRows({ rows, firstRow })) {
    group.push({ ...row });
    if (group.length === GROUP_ROWS) await flush();
  }
  if (group.length > 0) await flush();
  await parquet.finish();
}
