import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { parquetMetadata } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runConfigCommand } from './run.js';

const ORACLES = fileURLToPath(new URL('../../oracles/run-config/', import.meta.url));
const DATASETS = fileURLToPath(new URL('../../../datasets/', import.meta.url));
const CONFIGURATIONS = ['car-loan', 'car-price', 'multiclass'];
const WRITTEN = readdirSync(ORACLES).filter((file) => file.endsWith('.csv.gz')).map((file) => file.replace('.csv.gz', ''));

let out: string;

beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), 'aftercare-run-config-'));
  for (const name of CONFIGURATIONS) {
    const file = join(out, `${name}.yaml`);
    writeFileSync(file, readFileSync(join(ORACLES, `${name}.yaml`), 'utf8').replaceAll(/DATA\/(\w+)\.csv/g, `${DATASETS}$1.csv.gz`).replaceAll('path: OUT', `path: ${out}`));
    const { exitCode, err } = await runConfigCommand(file);
    expect(err).not.toContain('failed');
    expect(exitCode).toBe(0);
  }
}, 120_000);

afterAll(() => rmSync(out, { recursive: true }));

/** Cells, of a file without quotes. */
function cells(text: string, separator: string): string[][] {
  return text.trimEnd().split('\n').map((line) => line.split(separator));
}

/** 50 draws of a bootstrap; order of tied scores in an unstable sort. */
function tolerance(heading: string, wanted: number): number {
  if (/^average_precision_sampling/.test(heading)) return 0.6 * wanted;
  if (/^roc_auc_(sampling|.*confidence)/.test(heading)) return 2e-4;
  return 1e-9 + 1e-9 * Math.abs(wanted);
}

describe("run-config writes what 'nml run' of NannyML 0.13.1 writes", () => {
  it.each(WRITTEN)('%s.csv: the same headings, and figures to 1e-9', (name) => {
    const separator = name === 'sum' ? ';' : ',';
    const [wantedHead, ...wanted] = cells(gunzipSync(readFileSync(join(ORACLES, `${name}.csv.gz`))).toString('utf8'), separator);
    const [head, ...rows] = cells(readFileSync(join(out, `${name}.csv`), 'utf8'), separator);
    expect(head).toEqual(wantedHead);
    expect(rows.length).toBe(wanted.length);
    const different = wanted.flatMap((row, r) => row.flatMap((cell, c) => {
      const mine = rows[r]![c]!;
      const near = cell !== '' && mine !== '' && Math.abs(Number(mine) - Number(cell)) <= tolerance(head![c]!, Number(cell));
      return mine === cell || near ? [] : [`row ${r} ${head![c]}: ${mine} instead of ${cell}`];
    }));
    expect(different).toEqual([]);
  });

  const types = JSON.parse(readFileSync(join(ORACLES, 'parquet-types.json'), 'utf8')) as Record<string, [string, string, string][]>;
  it.each(Object.keys(types))('%s: the same columns, with the same types', (file) => {
    const bytes = readFileSync(join(out, file));
    const schema = parquetMetadata(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)).schema.slice(1);
    const logical: Record<string, string> = { STRING: 'String', TIMESTAMP: 'Timestamp', NULL: 'Null' };
    expect(schema.map(({ name, type, logical_type: meaning }) => [name, type, meaning ? logical[meaning.type] : 'None'])).toEqual(types[file]);
  });
});
