/**
 * What must not be, tried by client and over HTTP against a real worker: approvals that nobody asked for, that come twice, late or from somebody else; a verdict
 * without common rows; the promotion of an archived version; callbacks of somebody else. Each is refused with its reason, changes nothing, and is in the audit trail.
 */
import { execFile } from 'node:child_process';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Aftercare, type Decision } from '../client/index.js';
import { lifecycleId } from '../domain/names.js';
import type { TrainingOrder } from '../domain/retraining.js';
import { SIGNATURE_HEADERS, signatureOf } from '../domain/signature.js';
import { mintToken, type Claims } from '../domain/signed-token.js';
import { createServer } from '../server/index.js';
import { signingKey, writeSecret } from '../store/secrets.js';
import { createDatabase, type TestDatabase } from './support/stack.js';
import { loans, withOutcome } from './worker/support/loans.js';
import { startWorkerProcess, type WorkerProcess } from './worker/support/worker-process.js';
import { createNamespace, type TestNamespace } from './workflows/support/namespace.js';
import { eventually } from './workflows/support/stage.js';

const KEY = Buffer.from('known to both sides');
const LATER = Date.now() + 3_600_000;
let database: TestDatabase;
let place: TestNamespace;
let client: Aftercare;
let worker: WorkerProcess;
let door: FastifyInstance;
let address: string;
let trainer: Server;
let modelId: number;
const orders: TrainingOrder[] = [];

