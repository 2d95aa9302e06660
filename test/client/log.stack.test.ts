/** Single predictions: grouped, acknowledged, counted. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PredictionLog } from '../../client/log.js';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import type { ModelSchema } from '../../domain/schema.js';
import { inferenceTable } from '../../store/model-tables.js';
import { createLoans, loan, LOANS } from '../store/loans.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';

let database: TestDatabase;

beforeAll(async () => { database = await createDatabase(); });
afterAll(() => database.drop());

async function rowsOf(modelId: number): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(`select count(*) as n from ${inferenceTable(modelId)} where removed_by is null`);
  return rows[0]!.n;
}

describe('PredictionLog', () => {
  it('takes 2,000 calls of 20 concurrent loops within 20 s, each answered, all counted, in far fewer batches', async () => {
    const { modelId } = await createLoans(database.pool, 'twenty loops');
    const committed: number[] = [];
    const log = new PredictionLog({ pool: database.pool, by: 'test', onCommitted: (_model, number) => committed.push(number) });
    const startedAt = Date.now();
    await Promise.all(Array.from({ length: 20 }, async (_, loop) => {
      for (let i = 0; i < 100; i++) await log.log('twenty loops', loan(loop * 100 + i));
    }));
    await log.close();
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    expect(await rowsOf(modelId)).toBe(2_000);
    const { rows } = await database.pool.query<{ batches: number; rows: number }>(`select count(*) as batches, sum(rows_accepted)::int as rows from aftercare.batch where model_id = $1 and kind = 'analysis'`, [modelId]);
    expect(rows[0]!.rows).toBe(2_000);
    expect(rows[0]!.batches).toBe(committed.length);
    expect(committed.length).toBeLessThan(1_000);
  });

  it('rejects the call whose row is quarantined, with its reason, and answers the others', async () => {
    const { modelId } = await createLoans(database.pool, 'one bad');
    const log = new PredictionLog({ pool: database.pool, by: 'test' });
    const answers = await Promise.allSettled([log.log('one bad', loan(0)), log.log('one bad', loan(1, { score: 1.5 })), log.log('one bad', loan(2))]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((answers[1] as PromiseRejectedResult).reason).toEqual(new InvalidInput(`column 'score': outside [0, 1]`));
    expect(await rowsOf(modelId)).toBe(2);
  });

  it('counts equal predictions without identifier as different ones', async () => {
    const schema: ModelSchema = { ...LOANS, columns: LOANS.columns.filter(({ role }) => role !== 'identifier') };
    const { modelId } = await createLoans(database.pool, 'no identifier', schema);
    const log = new PredictionLog({ pool: database.pool, by: 'test' });
    const { id: _id, ...same } = loan(1);
    await Promise.all(Array.from({ length: 10 }, () => log.log('no identifier', same)));
    await log.log('no identifier', same);
    expect(await rowsOf(modelId)).toBe(11);
  });

  it('waits for room when more calls are made than may wait', async () => {
    const { modelId } = await createLoans(database.pool, 'crowd');
    const log = new PredictionLog({ pool: database.pool, by: 'test' }, { groupRows: 20, waitingRows: 50 });
    const calls = Array.from({ length: 300 }, (_, i) => log.log('crowd', loan(i)));
    await log.flush();
    expect((await Promise.all(calls)).every((receipt) => receipt.rowsRead <= 20)).toBe(true);
    expect(await rowsOf(modelId)).toBe(300);
  });

  it('keeps a group while connections are cut, and counts it once', async () => {
    const { modelId } = await createLoans(database.pool, 'cut');
    const log = new PredictionLog({ pool: database.pool, by: 'test' }, { patienceMs: 20_000 });
    let cuts = 0;
    const cutter = setInterval(() => {
      if ((cuts += 1) > 15) return clearInterval(cutter);
      void database.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`).catch(() => undefined);
    }, 40);
    try {
      await Promise.all(Array.from({ length: 5 }, async (_, loop) => {
        for (let i = 0; i < 20; i++) await log.log('cut', loan(loop * 20 + i));
      }));
    } finally {
      clearInterval(cutter);
    }
    expect(await rowsOf(modelId)).toBe(100);
  }, 120_000);

  it('refuses what is no row, an unknown model, and calls after close', async () => {
    const log = new PredictionLog({ pool: database.pool, by: 'test' });
    await expect(log.log('twenty loops', [] as unknown as Record<string, never>)).rejects.toThrow(InvalidInput);
    await expect(log.log('nobody', loan(0))).rejects.toThrow(NotFound);
    await log.close();
    await expect(log.log('twenty loops', loan(5_000))).rejects.toThrow('closed');
  });
});
