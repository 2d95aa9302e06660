/** Single predictions from several processes at once. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inferenceTable } from '../../store/model-tables.js';
import { createLoans, loan } from '../store/loans.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';

const PROCESSES = 4;
const LOOPS = 5;
const CALLS = 100;

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'aftercare-log-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});

it('2,000 calls of 4 processes with 5 loops each are all counted within 20 s', async () => {
  const { modelId } = await createLoans(database.pool, 'fleet');
  const dist = new URL('../../dist/', import.meta.url).href;
  const script = join(folder, 'logger.mjs');
  await writeFile(script, `
    import { PredictionLog } from '${dist}client/log.js';
    import { openPool } from '${dist}store/pool.js';
    process.once('message', async ({ url, rows }) => {
      const pool = openPool(url, { max: 3 });
      const log = new PredictionLog({ pool, by: 'process ' + process.pid });
      await Promise.all(rows.map(async (loop) => { for (const row of loop) await log.log('fleet', row); }));
      await log.close();
      await pool.end();
      process.send('done');
      process.disconnect();
    });`);
  const children = Array.from({ length: PROCESSES }, () => fork(script, { stdio: 'inherit' }));
  const startedAt = Date.now();
  await Promise.all(children.map(async (child, p) => {
    const rows = Array.from({ length: LOOPS }, (_, l) => Array.from({ length: CALLS }, (_, i) => loan((p * LOOPS + l) * CALLS + i)));
    child.send({ url: database.url, rows });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  }));
  expect(Date.now() - startedAt).toBeLessThan(20_000);
  const { rows: [counted] } = await database.pool.query<{ n: number }>(`select count(*) as n from ${inferenceTable(modelId)} where removed_by is null`);
  expect(counted!.n).toBe(PROCESSES * LOOPS * CALLS);
  const { rows: [ledger] } = await database.pool.query<{ rows: number; batches: number; newest: number }>(
    `select sum(rows_accepted) filter (where kind = 'analysis')::int as rows, count(*) as batches, max(number) as newest from aftercare.batch where model_id = $1`, [modelId]);
  expect(ledger!.rows).toBe(PROCESSES * LOOPS * CALLS);
  expect(ledger!.newest).toBe(ledger!.batches);
});
