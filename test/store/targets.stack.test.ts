/** Targets: late, repeated, changed, contradictory, before their inference. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelSchema } from '../../domain/schema.js';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { targetTable } from '../../store/model-tables.js';
import { showModel } from '../../store/models.js';
import { removeRows } from '../../store/remove-rows.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createLoans, loan, loans, LOANS } from './loans.js';
import { memorySource, type Row } from './memory-source.js';

let database: TestDatabase;
let nextModel = 0;

beforeAll(async () => { database = await createDatabase(); });
afterAll(() => database.drop());

async function modelWith(rows: Row[], schema: ModelSchema = LOANS): Promise<{ name: string; modelId: number }> {
  const name = `targets-${(nextModel += 1)}`;
  const { modelId } = await createLoans(database.pool, name, schema);
  if (rows.length > 0) await append(name, rows);
  return { name, modelId };
}

const append = (name: string, rows: Row[], options: { upsert?: boolean } = {}) => appendRows(database.pool, name, memorySource(rows), { by: 'test', ...options });
const targets = (name: string, rows: Row[], key?: string) => appendTargets(database.pool, name, memorySource(rows), { by: 'test', key });
const target = (i: number, repaid: number | null | string): Row => ({ id: loan(i).id, repaid });

async function current(modelId: number): Promise<Record<string, number>> {
  const { rows } = await database.pool.query<{ identifier: string; value: number }>(`select identifier, value from ${targetTable(modelId)} where superseded_by is null order by identifier`);
  return Object.fromEntries(rows.map(({ identifier, value }) => [identifier, value]));
}

async function touched(modelId: number, number: number): Promise<{ days: string[] | null; first: string | null; last: string | null }> {
  const { rows: [batch] } = await database.pool.query<{ days: string[] | null; first_at: Date | null; last_at: Date | null }>(
    'select touched_days::text[] as days, first_at, last_at from aftercare.batch where model_id = $1 and number = $2', [modelId, number]);
  return { days: batch!.days, first: batch!.first_at?.toISOString() ?? null, last: batch!.last_at?.toISOString() ?? null };
}

describe('appendTargets', () => {
  it('matches by identifier, keeps what has no inference, and names the times it touched', async () => {
    const { name, modelId } = await modelWith(loans(0, 50));
    const receipt = await targets(name, [target(3, 1), target(30, 0), { id: 'unknown', repaid: 1 }]);
    expect(receipt).toMatchObject({ kind: 'target', number: 3, rowsRead: 3, rowsAccepted: 3, targets: { matched: 2, unmatched: 1, changed: 0 } });
    expect(await touched(modelId, 3)).toEqual({ days: ['2026-01-01', '2026-01-02'], first: '2026-01-01T03:00:00.000Z', last: '2026-01-02T06:00:00.000Z' });
    expect((await showModel(database.pool, name)).rows).toMatchObject({ targets: 3, targetsUnmatched: 1, labelled: 2 });
  });

  it('waits for an inference that comes later, and its receipt says so', async () => {
    const { name, modelId } = await modelWith([]);
    expect(await targets(name, [target(1, 1), target(2, 0), target(99, 1)])).toMatchObject({ targets: { matched: 0, unmatched: 3, changed: 0 } });
    expect(await touched(modelId, 2)).toEqual({ days: null, first: null, last: null });
    expect(await append(name, loans(0, 5))).toMatchObject({ rowsAccepted: 5, targetsWaiting: 2 });
  });

  it('takes the same value again as a duplicate and another value as a new revision', async () => {
    const { name, modelId } = await modelWith(loans(0, 10));
    await targets(name, [target(1, 1), target(2, 1), target(3, 1)]);
    const receipt = await targets(name, [target(1, 1), target(2, 0), target(4, 0)]);
    expect(receipt).toMatchObject({ rowsRead: 3, rowsAccepted: 2, rowsDuplicate: 1, targets: { matched: 2, unmatched: 0, changed: 1 } });
    expect(await current(modelId)).toEqual({ 'loan-00001': 1, 'loan-00002': 0, 'loan-00003': 1, 'loan-00004': 0 });
    expect(await touched(modelId, 4)).toMatchObject({ first: '2026-01-01T02:00:00.000Z', last: '2026-01-01T04:00:00.000Z' });
    const { rows } = await database.pool.query(`select value, superseded_by is null as current from ${targetTable(modelId)} where identifier = 'loan-00002' order by batch`);
    expect(rows).toEqual([{ value: 1, current: false }, { value: 0, current: true }]);
    expect((await showModel(database.pool, name)).rows.targets).toBe(4);
  });

  it('quarantines every row of an identifier that has two values in one batch, and takes equal ones once', async () => {
    const { name, modelId } = await modelWith(loans(0, 10));
    const receipt = await targets(name, [target(1, 1), target(2, 0), target(1, 0), target(2, 0)]);
    expect(receipt).toMatchObject({ rowsRead: 4, rowsAccepted: 1, rowsDuplicate: 1, rowsQuarantined: 2 });
    expect(receipt.quarantine).toEqual([{ column: 'repaid', reason: 'identifier has 2 targets in this batch, not all equal', rows: 2, firstRow: 1, example: 'loan-00001' }]);
    expect(await current(modelId)).toEqual({ 'loan-00002': 0 });
  });

  it('quarantines what is neither 0 nor 1, text, and missing cells', async () => {
    const { name } = await modelWith(loans(0, 10));
    const receipt = await targets(name, [target(1, 2), target(2, 'yes'), target(3, null), { id: null, repaid: 1 }, target(4, 1)]);
    expect(receipt).toMatchObject({ rowsRead: 5, rowsAccepted: 1, rowsQuarantined: 4 });
    expect(receipt.quarantine.map(({ column, reason, rows, firstRow }) => [column, reason, rows, firstRow])).toEqual([
      ['repaid', 'neither 0 nor 1', 1, 1], ['repaid', 'text in a number', 1, 2], ['repaid', 'target is missing', 1, 3], ['id', 'identifier is missing', 1, 4]]);
  });

  it('does not take the key of equal content of another kind, and counts its own content once', async () => {
    const { name } = await modelWith(loans(0, 10));
    const first = await targets(name, [target(1, 1)]);
    expect(await targets(name, [target(1, 1)])).toEqual({ ...first, duplicate: true });
    await removeRows(database.pool, name, memorySource([{ id: loan(5).id }]), { by: 'test' });
    expect((await removeRows(database.pool, name, memorySource([{ id: loan(5).id }]), { by: 'test', what: 'targets' })).duplicate).toBe(false);
  });

  it('settles a batch that is too large to be probed with in the same way', async () => {
    const { name } = await modelWith([]);
    const many = Array.from({ length: 25_000 }, (_, i) => loan(i));
    const blocks = { blockRows: 8_000 };
    await appendRows(database.pool, name, memorySource(many, blocks), { by: 'test' });
    const labels = (from: number, to: number, value: (i: number) => number): Row[] => Array.from({ length: to - from }, (_, k) => target(from + k, value(from + k)));
    expect(await appendTargets(database.pool, name, memorySource(labels(0, 22_000, (i) => i % 2), blocks), { by: 'test' })).toMatchObject({ rowsAccepted: 22_000, targets: { matched: 22_000, unmatched: 0, changed: 0 } });
    const receipt = await appendTargets(database.pool, name, memorySource(labels(1_000, 26_000, (i) => (i < 2_000 ? 1 - (i % 2) : i % 2)), blocks), { by: 'test' });
    expect(receipt).toMatchObject({ rowsRead: 25_000, rowsAccepted: 5_000, rowsDuplicate: 20_000, targets: { matched: 4_000, unmatched: 1_000, changed: 1_000 } });
    expect(await appendRows(database.pool, name, memorySource(Array.from({ length: 25_000 }, (_, i) => loan(1_000 + i)), blocks), { by: 'test' })).toMatchObject({ rowsAccepted: 1_000, rowsDuplicate: 24_000, targetsWaiting: 1_000 });
    expect((await showModel(database.pool, name)).rows).toMatchObject({ analysis: 26_000, targets: 26_000, targetsUnmatched: 0, labelled: 26_000 });
  });

  it('refuses an input without the target, or a model without targets', async () => {
    const { name } = await modelWith(loans(0, 3));
    await expect(targets(name, [{ id: loan(1).id, Repaid: 1 }])).rejects.toThrow(/rows given in code lacks column 'repaid' \(target\); did you mean 'Repaid'\?/);
  });
});

describe('targets in the same rows as their inferences', () => {
  it('are taken with them; missing ones simply have not come', async () => {
    const { name, modelId } = await modelWith([]);
    const receipt = await append(name, loans(0, 6).map((row, i) => ({ ...row, repaid: i < 4 ? i % 2 : null })));
    expect(receipt).toMatchObject({ rowsAccepted: 6, columnsMissing: [], targets: { matched: 4, unmatched: 0, changed: 0 } });
    expect(await current(modelId)).toEqual({ 'loan-00000': 0, 'loan-00001': 1, 'loan-00002': 0, 'loan-00003': 1 });
  });

  it('reach an inference that was there already: the row counts as duplicate, the target as new, its time as touched', async () => {
    const { name, modelId } = await modelWith(loans(0, 5));
    const receipt = await append(name, [loan(2, { repaid: 1 }), loan(30, { repaid: 0 })]);
    expect(receipt).toMatchObject({ rowsAccepted: 1, rowsDuplicate: 1, targets: { matched: 2, unmatched: 0, changed: 0 } });
    expect(await touched(modelId, 3)).toEqual({ days: ['2026-01-01', '2026-01-02'], first: '2026-01-01T02:00:00.000Z', last: '2026-01-02T06:00:00.000Z' });
  });

  it('go with their row when it is quarantined, and take it along when they contradict each other', async () => {
    const { name, modelId } = await modelWith(loans(0, 5));
    const receipt = await append(name, [loan(1, { income: 5, repaid: 1 }), loan(10, { repaid: 0 }), loan(10, { repaid: 1 }), loan(11, { repaid: 1 }), loan(11, { repaid: 1 }), loan(12, { repaid: 3 })]);
    expect(receipt).toMatchObject({ rowsRead: 6, rowsAccepted: 1, rowsDuplicate: 1, rowsQuarantined: 4, targets: { matched: 1, unmatched: 0, changed: 0 } });
    expect(await current(modelId)).toEqual({ 'loan-00011': 1 });
    expect((await showModel(database.pool, name)).rows).toMatchObject({ analysis: 6, quarantined: 4 });
  });

  it('belong to their row also where the model has no identifier', async () => {
    const schema: ModelSchema = { ...LOANS, columns: LOANS.columns.filter(({ role }) => role !== 'identifier') };
    const { name } = await modelWith([], schema);
    const rows = loans(0, 4).map(({ id: _id, ...row }, i) => ({ ...row, repaid: i % 2 }));
    expect(await append(name, [...rows, ...rows])).toMatchObject({ rowsAccepted: 8, rowsDuplicate: 0, targets: { matched: 8, unmatched: 0, changed: 0 } });
    expect((await showModel(database.pool, name)).rows).toMatchObject({ analysis: 8, targets: 8, labelled: 8, targetsUnmatched: 0 });
    await expect(targets(name, [{ repaid: 1 }])).rejects.toThrow(/no identifier column/);
  });
});

describe('removeRows', () => {
  it('removes inferences or targets by identifier, keeps them readable, and says what was not there', async () => {
    const { name, modelId } = await modelWith(loans(0, 10));
    await targets(name, [target(1, 1), target(2, 1)]);
    const removal = await removeRows(database.pool, name, memorySource([{ id: loan(1).id }, { id: loan(3).id }, { id: loan(3).id }, { id: 'nobody' }]), { by: 'test' });
    expect(removal).toMatchObject({ kind: 'removal', number: 4, rowsRead: 4, rowsAccepted: 2, rowsDuplicate: 1, rowsQuarantined: 1, removed: 'rows', quarantine: [{ column: 'id', reason: 'no row has this identifier', firstRow: 4, example: 'nobody' }] });
    expect(await touched(modelId, 4)).toEqual({ days: ['2026-01-01'], first: '2026-01-01T01:00:00.000Z', last: '2026-01-01T03:00:00.000Z' });
    expect((await showModel(database.pool, name)).rows).toMatchObject({ analysis: 8, targets: 2, targetsUnmatched: 1, labelled: 1 });
    expect(await removeRows(database.pool, name, memorySource([{ id: loan(2).id }]), { by: 'test', what: 'targets' })).toMatchObject({ rowsAccepted: 1, removed: 'targets' });
    expect((await showModel(database.pool, name)).rows).toMatchObject({ analysis: 8, targets: 1, labelled: 0 });
    expect(await append(name, [loan(1)])).toMatchObject({ rowsAccepted: 1, targetsWaiting: 1 });
  });
});
