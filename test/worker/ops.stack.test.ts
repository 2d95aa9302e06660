/** Health and metrics of a worker process, and its log. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Aftercare } from '../../client/index.js';
import { anyFreePort } from '../../embedded/ports.js';
import { mintToken } from '../../domain/signed-token.js';
import { createServer } from '../../server/index.js';
import { signingKey, writeSecret } from '../../store/secrets.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createNamespace, type TestNamespace } from '../workflows/support/namespace.js';
import { eventually } from '../workflows/support/stage.js';
import { loans, withOutcome } from './support/loans.js';
import { startWorkerProcess, type WorkerProcess } from './support/worker-process.js';

const SECRETS = ['hunter2', 'a-password-of-mail', 'T0KEN/B0X'];
let database: TestDatabase;
let place: TestNamespace;
let worker: WorkerProcess;
let client: Aftercare;
let ops: string;

beforeAll(async () => {
  [database, place] = await Promise.all([createDatabase(), createNamespace('ops')]);
  ops = `http://127.0.0.1:${await anyFreePort()}`;
  const login = new URL(database.url);
  await database.pool.query(`create role "ops_${process.pid}" login superuser password 'hunter2'`);
  login.username = `ops_${process.pid}`;
  login.password = 'hunter2';
  worker = startWorkerProcess({ databaseUrl: login.href, temporalAddress: place.address, namespace: place.namespace }, 'main,numeric', {
    AFTERCARE_OPS_PORT: new URL(ops).port, AFTERCARE_MAIL_URL: `smtp://me:a-password-of-mail@127.0.0.1:${await anyFreePort()}`, AFTERCARE_DEBUG: '1',
  });
  client = await Aftercare.connect({ databaseUrl: database.url, temporal: place, by: 'ada' });
});
afterAll(async () => {
  await client?.close();
  worker?.signal('SIGKILL');
  await worker?.ended;
  await database?.pool.query(`drop role if exists "ops_${process.pid}"`).catch(() => undefined);
  await database?.drop();
});

const page = async (path: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(`${ops}${path}`);
  return { status: response.status, text: await response.text() };
};
/** Value of one series on the metrics' page; null: it is not there. */
const value = (text: string, series: string): number | null => {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
};

describe('a worker process', () => {
  it('is alive at once and ready when it polls', async () => {
    const early = await eventually(() => page('/readyz').catch(() => null), (answer) => answer !== null);
    if (early!.status === 503) expect(JSON.parse(early!.text)).toMatchObject({ ready: false });
    await worker.ready();
    expect(JSON.parse((await page('/healthz')).text)).toMatchObject({ ok: true, eventLoopLagMs: expect.any(Number) as number });
    await eventually(() => page('/readyz'), ({ status }) => status === 200);
    expect((await page('/nothing')).status).toBe(404);
    expect((await fetch(`${ops}/metrics`, { method: 'POST' })).status).toBe(405);
  });

  it('tells Prometheus its own numbers and Temporal\'s, totals only', async () => {
    await page('/metrics');   // rows are counted from the first time on
    const secret = 'https://hooks.example.org/services/T0KEN/B0X';
    await writeSecret(database.pool, 'slack', Buffer.from(secret), 'test');
    await client.models.create({
      name: 'a name that no label holds', reference: withOutcome(loans(0, 1_000)), columns: { target: 'repaid' },
      settings: { chunking: { kind: 'size', size: 500 }, runs: { everyRows: null, onTargets: false }, notifications: { channels: [{ name: 'team', kind: 'slack', urlSecret: 'slack' }], routes: [{ channels: ['team'] }] } },
    });
    await client.append('a name that no label holds', loans(5_000, 6_000, 30_000));
    await client.run('a name that no label holds');
    const text = await eventually(async () => (await page('/metrics')).text, (all) => value(all, 'aftercare_runs_last_hour{state="completed"}') === 1 && (value(all, 'aftercare_decisions_waiting{subject="incident"}') ?? 0) > 0 && value(all, 'aftercare_rows_total{kind="analysis",outcome="accepted"}') === 1_000, 30_000);
    expect(value(text, 'aftercare_models{state="active"}')).toBe(1);
    expect(value(text, 'aftercare_batches')).toBe(2);
    expect(value(text, 'aftercare_ledger_lag_batches')).toBe(0);
    expect(value(text, 'aftercare_database_up')).toBe(1);
    expect(value(text, 'aftercare_numeric_threads{state="all"}')).toBeGreaterThan(0);
    expect(value(text, 'aftercare_database_connections{state="open"}')).toBeGreaterThan(0);
    expect(value(text, 'aftercare_activity_seconds_count{activity="aftercareFinishRun",outcome="ok"}')).toBe(1);
    expect(value(text, 'aftercare_decisions_waiting_seconds{subject="incident"}')).toBeGreaterThan(0);
    expect(text).toMatch(/^temporal_workflow_task_queue_poll_succeed_total\{/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(text).not.toContain('a name that no label holds');
    expect(text).not.toContain('# EOF');
    for (const series of new Set([...text.matchAll(/^(aftercare_\w+)/gm)].map((match) => match[1]!))) expect(text.split('\n').filter((line) => line.startsWith(`${series}{`)).length, series).toBeLessThan(200);
  });

  it('has asked a question, whose page shows the figure of what was found, within its policy', async () => {
    const [decision] = await client.decisions();
    const app = await createServer({ pool: database.pool, client });
    const token = await mintToken(await signingKey(database.pool), { use: 'answer', decision: decision!.id, person: 'ada@example.org', untilMs: Date.now() + 60_000 });
    const { statusCode, body } = await app.inject({ method: 'GET', url: `/decisions/${token}` });
    await app.close();
    expect(statusCode).toBe(200);
    expect(body).toContain('class="ac-figure"');
    expect(body.match(/<svg/g)).toHaveLength(1);
    expect(body).not.toMatch(/ style="|<script|<img|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    for (const answer of ['acknowledge', 'retrain', 'ignore']) expect(body).toContain(`value="${answer}"`);
  });

  it('says that it is not ready while the database is away, and goes on afterwards', async () => {
    await database.pool.query(`alter role "ops_${process.pid}" nologin`);
    await database.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'ops_${process.pid}'`);
    const away = await eventually(() => page('/readyz'), ({ status }) => status === 503);
    expect(JSON.parse(away.text)).toEqual({ ready: false, reasons: ['PostgreSQL does not answer'] });
    expect((await page('/healthz')).status).toBe(200);
    expect((await page('/metrics')).status).toBe(200);
    await database.pool.query(`alter role "ops_${process.pid}" login`);
    await eventually(() => page('/readyz'), ({ status }) => status === 200);
  });

  it('logs one line of JSON for each thing, and no password, address of a webhook or token', () => {
    expect(worker.lines.length).toBeGreaterThan(2);
    for (const line of worker.lines) expect(JSON.parse(line)).toMatchObject({ component: 'worker', pid: worker.pid, level: expect.stringMatching(/^(info|warn|error)$/) as string, time: expect.stringMatching(/^\d{4}-/) as string });
    for (const secret of SECRETS) expect(worker.lines.join('\n')).not.toContain(secret);
  });
});
