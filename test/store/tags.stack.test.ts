/** Tags of models and versions, and the results that carry them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { appendRows } from '../../store/append-rows.js';
import { createModel } from '../../store/create-model.js';
import { listModels, showModel } from '../../store/models.js';
import { readResults } from '../../store/results.js';
import { setTags } from '../../store/tags.js';
import { runModel, smallRow, smallSettings, smallTarget, SMALL_SCHEMA } from '../activities/run-model.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { memorySource } from './memory-source.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

async function create(name: string, tags: string[]): Promise<number> {
  const rows = Array.from({ length: 60 }, (_, i) => ({ ...smallRow(i - 60), ...smallTarget(i - 60) }));
  const names = SMALL_SCHEMA.columns.map((column) => column.name);
  return (await createModel(database.pool, { name, schema: SMALL_SCHEMA, settings: smallSettings({ kind: 'size', size: 20 }), reference: memorySource(rows, { columnNames: names }), by: 'test', tags })).modelId;
}

it('models are found by all of the tags that are asked for, their own or their version\'s', async () => {
  await create('loans', ['team:risk', 'eu']);
  await create('cards', ['team:risk']);
  await setTags(database.pool, 'cards', ['shadow'], 'ada', 1);
  const found = async (...tags: string[]): Promise<string[]> => (await listModels(database.pool, { tags })).map(({ name }) => name);
  expect(await found()).toEqual(['loans', 'cards']);
  expect(await found('team:risk')).toEqual(['loans', 'cards']);
  expect(await found('team:risk', 'eu')).toEqual(['loans']);
  expect(await found('shadow')).toEqual(['cards']);
  expect(await found('nobody')).toEqual([]);
  expect(await showModel(database.pool, 'cards')).toMatchObject({ tags: ['shadow', 'team:risk'], modelTags: ['team:risk'], versions: [{ number: 1, tags: ['shadow'] }] });
});

it('results carry them from the moment at which they are set, without a run', async () => {
  const id = await create('tagged', ['eu']);
  await appendRows(database.pool, id, memorySource(Array.from({ length: 20 }, (_, i) => smallRow(i))), { by: 'test' });
  await runModel(database.pool, id);
  await setTags(database.pool, id, ['pilot', 'eu', 'pilot'], 'ada', 1);
  const { rows } = await database.pool.query<{ tags: string[] }>(`select distinct tags from aftercare.result where model = 'tagged'`);
  expect(rows).toEqual([{ tags: ['eu', 'pilot'] }]);
  const { rows: found } = await database.pool.query(`select 1 from aftercare.result where 'pilot' = any (tags)`);
  expect(found.length).toBeGreaterThan(20);
  const [first] = await readResults(database.pool, id, { tags: ['pilot', 'eu'] });
  expect(first?.tags).toEqual(['eu', 'pilot']);
  expect(await readResults(database.pool, id, { tags: ['pilot', 'nobody'] })).toEqual([]);
});

it('are recorded when they change, and refused when they are no words', async () => {
  await create('audited', []);
  await setTags(database.pool, 'audited', ['a'], 'ada');
  await setTags(database.pool, 'audited', ['a'], 'ada');
  const { rows } = await database.pool.query<{ n: number }>(`select count(*)::int as n from aftercare.audit where action = 'tags changed' and detail = '{"tags": ["a"]}'`);
  expect(rows[0]!.n).toBe(1);
  await expect(setTags(database.pool, 'audited', [' blank'], 'ada')).rejects.toThrow(InvalidInput);
  await expect(setTags(database.pool, 'audited', ['a,b'], 'ada')).rejects.toThrow(/comma/);
  await expect(setTags(database.pool, 'audited', ['a'], 'ada', 2)).rejects.toThrow(NotFound);
  await expect(create('refused', ['x'.repeat(101)])).rejects.toThrow(/101 characters/);
});
