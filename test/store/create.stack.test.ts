/** Creating, listing, archiving and deleting models: all or nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conflict, InvalidInput, NotFound } from '../../domain/errors.js';
import type { ModelSchema } from '../../domain/schema.js';
import { defaultSettings } from '../../domain/settings.js';
import { appendRows } from '../../store/append-rows.js';
import { createModel } from '../../store/create-model.js';
import { dataView, referenceTable } from '../../store/model-tables.js';
import { archiveModel, deleteModel, dropLeftovers, listModels, showModel } from '../../store/models.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createLoans, loan, loans, LOANS, reference } from './loans.js';
import { memorySource, type Row } from './memory-source.js';

let database: TestDatabase;

beforeAll(async () => { database = await createDatabase(); });
afterAll(() => database.drop());

const settings = defaultSettings('classification_binary', { kind: 'size', size: 10 });
const create = (name: string, rows: Row[], schema: ModelSchema = LOANS) => createModel(database.pool, { name, schema, settings, reference: memorySource(rows), by: 'test' });

/** Everything that a failed creation could leave behind. */
async function traces(): Promise<unknown> {
  const { rows } = await database.pool.query(`select (select count(*) from aftercare.model) as models, (select count(*) from aftercare.version) as versions, (select count(*) from aftercare.data_column) as columns,
    (select count(*) from aftercare.batch) as batches, (select count(*) from aftercare.quarantine) as quarantined, (select count(*) from aftercare.audit) as audit,
    (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'aftercare_data') as relations`);
  return rows[0];
}

