/**
 * PostgreSQL restored from one moment and Temporal from another, in either order: `aftercare doctor --reconcile` names and mends every difference, what was acknowledged
 * and is in the restored database stays, and everything goes on as if nothing else had ever been.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Aftercare } from '../../client/index.js';
import { openPool } from '../../store/pool.js';
import { loans, outcomes, withOutcome } from '../worker/support/loans.js';
import { eventually } from '../workflows/support/stage.js';
import { Stand } from './stand.js';

const CHUNK = 200;
const SHIFT = 25_000;
let stand: Stand;

const settings = {
  chunking: { kind: 'size' as const, size: CHUNK }, runs: { everyRows: CHUNK, onTargets: false }, decisions: { on: ['drift' as const] },
  retraining: { mode: 'ask' as const, training: { kind: 'webhook' as const, url: 'http://127.0.0.1:9/train' } },
  challenge: { everyRows: 500 }, promotion: { mode: 'manual' as const },
};

/** Appends with a key each, so that a repeat after a restore is what it is in practice: harmless, or needed. */
const deliveries: { key: string; from: number; to: number; shift: number; version?: number }[] = [
  { key: 'calm', from: 1_000, to: 1_400, shift: 0 },
  { key: 'drifted', from: 1_400, to: 1_800, shift: SHIFT },
  { key: 'later', from: 1_800, to: 2_200, shift: 0 },
  { key: 'drifted-again', from: 2_200, to: 2_400, shift: SHIFT },
  { key: 'last', from: 2_400, to: 2_600, shift: 0 },
];
const deliver = (client: Aftercare, model: string, ...keys: string[]): Promise<unknown> =>
  deliveries.filter(({ key }) => keys.includes(key)).reduce<Promise<unknown>>(async (before, { key, from, to, shift }) => {
    await before;
    return client.append(model, loans(from, to, shift), { key });
  }, Promise.resolve());

