/** A training asked for over HTTP: it gets an order, sends the new version's reference and its outcome, each signed; whoever may not is refused. */
import type { FastifyInstance } from 'fastify';
import { createHash } from 'node:crypto';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingOrder } from '../../domain/retraining.js';
import { isSigned, SIGNATURE_HEADERS, signatureOf } from '../../domain/signature.js';
import { writeSecret } from '../../store/secrets.js';
import { loans, withOutcome } from '../worker/support/loans.js';
import { eventually } from '../workflows/support/stage.js';
import { openServedStack, PUBLIC_URL, type ServedStack } from './support.js';

const KEY = Buffer.from('a key that only both sides know');
const CSV = toCsv(withOutcome(loans(5_000, 6_000)));

let stack: ServedStack;
let app: FastifyInstance;
let trainer: Server;
let trainerUrl: string;
let modelId: number;
let retrainings = 0;
const orders: TrainingOrder[] = [];

beforeAll(async () => {
  stack = await openServedStack();
  app = await stack.server({ publicUrl: PUBLIC_URL, referenceLimit: 200_000, requestsPerMinute: 10_000 });
  trainer = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const { [SIGNATURE_HEADERS.id]: id, [SIGNATURE_HEADERS.timestamp]: timestamp, [SIGNATURE_HEADERS.signature]: signature } = request.headers;
      void isSigned(KEY, { id: String(id), timestamp: Number(timestamp), body }, String(signature), Date.now()).then((signed) => {
        if (signed || request.url === '/unsigned') orders.push(JSON.parse(body) as TrainingOrder);
        response.writeHead(signed || request.url === '/unsigned' ? 202 : 401).end();
      });
    });
  });
  await new Promise<void>((done) => trainer.listen(0, '127.0.0.1', done));
  trainerUrl = `http://127.0.0.1:${(trainer.address() as AddressInfo).port}`;
  await writeSecret(stack.database.pool, 'trainer', KEY, 'test');
  const training = { kind: 'webhook' as const, url: `${trainerUrl}/train`, secret: 'trainer' };
  modelId = (await stack.client.models.create({ name: 'loans', reference: withOutcome(loans(0, 1_000)), columns: { target: 'repaid' }, settings: { chunking: { kind: 'size', size: 500 }, retraining: { training } } })).modelId;
});
afterAll(async () => {
  trainer?.close();
  await stack?.close();
});

function toCsv(rows: Record<string, unknown>[]): string {
  const columns = Object.keys(rows[0]!);
  return `${[columns.join(','), ...rows.map((row) => columns.map((column) => String(row[column])).join(','))].join('\n')}\n`;
}

/** Begins a retraining and waits for its order. @returns where its outcome goes, and its end */
async function begun(path = '/train', timeoutMs = 600_000) {
  const number = ++retrainings;
  const training = { kind: 'webhook' as const, url: `${trainerUrl}${path}`, secret: 'trainer' };
  const handle = await stack.retrain(modelId, 'loans', number, { training, timeoutMs });
  const order = await eventually(() => orders.find(({ retraining }) => retraining === number), (found) => found !== undefined);
  expect(order).toMatchObject({ model: 'loans', modelId, champion: 1, approvedBy: 'ada' });
  expect(order!.callback!.startsWith(`${PUBLIC_URL}/callbacks/retraining/`)).toBe(true);
  return { number, handle, address: order!.callback!.slice(PUBLIC_URL.length) };
}

async function signedHeaders(body: string, key = KEY, seconds = Math.floor(Date.now() / 1000)): Promise<Record<string, string>> {
  return { [SIGNATURE_HEADERS.id]: 'm1', [SIGNATURE_HEADERS.timestamp]: String(seconds), [SIGNATURE_HEADERS.signature]: await signatureOf(key, { id: 'm1', timestamp: seconds, body }) };
}
const digest = (text: string): string => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;

async function finish(address: string, outcome: unknown, headers?: Record<string, string>) {
  const body = typeof outcome === 'string' ? outcome : JSON.stringify(outcome);
  return app.inject({ method: 'POST', url: address, headers: { 'content-type': 'application/json', ...(headers ?? await signedHeaders(body)) }, payload: body });
}
async function send(address: string, rows: string, headers?: Record<string, string>, query = '?format=csv&commit=abc123') {
  return app.inject({ method: 'POST', url: `${address}/reference${query}`, headers: headers ?? { 'content-digest': digest(rows), ...(await signedHeaders(digest(rows))) }, payload: rows });
}
const stateOf = async (number: number) => (await stack.client.retraining.list('loans')).find((one) => one.number === number)!;
const refusals = async (number: number) => (await stack.trail()).filter(({ action, detail }) => action === 'callback refused' && detail['subject'] === `retraining/${number}`).map(({ detail }) => detail['why']);

