/** The example project, compiled against the built package and run as its README says, on real servers. */
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createNamespace, type TestNamespace } from '../workflows/support/namespace.js';
import { eventually } from '../workflows/support/stage.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;
let database: TestDatabase;
let temporal: TestNamespace;
let worker: ChildProcess | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aftercare-own-worker-'));
  cpSync(join(root, 'examples/own-worker'), folder, { recursive: true, filter: (path) => !/\/(node_modules|dist)$/.test(path) });
  // What `npm install` would bring, without a registry: this package, and its one copy of Temporal's.
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  for (const [name, target] of [['aftercare', root], ['@temporalio', join(root, 'node_modules/@temporalio')], ['@types/node', join(root, 'node_modules/@types/node')]] as const) symlinkSync(target, join(folder, 'node_modules', name));
  [database, temporal] = await Promise.all([createDatabase({ migrated: false }), createNamespace('own')]);
});
afterAll(async () => {
  worker?.kill('SIGKILL');
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

it('a team\'s own worker runs aftercare beside its workflows, behind a payload codec', async () => {
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]);
  const env = { ...process.env, DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace, ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  let said = '';
  worker = spawn(process.execPath, [join(folder, 'dist/worker.js')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [worker.stdout!, worker.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => { said += text; });
  const ended = new Promise<number | null>((resolve) => worker!.once('exit', resolve));
  await eventually(() => said, (text) => text.includes('worker is there') || worker!.exitCode !== null, 90_000);
  expect(worker.exitCode, said).toBeNull();

  const { stdout } = await run(process.execPath, [join(folder, 'dist/story.js')], { env, timeout: 120_000 });
  const story = JSON.parse(stdout.trim().split('\n').at(-1)!) as { loan: string; runs: number; state: string; estimated: (number | null)[] };
  expect(story).toMatchObject({ loan: 'loan-1: approved (0.75)', state: 'completed', runs: 2 });
  expect(story.estimated.length).toBe(2);
  for (const value of story.estimated) expect(value).toBeGreaterThan(0.6);

  // Nothing that we said can be read in Temporal.
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const encodings = new Set<string>();
  for (const workflowId of ['aftercare/model/1', 'aftercare/model/1/run/1']) {
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    expect(history.events!.length).toBeGreaterThan(5);
    for (const [, encoding] of historyToJSON(history).matchAll(/"encoding":\s*"([^"]+)"/g)) encodings.add(Buffer.from(encoding!, 'base64').toString());
  }
  expect(encodings).toEqual(new Set(['binary/encrypted', 'json/plain']));   // plain: search attributes, which Temporal must read
  await connection.close();

  worker.kill('SIGTERM');
  expect(await ended, said).toBe(0);
});
