/**
 * Callbacks of trainings that were asked for over HTTP: the new version's reference, then the outcome. So a trainer needs no more than HTTP and a hash:
 * the token in the address says which retraining it is, the signature (where a secret is configured) who sends.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { Aftercare } from '../client/index.js';
import { Conflict, InvalidInput, NotFound } from '../domain/errors.js';
import type { TrainingOutcome } from '../domain/retraining.js';
import { isSigned, SIGNATURE_HEADERS } from '../domain/signature.js';
import { outcomeFault, tidyOutcome } from '../domain/training-outcome.js';
import { findModel } from '../store/find-model.js';
import type { Pool } from '../store/pool.js';
import { requireTraining } from '../store/retrainings.js';
import { readSecret } from '../store/secrets.js';
import { noteTokenUse } from '../store/token-use.js';
import { digestOf, keepBody, TooLarge } from './kept-body.js';
import { openLink } from './links.js';
import { auditRefusal, Refusal, type RefusalContext } from './refusal.js';

export interface CallbackClient {
  readonly retraining: Pick<Aftercare['retraining'], 'finish'>;
  readonly challengers: Pick<Aftercare['challengers'], 'add'>;
}

export interface CallbackDoor {
  pool: Pool;
  client: CallbackClient;
  nowMs: () => number;
  onFault: (error: unknown) => void;
  /** Bytes. */
  referenceLimit: number;
}

const BODY_LIMIT = 16 * 1_024;
type Linked = { Params: { token: string } };
type Context = RefusalContext & { tokenHash: Buffer; by: string; modelId: number; subject: string };

export async function callbackRoutes(app: FastifyInstance, door: CallbackDoor): Promise<void> {
  app.setErrorHandler(async (error, request, reply) => {
    if (error instanceof Refusal) {
      await auditRefusal(door.pool, error, 'callback', request.ip, door.nowMs()).catch(door.onFault);
      return said(reply, error.status, { error: error.message });
    }
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== undefined && status >= 400 && status < 500) return said(reply, status, { error: (error as Error).message });
    door.onFault(error);
    return said(reply, 503, { error: 'not recorded, or not with certainty: send the same again' });
  });

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // The signature is over the text as it was sent.
    scope.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: BODY_LIMIT }, (_request, body, done) => done(null, body));
    scope.post<Linked & { Body: string }>('/callbacks/retraining/:token', { bodyLimit: BODY_LIMIT }, (request, reply) => takeOutcome(door, request, reply));
  });

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.post<Linked & { Querystring: Record<string, unknown>; Body: Readable | undefined }>('/callbacks/retraining/:token/reference', (request, reply) => takeReference(door, request, reply));
  });
}

/** What was not read of a refused body is not waited for. */
function said(reply: FastifyReply, status: number, body: Record<string, unknown>): FastifyReply {
  return (status >= 400 ? reply.header('connection', 'close') : reply).code(status).send(body);
}

async function takeOutcome(door: CallbackDoor, { params, headers, body }: FastifyRequest<Linked & { Body: string }>, reply: FastifyReply): Promise<FastifyReply> {
  const text = typeof body === 'string' ? body : '';
  const { model, number, context, use } = await openCallback(door, params.token, headers, text);
  const bodyHash = createHash('sha256').update(text).digest();
  if (use?.answer?.equals(bodyHash)) return said(reply, 200, { ...use.outcome, duplicate: true });
  const outcome = readOutcome(text, number, context);
  if (use) throw new Refusal(409, 'late', `the outcome of retraining ${number} was taken at ${use.usedAt}`, context);
  const by = context.by;
  await refusing(context, () => door.client.retraining.finish(model, number, outcome, { by, key: `${context.tokenHash.toString('hex')}/${bodyHash.toString('hex')}` }));
  const answer = { retraining: number, state: outcome.state };
  await noteTokenUse(door.pool, context.tokenHash, { use: 'callback', subject: context.subject, modelId: context.modelId, by, answer: bodyHash, outcome: answer });
  return said(reply, 200, answer);
}

function readOutcome(text: string, number: number, context: Context): TrainingOutcome {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new Refusal(400, 'not understood', 'the body is no JSON', context);
  }
  const fault = outcomeFault(given);
  if (fault !== null) throw new Refusal(400, 'not understood', `the body is no outcome of a training: ${fault}`, context);
  const { retraining } = given as { retraining?: unknown };
  if (retraining !== undefined && retraining !== number) throw new Refusal(403, 'another retraining', `this address is of retraining ${number}, the body speaks of ${String(retraining).slice(0, 80)}`, context);
  return tidyOutcome(given as TrainingOutcome);
}

