import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../domain/measurement.js';
import { exportResults, formatOf } from '../../cli/results/export.js';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'aftercare-results-')); });
afterEach(() => rmSync(folder, { recursive: true }));

function result(index: number, more: Partial<Result> = {}): Result {
  return {
    model: 'loans', version: 1, calculator: 'univariate_drift', metric: 'jensen_shannon', column: 'income', segment: '', period: index < 2 ? 'reference' : 'analysis',
    chunk: { key: String(index), index: index % 2, startIndex: index * 10, endIndex: index * 10 + 9, startDate: `2024-0${index + 1}-01T00:00:00.000000Z`, endDate: `2024-0${index + 1}-28T23:59:59.999999Z`, rows: 10, complete: true, final: false, targets: 3 },
    value: index === 3 ? null : 0.1 * index, samplingError: null, bandLower: null, bandUpper: null, lowerThreshold: null, upperThreshold: 0.25, alert: index === 3 ? null : 0.1 * index > 0.25, reason: index === 3 ? 'too few values' : null,
    engineVersion: '2', dataRevision: 7, revision: 0, tags: ['blue', 'new'], ...more,
  };
}

async function* blocks(...given: Result[][]): AsyncGenerator<Result[]> {
  await Promise.resolve();
  yield* given;
}

const four = [result(0), result(1), result(2), result(3)];
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('exportResults', () => {
  it('writes CSV: one heading over all portions, nothing for what cannot be known', async () => {
    const file = join(folder, 'r.csv');
    expect(await exportResults(blocks(four.slice(0, 3), four.slice(3)), { format: 'csv', file, wide: false })).toBe(4);
    const lines = read('r.csv').trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toContain('model,version,calculator,metric,column,segment,period,chunkKey,chunkIndex,');
    expect(lines[4]).toBe('loans,1,univariate_drift,jensen_shannon,income,,analysis,3,1,30,39,2024-04-01T00:00:00.000000Z,2024-04-28T23:59:59.999999Z,10,true,,,,,,0.25,,too few values,false,3,2,7,0,"[""blue"",""new""]"');
  });

  it('makes text that a spreadsheet would run plain text, in CSV only', async () => {
    const file = join(folder, 'r.csv');
    const evil = [result(0, { column: '=cmd()' })];
    await exportResults(blocks(evil), { format: 'csv', file, wide: false });
    expect(read('r.csv')).toContain(",'=cmd(),");
    await exportResults(blocks(evil), { format: 'ndjson', file: join(folder, 'r.ndjson'), wide: false });
    expect(JSON.parse(read('r.ndjson'))).toMatchObject({ column: '=cmd()' });
  });

  it('writes JSON that is one array, also of nothing', async () => {
    const file = join(folder, 'r.json');
    await exportResults(blocks(four.slice(0, 1), four.slice(1)), { format: 'json', file, wide: false });
    expect(JSON.parse(read('r.json'))).toEqual(four);
    await exportResults(blocks(), { format: 'json', file, wide: false });
    expect(JSON.parse(read('r.json'))).toEqual([]);
  });

  it('writes Parquet with types, moments to the microsecond, the same columns for no rows', async () => {
    const file = join(folder, 'r.parquet');
    await exportResults(blocks(four.slice(0, 2), four.slice(2)), { format: 'parquet', file, wide: false });
    const bytes = readFileSync(file);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const rows = await parquetReadObjects({ file: buffer, compressors });
    expect(rows).toHaveLength(4);
    expect(rows[3]).toMatchObject({ model: 'loans', version: 1n, chunkIndex: 1n, startDate: new Date('2024-04-01T00:00:00Z'), complete: true, value: null, upperThreshold: 0.25, alert: null, reason: 'too few values' });
    const schemaOf = (content: ArrayBuffer) => parquetMetadata(content).schema.map(({ name, type }) => [name, type]);
    await exportResults(blocks(), { format: 'parquet', file, wide: false });
    const empty = readFileSync(file);
    expect(schemaOf(empty.buffer.slice(empty.byteOffset, empty.byteOffset + empty.byteLength))).toEqual(schemaOf(buffer));
  });

  it('makes a row per chunk with the names of NannyML where it is asked to be wide', async () => {
    const file = join(folder, 'wide.csv');
    await exportResults(blocks([...four, ...four.map((r) => ({ ...r, column: 'age' }))]), { format: 'csv', file, wide: true });
    const [head, ...rows] = read('wide.csv').trimEnd().split('\n').map((line) => line.split(','));
    expect(head!.slice(0, 11)).toEqual(['chunk_key', 'chunk_index', 'chunk_start_index', 'chunk_end_index', 'chunk_start_date', 'chunk_end_date', 'chunk_period', 'income_jensen_shannon_value', 'income_jensen_shannon_upper_threshold', 'income_jensen_shannon_lower_threshold', 'income_jensen_shannon_alert']);
    expect(rows.map((row) => [row[6], row[7], row[10]])).toEqual([['reference', '0.0', 'false'], ['reference', '0.1', 'false'], ['analysis', '0.2', 'false'], ['analysis', '', '']]);
  });

  it('refuses what does not go together, before anything is written', async () => {
    const file = join(folder, 'r.csv');
    await expect(exportResults(blocks(four), { format: 'parquet', file: undefined, wide: false })).rejects.toThrow('add --out results.parquet');
    await expect(exportResults(blocks(four), { format: 'json', file, wide: true })).rejects.toThrow('--wide is a table');
    await expect(exportResults(blocks([...four, result(0, { calculator: 'missing_values' })]), { format: 'csv', file, wide: true })).rejects.toThrow('--wide has a row per chunk of one calculator, these are 2 (missing_values, univariate_drift): add --calculator');
    await expect(exportResults(blocks(four), { format: 'csv', file: join(folder, 'no/r.csv'), wide: false })).rejects.toThrow('cannot be written (ENOENT)');
  });
});

describe('formatOf', () => {
  it('goes by what was asked for, then by the ending', () => {
    expect([formatOf('csv', 'x.parquet'), formatOf(undefined, 'x.PQ'), formatOf(undefined, undefined), formatOf(undefined, '-')]).toEqual(['csv', 'parquet', null, null]);
    expect(() => formatOf('xlsx', undefined)).toThrow("--format 'xlsx' is none of csv, json, ndjson, parquet");
    expect(() => formatOf(undefined, 'results.txt')).toThrow("the ending of 'results.txt' does not say the format");
  });
});
