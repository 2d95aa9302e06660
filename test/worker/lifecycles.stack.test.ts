/** The client's side of lifecycles, with a real worker process: floods of single predictions, schedules, cancelling, and servers that are away. */
import { Client, Connection } from '@temporalio/client';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Aftercare } from '../../client/index.js';
import { Lifecycles } from '../../client/lifecycle.js';
import { lifecycleId, runId, scheduleId } from '../../domain/names.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createNamespace, type TestNamespace } from '../workflows/support/namespace.js';
import { eventually } from '../workflows/support/stage.js';
import { loans, withOutcome } from './support/loans.js';
import { startWorkerProcess, type WorkerProcess } from './support/worker-process.js';

let database: TestDatabase;
let place: TestNamespace;
let worker: WorkerProcess;
let client: Aftercare;
let connection: Connection;
let temporal: Client;

beforeAll(async () => {
  [database, place] = await Promise.all([createDatabase(), createNamespace('lifecycles')]);
  worker = startWorkerProcess({ databaseUrl: database.url, temporalAddress: place.address, namespace: place.namespace });
  connection = await Connection.connect({ address: place.address });
  temporal = new Client({ connection, namespace: place.namespace });
  client = await Aftercare.connect({ databaseUrl: database.url, temporal: place, by: 'ada' });
  await worker.ready();
});
afterAll(async () => {
  await client?.close();
  await connection?.close();
  worker?.signal('SIGKILL');
  await worker?.ended;
  await database?.drop();
});

const createModel = async (name: string, runs: Record<string, unknown> = { everyRows: null, onTargets: false }): Promise<number> =>
  (await client.models.create({ name, reference: withOutcome(loans(0, 1_000)), columns: { target: 'repaid' }, settings: { chunking: { kind: 'size', size: 500 }, runs } })).modelId;

/** Over all executions of the lifecycle. */
async function signalsOf(modelId: number): Promise<number> {
  let signals = 0;
  for await (const execution of temporal.workflow.list({ query: `WorkflowId = '${lifecycleId(modelId)}'` })) {
    const { events } = await temporal.workflow.getHandle(execution.workflowId, execution.runId).fetchHistory();
    signals += (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes).length;
  }
  return signals;
}

/** The promise is made for a machine that has nothing else to do; on a crowded one the time is only told. */
function expectWithin20s(tookMs: number): void {
  const crowd = loadavg()[0]! / availableParallelism();
  process.stderr.write(`2,000 predictions took ${(tookMs / 1000).toFixed(1)} s at a load of ${crowd.toFixed(1)} per core\n`);
  if (crowd < 2.5) expect(tookMs).toBeLessThan(20_000);
}

const deal = <T>(rows: readonly T[], hands: number): T[][] => Array.from({ length: hands }, (_, hand) => rows.filter((_row, i) => i % hands === hand));

describe('2,000 single predictions', () => {
  it('by 20 loops in one process are counted within 20 s and leave fewer than 200 signals', async () => {
    const modelId = await createModel('one process', { everyRows: 1_000, onTargets: false });
    const began = Date.now();
    await Promise.all(deal(loans(100_000, 102_000), 20).map(async (rows) => { for (const row of rows) await client.log('one process', row); }));
    expectWithin20s(Date.now() - began);
    await client.idle('one process');
    expect((await client.models.get('one process')).rows.analysis).toBe(2_000);
    expect(await signalsOf(modelId)).toBeLessThan(200);
    const runs = (await client.runs('one process')).reverse();
    expect(runs.length).toBeGreaterThanOrEqual(1);
    expect(runs.every((run) => run.trigger === 'count' && run.state === 'completed')).toBe(true);
  });

  it('by 4 processes of 5 loops as well', async () => {
    const modelId = await createModel('four processes');
    const script = fileURLToPath(new URL('./support/log-loops.mjs', import.meta.url));
    const hands = deal(loans(200_000, 202_000), 4);
    const children = await Promise.all(hands.map(async (rows) => {
      const child = fork(script);
      child.send({ databaseUrl: database.url, temporal: place, model: 'four processes', loops: deal(rows, 5) });
      expect(await once(child, 'message')).toEqual(['ready', undefined]);
      return child;
    }));
    const began = Date.now();
    const ends = children.map((child) => once(child, 'exit'));
    for (const child of children) child.send('go');
    for (const end of ends) expect((await end)[0]).toBe(0);
    expectWithin20s(Date.now() - began);
    expect((await client.models.get('four processes')).rows.analysis).toBe(2_000);
    await client.idle('four processes');
    expect(await signalsOf(modelId)).toBeLessThan(200);
  });
});

