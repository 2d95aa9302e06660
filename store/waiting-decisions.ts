/** Decisions of all models that are there. */
import type { Decision, DecisionState } from '../domain/decision.js';
import { readDecisions } from './decisions.js';
import type { Queryable } from './pool.js';

/** In the order in which they were asked, model by model. @param states absent: all */
export async function waitingDecisions(db: Queryable, states?: readonly DecisionState[]): Promise<Decision[]> {
  const { rows } = await db.query<{ id: number }>(
    `select m.id from aftercare.model m where m.state <> 'deleted' and exists (select 1 from aftercare.decision d where d.model_id = m.id and ($1::text[] is null or d.state = any ($1))) order by m.id`, [states ?? null]);
  const decisions: Decision[] = [];
  for (const { id } of rows) decisions.push(...await readDecisions(db, id, states));
  return decisions;
}