async function withClient<T>(work: (client: Aftercare) => Promise<T>): Promise<T> {
  const client = await stand.client();
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

const challengesOf = async (client: Aftercare, model: string): Promise<string[]> => (await client.challenges.list(model)).map(({ number, version, state, note }) => `${number}: version ${version} ${state}${note === null ? '' : ` (${note})`}`);

beforeAll(async () => {
  stand = await Stand.open();
  await stand.start();
  await stand.work();
  await withClient(async (client) => {
    await client.models.create({ name: 'loans', reference: withOutcome(loans(0, 1_000)), columns: { target: 'repaid' }, settings });
    await client.challengers.add('loans', { reference: withOutcome(loans(5_000, 5_600)) });
    await client.challenges.wait('loans', 1, { states: ['shadow'] });
    await deliver(client, 'loans', 'calm', 'drifted');
    await client.idle('loans');
    expect((await client.decisions({ model: 'loans' })).length).toBeGreaterThan(0);
  });
  await stand.stop();
  stand.keep('A');

  await stand.start();
  await stand.work();
  await withClient(async (client) => {
    const [first] = await client.decisions({ model: 'loans' });
    await client.decide(first!.id, { answer: 'acknowledge', note: 'seen' });
    await deliver(client, 'loans', 'later', 'drifted-again');
    await client.idle('loans');
    await client.challengers.add('loans', { reference: withOutcome(loans(6_000, 6_600)) });
    await client.challenges.wait('loans', 2, { states: ['shadow'] });
    await client.targets('loans', outcomes(loans(1_000, 1_400)), { key: 'truths' });
    await client.models.settings('loans', { retraining: { ...settings.retraining, approval: { approvers: ['maria'] } } });
    await client.retraining.request('loans', { reason: 'it is time', by: 'eve' });
    await eventually(async () => (await client.retraining.list('loans'))[0]?.state, (state) => state === 'asked');
    await client.models.create({ name: 'newer', reference: withOutcome(loans(0, 1_000)), columns: { target: 'repaid' }, settings });
    await deliver(client, 'newer', 'calm');
    await client.idle('newer');
    await client.idle('loans');
  });
  await stand.stop();
  stand.keep('B');
}, 300_000);
// Also after a test that failed: the next one puts other files in their place.
afterEach(() => stand?.stop());
afterAll(() => stand?.close());

/** Names nothing twice, changes nothing in a dry run, and finds nothing more afterwards. */
function reconciled(): Record<string, string[]> {
  const named = stand.reconcile('--dry-run');
  expect(named).toMatchObject({ status: 1, ok: false, listed: true });
  expect(named.findings.every(({ done, left }) => done === null && left !== null)).toBe(true);
  const mended = stand.reconcile();
  expect(mended.findings.filter(({ left }) => left !== null)).toEqual([]);
  expect(mended).toMatchObject({ status: 0, ok: true });
  const places = (findings: typeof named.findings): string[] => findings.map(({ what, where }) => `${what} ${where}`).sort();
  // The worker that lets lifecycles answer does workflow tasks that wait: a notification for which only its last one was left may have ended between the two.
  expect(places(mended.findings)).toEqual(expect.arrayContaining(places(named.findings.filter(({ what }) => what !== 'notification'))));
  expect(stand.reconcile()).toMatchObject({ status: 0, ok: true, findings: [] });
  const kinds: Record<string, string[]> = {};
  for (const { model, what, where, found, done } of mended.findings) (kinds[`${model} ${what}`] ??= []).push(`${where}: ${found} → ${done}`);
  return kinds;
}

/** The results are those of a model that got the same rows in the same order and never knew a restore; and nothing is there twice. */
async function goesOn(client: Aftercare, asLast: readonly string[]): Promise<void> {
  await deliver(client, 'loans', ...asLast);
  await client.idle('loans');
  expect(await client.run('loans')).toMatchObject({ state: 'completed' });
  await client.models.create({ name: 'scratch', reference: withOutcome(loans(0, 1_000)), columns: { target: 'repaid' }, settings: { ...settings, runs: { everyRows: null, onTargets: false } } });
  await deliver(client, 'scratch', ...deliveries.map(({ key }) => key));
  await client.targets('scratch', outcomes(loans(1_000, 1_400)), { key: 'truths' });
  await client.run('scratch');
  const canonical = async (model: string): Promise<string[]> => (await client.canonicalResults(model)).map((line) => line.replaceAll(model, 'MODEL'));
  expect(await canonical('loans')).toEqual(await canonical('scratch'));
  const incidents = async (model: string): Promise<string[]> => (await client.incidents(model)).map(({ identity, chunkCount }) => `${identity} ${chunkCount}`).sort();
  expect(await incidents('loans')).toEqual(await incidents('scratch'));
  await client.idle('loans');
  const decisions = await client.decisions({ model: 'loans', all: true });
  const incidentsAsked = decisions.filter(({ subject, state }) => subject === 'incident' && state !== 'withdrawn').map(({ incidentId }) => incidentId);
  expect(new Set(incidentsAsked).size).toBe(incidentsAsked.length);
  const waiting = decisions.filter(({ state }) => state === 'waiting');
  expect(waiting.length).toBeGreaterThan(0);
  for (const { id, options } of waiting) await client.decide(id, { answer: options[0]!, by: 'maria' });
  expect((await client.decisions({ model: 'loans' })).filter(({ id }) => waiting.some((one) => one.id === id))).toEqual([]);
}

test('PostgreSQL from the earlier moment: what Temporal knows of later is ended, and given out again', async () => {
  stand.restore({ postgres: 'A', temporal: 'B' });
  await stand.start();
  const found = reconciled();
  expect(Object.keys(found)).toEqual(expect.arrayContaining(['loans lifecycle', 'loans run', 'loans retraining', 'loans challenge', '2 lifecycle']));
  await stand.work();
  await withClient(async (client) => {
    expect((await client.models.list()).map(({ name }) => name)).toEqual(['loans']);
    expect(await challengesOf(client, 'loans')).toEqual(['1: version 2 shadow']);
    expect(await client.append('loans', loans(1_000, 1_400), { key: 'calm' })).toMatchObject({ duplicate: true });
    await deliver(client, 'loans', 'later', 'drifted-again');
    await client.challengers.add('loans', { reference: withOutcome(loans(6_000, 6_600)) });
    await client.targets('loans', outcomes(loans(1_000, 1_400)), { key: 'truths' });
    await goesOn(client, ['last']);
    expect(await eventually(() => challengesOf(client, 'loans'), (all) => all.length === 2)).toEqual(['1: version 2 shadow', '2: version 3 shadow']);
    expect(await client.retraining.request('loans', { by: 'eve' })).toMatchObject({ number: 1 });
  });
}, 300_000);

test('Temporal from the earlier moment: what the store has is begun again, answers stand, and what was under way is ended by name', async () => {
  stand.restore({ postgres: 'B', temporal: 'A' });
  await stand.start();
  const found = reconciled();
  expect(Object.keys(found)).toEqual(expect.arrayContaining(['loans lifecycle', 'loans decision', 'loans retraining', 'loans challenge', 'newer lifecycle']));
  const pool = openPool(stand.servers.databaseUrl, { max: 1 });
  const { rows: audited } = await pool.query<{ count: number }>(`select count(*) from aftercare.audit where action = 'reconciled' and by = 'olga'`);
  await pool.end();
  expect(audited[0]!.count).toBe(Object.values(found).flat().length);
  await stand.work();
  await withClient(async (client) => {
    const answered = (await client.decisions({ model: 'loans', all: true })).filter(({ state }) => state === 'answered');
    expect(answered).toMatchObject([{ answer: 'acknowledge', answeredBy: 'ada', note: 'seen' }]);
    expect(await client.retraining.list('loans')).toMatchObject([{ number: 1, state: 'failed', failure: 'lost in a restore' }]);
    // The challenge of version 2 is in both; that of version 3 was only in the store.
    expect(await eventually(() => challengesOf(client, 'loans'), (all) => all.length === 3)).toEqual(['1: version 2 shadow', '2: version 3 failed (lost in a restore)', '3: version 3 shadow']);
    await goesOn(client, ['last']);
    expect(await client.append('newer', loans(1_400, 1_600), { key: 'more' })).toMatchObject({ rowsAccepted: 200 });
    await client.idle('newer');
    expect((await client.runs('newer')).filter(({ state }) => state === 'completed').length).toBeGreaterThanOrEqual(2);
    expect(await client.retraining.request('loans', { by: 'eve' })).toMatchObject({ number: 2 });
  });
}, 300_000);