describe('runs by hand', () => {
  it('are one for equal keys, and report their progress', async () => {
    await createModel('by hand');
    await client.append('by hand', loans(300_000, 301_000));
    const steps: string[] = [];
    const [first, second] = await Promise.all([client.run('by hand', { key: 'today', onProgress: (progress) => steps.push(progress.step) }), client.run('by hand', { key: 'today' })]);
    expect(first.number).toBe(second.number);
    expect(first).toMatchObject({ state: 'completed', requestedBy: 'ada', chunksComputed: 2 });
    expect(steps.at(-1)).toBe('done');
  });

  it('can be cancelled while they are active, and not after', async () => {
    const modelId = await createModel('cancelled');
    await client.append('cancelled', loans(400_000, 403_000));
    const { runNumber } = await client.requestRun('cancelled');
    const handle = temporal.workflow.getHandle(runId(modelId, runNumber));
    await eventually(() => handle.describe().then(() => true, () => false), (there) => there);
    await handle.cancel();
    const run = await eventually(() => client.runs('cancelled'), (runs) => runs[0]?.state === 'cancelled' || runs[0]?.state === 'completed');
    await client.idle('cancelled');
    await expect(client.cancelRun('cancelled', run[0]!.number)).rejects.toMatchObject({ name: 'Conflict' });
    expect((await client.run('cancelled')).state).toBe('completed');
    expect((await client.results('cancelled', { calculators: ['missing_values'], columns: ['income'], period: 'analysis' })).length).toBe(6);
  });

  it('are cancelled by their ticket, also in the moment before their workflow has begun', async () => {
    await createModel('cancelled at once');
    await client.append('cancelled at once', loans(10_000, 12_000));
    const { runNumber } = await client.requestRun('cancelled at once', { full: true });
    const answer = await client.cancelRun('cancelled at once', runNumber).then(() => 'asked to stop', (error: Error) => error.name);
    await client.idle('cancelled at once');
    const { state } = (await client.runs('cancelled at once'))[0]!;
    // Whoever is quicker: the run was stopped, or it had ended and said so.
    expect([answer, state]).toEqual(state === 'cancelled' ? ['asked to stop', 'cancelled'] : [expect.stringMatching(/asked to stop|Conflict/), 'completed']);
    await expect(client.cancelRun('cancelled at once', 99)).rejects.toMatchObject({ name: 'NotFound' });
  });

  it('are refused for an archived model', async () => {
    await createModel('archived');
    await client.models.archive('archived');
    await expect(client.requestRun('archived')).rejects.toMatchObject({ name: expect.stringMatching(/Conflict|NotFound/) as string });
  });
});

describe('schedules', () => {
  it('follow the settings: made, changed, fired, removed', async () => {
    const modelId = await createModel('scheduled', { everyRows: null, onTargets: false, schedule: { every: 1, unit: 'day', at: { hour: 3, minute: 30 } } });
    const handle = temporal.schedule.getHandle(scheduleId(modelId));
    const made = await handle.describe();
    expect(made.spec).toMatchObject({ timezone: 'UTC' });
    expect(made.policies).toMatchObject({ overlap: 'BUFFER_ONE', catchupWindow: 86_400_000 });
    expect(new Date(made.info.nextActionTimes[0]!).toISOString()).toMatch(/T03:30:00/);
    await client.models.settings('scheduled', { runs: { schedule: { every: 12, unit: 'hour' } } });
    expect((await handle.describe()).spec.intervals).toMatchObject([{ every: 43_200_000 }]);
    await client.append('scheduled', loans(500_000, 500_500));
    await handle.trigger();
    const runs = await eventually(() => client.runs('scheduled'), (list) => list.some((run) => run.state === 'completed'), 40_000);
    expect(runs[0]).toMatchObject({ trigger: 'schedule', requestedBy: 'schedule' });
    await client.models.settings('scheduled', { runs: { schedule: null } });
    await expect(handle.describe()).rejects.toThrow();
  });
});

