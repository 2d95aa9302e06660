/** Appends that are killed, cut, cancelled, or run side by side: acknowledged means kept, and once. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendInferences } from '../../client/append.js';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { inferenceTable } from '../../store/model-tables.js';
import { openPool, type Pool } from '../../store/pool.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createLoans, loan, loans } from './loans.js';
import { memorySource } from './memory-source.js';

let database: TestDatabase;
let nextModel = 0;

beforeAll(async () => { database = await createDatabase(); });
afterAll(() => database.drop());

async function freshModel(): Promise<{ name: string; modelId: number }> {
  const name = `crash-${(nextModel += 1)}`;
  return { name, modelId: (await createLoans(database.pool, name)).modelId };
}

/** What must be as before after an append that did not happen: row counts of every table that appends write. */
async function rowCounts(modelId: number): Promise<unknown> {
  const { rows } = await database.pool.query(`select (select count(*) from ${inferenceTable(modelId)}) as inferences, (select count(*) from aftercare.batch) as batches,
    (select count(*) from aftercare.quarantine) as quarantined, (select last_batch from aftercare.model where id = ${modelId}) as last`);
  return rows[0];
}

describe('an append that ends before its commit', () => {
  it('leaves no trace when its connection is killed in the middle, and counts once when it is begun again', async () => {
    const { name, modelId } = await freshModel();
    const before = await rowCounts(modelId);
    const pool = openPool(database.url, { max: 2, applicationName: 'doomed' });
    const killed = memorySource(loans(0, 60), { beforeBlock: async (index) => {
      if (index === 5) await database.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'doomed' and state <> 'idle'`);
    } });
    await expect(appendRows(pool, name, killed, { by: 'test' })).rejects.toThrow();
    expect(await rowCounts(modelId)).toEqual(before);
    expect(await appendRows(pool, name, memorySource(loans(0, 60)), { by: 'test' })).toMatchObject({ rowsAccepted: 60, number: 2, duplicate: false });
    await pool.end();
  });

  it('leaves no trace when it is cancelled', async () => {
    const { name, modelId } = await freshModel();
    const before = await rowCounts(modelId);
    const cancel = new AbortController();
    const source = memorySource(loans(0, 60), { beforeBlock: (index) => { if (index === 4) cancel.abort(new Error('no longer wanted')); } });
    await expect(appendRows(database.pool, name, source, { by: 'test', signal: cancel.signal })).rejects.toThrow('no longer wanted');
    expect(await rowCounts(modelId)).toEqual(before);
  });

  it('leaves no trace when its input breaks', async () => {
    const { name, modelId } = await freshModel();
    const before = await rowCounts(modelId);
    const source = memorySource(loans(0, 60), { beforeBlock: (index) => { if (index === 4) throw new Error('line 30 is torn'); } });
    await expect(appendRows(database.pool, name, source, { by: 'test' })).rejects.toThrow('line 30 is torn');
    expect(await rowCounts(modelId)).toEqual(before);
  });
});

/** Passes bytes on, and cuts the line at the moment when the server has answered the commit of the transaction that asked for it. */
function cutAtCommit(target: URL): Promise<{ server: Server; url: string; cuts: () => number }> {
  let cuts = 0;
  const server = createServer((client: Socket) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    let batchWritten = false;
    let committing = false;
    client.on('data', (data) => {
      if (data.includes('insert into aftercare.batch')) batchWritten = true;
      if (batchWritten && data.includes('commit')) committing = true;
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (committing && cuts === 0 && data.includes('COMMIT')) {
        cuts += 1;
        client.destroy();
        upstream.destroy();
      } else client.write(data);
    });
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
      one.on('close', () => other.destroy());
      one.on('error', () => other.destroy());
    }
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const url = Object.assign(new URL(target.href), { hostname: '127.0.0.1', port: String((server.address() as AddressInfo).port) });
      resolve({ server, url: url.href, cuts: () => cuts });
    });
  });
}

describe('an append whose answer is lost after the commit', () => {
  it('is found again by its key: counted once, and its receipt is no repeat for the caller that kept trying', async () => {
    const { name, modelId } = await freshModel();
    const { server, url, cuts } = await cutAtCommit(new URL(database.url));
    const pool: Pool = openPool(url, { max: 2 });
    try {
      const receipt = await appendInferences({ pool, by: 'test' }, name, loans(0, 30), { patienceMs: 20_000 });
      expect(cuts()).toBe(1);
      expect(receipt).toMatchObject({ rowsAccepted: 30, number: 2, duplicate: false });
      expect(await rowCounts(modelId)).toMatchObject({ inferences: 30, last: 2 });
      expect(await appendInferences({ pool: database.pool, by: 'test' }, name, loans(0, 30), { key: receipt.key })).toEqual({ ...receipt, duplicate: true });
    } finally {
      await pool.end();
      server.close();
    }
  });
});

describe('appends side by side', () => {
  it('do not wait for a slow stream of another', async () => {
    const { name } = await freshModel();
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => { letGo = resolve; });
    let waiting = false;
    const slow = appendRows(database.pool, name, memorySource(loans(0, 30), { beforeBlock: async (index) => {
      if (index !== 3) return;
      waiting = true;
      await held;
    } }), { by: 'slow' });
    await expect.poll(() => waiting).toBe(true);
    const quick = await appendRows(database.pool, name, memorySource(loans(100, 120)), { by: 'quick' });
    letGo();
    expect(quick).toMatchObject({ number: 2, rowsAccepted: 20 });
    expect(await slow).toMatchObject({ number: 3, rowsAccepted: 30 });
  });

  it('of the same content are one batch, whoever comes first', async () => {
    const { name, modelId } = await freshModel();
    const receipts = await Promise.all(Array.from({ length: 5 }, () => appendRows(database.pool, name, memorySource(loans(0, 40)), { by: 'test' })));
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(receipts.map(({ number }) => number))).toEqual(new Set([2]));
    expect(await rowCounts(modelId)).toMatchObject({ inferences: 40, last: 2 });
  });

  it('with overlapping rows take each row once, and number the ledger without gaps', async () => {
    const { name, modelId } = await freshModel();
    const receipts = await Promise.all(Array.from({ length: 8 }, (_, i) => appendRows(database.pool, name, memorySource(loans(i * 10, i * 10 + 30)), { by: 'test', key: `part ${i}` })));
    const sum = (pick: 'rowsAccepted' | 'rowsDuplicate') => receipts.reduce((total, receipt) => total + receipt[pick], 0);
    expect([sum('rowsAccepted'), sum('rowsDuplicate')]).toEqual([100, 140]);
    expect(receipts.map(({ number }) => number).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await rowCounts(modelId)).toMatchObject({ inferences: 100, last: 9 });
  });

  it('find one another\'s rows also when a batch is large, beside the reading and under the lock', async () => {
    const { name, modelId } = await freshModel();
    await appendRows(database.pool, name, memorySource(loans(0, 10)), { by: 'test' });
    let firstIsIn: () => void = () => undefined;
    const wait = new Promise<void>((resolve) => { firstIsIn = resolve; });
    const second = appendRows(database.pool, name, memorySource(loans(5, 30_000), { blockRows: 5_000, beforeBlock: async (index) => { if (index === 5) await wait; } }), { by: 'second' });
    const first = await appendRows(database.pool, name, memorySource([...loans(20, 40), loan(41, { income: -1 })]), { by: 'first' });
    firstIsIn();
    expect(first).toMatchObject({ rowsAccepted: 21 });
    expect(await second).toMatchObject({ rowsRead: 29_995, rowsAccepted: 29_969, rowsDuplicate: 25, rowsQuarantined: 1 });
    expect(await rowCounts(modelId)).toMatchObject({ inferences: 30_000 });
  });

  it('of targets and inferences match whichever way round they commit', async () => {
    const { name } = await freshModel();
    const jobs = Array.from({ length: 10 }, (_, i) => [
      appendRows(database.pool, name, memorySource(loans(i * 5, i * 5 + 5)), { by: 'test' }),
      appendTargets(database.pool, name, memorySource(loans(i * 5, i * 5 + 5).map(({ id }) => ({ id, repaid: 1 }))), { by: 'test' }),
    ]).flat();
    const receipts = await Promise.all(jobs);
    const matched = receipts.reduce((total, { targets, targetsWaiting }) => total + (targets?.matched ?? 0) + (targetsWaiting ?? 0), 0);
    expect(matched).toBe(50);
  });
});
