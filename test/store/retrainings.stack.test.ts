/** Retrainings in the store, and the signed request that asks for a training. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callTraining } from '../../activities/retraining/call-training.js';
import { Conflict, InvalidInput, NotFound } from '../../domain/errors.js';
import type { RetrainingRequest, TrainingOrder } from '../../domain/retraining.js';
import { isSigned, SIGNATURE_HEADERS } from '../../domain/signature.js';
import { readToken } from '../../domain/signed-token.js';
import { archiveModel } from '../../store/models.js';
import { beginTraining, closeRetraining, openRetraining, readRetraining, readRetrainings, requireTraining } from '../../store/retrainings.js';
import { signingKey, writeSecret } from '../../store/secrets.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createLoans } from './loans.js';

let database: TestDatabase;
let modelId: number;
beforeAll(async () => {
  database = await createDatabase();
  ({ modelId } = await createLoans(database.pool, 'loans'));
});
afterAll(() => database.drop());

const T0 = Date.UTC(2030, 0, 1);
const request: RetrainingRequest = { key: 'k', trigger: 'policy', by: 'policy', reason: 'ROC AUC fell.', incident: 'estimated_performance/roc_auc/000005' };
const open = (number: number, more: Partial<RetrainingRequest> = {}) => openRetraining(database.pool, { modelId, number, request: { ...request, ...more }, atMs: T0 });
const begin = (number: number, approvedBy: string | null = null) => beginTraining(database.pool, { modelId, number, approvedBy, atMs: T0 + 60_000 });
const close = (number: number, state: 'completed' | 'rejected' | 'failed' | 'cancelled', more: { version?: number; reason?: string } = {}) =>
  closeRetraining(database.pool, { modelId, number, state, version: more.version ?? null, reason: more.reason ?? null, by: 'trainer', atMs: T0 + 120_000 });
const audit = async (number: number) => (await database.pool.query<{ action: string; by: string }>(`select action, by from aftercare.audit where model_id = $1 and detail ->> 'retraining' = $2 order by id`, [modelId, String(number)])).rows;

async function addVersion(number: number, provenance: object, role = 'challenger'): Promise<void> {
  await database.pool.query(`insert into aftercare.version (model_id, number, role, schema, created_by, provenance) values ($1, $2, $3, '{}', 'test', $4)`, [modelId, number, role, JSON.stringify(provenance)]);
}

describe('a retraining', () => {
  it('is asked for, begun and completed once, whatever is repeated; each is in the audit', async () => {
    await open(1);
    await open(1, { reason: 'another one' });
    await expect(requireTraining(database.pool, modelId, 1)).rejects.toThrow(/is asked: no version can be added/);
    const order = await begin(1, 'ada');
    expect(order).toEqual({ model: 'loans', modelId, retraining: 1, reason: 'ROC AUC fell.', trigger: 'policy', champion: 1, approvedBy: 'ada' });
    expect(await begin(1, 'someone else')).toEqual(order);
    await requireTraining(database.pool, modelId, 1);
    await addVersion(2, { retraining: 1 });
    expect(await close(1, 'completed', { version: 2 })).toEqual({ state: 'completed', version: 2, reason: null });
    expect(await close(1, 'failed', { reason: 'too late' })).toEqual({ state: 'completed', version: 2, reason: null });
    await expect(begin(1)).rejects.toThrow(Conflict);
    expect(await readRetraining(database.pool, modelId, 1)).toEqual({
      model: 'loans', number: 1, state: 'completed', trigger: 'policy', requestedBy: 'policy', reason: 'ROC AUC fell.', incident: 'estimated_performance/roc_auc/000005', approvedBy: 'ada', version: 2, failure: null,
      askedAt: '2030-01-01T00:00:00.000Z', startedAt: '2030-01-01T00:01:00.000Z', finishedAt: '2030-01-01T00:02:00.000Z',
    });
    expect(await audit(1)).toEqual([{ action: 'retraining requested', by: 'policy' }, { action: 'training begun', by: 'ada' }, { action: 'retraining completed', by: 'trainer' }]);
  });

  it('is completed only by a version of its own that is not archived; what is refused leaves it as it was', async () => {
    await open(2);
    await begin(2);
    await addVersion(3, { retraining: 1 });
    await addVersion(4, {});
    await addVersion(5, { retraining: 2 }, 'archived');
    for (const [version, message] of [[9, /has none of that number/], [3, /was made for retraining 1 and not for retraining 2/], [4, /was made without a retraining/], [5, /is archived/]] as const) {
      await expect(close(2, 'completed', { version })).rejects.toThrow(message);
    }
    await expect(close(2, 'completed', { version: 9 })).rejects.toThrow(NotFound);
    await expect(close(2, 'completed', { version: 3 })).rejects.toThrow(InvalidInput);
    expect(await readRetraining(database.pool, modelId, 2)).toMatchObject({ state: 'training', version: null });
    expect(await close(2, 'failed', { reason: 'x'.repeat(3_000) })).toMatchObject({ state: 'failed', reason: 'x'.repeat(2_000) });
  });

  it('keeps why it was rejected, with the note of whoever rejected', async () => {
    await open(3);
    await database.pool.query(
      `insert into aftercare.decision (id, model_id, subject, question, options, state, answer, answered_by, note, workflow_id, asked_at, deadline_at)
       values ($1, $2, 'retraining', '?', '{approve,reject}', 'answered', 'reject', 'ada', 'the data are wrong', 'w', now(), now())`, [`${modelId}/retraining/3/1`, modelId]);
    expect(await close(3, 'rejected', { reason: 'ada rejected it' })).toEqual({ state: 'rejected', version: null, reason: 'ada rejected it: the data are wrong' });
    expect((await readRetrainings(database.pool, modelId, 2)).map(({ number, state, failure }) => [number, state, failure?.slice(0, 15)])).toEqual([[3, 'rejected', 'ada rejected it'], [2, 'failed', 'xxxxxxxxxxxxxxx']]);
  });

  it('is not asked for where the model is archived or deleted, and has no end where it never was', async () => {
    const archived = await createLoans(database.pool, 'archived');
    await archiveModel(database.pool, 'archived', 'test');
    await expect(openRetraining(database.pool, { modelId: archived.modelId, number: 1, request, atMs: T0 })).rejects.toThrow(/'archived' is archived/);
    await expect(openRetraining(database.pool, { modelId: 999_999, number: 1, request, atMs: T0 })).rejects.toThrow(NotFound);
    await expect(close(77, 'failed')).rejects.toThrow(NotFound);
    await expect(begin(77)).rejects.toThrow(NotFound);
  });
});

describe('the request for a training', () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());
  const received: { headers: Record<string, string | string[] | undefined>; body: string }[] = [];
  const order: TrainingOrder = { model: 'loans', modelId: 7, retraining: 3, reason: 'ROC AUC fell.', trigger: 'policy', champion: 1, approvedBy: 'ada' };
  const untilMs = Date.now() + 3_600_000;

  async function receiver(...statuses: number[]): Promise<string> {
    received.length = 0;
    server = createServer((incoming, response) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (text: string) => { body += text; }).on('end', () => {
        received.push({ headers: incoming.headers, body });
        response.writeHead(statuses[Math.min(received.length, statuses.length) - 1]!).end();
      });
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/train`;
  }

  it('is signed, says where the outcome goes, and is the same each time but for its moment', async () => {
    const url = await receiver(500, 202);
    await writeSecret(database.pool, 'training-key', Buffer.from('their key'), 'test');
    const call = (): Promise<void> => callTraining({ pool: database.pool, publicUrl: 'https://aftercare.example.org/base/' }, { endpoint: { url, secret: 'training-key' }, order, untilMs });
    await expect(call()).rejects.toThrow(/127\.0\.0\.1:\d+ answered 500/);
    await call();
    expect(received.length).toBe(2);
    expect(received[0]!.body).toBe(received[1]!.body);
    for (const { headers, body } of received) {
      const signed = { id: String(headers[SIGNATURE_HEADERS.id]), timestamp: Number(headers[SIGNATURE_HEADERS.timestamp]), body };
      expect(signed.id).toBe(encodeURIComponent('retraining/7/3'));
      expect(await isSigned(Buffer.from('their key'), signed, String(headers[SIGNATURE_HEADERS.signature]), Date.now())).toBe(true);
      expect(await isSigned(Buffer.from('their key'), { ...signed, body: body.replace('ada', 'eve') }, String(headers[SIGNATURE_HEADERS.signature]), Date.now())).toBe(false);
    }
    const { callback, ...rest } = JSON.parse(received[1]!.body) as TrainingOrder & { callback: string };
    expect(rest).toEqual(order);
    const [address, token] = [callback.slice(0, callback.lastIndexOf('/')), callback.slice(callback.lastIndexOf('/') + 1)];
    expect(address).toBe('https://aftercare.example.org/base/callbacks/retraining');
    expect(await readToken(await signingKey(database.pool), token, 'callback', Date.now())).toEqual({ use: 'callback', model: 7, retraining: 3, untilMs });
    expect(await readToken(await signingKey(database.pool), token, 'answer', Date.now())).toBeNull();
    expect(await readToken(await signingKey(database.pool), token, 'callback', untilMs)).toBeNull();
  });

  it('is given up when the receiver refuses it, a secret is missing, or there is no address for the callback', async () => {
    const url = await receiver(400);
    const deps = { pool: database.pool, publicUrl: 'https://aftercare.example.org' };
    await expect(callTraining(deps, { endpoint: { url }, order, untilMs })).rejects.toThrow(InvalidInput);
    await expect(callTraining(deps, { endpoint: { url, secret: 'nobody-set-this' }, order, untilMs })).rejects.toThrow(NotFound);
    await expect(callTraining({ pool: database.pool }, { endpoint: { url }, order, untilMs })).rejects.toThrow(/AFTERCARE_PUBLIC_URL/);
    expect(received.length).toBe(1);
  });
});
