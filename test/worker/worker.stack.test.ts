/** Workers as processes, with real activities: the whole line from an append to an answered decision, and what happens when something is killed on the way. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Aftercare } from '../../client/index.js';
import { lifecycleId } from '../../domain/names.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createNamespace, type TestNamespace } from '../workflows/support/namespace.js';
import { eventually } from '../workflows/support/stage.js';
import { Client, Connection } from '@temporalio/client';
import { loans, outcomes, withOutcome } from './support/loans.js';
import { startWorkerProcess, type Servers, type WorkerProcess } from './support/worker-process.js';

let database: TestDatabase;
let temporal: TestNamespace;
let servers: Servers;
let client: Aftercare;
const started: WorkerProcess[] = [];
const start = (queues?: string): WorkerProcess => {
  const worker = startWorkerProcess(servers, queues);
  started.push(worker);
  return worker;
};

beforeAll(async () => {
  database = await createDatabase();
  temporal = await createNamespace('worker');
  servers = { databaseUrl: database.url, temporalAddress: temporal.address, namespace: temporal.namespace };
  client = await Aftercare.connect({ databaseUrl: database.url, temporal: { address: temporal.address, namespace: temporal.namespace }, by: 'ada' });
});
afterEach(async () => {
  for (const worker of started.splice(0)) {
    worker.signal('SIGKILL');
    await worker.ended;
  }
});
afterAll(async () => {
  await client?.close();
  await database?.drop();
});

const createModel = (name: string, everyRows: number | null = 500) => client.models.create({
  name, reference: withOutcome(loans(0, 2_000)), columns: { target: 'repaid' },
  settings: { chunking: { kind: 'size', size: 500 }, runs: { everyRows, onTargets: true }, decisions: { on: ['estimated_performance', 'drift'] } },
});
const runsOf = async (model: string) => (await client.runs(model)).reverse().map((run) => `${run.trigger} ${run.previousHorizon}..${run.horizon} ${run.state}`);

describe('a worker process', () => {
  it('carries a model from its first rows to an answered decision', async () => {
    const worker = start();
    await worker.ready();
    await createModel('whole line');
    for (let i = 0; i < 4; i++) {
      await client.append('whole line', loans(10_000 + i * 500, 10_500 + i * 500, i >= 2 ? 40_000 : 0));
      await client.idle('whole line');
    }
    await client.targets('whole line', outcomes(loans(10_000, 11_000)));
    await client.idle('whole line');
    expect(await runsOf('whole line')).toEqual(['count 0..2 completed', 'count 2..3 completed', 'count 3..4 completed', 'count 4..5 completed', 'targets 5..6 completed']);
    const drift = (await client.results('whole line', { calculators: ['univariate_drift'], columns: ['income'], period: 'analysis' })).map((result) => result.alert);
    expect(drift).toEqual([false, false, true, true]);
    const realized = await client.results('whole line', { calculators: ['realized_performance'], metrics: ['roc_auc'], period: 'analysis' });
    expect(realized.map((result) => result.value !== null)).toEqual([true, true, false, false]);
    const waiting = await eventually(() => client.decisions({ model: 'whole line' }), (list) => list.some((decision) => decision.id.includes('/drift/income/')));
    const decided = await client.decide(waiting.find((decision) => decision.id.includes('/drift/income/'))!.id, { answer: 'acknowledge', note: 'new customers' });
    expect(decided).toMatchObject({ state: 'answered', answer: 'acknowledge', answeredBy: 'ada' });
    await expect(client.decide(decided.id, { answer: 'ignore' })).rejects.toMatchObject({ name: 'Conflict' });
    worker.signal('SIGTERM');
    expect(await worker.ended).toBe(0);
  });

  it('gives the same runs and results when main and numeric workers are killed in the middle', async () => {
    const rows = (i: number) => loans(20_000 + i * 250, 20_250 + i * 250, i >= 4 ? 30_000 : 0);
    await start().ready();
    await createModel('calm');
    for (let i = 0; i < 6; i++) await client.append('calm', rows(i), { key: `batch-${i}` });
    await client.idle('calm');
    started.splice(0).forEach((worker) => worker.signal('SIGKILL'));

    let main = start('main');
    let numeric = start('numeric');
    await Promise.all([main.ready(), numeric.ready()]);
    await createModel('storm');
    for (let i = 0; i < 6; i++) {
      await client.append('storm', rows(i), { key: `batch-${i}` });
      if (i === 1 || i === 3) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        main.signal('SIGKILL');
        if (i === 3) numeric.signal('SIGKILL');
        main = start('main');
        if (i === 3) numeric = start('numeric');
      }
    }
    await client.idle('storm');
    expect(await runsOf('storm')).toEqual(await runsOf('calm'));
    const [calm, storm] = await Promise.all([client.canonicalResults('calm'), client.canonicalResults('storm')]);
    expect(storm.map((line) => line.replaceAll('storm', 'calm'))).toEqual(calm);
    expect(calm.length).toBeGreaterThan(50);
  });

  it('starts the lifecycle of a model whose creator died before it could, and rings for batches whose ring was lost', async () => {
    await createModel('orphan');
    const { modelId } = await client.models.get('orphan');
    const connection = await Connection.connect({ address: temporal.address });
    const handle = new Client({ connection, namespace: temporal.namespace }).workflow.getHandle(lifecycleId(modelId));
    await handle.terminate('as if it had never been started');
    await database.pool.query(`update aftercare.model set lifecycle_started_at = null, created_at = now() - interval '1 minute' where id = $1`, [modelId]);
    const worker = start();
    await worker.ready();
    expect(await worker.says(/sweeper: started/)).toContain("'orphan' (its creation was interrupted)");
    await client.idle('orphan');
    // Behind the client's back, so that nobody rings.
    const silent = await Aftercare.connect({ databaseUrl: database.url, temporal: { address: '127.0.0.1:1', namespace: temporal.namespace }, by: 'grace' });
    await silent.append('orphan', loans(30_000, 30_500));
    await silent.close();
    await eventually(() => runsOf('orphan'), (runs) => runs.includes('count 0..2 completed'), 30_000);
    await handle.terminate('as if the Temporal server had been lost');
    const silentAgain = await Aftercare.connect({ databaseUrl: database.url, temporal: { address: '127.0.0.1:1', namespace: temporal.namespace }, by: 'grace' });
    await silentAgain.append('orphan', loans(30_500, 31_000));
    await silentAgain.close();
    expect(await worker.says(/sweeper: started.*Temporal does not have it/)).toContain("'orphan'");
    await eventually(() => runsOf('orphan'), (runs) => runs.includes('count 2..3 completed'), 30_000);
    await connection.close();
  });

  it('finishes what is being done on the first signal', async () => {
    const worker = start();
    await worker.ready();
    await createModel('graceful', null);
    await client.append('graceful', loans(40_000, 45_000));
    const ticket = await client.requestRun('graceful');
    await eventually(() => client.runs('graceful'), (runs) => runs.length === 1);
    worker.signal('SIGINT');
    expect(await worker.ended).toBe(0);
    expect(worker.lines.join('\n')).toContain('SIGINT: finishing what is being done');
    await start().ready();
    await eventually(() => client.runs('graceful'), (runs) => runs[0]?.number === ticket.runNumber && runs[0].state === 'completed', 60_000);
  });

  it('ends when its parent process is gone', async () => {
    const worker = start();
    await worker.ready();
    worker.process.disconnect();
    expect(await worker.ended).toBe(0);
    expect(worker.lines.join('\n')).toContain('the parent process is gone');
  });

  it('waits for servers that are not there yet, says for which, and ends when told to', async () => {
    for (const [missing, pattern] of [[{ databaseUrl: 'postgres://nobody@127.0.0.1:1/none' }, /waiting for PostgreSQL: .*ECONNREFUSED/], [{ temporalAddress: '127.0.0.1:1' }, /waiting for Temporal at 127\.0\.0\.1:1/]] as const) {
      const worker = startWorkerProcess({ ...servers, ...missing });
      started.push(worker);
      await worker.says(pattern);
      worker.signal('SIGTERM');
      expect(await worker.ended).toBe(0);
    }
  });
});
