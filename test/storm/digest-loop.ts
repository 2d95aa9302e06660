/**
 * The loop's part of what must be the same after a storm as after a calm: what people did about incidents, what was trained, compared, judged and put in charge, what was written into
 * the audit trail, who was told of what, how the versions served. Sorted lines without ids, clocks and attempts. Refusals are left out: a client that was killed asks once more.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createHash } from 'node:crypto';
import { messageIdOf } from '../../activities/mail.js';
import { Connection } from '@temporalio/client';
import { openPool, type Pool } from '../../store/pool.js';
import type { ReadyLine } from '../support/up.js';
import { digestOf, linesOf, type Digest } from './digest.js';
import type { ReceivedLine } from './loop-stack.js';

const QUIET_MS = 500;
const SETTLES_WITHIN_MS = 45_000;

/** `modelId` in ids and texts. */
const PARTS: Record<string, string> = {
  act: `select distinct i.segment, i.kind, i.cause, i.opening_chunk, i.round, a.act, a.by, a.note, a.resolution, a.resolution_state
          from aftercare.incident_act a join aftercare.incident i on i.id = a.incident_id where i.model_id = $1 and a.act <> 'refused'`,
  // An end that was noted is named once more, at the next look: whether that came before the last one is a matter of moments.
  attention: 'select segment, kind, cause, opening_chunk, state, handling, round, announced and closed_at is null as announced, closed_at is not null as closed, acknowledged_by, resolved_by, text, severity from aftercare.incident where model_id = $1',
  question: 'select substr(id, length(model_id::text) + 2) as id, subject, approvers, state, answer, answered_by, note from aftercare.decision where model_id = $1',
  retraining: 'select number, key, state, trigger, requested_by, reason, incident, approved_by, champion, version, failure from aftercare.retraining where model_id = $1',
  challenge: `select c.number, c.mode, c.state, v.number as version, a.number as against, c.judgement, c.note, c.requested_by, c.reason, c.approved_by, c.promoted_at is not null as promoted, c.rolled_back_at is not null as back
                from aftercare.challenge c join aftercare.version v on v.id = c.version_id join aftercare.version a on a.id = c.against_version_id where c.model_id = $1`,
  verdict: "select challenge, challenger, champion, horizon, judgement, body - 'model' as body from aftercare.verdict where model_id = $1",
  served: 'select v.number as version, t.minute, t.calls, t.errors, t.duration_sum_ms, t.duration_max_ms, t.buckets from aftercare.telemetry t join aftercare.version v on v.id = t.version_id where v.model_id = $1',
  audit: `select distinct a.by, a.action, a.detail - 'incident' as detail, coalesce(i.segment || '/' || i.kind || '/' || i.cause || '/' || i.opening_chunk, a.detail ->> 'incident') as incident
            from aftercare.audit a left join aftercare.incident i on i.id::text = a.detail ->> 'incident' where a.model_id = $1 and a.action not like '% refused'`,
  notice: "select kind, topic, severity, medium, recipient, state, substr(id, length(model_id::text) + 2) as id from aftercare.notification where model_id = $1",
};

async function loopLines(pool: Pool, model: string, modelId: number): Promise<string[]> {
  const lines = (await Promise.all(Object.entries(PARTS).map(([label, sql]) => linesOf(pool, label, sql, modelId)))).flat();
  return lines.map((line) => line.replaceAll(model, 'MODEL').replaceAll(`"${modelId}/`, '"ID/').replaceAll(` ${modelId}/`, ' ID/').replaceAll(`:${modelId}/`, ':ID/'));
}