const REFERENCE_QUERY = z.strictObject({ format: z.enum(['csv', 'ndjson', 'parquet']).optional(), commit: z.string().max(200).optional(), runtime: z.string().max(200).optional(), note: z.string().max(2_000).optional() });

/** The same again answers with the version that is there: one for each retraining. */
async function takeReference(door: CallbackDoor, { params, query, headers, body }: FastifyRequest<Linked & { Querystring: Record<string, unknown>; Body: Readable | undefined }>, reply: FastifyReply): Promise<FastifyReply> {
  const header = headers['content-digest'];
  const { model, number, context, use, signed } = await openCallback(door, params.token, headers, typeof header === 'string' ? header : '');
  if (use) throw new Refusal(409, 'late', `the outcome of retraining ${number} was taken at ${use.usedAt}`, context);
  await refusing(context, () => requireTraining(door.pool, context.modelId, number));
  const { success, data, error } = REFERENCE_QUERY.safeParse(query);
  if (!success) throw new Refusal(400, 'not understood', z.prettifyError(error).slice(0, 500), context);
  const digest = typeof header === 'string' ? digestOf(header) : null;
  if (typeof header === 'string' && !digest) throw new Refusal(400, 'not understood', 'Content-Digest is not of the form sha-256=:BASE64:', context);
  if (signed && !digest) throw new Refusal(401, 'wrong signature', 'a signed reference has a header Content-Digest: sha-256=:BASE64:, and the signature is over its value', context);
  if (!body) throw new Refusal(400, 'not understood', 'the body is empty: the rows of the reference belong there', context);
  const { format, ...provenance } = data;
  const kept = await refusing(context, () => keepBody(body, { limit: door.referenceLimit, digest }));
  try {
    const added = await refusing(context, () => door.client.challengers.add(model, { reference: kept.path, retraining: number, provenance, by: context.by, ...(format === undefined ? {} : { format }) }), kept.path);
    return said(reply, 200, { version: added.version, referenceRows: added.referenceRows, notes: added.notes });
  } finally {
    await kept.remove();
  }
}

/** @throws Refusal why this sender may not speak for a retraining */
async function openCallback({ pool, nowMs }: CallbackDoor, token: string, headers: FastifyRequest['headers'], body: string) {
  const { claims, tokenHash, use } = await openLink(pool, token, 'callback');
  const context: Context = { by: `training of retraining ${claims.retraining}`, modelId: claims.model, subject: `retraining/${claims.retraining}`, tokenHash };
  const found = await findModel(pool, claims.model).catch((error: unknown) => {
    throw error instanceof NotFound ? new Refusal(404, 'unknown', 'the model does not exist any more', context) : error;
  });
  const training = found.settings.retraining?.training;
  const signed = training?.kind === 'webhook' && training.secret !== undefined;
  if (signed) await requireSignature(await readSecret(pool, training.secret!), headers, body, nowMs(), context);
  if (nowMs() >= claims.untilMs) throw new Refusal(409, 'late', `the time of retraining ${claims.retraining} is over`, context);
  return { model: found.name, number: claims.retraining, context, use, signed };
}

async function requireSignature(key: Buffer, headers: FastifyRequest['headers'], body: string, nowMs: number, context: Context): Promise<void> {
  const [id, timestamp, signature] = [SIGNATURE_HEADERS.id, SIGNATURE_HEADERS.timestamp, SIGNATURE_HEADERS.signature].map((name) => headers[name]);
  const given = typeof id === 'string' && typeof timestamp === 'string' && typeof signature === 'string';
  if (!given || !(await isSigned(key, { id, timestamp: Number(timestamp), body }, signature, nowMs))) {
    throw new Refusal(401, 'wrong signature', given ? 'the signature is not right, or more than 5 minutes old' : `the headers ${Object.values(SIGNATURE_HEADERS).join(', ')} are missing`, context);
  }
}

/** Our own errors as refusals. @param path of a file that the sender knows only as the reference */
async function refusing<T>(context: Context, work: () => Promise<T>, path?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InvalidInput || error instanceof Conflict)) throw error;
    const message = path === undefined ? error.message : error.message.replaceAll(path, 'the reference');
    if (error instanceof Conflict) throw new Refusal(409, 'late', message, context);
    throw error instanceof NotFound ? new Refusal(404, 'unknown', message, context) : new Refusal(error instanceof TooLarge ? 413 : 422, 'not understood', message, context);
  }
}
