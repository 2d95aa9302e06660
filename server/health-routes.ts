/** Alive, and ready to answer. */
import type { FastifyInstance } from 'fastify';
import type { Pool } from '../store/pool.js';

export interface HealthDoor {
  pool: Pool;
  askTemporal: (() => Promise<void>) | null;
}

const PATIENCE_MS = 2_000;

export async function healthRoutes(app: FastifyInstance, { pool, askTemporal }: HealthDoor): Promise<void> {
  app.get('/healthz', async () => ({ ok: true }));
  app.get('/readyz', async (_request, reply) => {
    const [postgres, temporal] = await Promise.all([fault(pool.query('select 1')), askTemporal ? fault(askTemporal()) : null]);
    const reasons = [...(postgres === null ? [] : [`PostgreSQL: ${postgres}`]), ...(temporal === null ? [] : [`Temporal: ${temporal}`])];
    return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons });
  });
}

/** null: it answered. What it says of itself may hold an address, so only that it does not answer is told. */
async function fault(answer: Promise<unknown>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((done) => { timer = setTimeout(() => done(`no answer within ${PATIENCE_MS / 1_000} s`), PATIENCE_MS); });
  try {
    return await Promise.race([answer.then(() => null, () => 'does not answer'), late]);
  } finally {
    clearTimeout(timer);
  }
}
