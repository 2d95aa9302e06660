/** Versions beside the champion: registered with a reference of their own, their predictions paired by identifier, the champion's runs undisturbed. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addFromInput } from '../../client/challengers.js';
import { finishRun } from '../../activities/finish-run.js';
import { inlineThreads } from '../../activities/numeric-work.js';
import { planRun } from '../../activities/plan-run.js';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { removeChallenger } from '../../store/add-challenger.js';
import { createModel } from '../../store/create-model.js';
import { findModel } from '../../store/find-model.js';
import { readLedgerPage } from '../../store/ledger.js';
import { showModel } from '../../store/models.js';
import { canonicalResults, readResults } from '../../store/results.js';
import { readVersions } from '../../store/versions.js';
import { createSmallModel, runModel, smallRow, smallSettings, smallTarget, SMALL_SCHEMA } from '../activities/run-model.js';
import { beginTraining, openRetraining } from '../../store/retrainings.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { memorySource, type Row } from './memory-source.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const context = () => ({ pool: database.pool, by: 'ada' });
/** Rows of a reference, with columns in another order than the schema's. */
const reference = (wobble = 5, rows = 120): Row[] => Array.from({ length: rows }, (_, i) => {
  const { id, ...rest } = { ...smallRow(i - rows, wobble), ...smallTarget(i - rows) };
  return { ...rest, id };
});
const rows = (from: number, to: number, wobble = 0): Row[] => Array.from({ length: to - from }, (_, i) => smallRow(from + i, wobble));
/** What a shadow deployment logs: no features. */
const shadow = (from: number, to: number, wobble: number): Row[] => rows(from, to, wobble).map(({ id, at, score, predicted }) => ({ id, at, score, predicted }));
const create = (name: string): Promise<number> => createSmallModel(database.pool, name, smallSettings({ kind: 'size', size: 20 }));

/** What a promotion does to the model's rows. */
async function promote(modelId: number, version: number): Promise<void> {
  await database.pool.query(`update aftercare.version set role = case when number = $2 then 'champion' when role = 'champion' then 'archived' else role end where model_id = $1`, [modelId, version]);
  await database.pool.query('update aftercare.model set champion_version_id = (select id from aftercare.version where model_id = $1 and number = $2) where id = $1', [modelId, version]);
}

it('a version is registered with its own reference, once for each key, and the ledger shows it as a shadow', async () => {
  const id = await create('registered');
  const ofRetraining = { reference: reference(), retraining: 3 };
  await expect(addFromInput(context(), 'registered', ofRetraining)).rejects.toThrow(/has no retraining 3/);
  await openRetraining(database.pool, { modelId: id, number: 3, request: { key: 'k', trigger: 'manual', by: 'ada', reason: 'season' }, atMs: 0 });
  await expect(addFromInput(context(), 'registered', ofRetraining)).rejects.toThrow(/retraining 3 of model 'registered' is asked: no version can be added for it/);
  await beginTraining(database.pool, { modelId: id, number: 3, approvedBy: 'ada', atMs: 0 });
  const added = await addFromInput(context(), 'registered', { reference: reference(), provenance: { commit: 'abc', libraries: { lightgbm: '4.5.0' } }, retraining: 3, tags: ['pilot'] });
  expect(added).toEqual({ modelId: id, version: 2, referenceRows: 120, existed: false, notes: [] });
  expect(await addFromInput(context(), 'registered', { reference: reference(), retraining: 3 })).toMatchObject({ version: 2, existed: true });
  const twice = await Promise.all([1, 2].map(() => addFromInput(context(), 'registered', { reference: reference(6), key: 'same' })));
  expect(twice.map(({ version }) => version)).toEqual([3, 3]);
  expect(twice.filter(({ existed }) => existed)).toHaveLength(1);
  expect(await readVersions(database.pool, id)).toMatchObject([
    { number: 1, role: 'champion', referenceRows: 200 }, { number: 2, role: 'challenger', referenceRows: 120, provenance: { commit: 'abc', libraries: { lightgbm: '4.5.0' }, retraining: 3 }, tags: ['pilot'], createdBy: 'ada' },
    { number: 3, role: 'challenger' },
  ]);
  const { rows: copied } = await database.pool.query(`select count(*)::int as n from aftercare_data.m${id}_reference group by version_id order by version_id`);
  expect(copied).toEqual([{ n: 200 }, { n: 120 }, { n: 120 }]);
  const page = await readLedgerPage(database.pool, id, 0, 10);
  expect(page.challengers).toEqual([2, 3]);
  expect(page.entries).toEqual([{ number: 1, kind: 'reference', rowsAccepted: 200 }, { number: 2, kind: 'reference', rowsAccepted: 120, shadowOf: 2 }, { number: 3, kind: 'reference', rowsAccepted: 120, shadowOf: 3 }]);
  const { rows: audit } = await database.pool.query(`select by, detail from aftercare.audit where model_id = $1 and action = 'challenger added' order by id`, [id]);
  expect(audit[0]).toMatchObject({ by: 'ada', detail: { version: 2, retraining: 3, referenceRows: 120 } });
  expect(audit).toHaveLength(2);
});

