/** The version in charge changes in one moment, once, and nobody who appends sees an error because of it. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callSwitch } from '../../activities/challenge/call-switch.js';
import { checkProbation } from '../../activities/challenge/check-probation.js';
import { addFromInput } from '../../client/challengers.js';
import type { SwitchOrder } from '../../domain/challenge.js';
import { LIFECYCLE_DEFAULTS } from '../../domain/lifecycle-settings.js';
import { isSigned } from '../../domain/signature.js';
import { ServingTally } from '../../domain/telemetry.js';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { removeChallenger } from '../../store/add-challenger.js';
import { noteChallenge, openChallenge, readChallenges, readReplaced } from '../../store/challenges.js';
import { findModel } from '../../store/find-model.js';
import { announceIncidents } from '../../store/incident-attention.js';
import { reconcileIncidents } from '../../store/incidents.js';
import { archiveModel } from '../../store/models.js';
import { inTransaction } from '../../store/pool.js';
import { readProbationIncidents } from '../../store/probation-evidence.js';
import { promote, type ChampionChange } from '../../store/promote.js';
import { writeSecret } from '../../store/secrets.js';
import { addServing } from '../../store/telemetry.js';
import { storedScheme } from '../../store/model-state.js';
import { readVersionChanges } from '../../store/version-changes.js';
import { readVersions } from '../../store/versions.js';
import { createSmallModel, runModel, smallRow, smallSettings, smallTarget } from '../activities/run-model.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { memorySource, type Row } from './memory-source.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const AT_MS = Date.UTC(2026, 2, 1, 12);
const reference = (rows = 60): Row[] => Array.from({ length: rows }, (_, i) => ({ ...smallRow(i - rows, 5), ...smallTarget(i - rows) }));

/** A model with this many challengers: versions 2, 3 … */
async function withChallengers(name: string, count: number): Promise<number> {
  const id = await createSmallModel(database.pool, name, smallSettings({ kind: 'size', size: 20 }));
  for (let n = 0; n < count; n++) await addFromInput({ pool: database.pool, by: 'ada' }, name, { reference: reference(60 + n) });
  return id;
}

const open = (modelId: number, number: number, version: number, mode: 'challenge' | 'promotion' | 'rollback' = 'promotion') => openChallenge(database.pool, { modelId, number, mode, version, by: 'ada', reason: 'a test', atMs: AT_MS });
const change = (modelId: number, number: number, from: number, to: number, action: ChampionChange['action'] = 'promote') => promote(database.pool, { modelId, number, from, to, action, by: 'ada', note: 'why not', atMs: AT_MS + number });
const roles = async (modelId: number): Promise<string[]> => (await readVersions(database.pool, modelId)).map(({ number, role }) => `${number} ${role}`);
const audited = async (modelId: number): Promise<string[]> => (await database.pool.query<{ action: string }>(`select action from aftercare.audit where model_id = $1 and action ~ 'challenge |promot|roll' order by id`, [modelId])).rows.map(({ action }) => action);

it('a promotion changes champion, roles, record, incidents and audit together, and once', async () => {
  const id = await withChallengers('promoted', 2);
  const { versionId } = await findModel(database.pool, id);
  await reconcileIncidents(database.pool, { modelId: id, versionId }, 1, [{ segment: '', kind: 'drift', cause: 'income', openingChunk: '000003', lastChunk: '000004', chunkCount: 2, ongoing: true }], new Date(AT_MS));
  expect(await open(id, 1, 2, 'challenge')).toEqual({ against: 1, state: 'shadow', judgement: null, note: null, approvedBy: null, startedAtMs: AT_MS, promotedAtMs: null });
  expect(await readReplaced(database.pool, id)).toBeNull();
  const twice = await Promise.all([change(id, 1, 1, 2), change(id, 1, 1, 2)]);
  expect(twice).toEqual([{ refusal: null, champion: 2 }, { refusal: null, champion: 2 }]);
  expect(await roles(id)).toEqual(['1 archived', '2 champion', '3 challenger']);
  expect(await readReplaced(database.pool, id)).toBe(1);
  expect(await readChallenges(database.pool, id)).toMatchObject([{ number: 1, mode: 'challenge', state: 'probation', version: 2, against: 1, promotedAt: '2026-03-01T12:00:00.001Z', finishedAt: null }]);
  const { rows: incidents } = await database.pool.query('select state, note from aftercare.incident where model_id = $1', [id]);
  expect(incidents).toEqual([{ state: 'resolved', note: 'version 1 was replaced by version 2' }]);
  expect(await audited(id)).toEqual(['challenge begun', 'version promoted']);
  // Its workflow was lost and is begun again: the record says where it stands.
  expect(await open(id, 1, 2, 'challenge')).toMatchObject({ against: 1, state: 'probation', approvedBy: 'ada', promotedAtMs: AT_MS + 1 });
});