/** Something that lies between a client and Temporal, and can be taken away. */
async function openWire(target: string): Promise<{ address: string; cut(): void; mend(): void; close(): Promise<void> }> {
  const [host, port] = [target.slice(0, target.lastIndexOf(':')), Number(target.slice(target.lastIndexOf(':') + 1))];
  const sockets = new Set<Socket>();
  let whole = true;
  const server: Server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = createConnection({ host, port });
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.on('error', () => undefined).on('close', () => { sockets.delete(one); other.destroy(); });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      whole = false;
      for (const socket of sockets) socket.destroy();
    },
    mend() { whole = true; },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('while Temporal is away', () => {
  it('appends neither fail nor wait, what asks for an answer says who does not answer, and later all goes on', async () => {
    await createModel('cut off', { everyRows: 500, onTargets: false });
    const wire = await openWire(place.address);
    const cutOff = await Aftercare.connect({ databaseUrl: database.url, temporal: { ...place, address: wire.address }, by: 'grace' });
    await cutOff.append('cut off', loans(600_000, 600_100));
    wire.cut();
    const began = Date.now();
    for (let i = 1; i < 5; i++) expect((await cutOff.append('cut off', loans(600_000 + i * 100, 600_100 + i * 100))).rowsAccepted).toBe(100);
    expect(Date.now() - began).toBeLessThan(5_000);
    await expect(cutOff.status('cut off')).rejects.toThrow(`Temporal at ${wire.address} does not answer`);
    const asked = cutOff.run('cut off');
    setTimeout(() => wire.mend(), 1_500);
    expect((await asked).state).toBe('completed');
    await cutOff.close();
    await wire.close();
    const runs = (await client.runs('cut off')).reverse().map((run) => `${run.trigger} ..${run.horizon}`);
    expect(runs[0]).toBe('count ..6');
  });

  it('a client that is closed meanwhile ends in time and leaves nothing behind that could end its process', async () => {
    await createModel('closed');
    const wire = await openWire(place.address);
    const cutOff = await Aftercare.connect({ databaseUrl: database.url, temporal: { ...place, address: wire.address }, by: 'grace' });
    wire.cut();
    await cutOff.append('closed', loans(700_000, 700_100));
    const began = Date.now();
    await cutOff.close();
    expect(Date.now() - began).toBeLessThan(4_000);
    await new Promise((resolve) => setTimeout(resolve, 3_000));   // an exception out of a timer would fail this run
    await wire.close();
  });
});

describe('search attributes', () => {
  it('are registered once and can be filtered by', async () => {
    const fresh = await createNamespace('tags');
    const lifecycles = await Lifecycles.connect({ pool: database.pool, by: 'ada', temporal: fresh });
    expect(await lifecycles.ensureSearchAttributes()).toBe(true);
    const again = await Lifecycles.connect({ pool: database.pool, by: 'ada', temporal: fresh });
    expect(await again.ensureSearchAttributes()).toBe(true);
    await lifecycles.close();
    await again.close();
    const found = await eventually(async () => {
      const ids: string[] = [];
      for await (const execution of temporal.workflow.list({ query: `aftercareModel = 'by hand' and aftercareKind = 'run'` })) ids.push(execution.workflowId);
      return ids;
    }, (ids) => ids.length > 0);
    expect(found[0]).toMatch(/^aftercare\/model\/\d+\/run\/1$/);
  });
});