describe('createModel', () => {
  it('keeps model, version, columns, rows, ledger entry and audit', async () => {
    const created = await create('first', reference(40));
    expect(created).toMatchObject({ existed: false, receipts: [{ kind: 'reference', number: 1, rowsRead: 40, rowsAccepted: 40, rowsQuarantined: 0 }] });
    const { rows } = await database.pool.query(`select "row", identifier, target, c001, c002 from ${referenceTable(created.modelId)} order by "row"`);
    expect(rows).toHaveLength(40);
    expect(rows[3]).toEqual({ row: 4, identifier: 'ref-3', target: 1, c001: 1001, c002: 'tier 0' });
    expect(await showModel(database.pool, 'first')).toMatchObject({ state: 'active', version: 1, rows: { reference: 40, analysis: 0 }, settingsRevision: 1, versions: [{ number: 1, role: 'champion', referenceRows: 40 }] });
    const audit = await database.pool.query('select action, by, detail from aftercare.audit where model_id = $1', [created.modelId]);
    expect(audit.rows).toEqual([{ action: 'model created', by: 'test', detail: { name: 'first', referenceRows: 40 } }]);
  });

  it('shows rows under people\'s names in a view, whatever the names are', async () => {
    const long = 'x'.repeat(70);
    const names = ['say "hi"', 'Income', 'income', `${long}1`, `${long}2`, 'ä'.repeat(40), 'from; drop table aftercare.model', 'n'.repeat(100)];
    const schema: ModelSchema = { ...LOANS, columns: [...LOANS.columns.filter(({ name }) => name !== 'income'), ...names.map((name) => ({ name, role: 'feature' as const, kind: 'continuous' as const }))] };
    const withNames = (rows: Row[]): Row[] => rows.map((row) => ({ ...row, ...Object.fromEntries(names.map((name, i) => [name, i])) }));
    const { modelId } = await create('odd "names"', withNames(reference(5)), schema);
    await appendRows(database.pool, 'odd "names"', memorySource(withNames(loans(0, 2))), { by: 'test' });
    const { rows, fields } = await database.pool.query<Record<string, unknown>>(`select * from ${dataView(modelId)} order by id`);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ id: 'loan-00000', 'say "hi"': 0, Income: 1, income: 2, repaid: null });
    expect(fields.map(({ name }) => name).filter((name) => name.startsWith('xxx'))).toEqual([`${'x'.repeat(61)}~2`, `${'x'.repeat(61)}~3`]);
    expect((await showModel(database.pool, 'odd "names"')).schema.columns.map(({ name }) => name)).toContain('n'.repeat(100));
  });

  it('takes as many columns as a page of Postgres can hold, and refuses more', async () => {
    const wide = (count: number): ModelSchema => ({ ...LOANS, columns: [...LOANS.columns, ...Array.from({ length: count }, (_, i) => ({ name: `f${i}`, role: 'feature' as const, kind: 'continuous' as const }))] });
    const fill = (rows: Row[]): Row[] => rows.map((row, r) => ({ ...row, ...Object.fromEntries(Array.from({ length: 980 }, (_, i) => [`f${i}`, r * i])) }));
    await create('wide', fill(reference(4)), wide(980));
    expect(await appendRows(database.pool, 'wide', memorySource(fill(loans(0, 4))), { by: 'test' })).toMatchObject({ rowsAccepted: 4 });
    expect(await appendRows(database.pool, 'wide', memorySource([...fill(loans(0, 5)), loan(0)]), { by: 'test' })).toMatchObject({ rowsAccepted: 1, rowsDuplicate: 3, rowsQuarantined: 2 });
    await expect(create('wider', fill(reference(4)), wide(1_200))).rejects.toThrow(/1203 columns of numbers and 1 of categories: a row would take 9\d+ bytes, and 8160 fit.*ignore at least 2\d\d/);
    await expect(create('widest', fill(reference(4)), wide(1_500))).rejects.toThrow(/1507 columns, 1500 at most/);
  });

  it.each<[string, Row[], RegExp]>([
    ['a score outside [0, 1]', [...reference(5), loan(7, { id: 'a', repaid: 1, score: 1.5 })], /the reference \(rows given in code\) has 1 row that cannot be learnt from: column 'score': outside \[0, 1\] in 1 of 6 rows \(first: row 6, "1.5"\): correct or leave out these rows/],
    ['a missing target', [...reference(5), loan(7, { id: 'a' }), loan(8, { id: 'b', repaid: 1 })], /column 'repaid': target is missing in 1 of 7 rows \(first: row 6\)/],
    ['a target that is neither 0 nor 1', [loan(7, { id: 'a', repaid: 2 }), loan(8, { id: 'b', repaid: -1 })], /column 'repaid': neither 0 nor 1 in 2 of 2 rows \(first: row 1, "2"\)/],
    ['text in a number', [loan(7, { id: 'a', repaid: 1, income: 'lots' })], /column 'income': text in a number in 1 of 1 rows \(first: row 1, "lots"\)/],
    ['an infinite number', [loan(7, { id: 'a', repaid: 1, income: Infinity })], /column 'income': infinite/],
    ['an unparsable timestamp', [loan(7, { id: 'a', repaid: 1, when: 'yesterday' })], /column 'when': timestamp does not parse/],
    ['an identifier that stands twice', [...reference(5), loan(9, { id: 'ref-3', repaid: 1 })], /column 'id': 1 identifier stands more than once \(first: row 4, "ref-3", 2 times\)/],
    ['no rows', [], /has no rows|lacks columns/],
  ])('refuses a reference with %s, and leaves nothing behind', async (_what, rows, message) => {
    const before = await traces();
    await expect(create('refused', rows)).rejects.toThrow(message);
    expect(await traces()).toEqual(before);
  });

  it('refuses a source that breaks in the middle, and leaves nothing behind', async () => {
    const before = await traces();
    const breaking = memorySource(reference(40), { beforeBlock: (index) => { if (index === 3) throw new InvalidInput('line 22 has an unterminated quote'); } });
    await expect(createModel(database.pool, { name: 'broken', schema: LOANS, settings, reference: breaking, by: 'test' })).rejects.toThrow('unterminated quote');
    expect(await traces()).toEqual(before);
  });

  it.each(['', ' a', 'a\nb', 'x'.repeat(201)])('refuses the name %j', async (name) => {
    await expect(create(name, reference(5))).rejects.toThrow(InvalidInput);
  });

  it('refuses a name that is taken, also of two at the same time', async () => {
    await create('taken', reference(5));
    await expect(create('taken', reference(5))).rejects.toThrow(Conflict);
    const both = await Promise.allSettled([create('race', reference(5)), create('race', reference(5))]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((both.find(({ status }) => status === 'rejected') as PromiseRejectedResult).reason).toBeInstanceOf(Conflict);
  });

  it('needs what performance is computed from, unless that is switched off', async () => {
    const schema: ModelSchema = { ...LOANS, columns: LOANS.columns.filter(({ role }) => role !== 'target') };
    await expect(create('no target', reference(5), schema)).rejects.toThrow(/no target column.*switch estimated_performance/);
    const off = { ...settings, calculators: { ...settings.calculators, estimated_performance: null, realized_performance: null } };
    expect(await createModel(database.pool, { name: 'no target', schema, settings: off, reference: memorySource(reference(5)), by: 'test' })).toMatchObject({ existed: false });
    const noTime: ModelSchema = { ...LOANS, columns: LOANS.columns.filter(({ role }) => role !== 'timestamp') };
    await expect(createModel(database.pool, { name: 'no time', schema: noTime, settings: { ...settings, chunking: { kind: 'period', period: 'D' } }, reference: memorySource(reference(5)), by: 'test' })).rejects.toThrow(/by period \(D\) needs a timestamp column/);
  });
});