/** Everything that goes on by itself has come to its end: nothing runs but lifecycles, and incidents that wait for people. */
async function quiet(stack: ReadyLine, pool: Pool, modelId: number): Promise<boolean> {
  const connection = await Connection.connect({ address: stack.temporalAddress });
  try {
    const { executions } = await connection.workflowService.listWorkflowExecutions({ namespace: stack.namespace, pageSize: 1_000, query: 'ExecutionStatus = "Running"' });
    const own = (executions ?? []).map(({ execution }) => execution?.workflowId ?? '').filter((id) => id.startsWith(`aftercare/model/${modelId}/`) && !id.includes('/incident/'));
    const { rows } = await pool.query<{ open: number }>("select count(*) as open from aftercare.notification where model_id = $1 and state = 'intended'", [modelId]);
    return own.length === 0 && rows[0]!.open === 0;
  } finally {
    await connection.close();
  }
}

async function loopDigest(stack: ReadyLine, pool: Pool, model: string, modelId: number): Promise<Digest> {
  const lines = [...(await digestOf(stack, model)).lines, ...await loopLines(pool, model, modelId)].sort();
  return { hash: createHash('sha256').update(lines.join('\n')).digest('hex'), lines };
}

/**
 * As soon as nothing goes on any more and nothing changes. @param expected what it should come to: as long as it is another one, it is waited for a while, because the last thing that
 * a workflow does (a signal, a child) cannot be seen from outside
 */
export async function settledDigest(stack: ReadyLine, model: string, expected?: Digest): Promise<Digest> {
  const pool = openPool(stack.databaseUrl, { max: 2 });
  try {
    for (const until = Date.now() + SETTLES_WITHIN_MS; ;) {
      const found = await twice(stack, pool, model).catch((error: unknown) => {
        if (Date.now() > until) throw error;   // what was killed last may be away still
        return null;
      });
      if (found && (Date.now() > until || (found.settled && (expected === undefined || found.digest.hash === expected.hash)))) return found.digest;
      await delay(QUIET_MS);
    }
  } finally {
    await pool.end();
  }
}

async function twice(stack: ReadyLine, pool: Pool, model: string): Promise<{ digest: Digest; settled: boolean }> {
  const { rows } = await pool.query<{ id: number }>('select id from aftercare.model where name = $1', [model]);
  const modelId = rows[0]!.id;
  const before = await loopDigest(stack, pool, model, modelId);
  await delay(QUIET_MS);
  const atRest = await quiet(stack, pool, modelId);
  const digest = await loopDigest(stack, pool, model, modelId);
  return { digest, settled: atRest && digest.hash === before.hash };
}

export interface Delivered {
  intents: number;
  /** Ids of intents that never came. */
  lost: string[];
  /** How often something came once more. */
  repeats: number;
  /** Came, and was never intended. */
  unknown: string[];
}

/** Every intent of the model against what the people's side got. Intents of all models that there are count as known. */
export async function deliveriesOf(stack: ReadyLine, model: string, received: readonly ReceivedLine[]): Promise<Delivered> {
  const pool = openPool(stack.databaseUrl, { max: 1 });
  try {
    const { rows } = await pool.query<{ id: string; medium: string; mine: boolean }>('select n.id, n.medium, m.name = $1 as mine from aftercare.notification n join aftercare.model m on m.id = n.model_id', [model]);
    const stampOf = ({ id, medium }: { id: string; medium: string }): string => (medium === 'email' ? messageIdOf(id) : encodeURIComponent(id));
    const known = new Set(rows.map(stampOf));
    const times = new Map<string, number>();
    for (const { kind, id } of received) {
      const stamp = kind === 'mail' ? id.replace(/^<|@.*$/g, '') : id;
      times.set(stamp, (times.get(stamp) ?? 0) + 1);
    }
    const mine = rows.filter((row) => row.mine);
    return {
      intents: mine.length,
      lost: mine.filter((row) => !times.has(stampOf(row))).map(({ id }) => id),
      repeats: mine.reduce((sum, row) => sum + Math.max(0, (times.get(stampOf(row)) ?? 0) - 1), 0),
      unknown: [...times.keys()].filter((stamp) => !known.has(stamp)),
    };
  } finally {
    await pool.end();
  }
}
