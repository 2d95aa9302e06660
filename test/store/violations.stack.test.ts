/** Batches that are not what the schema says: recorded, refused under `strict`, and an incident while it lasts. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addFromInput } from '../../client/challengers.js';
import { appendInferences } from '../../client/append.js';
import type { ViolationSettings } from '../../domain/lifecycle-settings.js';
import { readIncidents } from '../../store/incidents.js';
import { findModel } from '../../store/find-model.js';
import { readViolations } from '../../store/violations.js';
import { createSmallModel, smallRow, smallSettings, smallTarget, SMALL_SCHEMA } from '../activities/run-model.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import type { Row } from './memory-source.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const incidentsOf = (id: number) => readIncidents(database.pool, id);
const create = (name: string, violations: Partial<ViolationSettings> = {}): Promise<number> =>
  createSmallModel(database.pool, name, smallSettings({ kind: 'size', size: 20 }, { violations }), { schema: SMALL_SCHEMA });
const rows = (from: number, to: number): Row[] => Array.from({ length: to - from }, (_, i) => smallRow(from + i));
const csv = (given: readonly Row[]): Uint8Array => {
  const names = [...new Set(given.flatMap((row) => Object.keys(row)))];
  return Buffer.from([names, ...given.map((row) => names.map((name) => row[name] ?? ''))].map((cells) => cells.join(',')).join('\n'));
};
const kinds = async (id: number): Promise<string[]> => (await readViolations(database.pool, id, 100)).reverse().map(({ batch, column, kind, fault }) => `${batch} ${column} ${kind} ${fault}`);

it('best effort takes what can be taken, records the rest, and one incident lasts until the next clean batch', async () => {
  const id = await create('effort');
  let told = 0;
  const context = { pool: database.pool, by: 'ada', onIncident: () => { told += 1; } };
  const append = (key: string, given: readonly Row[]) => appendInferences(context, id, csv(given), { key });
  expect((await append('clean', rows(0, 10))).violations).toBeUndefined();
  const receipt = await append('renamed', rows(10, 20).map(({ amount, ...row }) => ({ ...row, Amount: amount, note: 'x' })));
  expect(receipt).toMatchObject({ rowsAccepted: 10, columnsMissing: ['amount'], columnsUnknown: ['Amount', 'note'] });
  expect(receipt.violations).toEqual([
    { column: 'amount', kind: 'renamed', detail: "comes as 'Amount'", rows: 10, fault: 'pipeline' }, { column: 'note', kind: 'new', detail: 'is not in the schema', rows: 10, fault: 'pipeline' },
  ]);
  await append('again', rows(20, 30).map(({ colour: _c, ...row }) => row));
  expect(await incidentsOf(id)).toMatchObject([{ kind: 'schema', cause: 'amount', openingChunk: 'renamed', lastChunk: 'again', chunkCount: 2, ongoing: true, state: 'open' }]);
  await append('clean 2', rows(30, 40));
  expect(await incidentsOf(id)).toMatchObject([{ ongoing: false, state: 'resolved' }]);
  const { rows: [said] } = await database.pool.query<{ text: string; severity: string }>(`select text, severity from aftercare.incident where model_id = $1`, [id]);
  expect(said).toEqual({ text: "Model 'effort': batch renamed: column 'amount' comes as 'Amount'. It looks like the pipeline: for operations.", severity: 'critical' });
  expect(told).toBe(2);
  expect(await kinds(id)).toEqual(['renamed amount renamed pipeline', 'renamed note new pipeline', 'again colour missing pipeline']);
  expect((await readViolations(database.pool, id, 1))[0]).toMatchObject({ model: 'effort', version: 1, batchNumber: 4, rowsRead: 10, by: 'ada', concerns: 'operations' });
});

it('a column under a name that is not near is known by its values, when no other fits', async () => {
  const id = await create('alike');
  const renamed = rows(0, 60).map(({ amount, colour, ...row }) => ({ ...row, x17: amount, shade: colour }));
  const receipt = await appendInferences({ pool: database.pool, by: 'ada' }, id, csv(renamed));
  expect(receipt.violations?.map(({ column, kind, detail }) => [column, kind, detail])).toEqual([['amount', 'renamed', "comes as 'x17'"], ['colour', 'renamed', "comes as 'shade'"]]);
  // Two columns that could be it: nothing is said.
  const twice = rows(60, 120).map(({ amount, ...row }) => ({ ...row, x17: amount, x18: amount }));
  expect((await appendInferences({ pool: database.pool, by: 'ada' }, id, csv(twice))).violations?.map(({ column, kind }) => [column, kind])).toEqual([['amount', 'missing'], ['x17', 'new'], ['x18', 'new']]);
  // What was only looked at does not enter the batch's identity.
  const plain = rows(120, 130).map(({ amount: _a, ...row }) => row);
  const first = await appendInferences({ pool: database.pool, by: 'ada' }, id, csv(plain));
  expect(await appendInferences({ pool: database.pool, by: 'ada' }, id, csv(plain.map((row) => ({ ...row, extra: 1 }))))).toMatchObject({ number: first.number, duplicate: true });
});

it('strict refuses the whole batch with the full list, keeps the record and nothing else, and opens an incident', async () => {
  const id = await create('strict', { policy: 'strict' });
  let told = 0;
  const context = { pool: database.pool, by: 'ada', onIncident: () => { told += 1; } };
  const bad = rows(0, 40).map(({ colour: _c, ...row }, i) => ({ ...row, note: 1, amount: i < 30 ? 'much' : row['amount']! }));
  const refuse = (key: string): Promise<unknown> => appendInferences(context, id, csv(bad), { key });
  await expect(refuse('b1')).rejects.toThrow(/refused as a whole \(violations\.policy is strict\): column 'colour' is not there; column 'note' is not in the schema; column 'amount': text in a number in most rows/);
  await expect(refuse('b1')).rejects.toThrow(/refused as a whole/);
  expect(await kinds(id)).toEqual(['b1 colour missing pipeline', 'b1 note new pipeline', 'b1 amount retyped pipeline']);
  expect((await readViolations(database.pool, id, 1))[0]).toMatchObject({ batchNumber: null, rowsRead: 40, rows: 30 });
  expect(await incidentsOf(id)).toMatchObject([{ kind: 'schema', cause: 'columns', openingChunk: 'b1', chunkCount: 1, state: 'open' }]);
  const { rows: [kept] } = await database.pool.query(`select (select count(*) from aftercare_data.m${id}_inference)::int as rows, (select count(*) from aftercare.batch where model_id = $1 and kind = 'analysis')::int as batches`, [id]);
  expect(kept).toEqual({ rows: 0, batches: 0 });
  // Single bad values are quarantined as ever, and the batch goes on; it is not clean.
  expect(await appendInferences(context, id, csv(rows(40, 80).map((row, i) => (i === 3 ? { ...row, amount: 'much' } : row))), { key: 'b2' })).toMatchObject({ rowsAccepted: 39, rowsQuarantined: 1 });
  expect(await incidentsOf(id)).toMatchObject([{ state: 'open' }]);
  await appendInferences(context, id, csv(rows(80, 90)), { key: 'b3' });
  expect(await incidentsOf(id)).toMatchObject([{ state: 'resolved' }]);
  expect(told).toBe(2);
});

it('a batch that was accepted before the policy became strict is still known by its key', async () => {
  const id = await create('before');
  const odd = csv(rows(0, 10).map((row) => ({ ...row, note: 1 })));
  const first = await appendInferences({ pool: database.pool, by: 'ada' }, id, odd);
  await database.pool.query(`update aftercare.model set settings = jsonb_set(settings, '{violations}', '{"policy": "strict"}') where id = $1`, [id]);
  expect(await appendInferences({ pool: database.pool, by: 'ada' }, id, odd)).toMatchObject({ number: first.number, duplicate: true });
});

it('an input without a column that no inference can do without is refused and recorded under any policy; a wrong file is only refused', async () => {
  const id = await create('needed');
  const context = { pool: database.pool, by: 'ada' };
  await expect(appendInferences(context, id, csv(rows(0, 5).map(({ score, ...row }) => ({ ...row, Score: score }))))).rejects.toThrow(/lacks column 'score'/);
  await expect(appendInferences(context, id, csv([{ nothing: 1, known: 2 }]))).rejects.toThrow(/none of the model's 7 columns/);
  expect((await kinds(id)).map((line) => line.replace(/^columns:[0-9a-f]{16} /, ''))).toEqual(['score renamed pipeline']);
  expect(await incidentsOf(id)).toMatchObject([{ kind: 'schema', cause: 'score' }]);
});

it('a few rows given in code tell nothing by what none of them has; a challenger owes only its answers', async () => {
  const id = await create('few');
  const context = { pool: database.pool, by: 'ada' };
  expect((await appendInferences(context, id, rows(0, 3).map(({ amount: _a, ...row }) => row))).violations).toBeUndefined();
  expect((await appendInferences(context, id, rows(3, 40).map(({ amount: _a, ...row }) => row))).violations).toMatchObject([{ column: 'amount', kind: 'missing', rows: 37 }]);
  await addFromInput(context, 'few', { reference: rows(-60, 0).map((row, i) => ({ ...row, ...smallTarget(i - 60) })), key: 'a' });
  expect((await findModel(database.pool, id, 2)).versionRole).toBe('challenger');
  expect((await appendInferences(context, id, csv(rows(0, 40).map(({ id: identifier, at, score, predicted }) => ({ id: identifier, at, score, predicted }))), { version: 2 })).violations).toBeUndefined();
  expect(await incidentsOf(id)).toMatchObject([{ kind: 'schema', chunkCount: 1 }]);
});
