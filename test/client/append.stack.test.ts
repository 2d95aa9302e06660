/** Files, streams, bytes and rows through the client: the same rows in any dress are the same batch. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendInferences, appendTruths, removeByIdentifier } from '../../client/append.js';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { showModel } from '../../store/models.js';
import { createLoans, loan, loans } from '../store/loans.js';
import type { Row } from '../store/memory-source.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';

let database: TestDatabase;
let folder: string;
let nextModel = 0;

beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'aftercare-append-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});

const context = () => ({ pool: database.pool, by: 'test' });

async function freshModel(): Promise<string> {
  const name = `client-${(nextModel += 1)}`;
  await createLoans(database.pool, name);
  return name;
}

const csvOf = (rows: Row[]): string => [Object.keys(rows[0]!).join(','), ...rows.map((row) => Object.values(row).map((cell) => cell ?? '').join(','))].join('\n') + '\n';

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

function parquetOf(rows: Row[]): Uint8Array {
  const column = (name: string, type: 'STRING' | 'DOUBLE' | 'TIMESTAMP') => ({ name, type, data: rows.map((row) => (type === 'TIMESTAMP' ? new Date(String(row[name])) : row[name] ?? null)) });
  return new Uint8Array(parquetWriteBuffer({ columnData: [column('id', 'STRING'), column('when', 'TIMESTAMP'), column('income', 'DOUBLE'), column('tier', 'STRING'), column('y_pred', 'DOUBLE'), column('score', 'DOUBLE')] }));
}

describe('appendInferences', () => {
  it('counts a file once as .csv, .csv.gz, .parquet, .ndjson, stream or bytes, with the same receipt', async () => {
    const name = await freshModel();
    const rows = loans(0, 200);
    const csv = csvOf(rows);
    const first = await appendInferences(context(), name, await file('a.csv', csv));
    expect(first).toMatchObject({ rowsAccepted: 200, duplicate: false });
    expect(first.key).toMatch(/^sha256:[0-9a-f]{64}$/);
    const inputs = [
      await file('b.csv.gz', gzipSync(csv)), await file('c.parquet', parquetOf(rows)), await file('d.ndjson', rows.map((row) => JSON.stringify(row)).join('\n')),
      Readable.from([Buffer.from(csv.slice(0, 1_000)), Buffer.from(csv.slice(1_000))]), Buffer.from(csv), await file('crlf.csv', csv.replaceAll('\n', '\r\n')),
    ];
    for (const input of inputs) expect(await appendInferences(context(), name, input)).toEqual({ ...first, duplicate: true });
    expect((await showModel(database.pool, name)).rows.analysis).toBe(200);
  });

  it('takes equal rows given in code twice, and once under one key', async () => {
    const name = await freshModel();
    const first = await appendInferences(context(), name, loans(0, 5));
    const second = await appendInferences(context(), name, loans(0, 5));
    expect([first.rowsAccepted, second.rowsAccepted, second.rowsDuplicate, second.duplicate]).toEqual([5, 0, 5, false]);
    const keyed = await appendInferences(context(), name, loans(5, 9), { key: 'mine' });
    expect(await appendInferences(context(), name, loans(9, 20), { key: 'mine' })).toEqual({ ...keyed, duplicate: true });
  });

  it('does not open an input whose key is known', async () => {
    const name = await freshModel();
    const receipt = await appendInferences(context(), name, loans(0, 5), { key: 'once' });
    expect(await appendInferences(context(), name, join(folder, 'gone.csv'), { key: 'once' })).toEqual({ ...receipt, duplicate: true });
  });

  it('tells progress that never goes back, and of each commit', async () => {
    const name = await freshModel();
    const shares: number[] = [];
    const told: [number, number][] = [];
    await appendInferences({ ...context(), onCommitted: (modelId, number) => told.push([modelId, number]) }, name, await file('p.csv', csvOf(loans(0, 5_000))), { onProgress: ({ share }) => shares.push(share ?? 0) });
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(told).toEqual([[(await showModel(database.pool, name)).modelId, 2]]);
  });

  it('keeps trying while connections are cut, and counts once', async () => {
    const name = await freshModel();
    const path = await file('cut.csv', csvOf(loans(0, 20_000)));
    let cuts = 0;
    const cutter = setInterval(() => {
      if ((cuts += 1) > 6) return clearInterval(cutter);
      void database.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`).catch(() => undefined);
    }, 60);
    expect(await appendInferences(context(), name, path, { patienceMs: 30_000 })).toMatchObject({ rowsAccepted: 20_000, duplicate: false });
    clearInterval(cutter);
    expect((await showModel(database.pool, name)).rows.analysis).toBe(20_000);
  });

  it('refuses a missing file and an unknown model, and does not keep trying', async () => {
    const name = await freshModel();
    const startedAt = Date.now();
    await expect(appendInferences(context(), name, join(folder, 'missing.csv'))).rejects.toThrow(InvalidInput);
    await expect(appendInferences(context(), 'unknown', await file('u.csv', csvOf(loans(0, 2))))).rejects.toThrow(NotFound);
    expect(Date.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('appendTruths, removeByIdentifier', () => {
  it('take files as well', async () => {
    const name = await freshModel();
    await appendInferences(context(), name, loans(0, 10));
    expect(await appendTruths(context(), name, await file('t.csv', `id,repaid\n${loan(1).id!},1\n${loan(2).id!},0\n`))).toMatchObject({ targets: { matched: 2, unmatched: 0, changed: 0 } });
    expect(await removeByIdentifier(context(), name, [{ id: loan(1).id }])).toMatchObject({ kind: 'removal', rowsAccepted: 1 });
    expect((await showModel(database.pool, name)).rows).toMatchObject({ analysis: 9, targetsUnmatched: 1 });
  });
});
