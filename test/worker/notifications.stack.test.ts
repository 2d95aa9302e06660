/** Notices on their way through a real worker, while mail servers and workers are killed. */
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { messageIdOf } from '../../activities/mail.js';
import { Aftercare } from '../../client/index.js';
import { MAIN_QUEUE, notificationId, WORKFLOW } from '../../domain/names.js';
import { readNotifications } from '../../store/deliveries.js';
import { Inbox } from '../support/inbox.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createNamespace, type TestNamespace } from '../workflows/support/namespace.js';
import { eventually } from '../workflows/support/stage.js';
import { startWorkerProcess, type WorkerProcess } from './support/worker-process.js';

const inbox = new Inbox();
let database: TestDatabase;
let place: TestNamespace;
let connection: Connection;
let client: Client;
let aftercare: Aftercare;
let worker: WorkerProcess;
let modelId: number;

const start = (): WorkerProcess => startWorkerProcess({ databaseUrl: database.url, temporalAddress: place.address, namespace: place.namespace }, 'main', { AFTERCARE_MAIL_URL: inbox.url, AFTERCARE_MAIL_FROM: 'aftercare@example.org' });

beforeAll(async () => {
  [database, place] = await Promise.all([createDatabase(), createNamespace('notices'), inbox.open()]);
  connection = await Connection.connect({ address: place.address });
  client = new Client({ connection, namespace: place.namespace });
  aftercare = await Aftercare.connect({ databaseUrl: database.url, temporal: place, by: 'test' });
  const { rows: [model] } = await database.pool.query<{ id: number }>(`insert into aftercare.model (name, problem_type, settings, created_by) values ('loans', 'classification_binary', '{"zone":"UTC"}', 'test') returning id`);
  modelId = model!.id;
  await database.pool.query(`with v as (insert into aftercare.version (model_id, number, schema, created_by) values ($1, 1, '{}', 'test') returning id) update aftercare.model set champion_version_id = v.id from v where model.id = $1`, [modelId]);
  worker = start();
  await worker.ready();
});
afterAll(async () => {
  worker?.signal('SIGKILL');
  await aftercare?.close();
  await connection?.close();
  await inbox.close();
  await database?.drop();
});

const tell = (id: string, recipients: string[]) => client.workflow.start(WORKFLOW.notification, {
  workflowId: notificationId(modelId, id), taskQueue: MAIN_QUEUE, workflowIdReusePolicy: 'REJECT_DUPLICATE',
  args: [{ notice: { id, modelId, kind: 'incident-opened', topic: 'performance', severity: 'warning', subject: { type: 'none', id: '' }, text: `Something happened: ${id}.`, atMs: Date.now(), recipients } }],
});
const idsOf = (to: string): (string | undefined)[] => inbox.received.filter((one) => one.to[0] === to).map(({ mail }) => mail.messageId);
const records = () => readNotifications(database.pool, modelId);

it('a test says what was sent, and why what was not', async () => {
  expect(await aftercare.notifications.test('loans', { to: 'ada@example.org' })).toMatchObject([{ medium: 'email', recipient: 'ada@example.org', state: 'sent', attempts: 1 }]);
  expect(inbox.received[0]!.text).toContain("A test of the notifications of model 'loans', asked for by test.");
  inbox.refuse = { address: 'gone@example.org', code: 550, times: 1 };
  const [refused] = await aftercare.notifications.test('loans', { to: 'gone@example.org' });
  expect(refused).toMatchObject({ state: 'dead' });
  expect(refused!.lastError).toContain('550');
  await expect(aftercare.notifications.test('loans', { channel: 'ops' })).rejects.toThrow("model 'loans' has no channel 'ops'");
  await expect(aftercare.notifications.test('loans')).rejects.toThrow('has no channels');
  await expect(aftercare.notifications.resend('1/nothing')).rejects.toThrow("there is no notification '1/nothing'");

  const again = await aftercare.notifications.resend(refused!.id);
  expect(again).toMatchObject({ id: refused!.id, state: 'sent' });
  expect(idsOf('gone@example.org')).toEqual([`<${messageIdOf(refused!.id)}@example.org>`]);
  await expect(aftercare.notifications.resend(refused!.id)).rejects.toThrow('is sent');
});

it('a mail server that is killed while it is sent to loses nothing, and nothing is intended twice', async () => {
  const before = (await records()).length;
  // The first mails are taken, and the server dies before it says so; then it stays away for a while.
  const deaths: Promise<void>[] = [];
  inbox.beforeYes = () => {
    if (deaths.length === 0) deaths.push(inbox.close());
    return deaths[0]!;
  };
  const told = await Promise.all(['one', 'two', 'three'].map((id) => tell(`storm/${id}`, ['ada@example.org', 'grace@example.org'])));
  await eventually(() => deaths.length, (n) => n === 1);
  await deaths[0];
  await eventually(records, (found) => found.filter(({ attempts, state }) => attempts > 0 && state === 'intended').length >= 3);
  inbox.beforeYes = () => Promise.resolve();
  await inbox.open();
  expect(await Promise.all(told.map((handle) => handle.result()))).toEqual(Array.from({ length: 3 }, () => ({ sent: 2, dead: 0, withdrawn: 0 })));
  const found = (await records()).filter(({ id }) => id.includes('/storm/'));
  expect([found.length, (await records()).length]).toEqual([6, before + 6]);
  expect(found.every(({ state }) => state === 'sent')).toBe(true);
  expect(new Set(inbox.received.filter(({ text }) => text.includes('storm/')).map(({ mail }) => mail.messageId))).toEqual(new Set(found.map(({ id }) => `<${messageIdOf(id)}@example.org>`)));
});

it('a worker that is killed between the server\'s yes and its own record sends once more, with the same Message-ID', async () => {
  let taken = 0;
  inbox.beforeYes = async () => {
    taken += 1;
    if (taken > 1) return;
    worker.signal('SIGKILL');
    await worker.ended;
  };
  const handle = await tell('killed', ['linus@example.org']);
  await eventually(() => taken, (n) => n === 1);
  await worker.ended;
  expect(await records()).toContainEqual(expect.objectContaining({ id: `${modelId}/killed/email/linus@example.org`, state: 'intended', attempts: 1 }));
  worker = start();
  expect(await handle.result()).toEqual({ sent: 1, dead: 0, withdrawn: 0 });
  expect(idsOf('linus@example.org')).toEqual(Array.from({ length: 2 }, () => `<${messageIdOf(`${modelId}/killed/email/linus@example.org`)}@example.org>`));
  expect(await records()).toContainEqual(expect.objectContaining({ id: `${modelId}/killed/email/linus@example.org`, state: 'sent', attempts: 2 }));
});
