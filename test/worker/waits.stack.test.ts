/** What time alone ends, with a real worker: failing calls and silence become incidents, targets that do not come are absent in the end. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Aftercare, type Incident } from '../../client/index.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createNamespace } from '../workflows/support/namespace.js';
import { loans, withOutcome } from './support/loans.js';
import { startWorkerProcess, type WorkerProcess } from './support/worker-process.js';

let database: TestDatabase;
let worker: WorkerProcess;
let client: Aftercare;

beforeAll(async () => {
  database = await createDatabase();
  const place = await createNamespace('waits');
  worker = startWorkerProcess({ databaseUrl: database.url, temporalAddress: place.address, namespace: place.namespace });
  client = await Aftercare.connect({ databaseUrl: database.url, temporal: place, by: 'ada' });
  await worker.ready();
});
afterAll(async () => {
  await client?.close();
  worker?.signal('SIGKILL');
  await worker?.ended;
  await database?.drop();
});

async function until<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  for (const giveUpAt = Date.now() + 40_000; Date.now() < giveUpAt; await delay(150)) {
    const found = await find();
    if (found !== undefined) return found;
  }
  throw new Error(`waited in vain: ${what}`);
}

const incident = (kind: Incident['kind'], state: Incident['state']): Promise<Incident> =>
  until(`${kind} ${state}`, async () => (await client.incidents('loans')).find((one) => one.kind === kind && one.state === state && (state !== 'open' || one.attended)));

it('are looked after by the lifecycle, which nobody has to ask', async () => {
  await client.models.create({
    name: 'loans', reference: withOutcome(loans(0, 2_000)), columns: { target: 'repaid' },
    settings: {
      chunking: { kind: 'size', size: 500 }, calculators: { realized_performance: { metrics: ['roc_auc'] }, estimated_performance: null, univariate_drift: null, reconstruction_error: null, missing_values: null, unseen_values: null, numerical_range: null },
      targets: { arrival: 'instant', expectedDelayMs: 0, remindAfterMs: 1_000, escalateAfterMs: 0, absentAfterMs: 3_000 }, watch: { silenceAfterMs: 2_000, errorRate: { above: 0.1, windowMs: 600_000, minCalls: 20 } },
    },
  });
  await client.append('loans', loans(10_000, 10_600));
  await client.telemetry.log('loans', Array.from({ length: 40 }, (_, i) => ({ durationMs: 10, error: i % 2 === 0 })));
  expect((await incident('error_rate', 'open')).text).toContain('20 of 40 (50.0 %)');
  expect((await incident('silence', 'open')).loudness).toBe('loud');

  await until('the end of the wait', async () => (await client.coverage('loans')).find((chunk) => chunk.final && chunk.targets === 0));
  // Whether it was reminded before is a question of how busy the machine is.
  const { rows } = await database.pool.query<{ absent: boolean }>('select absent_at is not null as absent from aftercare.target_wait');
  expect(rows).toEqual([{ absent: true }]);

  await client.telemetry.log('loans', Array.from({ length: 400 }, () => ({ durationMs: 10 })));
  await client.append('loans', loans(11_000, 11_010));
  await incident('error_rate', 'resolved');
  await incident('silence', 'resolved');
});
