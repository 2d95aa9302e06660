/** Runs the calculators of a configuration, one after another, each with its outputs. One that fails does not keep the others from running. */
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InvalidInput } from '../../domain/errors.js';
import { compareText } from '../../engine/index.js';
import { calculateOn, fitOn, type FittedRun } from '../calculate/compute.js';
import type { CalculatorConstruction } from '../calculate/construction.js';
import { distributionsOn } from '../calculate/distributions.js';
import { lossesOf } from '../calculate/nannyml-losses.js';
import { distributionRecords, recordsOf, type ChunkResult, type ResultRecord } from '../calculate/records.js';
import { csvLines } from '../flat/csv.js';
import { parquetBytes } from '../flat/parquet.js';
import type { Table } from '../flat/table.js';
import { wideTable, type IsWhole } from '../flat/wide.js';
import type { EngineThreads } from '../support/engine-threads.js';
import type { CalculatorRun, RunConfig } from './config.js';
import type { ResultDatabase } from './database.js';
import { readFittedFile, restore, writeFittedFile, type StoredCalculator } from './fitted-file.js';
import type { InputRows } from './input.js';
import type { CsvOutput, Output, ParquetOutput } from './outputs.js';
import { wholeNumberFields } from './whole-numbers.js';

/** What became of one calculator. */
export interface CalculatorOutcome {
  name: string;
  type: string;
  status: 'done' | 'failed';
  /** Why it failed. */
  problem: string | null;
  /** Chunks of the analysis. */
  chunks: number;
  alerts: number;
  /** What was learnt came from the store. */
  fromStore: boolean;
  /** Files and tables. */
  written: string[];
}

export interface RunSurroundings {
  rows: { reference: InputRows; analysis: InputRows };
  /** By connection string. */
  databases: ReadonlyMap<string, ResultDatabase>;
  executedAt: Date;
  threads: EngineThreads;
  /** A line for the person who watches. */
  say(text: string): void;
}

/** Results of a calculator, as they go out. */
interface Calculated {
  records: ResultRecord[];
  table: Table;
  fromStore: boolean;
}

/** What is found in the stores, before anything runs. @throws InvalidInput naming a file that is not ours */
export async function storedCalculators(calculators: readonly CalculatorRun[]): Promise<Map<CalculatorRun, StoredCalculator>> {
  const found = new Map<CalculatorRun, StoredCalculator>();
  for (const run of calculators) {
    if (run.store === null || run.store.invalidate) continue;
    found.set(run, await readFittedFile(run.store.path, run.calculator, run.parameters));
  }
  return found;
}

export async function execute(config: RunConfig, stored: ReadonlyMap<CalculatorRun, StoredCalculator>, surroundings: RunSurroundings): Promise<CalculatorOutcome[]> {
  const outcomes: CalculatorOutcome[] = [];
  for (const [i, run] of config.calculators.entries()) {
    const step = `[${i + 1}/${config.calculators.length}] ${run.name}`;
    const outcome: CalculatorOutcome = { name: run.name, type: run.type, status: 'done', problem: null, chunks: 0, alerts: 0, fromStore: false, written: [] };
    outcomes.push(outcome);
    try {
      surroundings.say(`${step}: calculating`);
      const { records, table, fromStore } = await calculated(run, stored.get(run) ?? { kind: 'none' }, surroundings, (text) => surroundings.say(`${step}: ${text}`));
      const analysis = records.filter((record) => record['period'] === 'analysis');
      outcome.chunks = new Set(analysis.map((record) => record['chunk_index'])).size;
      outcome.alerts = analysis.filter((record) => record['alert'] === true).length;
      outcome.fromStore = fromStore;
      for (const output of run.outputs) outcome.written.push(await write(output, run, table, analysis, surroundings));
    } catch (error) {
      outcome.status = 'failed';
      outcome.problem = (error as Error).message;
      surroundings.say(`${step}: failed: ${outcome.problem}`);
    }
  }
  return outcomes;
}

async function calculated(run: CalculatorRun, stored: StoredCalculator, { rows, threads }: RunSurroundings, say: (text: string) => void): Promise<Calculated> {
  const { construction } = run;
  if (construction === null) throw new InvalidInput(run.refused ?? 'its parameters were refused');
  const { timestamp } = construction.chunking;
  if ('distribution' in construction) {
    const records = (['reference', 'analysis'] as const).flatMap((period) => distributionsOn(construction, rows[period].inOrderOf(timestamp), period)).flatMap(distributionRecords);
    return { records, table: wideTable(run.calculator, records, [...construction.readings.keys()], () => false), fromStore: false };
  }
  const fitted = await fittedRun(construction, run, stored, rows.reference, threads, say);
  const withLosses = lossesOf(fitted.fitted, fitted.reference);
  const toRecords = (result: ChunkResult) => withLosses(recordsOf(fitted.fitted, fitted.thresholds, result), result);
  const records = [...fitted.reference, ...(await calculateOn(fitted, rows.analysis.inOrderOf(timestamp), threads))].flatMap(toRecords);
  const isWhole: IsWhole = wholeNumberFields(fitted.request);
  return { records, table: wideTable(run.calculator, records, columnOrder(fitted), isWhole), fromStore: stored.kind === 'usable' };
}

/** NannyML sorts the columns of univariate drift, continuous ones first; elsewhere they stand as they were given. */
function columnOrder({ construction, request }: FittedRun): string[] {
  if (request.kind !== 'univariate_drift') return [...construction.readings.keys()];
  return [...[...request.columns.continuous].sort(compareText), ...[...request.columns.categorical].sort(compareText)];
}

async function fittedRun(construction: CalculatorConstruction, run: CalculatorRun, stored: StoredCalculator, reference: InputRows, threads: EngineThreads, say: (text: string) => void): Promise<FittedRun> {
  if (stored.kind === 'usable') {
    say('what it learnt is in the store');
    return restore(construction, stored.file);
  }
  if (stored.kind === 'outdated') say(`what the store has cannot be used (${stored.why}): learning anew`);
  const fitted = await fitOn(construction, reference.inOrderOf(construction.chunking.timestamp), threads);
  if (run.store) await writeFittedFile(run.store.path, fitted, run.parameters);
  return fitted;
}

/** @returns where it was written */
async function write(output: Output, run: CalculatorRun, table: Table, analysis: readonly ResultRecord[], { databases, executedAt }: RunSurroundings): Promise<string> {
  if (output.kind !== 'database') return writeTable(output, table);
  const rows = await databases.get(output.url)!.write(output, run.type, analysis, executedAt);
  return `database (${rows} rows)`;
}

/** @throws InvalidInput when a column is asked for that the table lacks */
async function writeTable(output: CsvOutput | ParquetOutput, table: Table): Promise<string> {
  await mkdir(dirname(output.path), { recursive: true });
  if (output.kind === 'parquet') await writeFile(output.path, parquetBytes(table, output));
  else await pipeline(Readable.from(csvLines(output.columns === null ? table : chosen(table, output.columns), output.options)), createWriteStream(output.path));
  return output.path;
}

function chosen(table: Table, names: readonly string[]): Table {
  const columns = names.map((name) => {
    const found = table.columns.find((column) => column.name === name);
    if (!found) throw new InvalidInput(`'write_args' columns: the results have no column '${name}'; they have ${table.columns.map((column) => column.name).join(', ')}`);
    return found;
  });
  return { rowCount: table.rowCount, columns };
}
