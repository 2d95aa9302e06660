/** What the store says of everything that has a workflow, model by model: what Temporal is compared with after a restore. */
import type { AttendedIncident } from '../domain/incident.js';
import type { Answer, DecisionState, DecisionSubject } from '../domain/decision.js';
import type { ChallengeMode, ChallengeState } from '../domain/challenge.js';
import type { GateRule } from '../domain/gate.js';
import { severityOf, type IncidentState } from '../domain/incident.js';
import { incidentText } from '../domain/names.js';
import type { Notice } from '../domain/notice.js';
import type { LedgerEntry } from '../domain/policy.js';
import type { RetrainingRequest, RetrainingState } from '../domain/retraining.js';
import type { RunTrigger } from '../domain/run.js';
import type { IncidentKind, ModelSettings } from '../domain/settings.js';
import type { Severity } from '../domain/notice.js';
import type { ModelState } from './find-model.js';
import { readLedgerEntries } from './ledger.js';
import type { Pool, Queryable } from './pool.js';

export interface KnownModel {
  modelId: number;
  name: string;
  state: ModelState;
  settings: ModelSettings;
  settingsRevision: number;
  /** Number of the version in charge; null while the model is being created. */
  champion: number | null;
  lastBatch: number;
  lastRun: number;
  /** Of the last completed run; 0: none. */
  horizon: number;
}

export interface KnownRun {
  number: number;
  state: string;
  horizon: number;
  trigger: RunTrigger;
  by: string;
}

export interface KnownDecision {
  id: string;
  subject: DecisionSubject;
  state: DecisionState;
  question: string;
  answer: Answer | null;
  answeredBy: string | null;
  note: string | null;
  incidentId: number | null;
  approvers: string[];
  askedAtMs: number;
  deadlineAtMs: number;
}

export interface KnownIncident {
  attended: AttendedIncident;
  state: IncidentState;
  /** The lifecycle was told of it, or a workflow took it up, and its end is not noted. */
  waits: boolean;
  closed: boolean;
}

export interface KnownRetraining {
  number: number;
  state: RetrainingState;
  request: RetrainingRequest;
  askedAtMs: number;
}

export interface KnownChallenge {
  number: number;
  mode: ChallengeMode;
  state: ChallengeState;
  version: number;
  against: number;
  by: string;
  reason: string;
  approvedBy: string | null;
  promoted: boolean;
  note: string | null;
  /** Of its last verdict; 0: none. */
  judged: number;
}

export interface KnownGate {
  batch: string;
  state: string;
  rule: GateRule;
  by: string;
  decisionId: string | null;
}

export interface StoreView extends KnownModel {
  /** Not ended. */
  openRuns: KnownRun[];
  decisions: Map<string, KnownDecision>;
  /** By their text. */
  incidents: Map<string, KnownIncident>;
  retrainings: Map<number, KnownRetraining>;
  challenges: Map<number, KnownChallenge>;
  gates: Map<string, KnownGate>;
  /** Notices with deliveries that are still to be made. */
  intended: Notice[];
  /** Versions that are challengers. */
  challengers: number[];
}

/** Every model that there ever was, deleted ones included. */
export async function readKnownModels(db: Queryable): Promise<KnownModel[]> {
  const { rows } = await db.query<KnownModel>(
    `select m.id as "modelId", m.name, m.state, m.settings, m.settings_revision as "settingsRevision", v.number as champion, m.last_batch::float8 as "lastBatch",
       greatest(m.last_run, coalesce((select max(number) from aftercare.run where model_id = m.id), 0)) as "lastRun",
       coalesce((select max(horizon) from aftercare.run where model_id = m.id and state = 'completed'), 0)::float8 as horizon
     from aftercare.model m left join aftercare.version v on v.id = m.champion_version_id order by m.id`);
  return rows;
}

const ms = (column: string): string => `extract(epoch from ${column})::float8 * 1000`;

