/** A query that reaches a new worker before the task that another one died with: the workflow must not go on at the time of its last task. */
import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleOf } from './support/bundle.js';
import { createNamespace } from './support/namespace.js';
import { begin, isBegun, timedSleep } from './support/timed-workflows.js';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const SLEEP_MS = 30;

const folder = mkdtempSync(join(tmpdir(), 'aftercare-steady-'));
let place: { address: string; namespace: string };
let connection: Connection;
let client: Client;
let last: ChildProcess | null = null;

beforeAll(async () => {
  place = await createNamespace();
  connection = await Connection.connect({ address: place.address });
  client = new Client({ connection, namespace: place.namespace });
  const { code } = await bundleOf(new URL('./support/timed-workflows.ts', import.meta.url));
  writeFileSync(join(folder, 'bundle.js'), code);
});

afterAll(async () => {
  last?.kill('SIGKILL');
  await connection?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startWorker(): Promise<ChildProcess> {
  const worker = fork(here('./support/mortal-worker.mjs'), [place.address, place.namespace, 'timed', join(folder, 'bundle.js')], { execArgv: [] });
  await once(worker, 'message');
  return worker;
}

/** @returns how long the sleep took, by the workflow's own clock, and why tasks of it failed */
async function tell(name: string): Promise<{ sleptMs: number; failures: string[] }> {
  const dying = await startWorker();
  const handle = await client.workflow.start(timedSleep, { workflowId: name, taskQueue: 'timed', args: [SLEEP_MS] });
  await handle.query(isBegun);
  await handle.signal(begin);
  while (!(await handle.query(isBegun))) await delay(10);
  dying.kill('SIGKILL');
  await once(dying, 'exit');
  let over = false;
  let answers = 0;
  const ask = async (afterMs: number): Promise<void> => {
    await delay(afterMs);
    for (; !over; await delay(100)) await handle.query(isBegun).then(() => { answers += 1; }, () => undefined);   // nobody may be there yet
  };
  const asking = [0, 150, 300, 450, 600, 750].map(ask);
  last = await startWorker();
  const sleptMs = await handle.result();
  over = true;
  await Promise.all(asking);
  expect(answers).toBeGreaterThan(0);
  const { events } = await handle.fetchHistory();
  await Worker.runReplayHistory({ workflowBundle: { codePath: join(folder, 'bundle.js') } }, { events }, name);
  last.kill('SIGKILL');
  await once(last, 'exit');
  return { sleptMs, failures: (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) => (failed ? [String(failed.cause)] : [])) };
}

it('goes on at the right time, and can be replayed', { timeout: 120_000 }, async () => {
  // Whether a query meets the moment is a matter of luck, with much in its favour.
  for (let time = 1, met = false; !met; time++) {
    const { sleptMs, failures } = await tell(`timed-${time}`);
    expect(sleptMs).toBeGreaterThanOrEqual(SLEEP_MS);
    met = failures.length > 0;
    if (time === 4) expect(met, 'no query met the moment: is the guard still needed?').toBe(true);
  }
});