it('who began a challenge is whoever added its version, by whichever way the lifecycle heard of it first', async () => {
  const id = await withChallengers('heard of', 1);
  await addFromInput({ pool: database.pool, by: 'training' }, 'heard of', { reference: reference(63) });
  await database.pool.query("update aftercare.version set provenance = $2 where model_id = $1 and number = 3", [id, { retraining: 4 }]);
  for (const [number, version] of [[1, 2], [2, 3]] as const) await openChallenge(database.pool, { modelId: id, number, mode: 'challenge', version, by: 'aftercare', reason: 'its rows came', atMs: AT_MS });
  const { rows } = await database.pool.query('select requested_by as by, reason from aftercare.challenge where model_id = $1 order by number', [id]);
  expect(rows).toEqual([{ by: 'ada', reason: 'registered as a challenger' }, { by: 'training', reason: 'made by retraining 4' }]);
});

it('of two that promote at once one wins, and the other is told which', async () => {
  const id = await withChallengers('contended', 2);
  await open(id, 1, 2);
  await open(id, 2, 3);
  const outcomes = await Promise.all([change(id, 1, 1, 2), change(id, 2, 1, 3)]);
  const [lost] = outcomes.filter(({ refusal }) => refusal !== null);
  expect(outcomes.filter(({ refusal }) => refusal === null)).toHaveLength(1);
  const { versionNumber } = await findModel(database.pool, id);
  expect(lost).toEqual({ refusal: `version ${versionNumber} of model 'contended' is in charge by now, not version 1`, champion: versionNumber });
  expect(await audited(id)).toContain('promotion refused');
});

it('a rollback puts the version back that was replaced, and then the one before it', async () => {
  const id = await withChallengers('rolled-back', 2);
  await open(id, 1, 2);
  await change(id, 1, 1, 2);
  await open(id, 2, 3);
  await change(id, 2, 2, 3);
  // In its probation, by the challenge itself …
  expect(await change(id, 2, 3, 2, 'rollback')).toEqual({ refusal: null, champion: 2 });
  expect(await change(id, 2, 3, 2, 'rollback')).toEqual({ refusal: null, champion: 2 });
  expect(await roles(id)).toEqual(['1 archived', '2 champion', '3 archived']);
  // … and long afterwards, by a person.
  expect(await open(id, 3, 3, 'rollback')).toMatchObject({ state: 'closed', note: "the last promotion of model 'rolled-back' replaced version 1, not 3" });
  expect(await open(id, 4, 1, 'rollback')).toMatchObject({ against: 2, state: 'deciding' });
  expect(await change(id, 4, 2, 1, 'rollback')).toEqual({ refusal: null, champion: 1 });
  expect(await open(id, 5, 2, 'rollback')).toMatchObject({ state: 'closed', note: "there is nothing to go back to: version 1 of model 'rolled-back' was not promoted over another one" });
  expect((await audited(id)).filter((action) => !action.endsWith('begun'))).toEqual(['version promoted', 'version promoted', 'version rolled back', 'rollback refused', 'version rolled back', 'rollback refused']);
});