it('predictions of every version are kept beside one another under the same identifiers, and targets are shared', async () => {
  const id = await create('paired');
  for (const key of ['a', 'b']) await addFromInput(context(), 'paired', { reference: reference(), key });
  expect(await appendRows(database.pool, id, memorySource(rows(0, 60)), { by: 'test' })).toMatchObject({ version: 1, rowsAccepted: 60 });
  expect(await appendRows(database.pool, id, memorySource(shadow(0, 60, 5)), { by: 'test', version: 2 })).toMatchObject({ version: 2, rowsAccepted: 60, rowsQuarantined: 0, columnsMissing: ['amount', 'colour'] });
  const equal = await appendRows(database.pool, id, memorySource(shadow(0, 60, 5)), { by: 'test', version: 3 });
  expect(equal).toMatchObject({ version: 3, rowsAccepted: 60, duplicate: false });
  expect(await appendRows(database.pool, id, memorySource(shadow(0, 60, 5)), { by: 'test', version: 3 })).toMatchObject({ number: equal.number, duplicate: true });
  expect(await appendTargets(database.pool, id, memorySource(Array.from({ length: 60 }, (_, i) => smallTarget(i))), { by: 'test' })).toMatchObject({ targets: { matched: 60, unmatched: 0 } });
  const { rows: [pairs] } = await database.pool.query(
    `select count(*)::int as n from aftercare_data.m${id}_inference a join aftercare_data.m${id}_inference b on b.identifier = a.identifier and b.version_id > a.version_id join aftercare_data.m${id}_target t on t.identifier = a.identifier`);
  expect(pairs).toEqual({ n: 180 });
  const { entries } = await readLedgerPage(database.pool, id, 3, 10);
  expect(entries.map(({ kind, shadowOf }) => [kind, shadowOf])).toEqual([['analysis', undefined], ['analysis', 2], ['analysis', 3], ['target', undefined]]);
  expect((await showModel(database.pool, id)).rows).toMatchObject({ analysis: 60, shadow: 120, targets: 60, labelled: 60, targetsUnmatched: 0 });
});

it('shadow rows change no result of the champion, and a promotion brings the new version\'s own', async () => {
  const [alone, beside] = [await create('alone'), await create('beside')];
  await addFromInput(context(), 'beside', { reference: reference(), key: 'a' });
  for (const id of [alone, beside]) {
    await appendRows(database.pool, id, memorySource(rows(0, 60)), { by: 'test' });
    if (id === beside) await appendRows(database.pool, id, memorySource(rows(0, 50, 7)), { by: 'test', version: 2 });
    await appendTargets(database.pool, id, memorySource(Array.from({ length: 60 }, (_, i) => smallTarget(i))), { by: 'test' });
    await runModel(database.pool, id);
  }
  const lines = async (id: number): Promise<string[]> => (await canonicalResults(database.pool, id)).map((line) => line.replace(/"(alone|beside)"/, '""'));
  expect(await lines(beside)).toEqual(await lines(alone));

  await promote(beside, 2);
  await appendRows(database.pool, beside, memorySource(rows(60, 80, 7)), { by: 'test' });
  const { record } = await runModel(database.pool, beside);
  expect(record).toMatchObject({ state: 'completed', chunks: 4 });
  const results = await readResults(database.pool, beside, { calculators: ['realized_performance'], metrics: ['roc_auc'] });
  expect(new Set(results.map(({ version }) => version))).toEqual(new Set([2]));
  expect(results.filter(({ period }) => period === 'analysis').map(({ chunk }) => chunk.rows)).toEqual([20, 20, 20, 10]);
  expect((await readResults(database.pool, beside, { versions: [1], calculators: ['realized_performance'], metrics: ['roc_auc'] })).length).toBeGreaterThan(0);
  const both = await readResults(database.pool, beside, { versions: 'all', calculators: ['realized_performance'], metrics: ['roc_auc'] });
  expect(new Set(both.map(({ version }) => version))).toEqual(new Set([1, 2]));
});

