/** Verdicts: what a comparison of two versions found at a state of the data. */
import type { Verdict } from '../domain/challenge.js';
import type { Queryable } from './pool.js';

export interface VerdictKey {
  modelId: number;
  /** 0: asked for by a person, outside of a challenge. */
  challenge: number;
  challenger: number;
  champion: number;
  horizon: number;
}

export async function findVerdict(db: Queryable, { modelId, challenge, challenger, champion, horizon }: VerdictKey): Promise<Verdict | null> {
  const { rows } = await db.query<{ body: Verdict }>(
    'select body from aftercare.verdict where model_id = $1 and challenge = $2 and challenger = $3 and champion = $4 and horizon = $5', [modelId, challenge, challenger, champion, horizon]);
  return rows[0]?.body ?? null;
}

/** A challenge's verdict at a horizon stands for good; one that a person asked for again, perhaps by other settings, replaces its predecessor. @returns the one that stands */
export async function saveVerdict(db: Queryable, modelId: number, verdict: Verdict): Promise<Verdict> {
  const { rows } = await db.query<{ body: Verdict }>(
    `insert into aftercare.verdict (model_id, challenge, challenger, champion, horizon, judgement, body) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (model_id, challenge, challenger, champion, horizon) do update
       set judgement = case when $2 = 0 then excluded.judgement else verdict.judgement end, body = case when $2 = 0 then excluded.body else verdict.body end
     returning body`,
    [modelId, verdict.challenge, verdict.challenger, verdict.champion, verdict.horizon, verdict.judgement, JSON.stringify(verdict)]);
  return rows[0]!.body;
}

/** Newest first. @param challenger absent: of any version */
export async function readVerdicts(db: Queryable, modelId: number, { challenger, limit = 100 }: { challenger?: number | undefined; limit?: number } = {}): Promise<Verdict[]> {
  const { rows } = await db.query<{ body: Verdict }>(
    'select body from aftercare.verdict where model_id = $1 and ($2::integer is null or challenger = $2) order by horizon desc, seq desc limit $3', [modelId, challenger ?? null, limit]);
  return rows.map(({ body }) => body);
}