describe('archiveModel, deleteModel', () => {
  it('refuse later rows before anything is read, and free the name', async () => {
    await createLoans(database.pool, 'going');
    await appendRows(database.pool, 'going', memorySource(loans(0, 5)), { by: 'test' });
    await archiveModel(database.pool, 'going', 'test');
    const unread = memorySource(loans(5, 9));
    await expect(appendRows(database.pool, 'going', unread, { by: 'test' })).rejects.toThrow(Conflict);
    expect(unread.blocksRead).toBe(0);
    expect((await listModels(database.pool)).some(({ name }) => name === 'going')).toBe(false);
    expect((await listModels(database.pool, { all: true })).find(({ name }) => name === 'going')).toMatchObject({ state: 'archived', rows: { reference: 40, analysis: 5, targets: 0 } });
    const { modelId } = await deleteModel(database.pool, 'going', 'test');
    await expect(appendRows(database.pool, 'going', memorySource(loans(5, 9)), { by: 'test' })).rejects.toThrow(NotFound);
    await expect(showModel(database.pool, 'going')).rejects.toThrow(NotFound);
    expect((await database.pool.query(`select 1 from pg_class where relname like $1`, [`m${modelId}\\_%`])).rowCount).toBe(0);
    expect((await createLoans(database.pool, 'going')).modelId).toBeGreaterThan(modelId);
  });

  it('ends an append that was under way: its rows are not acknowledged and the model does not come back', async () => {
    const { modelId } = await createLoans(database.pool, 'under way');
    let deleted: Promise<unknown> = Promise.resolve();
    const slow = memorySource(loans(0, 30), { beforeBlock: async (index) => {
      if (index !== 2) return;
      deleted = deleteModel(database.pool, 'under way', 'test');
      await expect.poll(async () => (await database.pool.query(`select state from aftercare.model where id = $1`, [modelId])).rows[0]).toEqual({ state: 'deleted' });
    } });
    await expect(appendRows(database.pool, 'under way', slow, { by: 'test' })).rejects.toThrow(/was deleted/);
    await deleted;
    expect(await dropLeftovers(database.pool)).toEqual([]);
    expect((await database.pool.query('select kind from aftercare.batch where model_id = $1', [modelId])).rows).toEqual([{ kind: 'reference' }]);
  });

  it('names near names of an unknown model', async () => {
    await expect(showModel(database.pool, 'frist')).rejects.toThrow(`there is no model 'frist'; did you mean 'first'?`);
  });
});
