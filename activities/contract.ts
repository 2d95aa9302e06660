/** What workflows may ask for. Light activities run on MAIN_QUEUE beside the workflows, numeric ones on NUMERIC_QUEUE in worker threads. */
import type { Answer, DecisionSubject } from '../domain/decision.js';
import type { AttendedIncident } from '../domain/incident.js';
import type { LoopSettings } from '../domain/lifecycle-settings.js';
import type { Question } from '../domain/policy.js';
import type { RunState, RunTrigger } from '../domain/run.js';
import type { DecisionSettings, RunSettings } from '../domain/settings.js';
import type { BatchKind } from '../domain/batch.js';
import type { ChallengeActivities, VerdictActivities } from './contracts/challenge.js';
import type { GateActivities, GateEstimates } from './contracts/gate.js';
import type { IncidentActivities } from './contracts/incidents.js';
import type { NotificationActivities } from './contracts/notifications.js';
import type { RetrainingActivities } from './contracts/retraining.js';
import type { TendingActivities } from './contracts/tending.js';

export interface LedgerRequest {
  modelId: number;
  /** Only batches after this number. */
  after: number;
  /** The lifecycle's present: inferences that are seen for the first time are noted at this moment. Absent in histories of earlier versions: nothing is noted. */
  nowMs?: number;
}

export interface LedgerEntry {
  number: number;
  kind: BatchKind;
  rowsAccepted: number;
  /** Of a version that was not in charge: its number. */
  shadowOf?: number;
}

export interface LedgerView {
  state: 'active' | 'archived' | 'deleted';
  settingsRevision: number;
  runs: RunSettings;
  decisions: DecisionSettings;
  lastBatch: number;
  /** In order, at most 1,000; `more` when the ledger goes on. */
  entries: LedgerEntry[];
  more: boolean;
  /** Numbers of the versions that are registered as challengers: one that the lifecycle does not know is a signal that was lost. */
  challengers?: number[];
  /** Number of the version in charge. */
  champion?: number;
  /** With every default filled in; absent in histories of earlier versions, as is the next one. */
  lifecycle?: LoopSettings;
  /** When time alone makes something due (activities/contracts/tending.ts); null: nothing. */
  tendAtMs?: number | null;
}

export interface PlanRequest {
  modelId: number;
  runNumber: number;
  previousHorizon: number;
  horizon: number;
  trigger: RunTrigger;
  by: string;
  full: boolean;
}

/** Ids and counts only: the plan itself stays in the store. */
export interface RunPlan {
  runId: number;
  needsFit: boolean;
  /** Fan-out: `computeChunks` is called once for each part 0 … parts − 1. */
  parts: number;
  chunks: number;
  rows: number;
}

export interface PartResult {
  chunks: number;
  rowsRead: number;
  failures: number;
}

export interface RunOutcome {
  state: RunState;
  alerts: number;
  questions: Question[];
  /** Decision ids whose incident no longer holds. */
  withdrawn: string[];
  /** Attended incidents that are open; and texts of attended ones that the judgements have closed or taken back. */
  attended?: AttendedIncident[];
  ended?: { incident: string; state: 'resolved' | 'withdrawn' }[];
}

export interface OpenDecision {
  modelId: number;
  decisionId: string;
  /** Absent: an incident. */
  subject?: DecisionSubject;
  incidentId: number | null;
  approvers?: string[];
  workflowId: string;
  question: string;
  askedAtMs: number;
  deadlineAtMs: number;
}

export interface CloseDecision {
  decisionId: string;
  state: 'answered' | 'defaulted' | 'withdrawn';
  answer: Answer | null;
  by: string | null;
  note: string | null;
  atMs: number;
}

export interface NotifyRequest {
  /** Stable: the same event and recipient always give the same id. */
  id: string;
  modelId: number;
  kind: 'decision-asked' | 'decision-reminder' | 'decision-escalated' | 'decision-closed';
  decisionId: string;
  recipients: string[];
  atMs: number;
}

/** Registered under these names with the prefix `aftercare` in front (see PREFIX in activities/index.ts). */
export interface LightActivities extends ChallengeActivities, IncidentActivities, RetrainingActivities, NotificationActivities, TendingActivities, GateActivities {
  readLedger(request: LedgerRequest): Promise<LedgerView>;
  planRun(request: PlanRequest): Promise<RunPlan>;
  /** @param nowMs the lifecycle's present: waits for targets begin here */
  finishRun(request: { runId: number; nowMs?: number }): Promise<RunOutcome>;
  /** Run failed or was cancelled: recorded, with its reason. */
  abandonRun(request: { modelId: number; runNumber: number; state: 'failed' | 'cancelled'; reason: string }): Promise<void>;
  openDecision(request: OpenDecision): Promise<void>;
  closeDecision(request: CloseDecision): Promise<void>;
  /** Only for decisions that were begun before there was routing. */
  notify(request: NotifyRequest): Promise<void>;
  /** For what happens in a workflow without a change in the store: a refused answer, say. */
  recordAudit(entry: { modelId: number; by: string; action: string; detail: Record<string, unknown>; key: string }): Promise<void>;
}

export interface NumericActivities extends VerdictActivities, GateEstimates {
  fitReference(request: { runId: number }): Promise<{ fitted: number; failures: number }>;
  computeChunks(request: { runId: number; part: number }): Promise<PartResult>;
}