beforeAll(async () => {
  trainer = createHttpServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => { body += piece.toString(); });
    request.on('end', () => {
      orders.push(JSON.parse(body) as TrainingOrder);
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((done) => trainer.listen(0, '127.0.0.1', done));
  [database, place] = await Promise.all([createDatabase(), createNamespace('false')]);
  client = await Aftercare.connect({ databaseUrl: database.url, temporal: place, by: 'ada' });
  await writeSecret(database.pool, 'training-key', KEY, 'ada');
  door = await createServer({ pool: database.pool, client });
  address = await door.listen({ host: '127.0.0.1', port: 0 });
  worker = startWorkerProcess({ databaseUrl: database.url, temporalAddress: place.address, namespace: place.namespace }, 'main,numeric', { AFTERCARE_PUBLIC_URL: address });
  await worker.ready();
  modelId = await create('loans', { approvers: ['maria', 'lena'] });
});
afterAll(async () => {
  worker?.signal('SIGKILL');
  await worker?.ended;
  await door?.close();
  await client?.close();
  trainer?.close();
  await database?.drop();
});

async function create(name: string, approval: { approvers: string[]; deadlineMs?: number }): Promise<number> {
  const training = { kind: 'webhook' as const, url: `http://127.0.0.1:${(trainer.address() as AddressInfo).port}/train`, secret: 'training-key' };
  const created = await client.models.create({
    name, reference: withOutcome(loans(0, 600)), columns: { target: 'repaid' },
    settings: { chunking: { kind: 'size', size: 200 }, runs: { everyRows: null, onTargets: false }, retraining: { training, approval }, promotion: { approval } },
  });
  return created.modelId;
}
const post = (path: string, body: string, headers: Record<string, string>) => fetch(`${address}${path}`, { method: 'POST', body, headers });
const link = async (claims: Claims, key?: Uint8Array): Promise<string> => mintToken(key ?? await signingKey(database.pool), claims);
const answerByLink = async (decision: string, person: string, answer: string, untilMs = LATER) =>
  post(`/decisions/${await link({ use: 'answer', decision, person, untilMs })}`, new URLSearchParams({ answer }).toString(), { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' });
async function waiting(model: string, id: string): Promise<Decision> {
  return (await eventually(() => client.decisions({ model }), (open) => open.some((one) => one.id === id))).find((one) => one.id === id)!;
}
/** Refusals since the last time that somebody asked, oldest first. */
let seen = 0;
async function refusals(): Promise<string[]> {
  const fresh = (await client.audit(undefined, { action: 'refused' })).filter(({ id }) => id > seen).reverse();
  seen = fresh.at(-1)?.id ?? seen;
  return fresh.map(({ model, by, action, detail }) => `${model} · ${by} · ${action} · ${detail['why'] as string}`);
}

it('approvals: nobody asked, by somebody else, of something else, twice, two at once', async () => {
  const unasked = `${modelId}/retraining/99/1`;
  await expect(client.decide(unasked, { answer: 'approve', by: 'maria' })).rejects.toThrow(`there is no decision '${unasked}'`);
  await expect(client.decide('no such thing', { answer: 'approve', by: 'maria' })).rejects.toThrow("there is no decision 'no such thing'");
  expect((await answerByLink(unasked, 'maria', 'approve')).status).toBe(404);
  expect(await refusals()).toEqual([
    `loans · maria · answer refused · there is no decision '${unasked}': aftercare decisions shows those that wait`,
    "null · maria · answer refused · there is no decision 'no such thing': aftercare decisions shows those that wait",
    'null · maria · link refused · unknown',
  ]);

  const { decision: id, number } = await client.retraining.request('loans', { reason: 'new season', by: 'ada' });
  expect(await waiting('loans', id!)).toMatchObject({ options: ['approve', 'reject'], approvers: ['maria', 'lena'] });
  await expect(client.decide(id!, { answer: 'approve', by: 'ada' })).rejects.toThrow('ada is not among those who may answer');
  await expect(client.decide(id!, { answer: 'release', by: 'maria' })).rejects.toThrow(/'release'/);
  await expect(client.decide(id!, { answer: 'sure' as 'approve', by: 'maria' })).rejects.toThrow("answer 'sure' is none of");
  await expect(client.decide(id!, { answer: 'approve', by: '  ' })).rejects.toThrow();
  expect((await answerByLink(id!, 'mallory', 'approve')).status).toBe(403);
  expect((await answerByLink(id!, 'maria', 'approve', Date.now() - 1)).status).toBe(410);
  expect((await post(`/decisions/${await link({ use: 'answer', decision: id!, person: 'maria', untilMs: LATER }, Buffer.from('a key of my own'))}`, 'answer=approve', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(403);
  expect((await refusals()).map((line) => line.split(' · ').slice(0, 3).join(' · '))).toEqual([
    'loans · ada · answer refused', 'loans · maria · answer refused', 'loans · maria · answer refused', 'loans · unknown · answer refused',
    'loans · mallory · link refused', 'loans · maria · link refused', 'null · unknown · link refused',
  ]);
  expect((await client.decisions({ model: 'loans' })).map(({ state }) => state)).toEqual(['waiting']);

  const answers = await Promise.allSettled([client.decide(id!, { answer: 'reject', by: 'maria' }), client.decide(id!, { answer: 'approve', by: 'lena' })]);
  const [decided] = (await client.decisions({ model: 'loans', all: true })).filter((one) => one.id === id);
  const [winner, loser] = decided!.answeredBy === 'maria' ? ['maria', 'lena'] : ['lena', 'maria'];
  expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const told = answers.find((one) => one.status === 'rejected')! as PromiseRejectedResult;
  expect((told.reason as Error).message).toContain(`by ${winner}`);
  await expect(client.decide(id!, { answer: decided!.answer!, by: winner! })).rejects.toThrow(`by ${winner}`);
  expect((await answerByLink(id!, loser!, 'approve')).status).toBe(409);
  expect((await refusals()).map((line) => line.split(' · ').slice(0, 3).join(' · '))).toEqual([`loans · ${loser} · answer refused`, `loans · ${winner} · answer refused`, `loans · ${loser} · link refused`]);
  expect((await client.decisions({ model: 'loans', all: true })).find((one) => one.id === id)).toMatchObject({ state: 'answered', answer: decided!.answer, answeredBy: winner });
  if (decided!.answer === 'approve') await client.retraining.cancel('loans', number);
  await client.retraining.wait('loans', number);
});

it('an approval that comes after the deadline', async () => {
  await create('hasty', { approvers: ['maria'], deadlineMs: 300 });
  const { decision: id, number } = await client.retraining.request('hasty', { by: 'ada' });
  expect(await client.retraining.wait('hasty', number)).toMatchObject({ state: 'rejected' });
  await expect(client.decide(id!, { answer: 'approve', by: 'maria' })).rejects.toThrow(/nobody answered|defaulted|too late|closed/);
  const late = await answerByLink(id!, 'maria', 'approve');
  expect([late.status, (await late.text()).includes('nobody answered in time')]).toEqual([409, true]);
  expect((await refusals()).map((line) => line.split(' · ').slice(0, 3).join(' · '))).toEqual(['hasty · maria · answer refused', 'hasty · maria · link refused']);
  expect(await client.retraining.get('hasty', number)).toMatchObject({ state: 'rejected', version: null });
});

it('callbacks: a wrong signature, another retraining, a version of another one, twice', async () => {
  const before = orders.length;
  const { number } = await client.retraining.request('loans', { by: 'maria' });
  const { callback } = (await eventually(() => orders.slice(before).find(({ retraining }) => retraining === number), (order) => order !== undefined))!;
  const path = new URL(callback!).pathname;
  const signed = async (body: string, key: Uint8Array = KEY) => {
    const timestamp = Math.floor(Date.now() / 1_000);
    return { 'content-type': 'application/json', [SIGNATURE_HEADERS.id]: 'm', [SIGNATURE_HEADERS.timestamp]: String(timestamp), [SIGNATURE_HEADERS.signature]: await signatureOf(key, { id: 'm', timestamp, body }) };
  };
  const failed = JSON.stringify({ state: 'failed', reason: 'a lie' });
  expect((await post(path, failed, await signed(failed, Buffer.from('another key')))).status).toBe(401);
  expect((await post(path, failed, { 'content-type': 'application/json' })).status).toBe(401);
  const other = JSON.stringify({ state: 'failed', reason: 'a lie', retraining: number + 1 });
  expect((await post(path, other, await signed(other))).status).toBe(403);
  const forged = await link({ use: 'callback', model: modelId, retraining: number, untilMs: LATER }, Buffer.from('a key of my own'));
  expect((await post(`/callbacks/retraining/${forged}`, failed, await signed(failed))).status).toBe(403);
  const unknown = await link({ use: 'callback', model: modelId, retraining: 99, untilMs: LATER });
  expect((await post(`/callbacks/retraining/${unknown}`, failed, await signed(failed))).status).toBe(404);
  const answerLink = await link({ use: 'answer', decision: `${modelId}/retraining/${number}/1`, person: 'maria', untilMs: LATER });
  expect((await post(`/callbacks/retraining/${answerLink}`, failed, await signed(failed))).status).toBe(403);
  await expect(client.retraining.finish('loans', 99, { state: 'failed', reason: 'a lie' })).rejects.toThrow("model 'loans' has no retraining 99");
  await expect(client.challengers.add('loans', { reference: withOutcome(loans(600, 1_200)), retraining: 99 })).rejects.toThrow(/retraining 99/);
  expect(await client.retraining.get('loans', number)).toMatchObject({ state: 'training' });
  const lines = (await refusals()).map((line) => line.split(' · ').slice(1).join(' · '));
  for (const expected of [
    `training of retraining ${number} · callback refused · wrong signature`, `training of retraining ${number} · callback refused · another retraining`, 'unknown · callback refused · changed',
    'training of retraining 99 · callback refused · unknown', "ada · training outcome refused · model 'loans' has no retraining 99: aftercare retrainings loans shows them",
  ]) expect(lines).toContain(expected);

  // The version is there, but was not made for this retraining.
  const { version } = await client.challengers.add('loans', { reference: withOutcome(loans(600, 1_200)) });
  const borrowed = JSON.stringify({ state: 'completed', version });
  expect((await post(path, borrowed, await signed(borrowed))).status).toBe(200);
  expect(await client.retraining.wait('loans', number)).toMatchObject({ state: 'failed', failure: expect.stringContaining(`version ${version}`) as string });
  expect((await post(path, failed, await signed(failed))).status).toBe(409);
  await expect(client.retraining.finish('loans', number, { state: 'completed', version })).rejects.toThrow(/retraining \d+ of .*(has its outcome: failed|is failed: its outcome comes too late)/);
  expect((await refusals()).map((line) => line.split(' · ').slice(1, 3).join(' · '))).toEqual([`training of retraining ${number} · callback refused`, 'ada · training outcome refused']);
});

it('a verdict without common rows, and the promotion of versions that cannot be in charge', async () => {
  await client.append('loans', loans(2_000, 2_200));
  const challenger = (await client.challengers.list('loans')).find(({ role }) => role === 'challenger')!.number;
  await client.append('loans', loans(3_000, 3_300), { version: challenger });
  await expect(client.verdict('loans', { version: challenger, compute: true })).rejects.toThrow(`versions 1 and ${challenger} have 0 rows in common: version 1 answered 200 rows, version ${challenger} answered 300 rows`);
  await client.challengers.remove('loans', challenger);
  await expect(client.promote('loans', challenger, { by: 'maria' })).rejects.toThrow(`version ${challenger} of model 'loans' is archived: it cannot be put in charge`);
  await expect(client.promote('loans', 1, { by: 'maria' })).rejects.toThrow("version 1 of model 'loans' is in charge already");
  await expect(client.promote('loans', 77, { by: 'maria' })).rejects.toThrow("model 'loans' has no version 77");
  await expect(client.rollback('loans', { by: 'maria' })).rejects.toThrow('there is nothing to go back to');
  await expect(client.append('loans', loans(4_000, 4_010), { version: challenger })).rejects.toThrow(/archived/);
  expect((await client.models.get('loans')).version).toBe(1);
  expect((await refusals()).map((line) => line.split(' · ').slice(0, 3).join(' · '))).toEqual([
    'loans · ada · verdict refused', 'loans · maria · promotion refused', 'loans · maria · promotion refused', 'loans · maria · promotion refused', 'loans · maria · rollback refused',
  ]);
});

it('an end with everything under way: question, gate, challenge and incident workflows of the model end with it, once archived or deleted', async () => {
  const ended = await create('ending', { approvers: ['maria'] });
  await client.append('ending', loans(5_000, 5_300), { key: 'first' });
  await client.retraining.request('ending', { by: 'ada' });
  await client.challengers.add('ending', { reference: withOutcome(loans(600, 1_200)) });
  await client.challenges.wait('ending', 1, { states: ['shadow'] });
  expect(await client.gate('ending', 'first', { metric: 'roc_auc', atLeast: 1 })).toMatchObject({ state: 'held' });
  const connection = await Connection.connect({ address: place.address });
  const temporal = new Client({ connection, namespace: place.namespace });
  const open = async (model: number): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { workflowId } of temporal.workflow.list({ query: `ExecutionStatus = 'Running'` })) if (`${workflowId}/`.startsWith(`${lifecycleId(model)}/`)) ids.push(workflowId);
    return ids;
  };
  await eventually(() => client.decisions({ model: 'ending' }), (waiting) => waiting.length === 2);
  expect((await open(ended)).length).toBeGreaterThanOrEqual(6);
  await client.models.archive('ending');
  await eventually(() => open(ended), (ids) => ids.length === 0);
  expect(await client.gateState('ending', 'first')).toMatchObject({ state: 'rejected', decidedBy: null });
  expect((await client.decisions({ model: 'ending', all: true })).map(({ state }) => state)).toEqual(['withdrawn', 'withdrawn']);
  expect((await client.audit('ending', { action: 'gate rejected' })).map(({ by, detail }) => [by, detail['note']])).toEqual([['aftercare', 'the model was archived']]);

  const deleted = await create('going', { approvers: ['maria'] });
  const keys = ['first', 'second', 'third', 'fourth'];
  for (const [n, key] of keys.entries()) await client.append('going', loans(5_000 + n * 300, 5_300 + n * 300), { key });
  // Some of their questions have begun when the model goes, some have not.
  await Promise.all(keys.map((key) => client.gate('going', key, { metric: 'roc_auc', atLeast: 1 })));
  await client.models.delete('going');
  await eventually(() => open(deleted), (ids) => ids.length === 0);
  await connection.close();
});

it('a retraining of a model that cannot be trained, or is archived; and all of it is in the audit trail that people read', async () => {
  await client.models.create({ name: 'plain', reference: withOutcome(loans(0, 600)), columns: { target: 'repaid' } });
  await expect(client.retraining.request('plain')).rejects.toThrow(/nothing can be trained|retraining\.training/);
  await client.models.archive('hasty');
  await expect(client.retraining.request('hasty', { by: 'maria' })).rejects.toThrow(/archived/);
  await expect(client.promote('hasty', 1)).rejects.toThrow(/archived/);
  expect((await refusals()).map((line) => line.split(' · ').slice(0, 3).join(' · '))).toEqual(['plain · ada · retraining refused', 'hasty · maria · retraining refused', 'hasty · ada · promotion refused']);

  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)), 'audit', 'loans', '--action', 'refused'], {
    env: { ...process.env, DATABASE_URL: database.url, TEMPORAL_ADDRESS: place.address, TEMPORAL_NAMESPACE: place.namespace },
  });
  for (const part of ['answer refused', 'link refused', 'callback refused', 'verdict refused', 'promotion refused', 'mallory', 'wrong signature', 'is archived: it cannot be put in charge']) expect(stdout).toContain(part);
  expect(stdout).not.toContain(KEY.toString());
});