it('a run that was planned before a promotion ends as one of the version that it was planned for', async () => {
  const [calm, changed] = [await create('calm'), await create('changed')];
  await addFromInput(context(), 'changed', { reference: reference(), key: 'a' });
  for (const id of [calm, changed]) await appendRows(database.pool, id, memorySource(rows(0, 200)), { by: 'test' });
  await runModel(database.pool, calm);
  const request = { modelId: changed, runNumber: 1, previousHorizon: 0, horizon: 3, trigger: 'manual' as const, by: 'test', full: false };
  const plan = await planRun({ pool: database.pool }, request);
  await promote(changed, 2);
  expect(await planRun({ pool: database.pool }, request)).toMatchObject({ runId: plan.runId, parts: plan.parts });
  const threads = inlineThreads(database.pool);
  await threads.run({ kind: 'fit', runId: plan.runId });
  for (let part = 0; part < plan.parts; part++) await threads.run({ kind: 'compute', runId: plan.runId, part });
  expect(await finishRun({ pool: database.pool }, { runId: plan.runId })).toMatchObject({ state: 'completed', questions: [] });
  const lines = async (id: number): Promise<string[]> => (await canonicalResults(database.pool, id)).map((line) => line.replace(/"(calm|changed)"/, '""'));
  expect(await lines(changed)).toEqual(await lines(calm));
  const { rows: [open] } = await database.pool.query(`select count(*) filter (where model_id = $1)::int as calm, count(*) filter (where model_id = $2)::int as changed from aftercare.incident`, [calm, changed]);
  expect(open!.calm).toBeGreaterThan(0);
  expect(open!.changed).toBe(0);
});

it('a challenger\'s rows without features have those of the champion\'s rows, whichever come first; what it sends itself stays', async () => {
  const id = await create('borrowed');
  for (const key of ['a', 'b']) await addFromInput(context(), 'borrowed', { reference: reference(), key });
  const append = (given: Row[], version: number) => appendRows(database.pool, id, memorySource(given), { by: 'test', version });
  const awaiting = async (): Promise<number[]> => (await database.pool.query<{ n: number }>('select rows_awaiting_features::float8 as n from aftercare.version where model_id = $1 order by number', [id])).rows.map(({ n }) => n);
  await append(shadow(0, 20, 5), 2);
  await append(rows(0, 20, 9).map((row) => ({ ...row, colour: null })), 3);
  expect((await awaiting())[1]).toBe(20);
  expect(await append(rows(0, 40), 1)).toMatchObject({ rowsAccepted: 40 });
  expect(await awaiting()).toEqual([0, 0, 0]);
  await append(shadow(20, 50, 5), 2);
  expect(await awaiting()).toEqual([0, 10, 0]);
  // Sent again under another key, and with a correction: the features that were borrowed are nobody's difference.
  expect(await appendRows(database.pool, id, memorySource(shadow(0, 20, 5)), { by: 'test', version: 2, key: 'again' })).toMatchObject({ rowsDuplicate: 20, rowsQuarantined: 0, rowsAccepted: 0 });
  expect(await appendRows(database.pool, id, memorySource(shadow(20, 22, 6)), { by: 'test', version: 2, upsert: true })).toMatchObject({ rowsReplaced: 2 });
  const { rows: kept } = await database.pool.query<{ id: string; version: number; amount: number | null; colour: string | null }>(
    `select identifier as id, v.number as version, c001 as amount, c002 as colour from aftercare_data.m${id}_inference i join aftercare.version v on v.id = i.version_id where removed_by is null and v.number > 1`);
  expect(kept).toHaveLength(70);
  for (const { id: row, version, amount, colour } of kept) {
    const n = Number(row.slice(4));
    const expected = version === 3 ? { ...smallRow(n, 9), colour: null } : n < 40 ? smallRow(n) : { amount: null, colour: null };
    if (version === 3 && smallRow(n, 9)['amount'] === null) continue;
    expect({ row, version, amount, colour }).toEqual({ row, version, amount: expected['amount'], colour: expected['colour'] });
  }
});

