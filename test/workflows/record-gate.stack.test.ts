/** Gates and verdicts by hand, from the client over Temporal to the numbers and back; their histories replay, and with AFTERCARE_RECORD_HISTORIES they are kept. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLightActivities, createNumericActivities } from '../../activities/index.js';
import { inlineThreads } from '../../activities/numeric-work.js';
import { Aftercare } from '../../client/index.js';
import { Conflict, InvalidInput, NotFound } from '../../domain/errors.js';
import { gateId, verdictId, WORKFLOW } from '../../domain/names.js';
import { runModel } from '../activities/run-model.js';
import { VerdictWorld } from '../activities/verdict-world.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { FakeStore } from './support/fake-store.js';
import { replayAndKeep } from './support/record.js';
import { eventually, openStage, silenceWorkers, type Stage } from './support/stage.js';

let database: TestDatabase;
let stage: Stage;
let client: Aftercare;
let world: VerdictWorld;
const store = new FakeStore();
let release: () => void = () => undefined;
let working: Promise<unknown> = Promise.resolve();

beforeAll(async () => {
  silenceWorkers();
  [database, stage] = await Promise.all([createDatabase(), openStage()]);
  const { pool } = database;
  client = await Aftercare.connect({ databaseUrl: database.url, temporal: { address: stage.address, namespace: stage.namespace }, mainQueue: store.queue, numericQueue: store.queue, by: 'ada' });
  world = await new VerdictWorld(pool, 'loans', [2.5, 0.5]).create();
  const activities = { ...createLightActivities({ pool, mailer: null }), ...createNumericActivities({ pool, threads: inlineThreads(pool) }) };
  working = stage.perform(store, () => new Promise<void>((resolve) => { release = resolve; }), { activities });
});
afterAll(async () => {
  await client?.close();
  release();
  await working;
  await stage?.close();
  await database?.drop();
});

const audit = async (action: string): Promise<Record<string, unknown>[]> => (await client.audit('loans')).filter((entry) => entry.action === action).map((entry) => entry.detail as Record<string, unknown>);

it('a batch passes, is held until a named person releases it, is rejected when nobody does, or cannot be known', async () => {
  for (const [i, key] of ['good', 'held', 'late', 'small', 'bare'].entries()) await world.append(1, i * 1_000, i * 1_000 + (key === 'small' ? 40 : 500), { key });

  const pass = await client.gate('loans', 'good', { metric: 'roc_auc', atLeast: 0.6 });
  expect(pass).toMatchObject({ answer: 'pass', state: 'passed', rows: 500, lower: 0.6, upper: null, decisionId: null, decidedBy: null });
  expect(pass.value).toBeGreaterThan(0.6);
  expect(pass.samplingError).toBeGreaterThan(0);
  expect(pass.text).toMatch(/^batch 'good': estimated roc_auc 0\.\d+ ± 0\.\d+ on 500 rows is at least 0\.6$/);
  expect(await client.gate('loans', 'good', { metric: 'roc_auc', atLeast: 0.99 })).toEqual(pass);

  // Nothing is in force before the first run: only a bound of one's own helps.
  expect(await client.gate('loans', 'bare', { metric: 'roc_auc' })).toMatchObject({ answer: 'cannot know', state: 'unknown', text: expect.stringContaining('no threshold of it is in force') as string });
  await runModel(database.pool, world.modelId);
  await world.append(1, 5_000, 5_500, { key: 'judged' });
  const judged = await client.gate('loans', 'judged', { metric: 'roc_auc' });
  const { rows: [inForce] } = await database.pool.query<{ lower: number }>(`select lower_threshold as lower from aftercare.result where calculator = 'estimated_performance' and metric = 'roc_auc' limit 1`);
  expect(judged).toMatchObject({ answer: 'pass', lower: inForce!.lower });

  expect(await client.gate('loans', 'small', { metric: 'f1', atLeast: 0.1 })).toMatchObject({ answer: 'cannot know', state: 'unknown', rows: 40, text: "batch 'small': f1 cannot be known: 40 rows, 100 are needed" });

  const held = await client.gate('loans', 'held', { metric: 'roc_auc', atLeast: 0.99, approvers: ['grace'] });
  expect(held).toMatchObject({ answer: 'hold', state: 'held', decisionId: `${world.modelId}/gate/held/1` });
  expect(await client.gate('loans', 'held', { metric: 'roc_auc' })).toEqual(held);
  await eventually(async () => (await client.decisions({ model: 'loans' })).map(({ id }) => id), (ids) => ids.includes(held.decisionId!));
  await expect(client.decide(held.decisionId!, { answer: 'release' })).rejects.toThrow(/ada is not among those who may answer/);
  expect(await client.gates('loans', { held: true })).toMatchObject([{ batch: 'held' }]);
  const released = client.gateState('loans', 'held', { wait: true });
  await client.decide(held.decisionId!, { answer: 'release', by: 'grace', note: 'known campaign' });
  expect(await released).toMatchObject({ state: 'released', decidedBy: 'grace', answer: 'hold', decisionId: null });

  expect(await client.gate('loans', 'late', { metric: 'roc_auc', atLeast: 0.99, deadlineMs: 50 })).toMatchObject({ state: 'held' });
  expect(await client.gateState('loans', 'late', { wait: true })).toMatchObject({ state: 'rejected', decidedBy: null });

  expect((await client.gates('loans')).map(({ batch, state }) => [batch, state]).sort()).toEqual([['bare', 'unknown'], ['good', 'passed'], ['held', 'released'], ['judged', 'passed'], ['late', 'rejected'], ['small', 'unknown']]);
  expect(await audit('gate released')).toMatchObject([{ batch: 'held', note: 'known campaign' }]);
  expect(await audit('gate rejected')).toMatchObject([{ batch: 'late' }]);
});

it('what no gate can be asked about is refused, and the refusal is in the audit trail', async () => {
  const receipt = await world.targets(0, 20);
  const { rows: [targets] } = await database.pool.query<{ key: string }>('select key from aftercare.batch where model_id = $1 and number = $2', [world.modelId, receipt.number]);
  for (const [batch, rule, Kind, text] of [
    ['nothing', { metric: 'roc_auc', atLeast: 0.9 }, NotFound, /has no batch 'nothing': append it first/],
    [targets!.key, { metric: 'roc_auc', atLeast: 0.9 }, InvalidInput, /is of kind target: only predictions pass a gate/],
    ['good-2', { metric: 'rmse', atLeast: 0.9 }, InvalidInput, /a gate cannot go by 'rmse': there are roc_auc/],
    ['good-2', { metric: 'roc_auc', atLeast: NaN }, InvalidInput, /atLeast is NaN: a number is needed/],
    ['good-2', { metric: 'roc_auc', atLeast: 0.9, atMost: 0.1 }, InvalidInput, /no roc_auc is at least 0\.9 and at most 0\.1/],
  ] as const) {
    if (batch === 'good-2') await world.append(1, 6_000, 6_200, { key: 'good-2' });
    const refusal = client.gate('loans', batch, rule);
    await expect(refusal).rejects.toThrow(text);
    await expect(refusal).rejects.toBeInstanceOf(Kind);
  }
  await expect(client.gateState('loans', 'never')).rejects.toThrow("batch 'never' of model 'loans' was never asked about");
  expect(await audit('gate refused')).toHaveLength(5);
  // A question that failed may be asked again.
  expect(await client.gate('loans', 'good-2', { metric: 'roc_auc', atLeast: 0.6 })).toMatchObject({ answer: 'pass' });
});

it('a verdict by hand is computed by a worker, kept, and refused with its numbers where the versions have no row in common', async () => {
  await expect(client.verdict('loans')).rejects.toThrow(/there is no verdict of version 2 of model 'loans' yet/);
  const refusal = client.verdict('loans', { compute: true });
  await expect(refusal).rejects.toThrow(/versions 1 and 2 have 0 rows in common: version 1 answered [\d,]+ rows, version 2 answered 0 rows/);
  await expect(refusal).rejects.toBeInstanceOf(InvalidInput);
  await expect(client.verdict('loans', { version: 1, compute: true })).rejects.toThrow('version 1 cannot be compared with itself');
  await expect(client.verdict('loans', { version: 9 })).rejects.toThrow("model 'loans' has no version 9: its versions are 1, 2");
  expect(await audit('verdict refused')).toHaveLength(2);

  await world.append(2, 0, 500);
  await world.append(2, 1_000, 1_500);
  await world.targets(0, 1_500);
  const verdict = await client.verdict('loans', { compute: true });
  expect(verdict).toMatchObject({ model: 'loans', challenge: 0, challenger: 2, champion: 1, comparison: { metric: 'roc_auc', pairs: 1_000, basis: 'realized' } });
  expect(await client.verdict('loans')).toEqual(verdict);
  const strict = await client.verdict('loans', { compute: true, settings: { metric: 'accuracy', minPairs: 5_000 } });
  expect(strict.comparison).toMatchObject({ metric: 'accuracy', judgement: 'not yet' });
  expect(await client.verdicts('loans')).toHaveLength(1);   // the same place of the ledger: the later one stands

  await replayAndKeep(stage, [
    { workflowType: WORKFLOW.gate, scenario: 'passes', workflowId: gateId(world.modelId, 'good') },
    { workflowType: WORKFLOW.gate, scenario: 'is-held-and-released', workflowId: gateId(world.modelId, 'held') },
    { workflowType: WORKFLOW.gate, scenario: 'is-held-and-rejected', workflowId: gateId(world.modelId, 'late') },
    { workflowType: WORKFLOW.gate, scenario: 'is-refused', workflowId: gateId(world.modelId, 'nothing') },
    { workflowType: WORKFLOW.verdict, scenario: 'by-hand', workflowId: verdictId(world.modelId, 2, verdict.horizon) },
  ]);
});

it('an archived model holds nothing any more', async () => {
  await database.pool.query(`update aftercare.model set state = 'archived' where id = $1`, [world.modelId]);
  await expect(client.gate('loans', 'other', { metric: 'roc_auc', atLeast: 0.9 })).rejects.toBeInstanceOf(Conflict);
});
