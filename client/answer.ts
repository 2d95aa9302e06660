/** Answering a question: once; what is refused is in the audit trail. */
import { ANSWERS, type Answer, type Decision } from '../domain/decision.js';
import { InvalidInput, isFinal, NotFound } from '../domain/errors.js';
import { recordAudit } from '../store/audit.js';
import { readDecision } from '../store/decisions.js';
import { findModel } from '../store/find-model.js';
import type { Pool } from '../store/pool.js';
import type { WriteContext } from './append.js';
import type { Lifecycles } from './lifecycle.js';

export interface GivenAnswer {
  answer: Answer;
  note?: string | undefined;
  /** Default: the client's. */
  by?: string | undefined;
}

/** @throws NotFound no such decision; InvalidInput none of its answers; Conflict it was answered before, nobody needs to any more, or somebody else must */
export async function answerQuestion({ pool, by: self }: Pick<WriteContext, 'pool' | 'by'>, lifecycles: Pick<Lifecycles, 'answerDecision'>, decisionId: string, { answer, note, by = self }: GivenAnswer): Promise<Decision> {
  const decision = await readDecision(pool, decisionId);
  try {
    if (!decision) throw new NotFound(`there is no decision '${decisionId.slice(0, 300)}': aftercare decisions shows those that wait`);
    if (!ANSWERS.includes(answer)) throw new InvalidInput(`answer '${String(answer)}' is none of ${ANSWERS.join(', ')}`);
    await lifecycles.answerDecision(decision.workflowId, { answer, by, ...(note === undefined ? {} : { note }) });
    return (await readDecision(pool, decisionId)) ?? decision;
  } catch (error) {
    if (isFinal(error)) await recordAudit(pool, { modelId: decision?.modelId ?? await modelOf(pool, decisionId), by: by.trim() || 'unknown', action: 'answer refused', detail: { decision: decisionId.slice(0, 300), answer: String(answer).slice(0, 50), why: (error as Error).message } });
    throw error;
  }
}

/** Whose decision it would be, by its name; null: nobody's. */
async function modelOf(pool: Pool, decisionId: string): Promise<number | null> {
  const id = Number(/^(\d{1,9})\//.exec(decisionId)?.[1] ?? NaN);
  return Number.isNaN(id) ? null : (await findModel(pool, id).catch(() => null))?.modelId ?? null;
}
