/** The example's training, compiled against the built package and run as its README says: a worker of the team's own, started by aftercare's, on real servers and the car-loan data. */
import { Client, Connection } from '@temporalio/client';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Aftercare, Conflict, type ModelVersion, type Retraining } from '../../client/index.js';
import { retrainingScheduleId } from '../../domain/names.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createNamespace, type TestNamespace } from '../workflows/support/namespace.js';
import { eventually } from '../workflows/support/stage.js';
import { startWorkerProcess, type WorkerProcess } from './support/worker-process.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;
let database: TestDatabase;
let temporal: TestNamespace;
let ours: WorkerProcess | undefined;
let theirs: ChildProcess | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aftercare-retraining-'));
  cpSync(join(root, 'examples/retraining'), folder, { recursive: true, filter: (path) => !/\/(node_modules|dist|models)$/.test(path) });
  // What `npm install` would bring, without a registry.
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  for (const [name, target] of [['aftercare', root], ['@temporalio', join(root, 'node_modules/@temporalio')], ['@types/node', join(root, 'node_modules/@types/node')]] as const) symlinkSync(target, join(folder, 'node_modules', name));
  [database, temporal] = await Promise.all([createDatabase(), createNamespace('training')]);
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]);
});
afterAll(async () => {
  theirs?.kill('SIGKILL');
  ours?.signal('SIGTERM');
  await ours?.ended;
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

it('trains on the newest rows with their targets, registers a challenger of this retraining, and is better than the version in charge on the rows after', async () => {
  const env = { ...process.env, DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace, MODELS_FOLDER: join(folder, 'models'), TRAIN_NEWEST: '10000', TRAIN_HELD_OUT: '0.3' };
  ours = startWorkerProcess({ databaseUrl: database.url, temporalAddress: temporal.address, namespace: temporal.namespace });
  let said = '';
  theirs = spawn(process.execPath, [join(folder, 'dist/worker.js')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [theirs.stdout!, theirs.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => { said += text; });
  await Promise.all([ours.ready(), eventually(() => said, (text) => text.includes('training worker is there') || theirs!.exitCode !== null, 60_000)]);
  expect(theirs.exitCode, said).toBeNull();

  const { stdout } = await run(process.execPath, [join(folder, 'dist/story.js'), join(root, 'datasets')], { env, timeout: 120_000 });
  const { retraining, versions, answered } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { retraining: Retraining; versions: (ModelVersion & { note: string | null })[]; answered: { rows: number; champion: number; challenger: number } };
  expect(retraining, said).toMatchObject({ number: 1, state: 'completed', version: 2, trigger: 'manual', requestedBy: 'maria', approvedBy: 'maria', failure: null });
  expect(versions).toMatchObject([{ number: 1, role: 'champion' }, { number: 2, role: 'challenger', referenceRows: 3_000 }]);
  const [, auc, championAuc] = /^ROC AUC (0\.\d+) on 3000 rows that it has not seen, (0\.\d+) of version 1; trained on 7000$/.exec(versions[1]!.note ?? '') ?? [];
  expect(Number(auc)).toBeGreaterThan(Number(championAuc) + 0.005);
  expect(answered.rows).toBe(2_000);
  expect(answered.challenger).toBeGreaterThan(answered.champion + 0.003);
  expect(existsSync(join(folder, 'models/model-1-retraining-1.json'))).toBe(true);
});

it('is wanted by the calendar as well, asks who may approve, and can be stopped', async () => {
  const [client, connection] = await Promise.all([
    Aftercare.connect({ databaseUrl: database.url, temporal: { address: temporal.address, namespace: temporal.namespace }, by: 'grace' }), Connection.connect({ address: temporal.address }),
  ]);
  try {
    const schedule = new Client({ connection, namespace: temporal.namespace }).schedule.getHandle(retrainingScheduleId(1));
    await client.models.settings('car-loans', { retraining: { schedule: { every: 1, unit: 'month', day: 15, until: '2099-01-01T00:00:00Z' } } });
    const { spec } = await schedule.describe();
    expect(spec.endAt).toEqual(new Date('2099-01-01T00:00:00Z'));
    expect(spec.calendars).toMatchObject([{ dayOfMonth: [{ start: 15 }] }]);
    await schedule.trigger();
    const [asked] = await eventually(() => client.retraining.list('car-loans'), (all) => all.length === 2);
    expect(asked).toMatchObject({ number: 2, state: 'asked', trigger: 'schedule', requestedBy: 'schedule' });
    await client.retraining.cancel('car-loans', 2, { reason: 'not now' });
    expect(await client.retraining.wait('car-loans', 2)).toMatchObject({ state: 'cancelled', failure: 'stopped by grace: not now' });
    await expect(client.retraining.cancel('car-loans', 2)).rejects.toThrow(Conflict);
    await expect(client.retraining.finish('car-loans', 2, { state: 'completed', version: 2 })).rejects.toThrow(/retraining 2 of (model 'car-loans' is cancelled: its outcome comes too late|car-loans has its outcome: cancelled)/);
    await client.models.settings('car-loans', { retraining: { mode: 'off' } });
    await expect(schedule.describe()).rejects.toThrow();

    // Grace is none of the approvers: asking is not approving.
    await eventually(() => client.status('car-loans'), ({ retraining }) => retraining === null);
    const { number, decision } = await client.retraining.request('car-loans', { reason: 'why not' });
    expect(decision).toBe(`1/retraining/${number}/1`);
    await eventually(() => client.decisions({ model: 'car-loans' }), (waiting) => waiting.some(({ id }) => id === decision));
    await expect(client.decide(decision!, { answer: 'approve' })).rejects.toThrow(/grace is not among those who may answer/);
    await client.decide(decision!, { answer: 'reject', by: 'Maria', note: 'nothing has changed' });
    expect(await client.retraining.wait('car-loans', number)).toMatchObject({ state: 'rejected', approvedBy: null, failure: 'Maria rejected it: nothing has changed' });
  } finally {
    await client.close();
    await connection.close();
  }
});
