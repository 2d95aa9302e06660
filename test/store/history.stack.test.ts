/** What happened to a model's data, and what its results were under earlier settings. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appendInferences, appendTruths, removeByIdentifier } from '../../client/append.js';
import { addFromInput } from '../../client/challengers.js';
import { changeModelSettings } from '../../client/models.js';
import { ConsentNeeded, requireRevision } from '../../client/settings-consent.js';
import { readDataEvents } from '../../store/data-events.js';
import { canonicalResults, readResults } from '../../store/results.js';
import { readSettingsHistory } from '../../store/settings-history.js';
import { createSmallModel, runModel, smallRow, smallSettings, smallTarget } from '../activities/run-model.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import type { Row } from './memory-source.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const as = (by: string) => ({ pool: database.pool, by });
const rows = (from: number, to: number, wobble = 0): Row[] => Array.from({ length: to - from }, (_, i) => smallRow(from + i, wobble));
const targets = (from: number, to: number, wobble = 0): Row[] => Array.from({ length: to - from }, (_, i) => smallTarget(from + i, wobble));

it('events tell what was created, added, updated and removed, in every source, by whom', async () => {
  const id = await createSmallModel(database.pool, 'events', smallSettings({ kind: 'size', size: 20 }));
  await appendInferences(as('ada'), id, rows(0, 30), { key: 'first' });
  await appendInferences(as('bob'), id, rows(20, 40, 3), { key: 'second', upsert: true });
  await appendTruths(as('ada'), id, targets(0, 10), { key: 'truths' });
  await appendTruths(as('bob'), id, targets(5, 12).map(({ id: row, repaid }) => ({ id: row!, repaid: 1 - Number(repaid) })), { key: 'corrected' });
  await removeByIdentifier(as('eve'), id, [{ id: 'row-3' }, { id: 'row-4' }], { key: 'gone' });
  await removeByIdentifier(as('eve'), id, [{ id: 'row-7' }], { what: 'targets', key: 'gone too' });
  await addFromInput(as('ada'), 'events', { reference: rows(-50, 0).map((row, i) => ({ ...row, ...smallTarget(i - 50) })), key: 'a' });
  const told = (await readDataEvents(database.pool, id)).reverse();
  expect(told.map(({ source, event, rows: n, by, batch, key, version }) => [source, event, n, by, batch, batch === 1 || batch === 8 ? '' : key, version])).toEqual([
    ['reference', 'created', 200, 'test', 1, '', 1], ['analysis', 'created', 0, 'test', null, null, 1], ['target', 'created', 0, 'test', null, null, 1],
    ['analysis', 'added', 30, 'ada', 2, 'first', 1],
    ['analysis', 'added', 10, 'bob', 3, 'second', 1], ['analysis', 'updated', 10, 'bob', 3, 'second', 1],
    ['target', 'added', 10, 'ada', 4, 'truths', 1],
    ['target', 'added', 2, 'bob', 5, 'corrected', 1], ['target', 'updated', 5, 'bob', 5, 'corrected', 1],
    ['analysis', 'removed', 2, 'eve', 6, 'gone', 1], ['target', 'removed', 1, 'eve', 7, 'gone too', 1],
    ['reference', 'created', 50, 'ada', 8, '', 2],
  ]);
  expect((await readDataEvents(database.pool, id, { source: 'target', limit: 2 })).map(({ event, rows: n }) => [event, n])).toEqual([['removed', 1], ['updated', 5]]);
  expect(await readDataEvents(database.pool, id, { version: 2 })).toHaveLength(1);
});

it('a change that makes results stale says so first where consent is required, and changes nothing', async () => {
  const id = await createSmallModel(database.pool, 'consent', smallSettings({ kind: 'size', size: 20 }));
  const change = (patch: object) => changeModelSettings(as('ada'), id, patch, { consent: 'required' });
  // Nothing is computed yet: nothing can become stale.
  expect(await change({ chunking: { kind: 'size', size: 30 } })).toMatchObject({ settingsRevision: 2, stale: ['chunks'] });
  await appendInferences(as('ada'), id, rows(0, 90));
  await runModel(database.pool, id);
  const { length: all } = await readResults(database.pool, id);
  const { length: missing } = await readResults(database.pool, id, { calculators: ['missing_values'] });
  await expect(change({ chunking: { kind: 'size', size: 15 } })).rejects.toThrow(new RegExp(`makes ${all} results of model 'consent' stale, the next run computes them anew: chunks; nothing was changed`));
  const refused = await change({ calculators: { missing_values: { normalize: false } } }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConsentNeeded);
  expect((refused as ConsentNeeded).stale).toEqual({ what: ['missing_values'], values: missing });
  expect(await change({ runs: { everyRows: 7 } })).toMatchObject({ settingsRevision: 3, stale: [] });
  expect(await changeModelSettings(as('ada'), id, { chunking: { kind: 'size', size: 15 } })).toMatchObject({ settingsRevision: 4, stale: ['chunks'] });
});

it('what was in force before a change stays readable after it, as it was', async () => {
  const id = await createSmallModel(database.pool, 'earlier', smallSettings({ kind: 'size', size: 20 }));
  await appendInferences(as('ada'), id, rows(0, 80));
  await runModel(database.pool, id);
  const first = await canonicalResults(database.pool, id);
  await changeModelSettings(as('ada'), id, { calculators: { univariate_drift: { thresholds: { jensen_shannon: { type: 'constant', lower: null, upper: 0.001 } } } } });
  await appendInferences(as('ada'), id, rows(80, 120));
  await runModel(database.pool, id);
  const second = await canonicalResults(database.pool, id);
  await changeModelSettings(as('bob'), id, { chunking: { kind: 'size', size: 30 } });
  await changeModelSettings(as('bob'), id, { chunking: { kind: 'size', size: 40 } });
  await runModel(database.pool, id);
  const at = (settingsRevision: number): Promise<string[]> => canonicalResults(database.pool, id, { settingsRevision });
  expect(await at(1)).toEqual(first);
  expect(await at(2)).toEqual(second);
  expect(await at(4)).toEqual(await canonicalResults(database.pool, id));
  expect(await at(4)).not.toEqual(second);
  const history = await readSettingsHistory(database.pool, id);
  expect(history.map(({ revision, by, runs, settings }) => [revision, by, runs, settings.chunking])).toEqual([
    [1, 'test', { first: 1, last: 1 }, { kind: 'size', size: 20 }], [2, 'ada', { first: 2, last: 2 }, { kind: 'size', size: 20 }], [3, 'bob', null, { kind: 'size', size: 30 }],
    [4, 'bob', { first: 3, last: 3 }, { kind: 'size', size: 40 }],
  ]);
  expect(await requireRevision(database.pool, 'earlier', 2)).toEqual(history[1]!.settings);
  await expect(requireRevision(database.pool, 'earlier', 3)).rejects.toThrow("model 'earlier' has no results of settings revision 3: there are some of 1, 2, 4");
});
