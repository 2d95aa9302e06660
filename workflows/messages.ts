/** All signals, queries and updates, and the inputs and outputs of every workflow. Imported by clients: no workflow code here. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Answer, DecisionAnswer } from '../domain/decision.js';
import type { DecisionSettings, IncidentKind } from '../domain/settings.js';
import type { RunState, RunTrigger } from '../domain/run.js';

// ---- modelLifecycle: id aftercare/model/<id> ---------------------------------------------------------------------------------------

/** "The ledger has grown to this number." Coalesced by the client; may be lost, the ledger is looked at anyway. */
export const ring = defineSignal<[{ batchNumber: number }]>('aftercareRing');
/** Settings were changed in the store; the next look at the ledger brings them. */
export const settingsChanged = defineSignal<[{ revision: number }]>('aftercareSettingsChanged');
/** A run by hand or by schedule. Answers with the run that will have seen everything committed before the request; equal keys are one request. */
export const requestRun = defineUpdate<RunTicket, [RunRequest]>('aftercareRequestRun');
/** The same for callers that only signal (a schedule, `temporal workflow signal`). */
export const requestRunSignal = defineSignal<[RunRequest]>('aftercareRequestRunSignal');
/** No more runs; the workflow ends when nothing is running. */
export const archive = defineSignal<[{ by: string }]>('aftercareArchive');
export const runFinished = defineSignal<[RunReport]>('aftercareRunFinished');
export const decisionClosed = defineSignal<[DecisionReport]>('aftercareDecisionClosed');
export const lifecycleStatus = defineQuery<LifecycleStatus>('aftercareLifecycleStatus');

export interface RunRequest {
  key: string;
  trigger: Extract<RunTrigger, 'manual' | 'schedule' | 'settings'>;
  by: string;
  /** Compute every chunk anew, touched or not. */
  full?: boolean;
}

export interface RunTicket {
  runNumber: number;
  workflowId: string;
}

export interface RunReport {
  runNumber: number;
  state: RunState;
  horizon: number;
  /** Incidents that this run opened and that ask for a decision; and those that it withdrew or resolved. */
  questions: Question[];
  withdrawn: string[];
}

/** A decision to ask for. */
export interface Question {
  decisionId: string;
  incidentId: number;
  kind: IncidentKind;
  cause: string;
  openingChunk: string;
  text: string;
}

export interface DecisionReport {
  decisionId: string;
  answer: Answer | null;
  by: string | null;
}

export interface LifecycleStatus {
  phase: 'active' | 'archiving' | 'archived';
  horizon: number;
  knownBatch: number;
  activeRun: number | null;
  queuedRequests: number;
  lastRun: number;
  openDecisions: string[];
}

// ---- monitoringRun: id aftercare/model/<id>/run/<n> --------------------------------------------------------------------------------

export interface RunInput {
  modelId: number;
  runNumber: number;
  previousHorizon: number;
  /** Ledger number up to which batches are seen: exact, so that a run is the same whenever it is started. */
  horizon: number;
  trigger: RunTrigger;
  by: string;
  full: boolean;
}

export interface RunProgress {
  step: 'plan' | 'fit' | 'compute' | 'finish' | 'done';
  done: number;
  of: number;
}
export const runProgress = defineQuery<RunProgress>('aftercareRunProgress');

// ---- decision: id aftercare/model/<id>/decision/<cause> ----------------------------------------------------------------------------

export interface DecisionInput {
  modelId: number;
  question: Question;
  settings: DecisionSettings;
}

/** Refuses an answer that comes too late or is none of the options. */
export const answerDecision = defineUpdate<{ decisionId: string; answer: Answer }, [DecisionAnswer]>('aftercareAnswer');
/** The same meaning for `temporal workflow signal` and other languages; a late one is ignored and said so in the workflow's details. */
export const answerDecisionSignal = defineSignal<[DecisionAnswer]>('aftercareAnswerSignal');
/** The incident was withdrawn (late data corrected the chunk): nobody needs to answer any more. */
export const withdrawDecision = defineSignal<[{ reason: string }]>('aftercareWithdraw');
export const decisionStatus = defineQuery<{ state: 'waiting' | 'answered' | 'defaulted' | 'withdrawn'; answer: Answer | null; reminders: number; escalated: boolean }>('aftercareDecisionStatus');

// ---- scheduledRun: started by a Temporal Schedule -----------------------------------------------------------------------------------

export interface ScheduledRunInput {
  modelId: number;
}
