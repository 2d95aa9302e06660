/** Results in NannyML's tables. What NannyML wrote (to SQLite) is in test/oracles/run-config/database.json. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../../support/stack.js';
import { runConfigCommand } from './run.js';

type Row = Record<string, string | number | boolean | null>;

const ORACLES = fileURLToPath(new URL('../../oracles/run-config/', import.meta.url));
const DATASETS = fileURLToPath(new URL('../../../datasets/', import.meta.url));
const WANTED = JSON.parse(readFileSync(join(ORACLES, 'database.json'), 'utf8')) as Record<string, Row[]>;

let database: TestDatabase;
let folder: string;
let configuration: string;

beforeAll(async () => {
  database = await createDatabase({ migrated: false });
  folder = mkdtempSync(join(tmpdir(), 'aftercare-run-config-'));
  configuration = join(folder, 'nannyml.yaml');
  const text = readFileSync(join(ORACLES, 'database.yaml'), 'utf8');
  writeFileSync(configuration, text.replaceAll(/DATA\/(\w+)\.csv/g, `${DATASETS}$1.csv.gz`).replaceAll('DATABASE', database.url.replace(/^postgres(ql)?:/, 'postgresql+psycopg2:')));
  expect((await runConfigCommand(configuration)).exitCode).toBe(0);
}, 120_000);

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** NannyML writes the reference's rows of realized performance too, although it means the analysis's. */
const ofAnalysis = (table: string, rows: Row[]): Row[] => (table === 'realized_performance_metrics' ? rows.filter((row) => String(row['start_timestamp']) >= '2018-10-30') : rows);

async function rowsOf(table: string): Promise<Row[]> {
  const moments = ['start_timestamp', 'end_timestamp', 'timestamp'].map((name) => `to_char(${name}, 'YYYY-MM-DD HH24:MI:SS.US') as ${name}`);
  const { rows } = await database.pool.query<Row>(`select *, ${moments.join(', ')} from ${table}`);
  return rows;
}

const keyOf = (row: Row): string => [row['run_id'], row['metric_name'], row['column_name'] ?? '', row['start_timestamp']].join('|');
const micros = (text: Row[string] | undefined): number => Date.parse(`${String(text).slice(0, 23)}Z`);

describe('run-config with a database', () => {
  it.each(Object.keys(WANTED).filter((table) => table.endsWith('_metrics')))('writes %s as NannyML does', async (table) => {
    const wanted = ofAnalysis(table, WANTED[table]!);
    const got = new Map((await rowsOf(table)).map((row) => [keyOf(row), row]));
    expect([...got.keys()].sort()).toEqual(wanted.map(keyOf).sort());
    for (const want of wanted) {
      const row = got.get(keyOf(want))!;
      expect(row).toMatchObject({ model_id: want['model_id'], end_timestamp: want['end_timestamp'], alert: want['alert'] === 1 });
      expect(Math.abs(micros(row['timestamp']) - micros(want['timestamp']))).toBeLessThanOrEqual(1);
      for (const field of ['value', 'upper_threshold', 'lower_threshold']) {
        if (want[field] === undefined || want[field] === null) expect(row[field] ?? null).toBeNull();
        else expect(Math.abs(Number(row[field]) - Number(want[field]))).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(Number(want[field]))));
      }
    }
  });

  it('has one run per output, of its model, and one row per name of a model', async () => {
    const { rows: models } = await database.pool.query('select id, name from model order by id');
    expect(models).toEqual(WANTED['model']);
    const { rows: runs } = await database.pool.query('select id, model_id from run order by id');
    expect(runs).toEqual(WANTED['run']);
  });

  it('adds further runs to the tables that are there', async () => {
    expect((await runConfigCommand(configuration)).exitCode).toBe(0);
    const { rows: [counts] } = await database.pool.query('select (select count(*)::int from run) as runs, (select count(*)::int from model) as models, (select count(*)::int from missing_values_metrics) as rows');
    expect(counts).toEqual({ runs: 12, models: 2, rows: 10 });
  });

  it('refuses a database that cannot be reached, before anything runs, without showing the password', async () => {
    const away = join(folder, 'away.yaml');
    writeFileSync(away, readFileSync(configuration, 'utf8').replaceAll(/postgresql\+psycopg2:[^\s,}]*/g, 'postgresql://nobody:hunter2@127.0.0.1:1/none'));
    const refused = await runConfigCommand(away).catch((error: unknown) => (error as Error).message);
    expect(refused).toContain("the database of 'connection_string' cannot be used");
    expect(refused).not.toContain('hunter2');
  });

  it('fails a calculator without dates, and says why', async () => {
    const dateless = join(folder, 'dateless.yaml');
    writeFileSync(dateless, readFileSync(configuration, 'utf8').replace(/  - type: univariate_drift[\s\S]*(?=  - type: unseen)/, '').replace('timestamp_column_name: timestamp, ', ''));
    const { exitCode, out } = await runConfigCommand(dateless, '--json');
    expect(exitCode).toBe(1);
    expect(out).toContain("output 'database' needs dates of chunks: give the calculator its 'timestamp_column_name'");
  });
});
