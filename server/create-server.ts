/** The HTTP door: pages behind links in mails, callbacks of trainings, health. Everything that is answered leads to one call of the client. */
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Aftercare } from '../client/index.js';
import type { Pool } from '../store/pool.js';
import { PAGE_POLICY } from './answer-page.js';
import { callbackRoutes, type CallbackClient } from './callback-routes.js';
import { decisionRoutes } from './decision-routes.js';
import { healthRoutes } from './health-routes.js';

export interface ServerOptions {
  pool: Pool;
  client: Pick<Aftercare, 'decide'> & CallbackClient;
  /** Under which browsers and trainers reach it, e.g. https://aftercare.example.org; null: as they ask for it. */
  publicUrl?: string | null;
  /** One line per request and per fault: patterns of paths, never tokens. */
  log?: ServerLog;
  /** Bytes that a reference may have. */
  referenceLimit?: number;
  /** Requests per minute and sender. */
  requestsPerMinute?: number;
  /** The sender's address comes from a proxy in front. */
  trustProxy?: boolean;
  /** Whether Temporal answers; absent: not asked. */
  askTemporal?: () => Promise<void>;
  nowMs?: () => number;
}

export interface ServerLog {
  info(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

const GIGABYTE = 1_024 ** 3;
const SILENT: ServerLog = { info: () => undefined, error: () => undefined };
/** A token holds a decision's name, which holds a column's. */
const TOKEN_LENGTH = 4_096;

export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { pool, client, log = SILENT, publicUrl = null, nowMs = Date.now, requestsPerMinute = 120 } = options;
  const app = Fastify({ logger: false, trustProxy: options.trustProxy ?? false, routerOptions: { maxParamLength: TOKEN_LENGTH }, bodyLimit: 16 * 1_024, requestTimeout: 0, connectionTimeout: 0 });
  const onFault = (error: unknown): void => log.error({ error: error instanceof Error ? error.message : String(error) }, 'request failed');
  app.addHook('onSend', async (_request, reply, payload) => {
    void reply.headers({
      'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'x-robots-tag': 'noindex', 'content-security-policy': PAGE_POLICY,
    });
    return payload;
  });
  app.addHook('onResponse', async (request, reply) => {
    log.info({ method: request.method, path: request.routeOptions.url ?? 'unknown', status: reply.statusCode, elapsedMs: Math.round(reply.elapsedTime) }, 'request');
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'there is nothing here' }));
  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    if (status >= 500) onFault(error);
    return reply.code(status).send({ error: status >= 500 ? 'not now: try again' : (error as Error).message });
  });
  await app.register(rateLimit, { global: false, max: requestsPerMinute, timeWindow: 60_000, cache: 5_000 });
  await app.register(async (scope) => {
    scope.addHook('onRequest', scope.rateLimit());
    await decisionRoutes(scope, { pool, client, nowMs, onFault, publicHost: publicUrl === null ? null : new URL(publicUrl).host });
  });
  await app.register(async (scope) => {
    scope.addHook('onRequest', scope.rateLimit());
    await callbackRoutes(scope, { pool, client, nowMs, onFault, referenceLimit: options.referenceLimit ?? GIGABYTE });
  });
  await app.register(async (scope) => healthRoutes(scope, { pool, askTemporal: options.askTemporal ?? null }));
  return app;
}