/** One model at one moment. */
export async function readStoreView(db: Queryable, model: KnownModel): Promise<StoreView> {
  const { modelId } = model;
  const ask = async <Row extends object>(sql: string): Promise<Row[]> => (await db.query<Row>(sql, [modelId])).rows;
  const openRuns = await ask<KnownRun>(
    `select number, state, horizon::float8 as horizon, trigger, requested_by as by from aftercare.run where model_id = $1 and state in ('scheduled', 'running') order by number`);
  const decisions = await ask<KnownDecision>(
    `select id, subject, state, question, answer, answered_by as "answeredBy", note, incident_id::float8 as "incidentId", approvers, ${ms('asked_at')} as "askedAtMs", ${ms('deadline_at')} as "deadlineAtMs"
     from aftercare.decision where model_id = $1 order by id`);
  const incidents = await ask<IncidentRow>(
    `select i.id::float8 as id, v.number as version, i.segment, i.kind, i.cause, i.opening_chunk as "openingChunk", i.state, i.text, i.severity, i.round, i.closed_at is not null as closed,
       i.closed_at is null and (i.announced or i.attended_at is not null) as waits
     from aftercare.incident i join aftercare.version v on v.id = i.version_id where i.model_id = $1 order by i.id`);
  const retrainings = await ask<RetrainingRow>(
    `select number, state, key, trigger, requested_by as by, reason, incident, approved_by as "approvedBy", ${ms('asked_at')} as "askedAtMs" from aftercare.retraining where model_id = $1 order by number`);
  const challenges = await ask<KnownChallenge>(
    `select c.number, c.mode, c.state, v.number as version, a.number as against, c.requested_by as by, c.reason, c.approved_by as "approvedBy", c.promoted_at is not null as promoted, c.note,
       coalesce((select max(horizon) from aftercare.verdict where model_id = $1 and challenge = c.number), 0)::float8 as judged
     from aftercare.challenge c join aftercare.version v on v.id = c.version_id join aftercare.version a on a.id = c.against_version_id where c.model_id = $1 order by c.number`);
  const gates = await ask<KnownGate>(`select batch, state, rule, asked_by as by, decision_id as "decisionId" from aftercare.gate where model_id = $1`);
  const intended = await ask<{ notice: Notice }>(
    `select distinct on (notice ->> 'id') notice from aftercare.notification where model_id = $1 and state = 'intended' and notice is not null order by notice ->> 'id', id`);
  const challengers = await ask<{ number: number }>(`select number from aftercare.version where model_id = $1 and role = 'challenger' order by number`);
  return {
    ...model, openRuns,
    decisions: new Map(decisions.map((one) => [one.id, one])),
    incidents: new Map(incidents.map((row) => [incidentText(row), knownIncident(row)])),
    retrainings: new Map(retrainings.map((row) => [row.number, knownRetraining(row)])),
    challenges: new Map(challenges.map((one) => [one.number, one])),
    gates: new Map(gates.map((one) => [one.batch, one])),
    intended: intended.map(({ notice }) => notice),
    challengers: challengers.map(({ number }) => number),
  };
}

interface IncidentRow {
  id: number;
  version: number;
  segment: string;
  kind: IncidentKind;
  cause: string;
  openingChunk: string;
  state: IncidentState;
  text: string | null;
  severity: Severity | null;
  round: number;
  closed: boolean;
  waits: boolean;
}

function knownIncident(row: IncidentRow): KnownIncident {
  const { id, kind, cause, segment, openingChunk, round, state, waits, closed } = row;
  const text = row.text ?? `${kind.replaceAll('_', ' ')}: ${cause} since ${openingChunk}`;
  return { state, waits, closed, attended: { incident: incidentText(row), incidentId: id, kind, cause, segment, openingChunk, severity: row.severity ?? severityOf(kind), text, ...(round === 1 ? {} : { round }) } };
}

interface RetrainingRow extends Omit<RetrainingRequest, 'incident' | 'approvedBy'> {
  number: number;
  state: RetrainingState;
  incident: string | null;
  approvedBy: string | null;
  askedAtMs: number;
}

function knownRetraining({ number, state, askedAtMs, incident, approvedBy, ...request }: RetrainingRow): KnownRetraining {
  return { number, state, askedAtMs, request: { ...request, ...(incident === null ? {} : { incident }), ...(approvedBy === null ? {} : { approvedBy }) } };
}

/** The whole ledger in order. */
export async function readWholeLedger(pool: Pool, modelId: number): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (;;) {
    const page = await readLedgerEntries(pool, modelId, entries.at(-1)?.number ?? 0, Number.MAX_SAFE_INTEGER, 10_000);
    if (page.length === 0) return entries;
    entries.push(...page);
  }
}