it('a version whose schema or problem is another is refused with every difference, and leaves nothing behind', async () => {
  const id = await create('strict');
  const refused = (reference: Row[], more: object = {}): Promise<unknown> => addFromInput(context(), 'strict', { reference, key: 'x', ...more });
  await expect(refused(reference().map(({ amount, colour: _c, ...row }) => ({ ...row, Amount: amount })))).rejects.toThrow(
    /version 1 of model 'strict': column 'amount' \(feature\) is not there; did you mean 'Amount'\?; column 'colour' \(feature\) is not there; column 'Amount' is not among the champion's/);
  await expect(refused(reference().map((row, i) => ({ ...row, repaid: 100 + i, predicted: 90 + i })))).rejects.toThrow(/problem type|neither 0 nor 1|binary/);
  await expect(refused(reference().map((row) => ({ ...row, amount: 'much' })))).rejects.toThrow(/column 'amount' is categorical, the champion's continuous/);
  await expect(refused(reference().map((row, i) => ({ ...row, colour: i })))).rejects.toThrow(/column 'colour' is continuous, the champion's categorical/);
  await expect(refused(reference(), { schema: { ...SMALL_SCHEMA, problemType: 'regression', columns: SMALL_SCHEMA.columns.map((column) => (column.name === 'repaid' ? { ...column, name: 'paid' } : column)) } })).rejects.toThrow(
    /the problem type is regression, the champion's classification binary; the target is 'paid', the champion's 'repaid'/);
  await expect(refused(reference().map((row, i) => (i === 7 ? { ...row, score: 1.5 } : row)))).rejects.toThrow(/column 'score': outside \[0, 1\] in 1 of 120 rows \(first: row 8/);
  await expect(refused(reference().map((row, i) => (i === 7 ? { ...row, id: 'row--1' } : row)))).rejects.toThrow(/stands more than once|identifier/);
  await expect(refused([])).rejects.toThrow(/no rows/);
  expect(await refused(reference().map((row) => ({ ...row, extra: 1 })), { ignore: ['extra'] })).toMatchObject({ version: 2, notes: ['left out: extra'] });
  const { rows: kept } = await database.pool.query(`select count(distinct version_id)::int as n from aftercare_data.m${id}_reference`);
  expect(kept).toEqual([{ n: 2 }]);
});

it('a version of a model without an identifier is registered, and told that it cannot be compared', async () => {
  const withoutId = ({ id: _, ...rest }: Row): Row => rest;
  const schema = { ...SMALL_SCHEMA, columns: SMALL_SCHEMA.columns.filter(({ role }) => role !== 'identifier') };
  const ours = reference().map(withoutId);
  await createModel(database.pool, { name: 'anonymous', schema, settings: smallSettings({ kind: 'size', size: 20 }), reference: memorySource(ours, { columnNames: schema.columns.map(({ name }) => name) }), by: 'ada' });
  const { version, notes } = await addFromInput(context(), 'anonymous', { reference: ours });
  expect([version, notes]).toEqual([2, [expect.stringContaining("model 'anonymous' has no identifier: rows of two versions cannot be paired")]]);
});

it('an archived version takes no more rows, the champion cannot be removed, an archived model takes no challenger', async () => {
  const id = await create('ended');
  await addFromInput(context(), 'ended', { reference: reference(), key: 'a' });
  await removeChallenger(database.pool, await findModel(database.pool, id, 2), 'ada');
  await removeChallenger(database.pool, await findModel(database.pool, id, 2), 'ada');
  await expect(appendRows(database.pool, id, memorySource(shadow(0, 5, 1)), { by: 'test', version: 2 })).rejects.toThrow("version 2 of model 'ended' is archived: it takes no more rows");
  await expect(removeChallenger(database.pool, await findModel(database.pool, id, 1), 'ada')).rejects.toThrow(/version 1 of model 'ended' is in charge/);
  expect((await readLedgerPage(database.pool, id, 0, 1)).challengers).toEqual([]);
  const { rows } = await database.pool.query(`select count(*)::int as n from aftercare.audit where model_id = $1 and action = 'challenger removed'`, [id]);
  expect(rows).toEqual([{ n: 1 }]);
  await database.pool.query(`update aftercare.model set state = 'archived' where id = $1`, [id]);
  await expect(addFromInput(context(), 'ended', { reference: reference(), key: 'b' })).rejects.toThrow(/archived/);
});

it('appends go on while a reference is copied, and one that began before a promotion keeps its version', async () => {
  const id = await create('meanwhile');
  const versions = (await findModel(database.pool, id)).versionId;
  await addFromInput(context(), 'meanwhile', { reference: reference(), key: 'a' });
  let inTheMiddle = false;
  await appendRows(database.pool, id, memorySource(rows(0, 30), {
    blockRows: 10,
    beforeBlock: async (block) => {
      if (block !== 2) return;
      inTheMiddle = true;
      await promote(id, 2);
      expect(await appendRows(database.pool, id, memorySource(rows(30, 40)), { by: 'test' })).toMatchObject({ version: 2 });
    },
  }), { by: 'test' });
  expect(inTheMiddle).toBe(true);
  const { entries } = await readLedgerPage(database.pool, id, 2, 10);
  expect(entries).toEqual([{ number: 3, kind: 'analysis', rowsAccepted: 10 }, { number: 4, kind: 'analysis', rowsAccepted: 30, shadowOf: 1 }]);
  const { rows: kept } = await database.pool.query(`select version_id = $1 as first, count(*)::int as n from aftercare_data.m${id}_inference group by 1 order by 2`, [versions]);
  expect(kept).toEqual([{ first: false, n: 10 }, { first: true, n: 30 }]);
});
