/** Appending inferences: what is taken, what counts twice never, what is quarantined. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendRows } from '../../store/append-rows.js';
import { inferenceTable } from '../../store/model-tables.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createLoans, loan, loans } from './loans.js';
import { memorySource, type Row } from './memory-source.js';

let database: TestDatabase;
let nextModel = 0;

beforeAll(async () => { database = await createDatabase(); });
afterAll(() => database.drop());

async function freshModel(): Promise<{ name: string; modelId: number }> {
  const name = `append-${(nextModel += 1)}`;
  return { name, modelId: (await createLoans(database.pool, name)).modelId };
}

const append = (name: string, rows: Row[], options: { key?: string; upsert?: boolean } = {}) => appendRows(database.pool, name, memorySource(rows), { by: 'test', ...options });

describe('appendRows', () => {
  it('takes rows, says how many, and the tables hold them', async () => {
    const { name, modelId } = await freshModel();
    const receipt = await append(name, loans(0, 50));
    expect(receipt).toMatchObject({ model: name, version: 1, kind: 'analysis', number: 2, rowsRead: 50, rowsAccepted: 50, rowsDuplicate: 0, rowsQuarantined: 0, duplicate: false });
    const { rows } = await database.pool.query(`select "row", identifier, at, c001, c002, c003, c004 from ${inferenceTable(modelId)} order by at, batch, "row"`);
    expect(rows).toHaveLength(50);
    expect(rows[7]).toEqual({ row: 8, identifier: 'loan-00007', at: new Date(Date.UTC(2026, 0, 1, 7)), c001: 1000 + 7 / 3, c002: null, c003: 1, c004: 0.7 });
  });

  it('counts the same content once, whatever the blocks, and gives the same receipt', async () => {
    const { name, modelId } = await freshModel();
    const first = await append(name, loans(0, 20));
    const again = await appendRows(database.pool, name, memorySource(loans(0, 20), { blockRows: 3 }), { by: 'someone else' });
    expect(again).toEqual({ ...first, duplicate: true });
    expect(await count(modelId)).toBe(20);
  });

  it('counts identical rows of another batch as duplicates', async () => {
    const { name, modelId } = await freshModel();
    await append(name, loans(0, 20));
    expect(await append(name, loans(10, 30))).toMatchObject({ rowsRead: 20, rowsAccepted: 10, rowsDuplicate: 10, rowsQuarantined: 0 });
    expect(await count(modelId)).toBe(30);
    const { rows } = await database.pool.query('select first_at, last_at, touched_days::text[] as days from aftercare.batch where model_id = $1 and number = 3', [modelId]);
    expect(rows[0]).toEqual({ first_at: new Date(Date.UTC(2026, 0, 1, 20)), last_at: new Date(Date.UTC(2026, 0, 2, 5)), days: ['2026-01-01', '2026-01-02'] });
  });

  it('quarantines all rows that differ under one identifier, and takes identical ones once', async () => {
    const { name, modelId } = await freshModel();
    const receipt = await append(name, [...loans(0, 5), loan(1), loan(2, { income: 1 }), loan(2, { income: 2 })]);
    expect(receipt).toMatchObject({ rowsRead: 8, rowsAccepted: 4, rowsDuplicate: 1, rowsQuarantined: 3 });
    expect(receipt.quarantine).toEqual([{ column: 'id', reason: 'identifier stands 3 times in this batch with different values', rows: 3, firstRow: 3, example: 'loan-00002' }]);
    expect(await count(modelId)).toBe(4);
    const { rows } = await database.pool.query(`select row_number, raw from aftercare.quarantine q join aftercare.batch b on b.id = q.batch_id where b.model_id = $1 order by 1`, [modelId]);
    expect(rows.map((row) => row.row_number)).toEqual([3, 7, 8]);
    expect(rows[1].raw).toMatchObject({ id: 'loan-00002', income: 1, tier: 'tier 2', y_pred: 0, score: 0.2 });
  });

  it('quarantines other values under an identifier that is there, and replaces them with upsert', async () => {
    const { name, modelId } = await freshModel();
    await append(name, loans(0, 5));
    expect(await append(name, [loan(3, { income: 9 }), loan(5)])).toMatchObject({ rowsAccepted: 1, rowsQuarantined: 1, quarantine: [{ column: 'id', reason: 'identifier already there with other values', rows: 1, firstRow: 1, example: 'loan-00003' }] });
    const upserted = await append(name, [loan(3, { income: 9 }), loan(4)], { upsert: true });
    expect(upserted).toMatchObject({ rowsAccepted: 1, rowsDuplicate: 1, rowsQuarantined: 0, number: 4 });
    const { rows } = await database.pool.query(`select c001, removed_by is not null as removed from ${inferenceTable(modelId)} where identifier = 'loan-00003' order by batch`);
    expect(rows).toEqual([{ c001: 1001, removed: true }, { c001: 9, removed: false }]);
    expect(await count(modelId)).toBe(6);
  });

  it('settles thousands of rows that stand in earlier batches, also once the table has statistics, within seconds', { timeout: 20_000 }, async () => {
    const { name, modelId } = await freshModel();
    await append(name, loans(0, 5_000));
    await database.pool.query(`analyze ${inferenceTable(modelId)}`);
    const changed = Array.from({ length: 5_000 }, (_, i) => loan(i, i % 5 === 0 ? {} : { income: i % 2 }));
    const receipt = await append(name, changed);
    expect(receipt).toMatchObject({ rowsAccepted: 0, rowsDuplicate: 1_000, rowsQuarantined: 4_000 });
    expect(await append(name, [...changed, ...changed], { upsert: true })).toMatchObject({ rowsAccepted: 4_000, rowsDuplicate: 6_000, rowsReplaced: 4_000, rowsQuarantined: 0 });
    expect(await count(modelId)).toBe(5_000);
  });
});

async function count(modelId: number): Promise<number> {
  const { rows } = await database.pool.query(`select count(*) as n from ${inferenceTable(modelId)} where removed_by is null`);
  return rows[0].n as number;
}