it('what cannot be put in charge is refused with its reason: archived, in charge already, unknown, of an archived model', async () => {
  const id = await withChallengers('refused', 2);
  await removeChallenger(database.pool, await findModel(database.pool, id, 2), 'ada');
  expect(await open(id, 1, 2)).toMatchObject({ state: 'closed', note: "version 2 of model 'refused' is archived: it cannot be put in charge" });
  expect(await open(id, 1, 2)).toMatchObject({ state: 'closed' });
  expect(await open(id, 2, 1)).toMatchObject({ state: 'closed', note: "version 1 of model 'refused' is in charge already" });
  await expect(open(id, 3, 9)).rejects.toThrow("model 'refused' has no version 9");
  await open(id, 4, 3);
  await removeChallenger(database.pool, await findModel(database.pool, id, 3), 'ada');
  await expect(noteChallenge(database.pool, { modelId: id, number: 4, state: 'switching', by: 'ada', atMs: AT_MS })).rejects.toThrow("version 3 of model 'refused' is archived");
  expect(await change(id, 4, 1, 3)).toEqual({ refusal: "version 3 of model 'refused' is archived: it cannot be put in charge", champion: 1 });
  await archiveModel(database.pool, id, 'ada');
  expect(await change(id, 4, 1, 3)).toMatchObject({ champion: 1, refusal: expect.stringContaining("model 'refused' is archived") as string });
  expect(await roles(id)).toEqual(['1 champion', '2 archived', '3 archived']);
  expect(await audited(id)).toEqual(['promotion refused', 'promotion refused', 'promotion begun', 'promotion refused']);
});

it('notes are audited when they say something new, and one that has ended stays as it is', async () => {
  const id = await withChallengers('noted', 1);
  await open(id, 1, 2, 'challenge');
  const note = (state: 'shadow' | 'deciding' | 'closed', judgement: 'not yet' | 'better' | null, atMs: number) => noteChallenge(database.pool, { modelId: id, number: 1, state, judgement, note: `${state} ${judgement}`, by: 'aftercare', atMs });
  for (const atMs of [1, 2, 3]) expect(await note('shadow', 'not yet', AT_MS + atMs)).toEqual({ champion: 1 });
  await note('shadow', 'better', AT_MS + 4);
  await note('deciding', 'better', AT_MS + 5);
  await note('deciding', 'better', AT_MS + 5);
  await note('closed', null, AT_MS + 6);
  await note('shadow', 'better', AT_MS + 7);
  expect(await readChallenges(database.pool, id, { version: 2 })).toMatchObject([{ state: 'closed', note: 'closed null', finishedAt: '2026-03-01T12:00:00.006Z' }]);
  expect(await audited(id)).toEqual(['challenge begun', 'challenge deciding', 'challenge closed']);
  const { rows: verdicts } = await database.pool.query<{ action: string }>(`select action from aftercare.audit where model_id = $1 and action like 'verdict %' order by id`, [id]);
  expect(verdicts.map(({ action }) => action)).toEqual(['verdict not yet', 'verdict better']);
});

it('appends see no error while the version in charge changes to and fro, and every row is of one version', async () => {
  const id = await withChallengers('busy', 1);
  let stopped = false;
  const appender = async (lane: number, version?: number): Promise<number> => {
    let batches = 0;
    for (; !stopped; batches++) {
      const from = (lane * 1_000 + batches) * 50;
      const rows = Array.from({ length: 50 }, (_, i) => smallRow(from + i));
      await appendRows(database.pool, 'busy', memorySource(rows), { by: 'service', key: `${lane}/${batches}`, ...(version === undefined ? {} : { version }) });
    }
    return batches;
  };
  const lanes = [appender(0), appender(1), appender(2, 1), appender(3, 2)];   // a service that does not care, and two that say whose predictions they are
  for (let n = 1; n <= 6; n += 1) {
    await database.pool.query(`update aftercare.version set role = 'challenger' where model_id = $1 and number = 2`, [id]);   // it was archived by the rollback
    await open(id, n, 2);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await change(id, n, 1, 2)).toEqual({ refusal: null, champion: 2 });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await change(id, n, 2, 1, 'rollback')).toEqual({ refusal: null, champion: 1 });
  }
  stopped = true;
  const batches = await Promise.all(lanes);
  expect(Math.min(...batches)).toBeGreaterThan(0);
  const { rows: mixed } = await database.pool.query(
    `select b.number from aftercare.batch b join aftercare_data.m${id}_inference i on i.batch = b.id where b.model_id = $1 and b.kind = 'analysis' group by b.number, b.version_id, b.rows_accepted
     having count(*) <> b.rows_accepted or bool_or(i.version_id <> b.version_id)`, [id]);
  expect(mixed).toEqual([]);
  const { rows: [count] } = await database.pool.query<{ rows: number }>(`select count(*)::int as rows from aftercare_data.m${id}_inference`);
  expect(count!.rows).toBe(50 * batches.reduce((sum, n) => sum + n, 0));
  // Both were in charge for a while, and the ledger says which rows counted then.
  const { rows: standing } = await database.pool.query<{ number: number; shadow: boolean }>(`select distinct v.number, b.shadow from aftercare.batch b join aftercare.version v on v.id = b.version_id where b.model_id = $1 and b.kind = 'analysis' order by 1, 2`, [id]);
  expect(standing).toEqual([{ number: 1, shadow: false }, { number: 1, shadow: true }, { number: 2, shadow: false }, { number: 2, shadow: true }]);
});

