/** What there is to say in a notification about a decision or an incident. */
import type { Answer, DecisionState, DecisionSubject } from '../domain/decision.js';
import { incidentText } from '../domain/names.js';
import type { IncidentKind } from '../domain/settings.js';
import type { Pool, Queryable } from './pool.js';

/** What a message about a decision tells. */
export interface DecisionStory {
  model: string;
  modelId: number;
  decisionId: string;
  subject: DecisionSubject;
  workflowId: string;
  question: string;
  options: Answer[];
  approvers: string[];
  state: DecisionState;
  answer: Answer | null;
  answeredBy: string | null;
  note: string | null;
  deadlineAt: Date;
  /** null: an approval. */
  incident: StoryIncident | null;
  values: AlertingValue[];
}

export interface StoryIncident {
  id: number;
  segment: string;
  kind: IncidentKind;
  cause: string;
  openingChunk: string;
  lastChunk: string;
}

export interface AlertingValue {
  chunk: string;
  startAt: Date | null;
  endAt: Date | null;
  metric: string;
  value: number;
  lower: number | null;
  upper: number | null;
}

/** @returns null when there is no such decision */
export async function readDecisionStory(pool: Pool, decisionId: string): Promise<DecisionStory | null> {
  const { rows } = await pool.query<DecisionStory>(
    `select m.name as model, d.model_id as "modelId", d.id as "decisionId", d.subject, d.workflow_id as "workflowId", d.question, d.options, d.approvers, d.state, d.answer, d.answered_by as "answeredBy",
            d.note, d.deadline_at as "deadlineAt",
            case when i.id is not null then json_build_object('id', i.id, 'segment', i.segment, 'kind', i.kind, 'cause', i.cause, 'openingChunk', i.opening_chunk, 'lastChunk', i.last_chunk) end as incident
       from aftercare.decision d
       join aftercare.model m on m.id = d.model_id
       left join aftercare.incident i on i.id = d.incident_id
      where d.id = $1`,
    [decisionId],
  );
  const story = rows[0];
  return story ? { ...story, values: story.incident ? await readAlertingValues(pool, story.incident.id) : [] } : null;
}

/** By its text (domain/names.ts incidentText); null when there is none. */
export async function findIncidentByText(db: Queryable, modelId: number, text: string): Promise<number | null> {
  const { rows } = await db.query<{ id: number; version: number; segment: string; kind: string; cause: string; openingChunk: string }>(
    `select i.id, v.number as version, i.segment, i.kind, i.cause, i.opening_chunk as "openingChunk"
       from aftercare.incident i join aftercare.version v on v.id = i.version_id
      where i.model_id = $1 and right($2, length(i.opening_chunk) + 1) = '/' || i.opening_chunk and strpos($2, i.kind || '/' || i.cause || '/') > 0`, [modelId, text]);
  return rows.find((row) => incidentText(row) === text)?.id ?? null;
}

/** The alerting values of an incident's chunks, in chunk order, 20 at most: a mail is no report. */
export async function readAlertingValues(pool: Queryable, incidentId: number): Promise<AlertingValue[]> {
  const { rows } = await pool.query<AlertingValue>(
    `select c.key as chunk, c.start_at as "startAt", c.end_at as "endAt", m.metric, m.value, j.lower, j.upper
       from aftercare.incident i
       join aftercare.chunk c on c.version_id = i.version_id and c.segment = i.segment and c.period = 'analysis' and not c.vanished and c.key between i.opening_chunk and i.last_chunk
       join aftercare.in_force f on f.version_id = i.version_id and f.segment = c.segment and f.scheme = c.scheme
       join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.current
       join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key and j.alert
      where i.id = $1
        and case i.kind
              when 'drift' then f.calculator = 'univariate_drift' and m.column_name = i.cause or f.calculator in ('reconstruction_error', 'domain_classifier') and f.calculator = i.cause
              when 'data_quality' then f.calculator in ('missing_values', 'unseen_values', 'numerical_range') and m.column_name = i.cause
              else f.calculator = i.kind and m.metric = i.cause
            end
      order by c.ordinal, m.metric
      limit 20`,
    [incidentId],
  );
  return rows;
}