describe('a training over HTTP', () => {
  it('sends its reference, is told the new version\'s number, and ends the retraining with it; the same once more is harmless', async () => {
    const { number, handle, address } = await begun();
    const sent = await send(address, CSV);
    expect([sent.statusCode, sent.json()]).toEqual([200, { version: 2, referenceRows: 1_000, notes: [] }]);
    expect((await send(address, CSV)).json()).toMatchObject({ version: 2 });
    const version = (await stack.client.challengers.list('loans')).find((one) => one.number === 2)!;
    expect(version).toMatchObject({ role: 'challenger', referenceRows: 1_000, provenance: { commit: 'abc123', retraining: number } });
    const done = await finish(address, { state: 'completed', version: 2, note: 'auc 0.91' });
    expect([done.statusCode, done.json()]).toEqual([200, { retraining: number, state: 'completed' }]);
    await handle.result();
    expect(await stateOf(number)).toMatchObject({ state: 'completed', version: 2 });
    expect((await finish(address, { state: 'completed', version: 2, note: 'auc 0.91' })).json()).toEqual({ retraining: number, state: 'completed', duplicate: true });
    expect((await finish(address, { state: 'failed', reason: 'no, it failed' })).statusCode).toBe(409);
    expect((await send(address, CSV)).statusCode).toBe(409);
    expect(await refusals(number)).toEqual(['late']);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('aftercare-body-'))).toEqual([]);
  });

  it('may fail, and its reason is kept', async () => {
    const { number, handle, address } = await begun();
    expect((await finish(address, { state: 'failed', reason: 'out of memory' })).statusCode).toBe(200);
    await handle.result();
    expect(await stateOf(number)).toMatchObject({ state: 'failed', failure: 'out of memory' });
  });

  it('is refused without the right signature, with a changed address, for another retraining, and when it makes no sense; each is audited', async () => {
    const { number, handle, address } = await begun();
    const body = JSON.stringify({ state: 'completed', version: 2 });
    const wrong: [number, Promise<{ statusCode: number }>][] = [
      [401, finish(address, body, {})],
      [401, finish(address, body, await signedHeaders(body, Buffer.from('another key')))],
      [401, finish(address, body, await signedHeaders(body, KEY, Math.floor(Date.now() / 1000) - 3_600))],
      [401, finish(address, body, await signedHeaders(`${body} `))],
      [403, finish(`${address.slice(0, -1)}${address.endsWith('0') ? '1' : '0'}`, body)],
      [403, finish(address, { state: 'completed', version: 2, retraining: number + 1 })],
      [400, finish(address, 'completed')],
      [400, finish(address, { state: 'perhaps' })],
      [400, finish(address, { state: 'completed' })],
      [413, finish(address, { state: 'failed', reason: 'x'.repeat(20_000) })],
      [401, send(address, CSV, {})],
      [401, send(address, CSV, { 'content-digest': digest(CSV) })],
      [422, send(address, `${CSV} `, { 'content-digest': digest(CSV), ...(await signedHeaders(digest(CSV))) })],
      [413, send(address, CSV.repeat(4))],
      [400, send(address, CSV, undefined, '?format=xlsx')],
      [422, send(address, CSV.replaceAll('region', 'country'))],
    ];
    for (const [i, [status, answer]] of wrong.entries()) expect([i, (await answer).statusCode]).toEqual([i, status]);
    expect((await wrong[15]![1] as unknown as { body: string }).body).toMatch(/region/);
    expect(await stateOf(number)).toMatchObject({ state: 'training' });
    expect(new Set(await refusals(number))).toEqual(new Set(['wrong signature', 'another retraining', 'not understood']));
    const token = address.split('/').at(-1)!;
    expect(JSON.stringify(await stack.trail())).not.toContain(token);
    expect(stack.logged.join()).not.toContain(token);
    await finish(address, { state: 'failed', reason: 'given up' });
    await handle.result();
  });

  it('comes too late when its time is over', async () => {
    const { number, handle, address } = await begun('/train', 300);
    await handle.result();
    expect((await finish(address, { state: 'completed', version: 2 })).statusCode).toBe(409);
    expect(await stateOf(number)).toMatchObject({ state: 'failed' });
    expect(await refusals(number)).toEqual(['late']);
  });

  it.skipIf(spawnSync('python3', ['--version']).status !== 0)('speaks Python as the documentation shows it', async () => {
    const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const code = /```python\n([\s\S]*?)```/.exec(page)![1]!;
    const real = await stack.server({ publicUrl: PUBLIC_URL });
    const { number, handle, address } = await begun();
    const callback = `${await real.listen({ host: '127.0.0.1', port: 0 })}${address}`;
    const folder = mkdtempSync(join(tmpdir(), 'aftercare-python-'));
    try {
      writeFileSync(join(folder, 'held-out.csv'), CSV);
      await promisify(execFile)('python3', ['-c', `${code}\nimport sys\nfinished(sys.argv[1], sys.argv[2], sys.argv[3].encode())`, callback, join(folder, 'held-out.csv'), KEY.toString()]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    await handle.result();
    expect(await stateOf(number)).toMatchObject({ state: 'completed' });
  });

  it('needs no signature where no secret is configured: then the address alone is the key', async () => {
    await stack.client.models.settings('loans', { retraining: { training: { kind: 'webhook', url: `${trainerUrl}/unsigned` } } });
    const { number, handle, address } = await begun('/unsigned');
    const { version } = (await send(address, CSV, {}, '')).json<{ version: number }>();
    expect((await finish(address, { state: 'completed', version }, {})).statusCode).toBe(200);
    await handle.result();
    expect(await stateOf(number)).toMatchObject({ state: 'completed', version });
  });
});
