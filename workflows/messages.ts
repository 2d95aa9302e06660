/** All signals, queries and updates, and the inputs and outputs of every workflow. Imported by clients: no workflow code here. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Answer, DecisionAnswer, DecisionState } from '../domain/decision.js';
import type { DecisionReport, LifecycleState, Pace, Question, RunReport, RunRequest } from '../domain/policy.js';
import type { DecisionSettings, ScheduleSettings } from '../domain/settings.js';
import type { RunTrigger } from '../domain/run.js';

export type { DecisionReport, Pace, Question, RunReport, RunRequest } from '../domain/policy.js';

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

/** Starts a lifecycle. Only `models.create` does, or whoever finishes an interrupted one. */
export interface LifecycleInput {
  modelId: number;
  /** For people: stands in summaries and in the search attribute. */
  name: string;
  /** What the store knows of earlier runs; 0 and 0 for a new model. */
  lastRun: number;
  horizon: number;
  pace?: Pace;
  /** Search attributes are registered in this namespace and are set. */
  tagged?: boolean;
  /** Task queue of the numeric workers; absent: NUMERIC_QUEUE. */
  numericQueue?: string;
  /** Events after which the history is begun anew, when nothing is under way; beyond four times of it also during a run. */
  historyLimit?: number;
  /** Only when continuing as new. */
  state?: LifecycleState;
}

export interface RunTicket {
  runNumber: number;
  workflowId: string;
}

export interface LifecycleStatus {
  phase: 'active' | 'archiving' | 'archived';
  horizon: number;
  /** The ledger is known to reach this far, and has been read this far. */
  knownBatch: number;
  scannedBatch: number;
  activeRun: number | null;
  queuedRequests: number;
  /** The last run number that was given out. */
  lastRun: number;
  /** The runs that wait, in order. */
  queue: { runNumber: number; horizon: number; trigger: RunTrigger }[];
  openDecisions: string[];
  /** To be asked, or withdrawn and not closed yet: this passes within moments. */
  unsettledDecisions: string[];
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
  numericQueue?: string;
}

export interface RunProgress {
  step: 'plan' | 'fit' | 'compute' | 'finish' | 'done';
  done: number;
  of: number;
}
export const runProgress = defineQuery<RunProgress>('aftercareRunProgress');
/** Sent by a lifecycle that continued as new: fails when the run is not there any more. The run itself takes no notice. */
export const runPing = defineSignal('aftercareRunPing');

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
export const decisionStatus = defineQuery<DecisionStatus>('aftercareDecisionStatus');

export interface DecisionStatus {
  state: DecisionState;
  answer: Answer | null;
  by: string | null;
  reminders: number;
  escalated: boolean;
  deadlineAtMs: number;
}

// ---- scheduledRun: started by a Temporal Schedule -----------------------------------------------------------------------------------

export interface ScheduledRunInput {
  modelId: number;
  /** Where not every firing is a turn: see domain/schedule.ts. */
  turn?: { every: number; unit: ScheduleSettings['unit']; zone: string };
}