it('a challenger that was removed takes no more rows; a version that was in charge does, beside the one that is', async () => {
  const id = await withChallengers('stragglers', 2);
  await open(id, 1, 2);
  await change(id, 1, 1, 2);
  await removeChallenger(database.pool, await findModel(database.pool, id, 3), 'ada');
  const append = (version: number) => appendRows(database.pool, 'stragglers', memorySource([smallRow(version)]), { by: 'service', version });
  expect(await append(1)).toMatchObject({ version: 1, rowsAccepted: 1 });
  await expect(append(3)).rejects.toThrow("version 3 of model 'stragglers' is archived: it takes no more rows");
});

it('the switch over HTTP is a signed request whose id is the same at every attempt', async () => {
  const key = Buffer.from('a key of thirty-two bytes or more');
  await writeSecret(database.pool, 'switch-key', key, 'ada');
  const got: { id: string; signed: boolean; order: unknown }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => { body += piece.toString(); });
    request.on('end', () => {
      const id = String(request.headers['aftercare-id']);
      void isSigned(key, { id, timestamp: Number(request.headers['aftercare-timestamp']), body }, String(request.headers['aftercare-signature']), Date.now()).then((signed) => {
        got.push({ id: decodeURIComponent(id), signed, order: JSON.parse(body) as unknown });
        response.writeHead(got.length === 1 ? 503 : got.length === 2 ? 200 : 422).end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const order: SwitchOrder = { model: 'loans', modelId: 7, challenge: 3, action: 'promote', from: 1, to: 2, by: 'ada' };
  const call = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(() => callSwitch({ pool: database.pool }, { endpoint: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/switch`, secret: 'switch-key' }, order }));
  try {
    await expect(call()).rejects.toMatchObject({ name: 'Error', message: expect.stringContaining('answered 503') as string });   // worth another attempt
    await call();
    await expect(call()).rejects.toMatchObject({ name: 'InvalidInput', message: expect.stringContaining('answered 422') as string });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  expect(got).toEqual(Array.from({ length: 3 }, () => ({ id: 'switch/7/3/promote/1-2', signed: true, order: { kind: 'switch', ...order } })));
});

it('a probation compares how both versions served, and knows when another one is in charge', async () => {
  const id = await withChallengers('watched', 1);
  await open(id, 1, 2);
  await change(id, 1, 1, 2);
  const check = (sinceMs: number) => checkProbation({ pool: database.pool }, { modelId: id, version: 2, against: 1, settings: LIFECYCLE_DEFAULTS.challenge, sinceMs, nowMs: AT_MS + 3_600_000 });
  expect(await check(AT_MS)).toEqual({ fault: null, champion: 2 });
  const log = async (version: number, atMs: number, errors: number) => {
    const tally = new ServingTally();
    for (let i = 0; i < 400; i++) tally.addCall({ version, atMs, durationMs: 20, error: i < errors }, atMs);
    await inTransaction(database.pool, (tx) => addServing(tx, id, tally.take(), { key: `${version}/${atMs}`, nowMs: atMs }));
  };
  await log(1, AT_MS - 600_000, 2);
  await log(2, AT_MS + 600_000, 4);
  expect(await check(AT_MS)).toEqual({ fault: null, champion: 2 });
  await log(2, AT_MS + 1_200_000, 80);
  expect(await check(AT_MS)).toEqual({ fault: 'error rate 10.50 % of 800 calls, version 1 has 0.50 % and 1.00 % more is allowed', champion: 2 });
  await change(id, 1, 2, 1, 'rollback');
  expect(await check(AT_MS)).toMatchObject({ champion: 1 });
});

it('on probation, an incident counts from when something that came after the change has a part in it', async () => {
  const id = await withChallengers('evidence', 1);
  const rows = (from: number, to: number): Row[] => Array.from({ length: to - from }, (_, i) => smallRow(from + i));
  await appendRows(database.pool, id, memorySource(rows(0, 40)), { by: 'test', version: 2 });
  await open(id, 1, 2, 'challenge');
  await change(id, 1, 1, 2);
  await runModel(database.pool, id);
  const { versionId } = await findModel(database.pool, id);
  const incident = { segment: '', kind: 'realized_performance' as const, cause: 'roc_auc', openingChunk: '000000', lastChunk: '000001', chunkCount: 2, ongoing: true };
  await reconcileIncidents(database.pool, { modelId: id, versionId }, 1, [incident], new Date(AT_MS));
  const counts = (): Promise<string[]> => readProbationIncidents(database.pool, versionId, ['realized_performance']);
  expect((await announceIncidents(database.pool, id, ['realized_performance'])).attended).toMatchObject([{ incident: 'v2/realized_performance/roc_auc/000000', old: true }]);
  expect(await counts()).toEqual([]);
  await appendRows(database.pool, id, memorySource(rows(40, 60)), { by: 'test' });
  await appendRows(database.pool, id, memorySource(rows(0, 10)), { by: 'test', version: 1 });
  await runModel(database.pool, id);
  await reconcileIncidents(database.pool, { modelId: id, versionId }, 2, [incident], new Date(AT_MS));
  expect(await counts()).toEqual([]);
  await appendTargets(database.pool, id, memorySource([10, 11, 12].map(smallTarget)), { by: 'test' });
  expect(await counts()).toEqual([expect.stringContaining('the realized ROC AUC left its thresholds')]);
  // An incident of one chunk that came since is new from its beginning.
  await reconcileIncidents(database.pool, { modelId: id, versionId }, 2, [incident, { ...incident, cause: 'f1', openingChunk: '000002', lastChunk: '000002', chunkCount: 1 }], new Date(AT_MS));
  const { attended } = await announceIncidents(database.pool, id, ['realized_performance']);
  expect(attended.map(({ incident: name, old }) => [name, old ?? false])).toEqual([['v2/realized_performance/roc_auc/000000', false], ['v2/realized_performance/f1/000002', false]]);
});

it('versions put in charge are marked in the chunk of the first rows that came after, in every version that has such rows', async () => {
  const id = await withChallengers('marked', 1);
  const rows = (from: number, to: number): Row[] => Array.from({ length: to - from }, (_, i) => smallRow(from + i));
  const append = (from: number, to: number, version?: number) => appendRows(database.pool, id, memorySource(rows(from, to)), { by: 'test', ...(version === undefined ? {} : { version }) });
  const changesOf = async (version: number): Promise<string[]> => {
    const { versionId, settings } = await findModel(database.pool, id, version);
    const changes = await readVersionChanges(database.pool, { modelId: id, versionId, segment: '', scheme: storedScheme(settings) });
    return changes.map(({ version: number, replaced, how, at, chunk, madeOf }) => `${chunk}: ${number} for ${replaced} by ${how} at ${at.slice(11)}${madeOf}`);
  };
  await append(0, 40);
  await append(0, 40, 2);
  await open(id, 1, 2, 'challenge');
  await change(id, 1, 1, 2);
  await runModel(database.pool, id);
  expect(await changesOf(2)).toEqual([]);   // no rows yet: nowhere to put it
  await append(40, 70);
  await runModel(database.pool, id);
  expect(await changesOf(2)).toEqual(['000002: 2 for 1 by promotion at 12:00:00.001Z']);
  await change(id, 1, 2, 1, 'rollback');
  await append(70, 90);
  await runModel(database.pool, id);
  const both = ['000002: 2 for 1 by promotion at 12:00:00.001Z', '000002: 1 for 2 by rollback at 12:00:00.001Z'];
  expect(await changesOf(1)).toEqual(both);   // its rows 40 to 59 of the order are those that came after both
  expect(await changesOf(2)).toEqual(both.slice(0, 1));
});
