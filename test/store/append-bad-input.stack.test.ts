/** Bad input: refused as a whole with the tables as before, or counted in the quarantine and kept there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidInput, NotFound } from '../../domain/errors.js';
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
  const name = `bad-${(nextModel += 1)}`;
  return { name, modelId: (await createLoans(database.pool, name)).modelId };
}

const append = (name: string, rows: Row[], columnNames?: string[]) => appendRows(database.pool, name, memorySource(rows, columnNames ? { columnNames } : {}), { by: 'test' });

async function counts(modelId: number): Promise<Record<string, number>> {
  const { rows } = await database.pool.query<Record<string, number>>(`select (select count(*) from ${inferenceTable(modelId)}) as inferences,
    (select count(*) from aftercare.batch where model_id = $1) as batches, (select count(*) from aftercare.quarantine q join aftercare.batch b on b.id = q.batch_id where b.model_id = $1) as quarantined`, [modelId]);
  return rows[0]!;
}

describe('an input that cannot be taken as a whole', () => {
  it.each<[string, Row[], string[] | undefined, RegExp]>([
    ['has no rows', [], Object.keys(loan(0)), /has no rows: nothing was appended/],
    ['has none of the columns', [{ a: 1, b: 2 }], undefined, /has none of the model's 7 columns: it has 'a', 'b', the model 'id', 'when', 'income'/],
    ['lacks the probability', loans(0, 3).map(({ score: _s, ...row }) => ({ ...row, Score: 0.5 })), undefined, /lacks column 'score' \(predicted probability\); did you mean 'Score'\?/],
    ['lacks identifier and timestamp', loans(0, 3).map(({ id: _i, when: _w, ...row }) => row), undefined, /lacks columns 'id' \(identifier\), 'when' \(timestamp\)/],
  ])('%s: refused, nothing changes', async (_what, rows, columnNames, message) => {
    const { name, modelId } = await freshModel();
    await append(name, loans(0, 3));
    const before = await counts(modelId);
    const refusal = append(name, rows, columnNames);
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toBeInstanceOf(InvalidInput);
    expect(await counts(modelId)).toEqual(before);
  });

  it('is for a model or version that does not exist', async () => {
    const { name } = await freshModel();
    await expect(append('bad-', loans(0, 1))).rejects.toThrow(NotFound);
    await expect(appendRows(database.pool, name, memorySource(loans(0, 1)), { by: 'test', version: 7 })).rejects.toThrow(`model '${name}' has no version 7`);
    await expect(appendRows(database.pool, name, memorySource(loans(0, 1)), { by: 'test', key: 'a\nb' })).rejects.toThrow(/a batch key has 1 to 200 printable characters/);
  });
});

describe('bad rows', () => {
  it('are quarantined with their reasons; NaN and empty cells are data', async () => {
    const { name, modelId } = await freshModel();
    const receipt = await append(name, [
      loan(0, { income: NaN, score: null, y_pred: '' }), loan(1, { score: -0.1 }), loan(2, { score: Infinity }), loan(3, { income: 'much' }),
      loan(4, { y_pred: 0.5 }), loan(5, { when: 'noon' }), loan(6, { id: '' }), loan(7, { when: null }), loan(8, { income: 'much', score: 3 }), loan(9),
    ]);
    expect(receipt).toMatchObject({ rowsRead: 10, rowsAccepted: 2, rowsDuplicate: 0, rowsQuarantined: 8 });
    expect(receipt.quarantine).toEqual([
      { column: 'score', reason: 'outside [0, 1]', rows: 2, firstRow: 2, example: '-0.1' },
      { column: 'income', reason: 'text in a number', rows: 2, firstRow: 4, example: 'much' },
      { column: 'score', reason: 'infinite', rows: 1, firstRow: 3, example: 'Infinity' },
      { column: 'y_pred', reason: 'neither 0 nor 1', rows: 1, firstRow: 5, example: '0.5' },
      { column: 'when', reason: 'timestamp does not parse', rows: 1, firstRow: 6, example: 'noon' },
      { column: 'id', reason: 'identifier is missing', rows: 1, firstRow: 7, example: '' },
      { column: 'when', reason: 'timestamp is missing', rows: 1, firstRow: 8, example: '' },
    ]);
    expect(await counts(modelId)).toEqual({ inferences: 2, batches: 2, quarantined: 8 });
    const { rows } = await database.pool.query(`select row_number, column_name, reason, raw from aftercare.quarantine q join aftercare.batch b on b.id = q.batch_id where b.model_id = $1 order by 1`, [modelId]);
    expect(rows[2]).toEqual({ row_number: 4, column_name: 'income', reason: 'text in a number', raw: { id: 'loan-00003', when: '2026-01-01T03:00:00.000Z', income: 'much', tier: 'tier 0', y_pred: 1, score: 0.3, repaid: null } });
    expect(rows[7]).toMatchObject({ row_number: 9, column_name: 'income' });
    const { rows: kept } = await database.pool.query(`select c001, c003, c004 from ${inferenceTable(modelId)} where identifier = 'loan-00000'`);
    expect(kept).toEqual([{ c001: null, c003: null, c004: null }]);
  });

  it('are a batch also when none is left: counted, never lost', async () => {
    const { name, modelId } = await freshModel();
    expect(await append(name, [loan(1, { score: 9 })])).toMatchObject({ number: 2, rowsAccepted: 0, rowsQuarantined: 1 });
    const { rows } = await database.pool.query('select first_at, last_at, touched_days from aftercare.batch where model_id = $1 and number = 2', [modelId]);
    expect(rows).toEqual([{ first_at: null, last_at: null, touched_days: null }]);
  });

  it('are kept up to 10,000 and counted beyond', async () => {
    const { name, modelId } = await freshModel();
    const rows = Array.from({ length: 10_050 }, (_, i) => loan(i, { score: 2 }));
    expect(await appendRows(database.pool, name, memorySource(rows, { blockRows: 4_000 }), { by: 'test' })).toMatchObject({ rowsQuarantined: 10_050, rowsAccepted: 0 });
    expect((await counts(modelId)).quarantined).toBe(10_000);
  });

  it('may hold what Postgres cannot keep: it is replaced, not an error', async () => {
    const { name, modelId } = await freshModel();
    expect(await append(name, [loan(1, { income: 'a\0b\ud800c' })])).toMatchObject({ rowsQuarantined: 1 });
    const { rows } = await database.pool.query(`select raw ->> 'income' as income from aftercare.quarantine q join aftercare.batch b on b.id = q.batch_id where b.model_id = $1`, [modelId]);
    expect(rows).toEqual([{ income: 'a\ufffdb\ufffdc' }]);
  });

  it('says which columns it did not know and which were missing', async () => {
    const { name } = await freshModel();
    const rows = loans(0, 2).map(({ income: _i, ...row }) => ({ ...row, extra: 1, 'another\0': 'x' }));
    expect(await append(name, rows)).toMatchObject({ rowsAccepted: 2, columnsUnknown: ['extra', 'another\ufffd'], columnsMissing: ['income'] });
  });
});
