/** Putting a version in charge and back, as people do it: the client, a worker process, the user's own switch over HTTP, the audit trail. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Aftercare, type Decision, type SwitchOrder } from '../../client/index.js';
import { writeSecret } from '../../store/secrets.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createNamespace, type TestNamespace } from '../workflows/support/namespace.js';
import { loans, withOutcome } from './support/loans.js';
import { startWorkerProcess, type WorkerProcess } from './support/worker-process.js';

let database: TestDatabase;
let place: TestNamespace;
let worker: WorkerProcess;
let client: Aftercare;
let server: Server;
const served: string[] = [];
/** The receiver that docs/how-it-works/promotion.md shows, as it stands there. */
let receiver: ChildProcess;
let folder: string;
let receiverUrl: string;

async function startReceiver(): Promise<void> {
  const page = await readFile(new URL('../../docs/how-it-works/promotion.md', import.meta.url), 'utf8');
  const code = /^```js\n([\s\S]*?)^```/m.exec(page)![1]!;
  folder = await mkdtemp(join(tmpdir(), 'aftercare-switch-'));
  await writeFile(join(folder, 'switch.mjs'), code);
  receiver = spawn(process.execPath, ['switch.mjs'], { cwd: folder, env: { ...process.env, SWITCH_KEY: 'known to both sides', PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(receiver.stdout!, 'data')) as [Buffer];
  receiverUrl = `http://127.0.0.1:${/listening on (\d+)/.exec(said.toString())![1]!}/`;
}

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => { body += piece.toString(); });
    request.on('end', () => {
      const { model, action, from, to } = JSON.parse(body) as SwitchOrder;
      served.push(`${model} ${action} ${from} ${to}`);
      response.writeHead(model === 'broken' && action === 'promote' ? 400 : 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  [database, place] = await Promise.all([createDatabase(), createNamespace('promotion'), startReceiver()]);
  await writeSecret(database.pool, 'loans-switch', Buffer.from('known to both sides'), 'ada');
  worker = startWorkerProcess({ databaseUrl: database.url, temporalAddress: place.address, namespace: place.namespace });
  client = await Aftercare.connect({ databaseUrl: database.url, temporal: place, by: 'ada' });
  await worker.ready();
});
afterAll(async () => {
  await client?.close();
  worker?.signal('SIGKILL');
  await worker?.ended;
  await database?.drop();
  server?.close();
  receiver?.kill('SIGKILL');
  if (folder) await rm(folder, { recursive: true, force: true });
});

const HOUR_MS = 3_600_000;
async function createModel(name: string, promotion: Record<string, unknown> = {}): Promise<void> {
  await client.models.create({
    name, reference: withOutcome(loans(0, 600)), columns: { target: 'repaid' },
    settings: { chunking: { kind: 'size', size: 200 }, runs: { everyRows: null, onTargets: false }, promotion: { probationMs: HOUR_MS, switch: { kind: 'webhook', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/switch` }, ...promotion } },
  });
  await client.challengers.add(name, { reference: withOutcome(loans(600, 1_200)) });
  await client.challenges.wait(name, 1, { states: ['shadow'] });
}
const refusalsOf = async (name: string): Promise<string[]> =>
  (await database.pool.query<{ action: string; by: string; why: string }>(
    `select a.action, a.by, a.detail ->> 'why' as why from aftercare.audit a join aftercare.model m on m.id = a.model_id where m.name = $1 and a.action like '% refused' order by a.id`, [name])).rows.map(({ action, by, why }) => `${action} (${by}): ${why}`);

it('a version is put in charge by its challenge, monitored from then on, and taken back in its probation', async () => {
  await createModel('loans', { switch: { kind: 'webhook', url: receiverUrl, secret: 'loans-switch' } });
  expect((await fetch(receiverUrl, { method: 'POST', body: '{"to":2}' })).status).toBe(401);
  const serving = (): Promise<string> => readFile(join(folder, 'serving-version'), 'utf8');
  await client.append('loans', loans(2_000, 2_400));
  await client.run('loans');
  const { challenge } = await client.promote('loans', 2, { note: 'seen elsewhere' });
  expect(await client.challenges.wait('loans', challenge, { states: ['probation'] })).toMatchObject({ mode: 'challenge', state: 'probation', version: 2, against: 1 });
  expect(await serving()).toBe('2');
  expect(await client.append('loans', loans(2_400, 2_800))).toMatchObject({ version: 2, rowsAccepted: 400 });
  await client.run('loans');
  expect(new Set((await client.results('loans')).filter(({ period }) => period === 'analysis').map(({ version }) => version))).toEqual(new Set([2]));
  await client.idle('loans');
  expect((await client.runs('loans')).some(({ trigger }) => trigger === 'promotion')).toBe(true);

  const back = await client.rollback('loans', { note: 'complaints', by: 'grace' });
  expect(back).toMatchObject({ challenge, version: 1 });
  expect(await client.challenges.wait('loans', challenge)).toMatchObject({ state: 'rolled_back', note: 'version 1 is in charge again, by grace: complaints' });
  expect(await serving()).toBe('1');
  expect(await client.append('loans', loans(2_800, 2_900))).toMatchObject({ version: 1 });

  await expect(client.rollback('loans')).rejects.toThrow("there is nothing to go back to: version 1 of model 'loans' was not promoted over another one");
  await expect(client.promote('loans', 2, { by: 'grace' })).rejects.toThrow("version 2 of model 'loans' is archived: it cannot be put in charge");
  await expect(client.promote('loans', 1)).rejects.toThrow("version 1 of model 'loans' is in charge already");
  await expect(client.promote('loans', 7)).rejects.toThrow("model 'loans' has no version 7: its versions are 1, 2");
  expect(await refusalsOf('loans')).toEqual([
    "rollback refused (ada): there is nothing to go back to: version 1 of model 'loans' was not promoted over another one",
    "promotion refused (grace): version 2 of model 'loans' is archived: it cannot be put in charge",
    "promotion refused (ada): version 1 of model 'loans' is in charge already",
    "promotion refused (ada): model 'loans' has no version 7: its versions are 1, 2",
  ]);
});

it('a version goes back long after its probation, by the lifecycle', async () => {
  await createModel('settled', { probationMs: 0 });
  const { challenge } = await client.promote('settled', 2);
  expect(await client.challenges.wait('settled', challenge)).toMatchObject({ state: 'kept' });
  const back = await client.rollback('settled');
  expect(await client.challenges.wait('settled', back.challenge)).toMatchObject({ mode: 'rollback', state: 'rolled_back', version: 1, against: 2 });
  expect((await client.challengers.list('settled')).map(({ role }) => role)).toEqual(['champion', 'archived']);
});

it('a switch that refuses leaves the champion in charge, and is told to undo what it may have done', async () => {
  await createModel('broken');
  const { challenge } = await client.promote('broken', 2);
  expect((await client.challenges.wait('broken', challenge)).note).toMatch(/^the switch to version 2 failed: 127\.0\.0\.1:\d+ answered 400; version 1 stays in charge$/);
  expect(served.filter((order) => order.startsWith('broken'))).toEqual(['broken promote 1 2', 'broken compensate 2 1']);
  expect((await client.models.get('broken')).version).toBe(1);
});

it('who is not among those who may approve has them asked', async () => {
  await createModel('asked', { approval: { approvers: ['maria'] }, probationMs: 0 });
  const { challenge } = await client.promote('asked', 2, { note: 'please' });
  const decision = await waiting('asked');
  expect(decision).toMatchObject({ subject: 'promotion', approvers: ['maria'], options: ['approve', 'reject'], question: 'Put version 2 of asked in charge, instead of version 1? ada wants it: please' });
  await expect(client.promote('asked', 2)).rejects.toThrow(`the promotion of version 2 waits for an answer: decide ${decision.id}`);
  await expect(client.decide(decision.id, { answer: 'approve' })).rejects.toThrow('ada is not among those who may answer');
  await client.decide(decision.id, { answer: 'approve', by: 'Maria' });
  expect(await client.challenges.wait('asked', challenge)).toMatchObject({ state: 'kept' });
  expect((await client.models.get('asked')).version).toBe(2);
});

async function waiting(model: string): Promise<Decision> {
  for (const until = Date.now() + 30_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const [decision] = await client.decisions({ model });
    if (decision) return decision;
  }
  throw new Error('nobody was asked');
}
