/** Logging calls through the client: added up, kept once, wrong ones refused, files read. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Aftercare } from '../../client/aftercare.js';
import { Conflict, InvalidInput, NotFound } from '../../domain/errors.js';
import { readTendingView } from '../../store/tending.js';
import { createLoans } from '../store/loans.js';
import { createDatabase, namespace, temporalAddress, uniqueName, type TestDatabase } from '../support/stack.js';

let database: TestDatabase;
let client: Aftercare;
beforeAll(async () => {
  database = await createDatabase();
  client = await Aftercare.connect({ databaseUrl: database.url, temporal: { address: temporalAddress(), namespace: namespace() }, by: 'test' });
});
afterAll(async () => {
  await client?.close();
  await database?.drop();
});

async function newModel(): Promise<{ name: string; modelId: number }> {
  const name = uniqueName('served');
  return { name, modelId: (await createLoans(database.pool, name)).modelId };
}

describe('client.telemetry.log', () => {
  it('adds thousands of calls up in a few writes, and its promise says when they are kept', async () => {
    const { name, modelId } = await newModel();
    await Promise.all(Array.from({ length: 5_000 }, (_, i) => client.telemetry.log(name, { durationMs: 10 + (i % 2), error: i % 100 === 0 })));
    expect(await client.telemetry.read(name)).toMatchObject([{ version: 1, role: 'main', calls: 5_000, errors: 50, errorRate: 0.01, meanMs: 10.5 }]);
    const { rows } = await database.pool.query<{ writes: number }>('select count(*)::int as writes from aftercare.telemetry_key where model_id = $1', [modelId]);
    expect(rows[0]!.writes).toBeLessThan(20);
  });

  it('is kept by close when nobody waited, and leaves no unheard failure behind', async () => {
    const { name } = await newModel();
    const other = await Aftercare.connect({ databaseUrl: database.url, temporal: { address: temporalAddress(), namespace: namespace() }, by: 'test' });
    void other.telemetry.log(name, [{ durationMs: 1 }, { durationMs: 2, version: 1 }]);
    void other.telemetry.log(name, { durationMs: 1, version: 9 });
    void other.telemetry.log('nobody', { durationMs: 1 });
    await other.close();
    expect(await client.telemetry.read(name)).toMatchObject([{ calls: 2 }]);
    await expect(other.telemetry.log(name, { durationMs: 1 })).rejects.toThrow(Conflict);
  });

  it('refuses what is no call, and what nobody serves', async () => {
    const { name } = await newModel();
    await expect(client.telemetry.log(name, { durationMs: -5 })).rejects.toThrow(InvalidInput);
    await expect(client.telemetry.log(name, { durationMs: 5, version: 3 })).rejects.toThrow('no version 3');
    await expect(client.telemetry.log(`${name}x`, { durationMs: 5 })).rejects.toThrow(NotFound);
    await database.pool.query(`update aftercare.model set state = 'archived' where name = $1`, [name]);
    await expect(client.telemetry.log(name, { durationMs: 5 })).rejects.toThrow(Conflict);
  });

  it('makes the lifecycle look where calls failed, and not where none did', async () => {
    const { name, modelId } = await newModel();
    await client.telemetry.log(name, { durationMs: 5 });
    expect(await readTendingView(database.pool, modelId)).toBeNull();
    const before = Date.now();
    await client.telemetry.log(name, { durationMs: 5, error: true });
    expect((await readTendingView(database.pool, modelId))!.nextAtMs).toBeGreaterThanOrEqual(before);
  });
});

describe('client.telemetry.counts', () => {
  it('counts once under a key, and knows the mean but no tail', async () => {
    const { name } = await newModel();
    const counts = [{ atMs: Date.now(), calls: 40, errors: 2, durationSumMs: 800, durationMaxMs: 90 }, { atMs: Date.now(), version: 1, calls: 10, errors: 0, durationSumMs: 200, durationMaxMs: 30 }];
    expect(await client.telemetry.counts(name, counts, { key: 'gateway/17' })).toEqual({ counted: true });
    expect(await client.telemetry.counts(name, counts, { key: 'gateway/17' })).toEqual({ counted: false });
    expect(await client.telemetry.read(name)).toMatchObject([{ calls: 50, errors: 2, meanMs: 20, tailMs: null }]);
  });
});

describe('client.telemetry.file', () => {
  const bytes = (text: string): Uint8Array => Buffer.from(text);

  it('reads calls, and counts the same file once', async () => {
    const { name } = await newModel();
    const file = bytes('at,duration_ms,error,region\n2026-03-01T10:00:00Z,12,false,eu\n2026-03-01T10:00:30Z,800,true,eu\n2026-03-01T10:02:00Z,15,,us\n');
    expect(await client.telemetry.file(name, file, { format: 'csv' })).toEqual({ counted: true, rows: 3, calls: 3, ignored: ['region'] });
    expect(await client.telemetry.file(name, file, { format: 'csv' })).toMatchObject({ counted: false });
    expect(await client.telemetry.read(name, { sinceMs: Date.UTC(2026, 2, 1, 10), untilMs: Date.UTC(2026, 2, 1, 10, 1) })).toMatchObject([{ calls: 2, errors: 1, meanMs: 406, tailMs: 800, lastCallAt: '2026-03-01T10:00:30.000Z' }]);
  });

  it('reads counts', async () => {
    const { name } = await newModel();
    const file = bytes('{"atMs":1772359200000,"version":1,"calls":100,"errors":7,"durationSumMs":5000,"durationMaxMs":300}\n{"atMs":1772359260000,"version":1,"calls":50,"errors":0,"durationSumMs":1000,"durationMaxMs":40}\n');
    expect(await client.telemetry.file(name, file, { format: 'ndjson', key: 'k' })).toMatchObject({ rows: 2, calls: 150 });
    expect(await client.telemetry.read(name, { sinceMs: 1772359200000 })).toMatchObject([{ calls: 150, errors: 7, meanMs: 40 }]);
  });

  it('refuses a file with one wrong row, naming it, and counts nothing of it', async () => {
    const { name } = await newModel();
    await expect(client.telemetry.file(name, bytes('duration_ms\n1\n-3\n'), { format: 'csv' })).rejects.toThrow(/row 2: a call's durationMs is -3/);
    await expect(client.telemetry.file(name, bytes('duration_ms,error\n1,maybe\n'), { format: 'csv' })).rejects.toThrow(/row 1: error is 'maybe'/);
    await expect(client.telemetry.file(name, bytes('duration_ms\nfast\n'), { format: 'csv' })).rejects.toThrow(/row 1, column duration_ms: text in a number/);
    await expect(client.telemetry.file(name, bytes('calls,errors\n1,0\n'), { format: 'csv' })).rejects.toThrow('counts need the columns durationSumMs, durationMaxMs, at');
    await expect(client.telemetry.file(name, bytes('latency\n1\n'), { format: 'csv' })).rejects.toThrow('calls need the column durationMs; it has latency');
    expect(await client.telemetry.read(name)).toEqual([]);
  });
});
