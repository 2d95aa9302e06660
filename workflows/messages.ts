/** All signals, queries and updates, and the inputs and outputs of every workflow. Imported by clients: no workflow code here. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Answer, DecisionAnswer, DecisionState } from '../domain/decision.js';
import type { DecisionReport, LifecycleState, Pace, Patience, Question, RunReport, RunRequest } from '../domain/policy.js';
import type { ChallengeMode, ChallengeState, Judgement } from '../domain/challenge.js';
import type { ChallengeProgress } from '../domain/challenge-policy.js';
import type { Gate, GateRule } from '../domain/gate.js';
import type { AttendedIncident, IncidentState } from '../domain/incident.js';
import type { IncidentAct } from '../domain/incident-policy.js';
import type { ChallengeSettings, IncidentSettings, PromotionSettings, RetrainingSettings } from '../domain/lifecycle-settings.js';
import type { Notice } from '../domain/notice.js';
import type { PromotionRequest } from '../domain/policy.js';
import type { RetrainingRequest, RetrainingState, TrainingOutcome } from '../domain/retraining.js';
import type { ScheduleSettings } from '../domain/settings.js';
import type { RunTrigger } from '../domain/run.js';

export type { IncidentAct } from '../domain/incident-policy.js';
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
  /** The same of retrainings and challenges; absent: 0. */
  lastRetraining?: number;
  lastChallenge?: number;
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
  /** Its number. */
  retraining: number | null;
  challenges: { number: number; version: number; mode: ChallengeMode; promoted: boolean }[];
  /** Incidents that have a workflow, by their text. */
  attended: string[];
  /** Steps of the loop after the alert that are due and not begun: this passes within moments. */
  unsettledSteps: number;
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
  settings: Patience;
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
  /** Absent: a run. */
  purpose?: 'retraining';
  /** Where not every firing is a turn: see domain/schedule.ts. */
  turn?: { every: number; unit: ScheduleSettings['unit']; zone: string };
}

// ---- incident: id aftercare/model/<id>/incident/<incident> --------------------------------------------------------------------------

export interface IncidentInput {
  modelId: number;
  name: string;
  incident: AttendedIncident;
  settings: IncidentSettings;
  /** Somebody acts on one that nobody attended: that it is open is not told. */
  onDemand?: boolean;
}

export interface IncidentStatus {
  state: IncidentState;
  escalated: boolean;
  snoozedUntilMs: number | null;
  by: string | null;
}

/** Refuses what makes no sense in its state: acknowledged twice, resolved already. */
export const actOnIncident = defineUpdate<IncidentStatus, [IncidentAct]>('aftercareIncidentAct');
export const actOnIncidentSignal = defineSignal<[IncidentAct]>('aftercareIncidentActSignal');
/** The judgements say that it is over (resolved), or never was (withdrawn), or goes on in more chunks. */
export const incidentChanged = defineSignal<[{ state: 'open' | 'resolved' | 'withdrawn'; atMs: number }]>('aftercareIncidentChanged');
/** The question about it was answered, or its deadline passed (by: null). Sent by the decision. */
export const incidentAnswered = defineSignal<[{ answer: Answer | null; by: string | null; note: string | null }]>('aftercareIncidentAnswered');
export const incidentStatus = defineQuery<IncidentStatus>('aftercareIncidentStatus');

// ---- notification: id aftercare/model/<id>/notify/<notice> --------------------------------------------------------------------------

export interface NotificationInput {
  notice: Notice;
  /** Only this delivery of it, once more: it was given up before. */
  again?: string;
}

/** Deliveries by how they ended. */
export interface NotificationSummary {
  sent: number;
  dead: number;
  withdrawn: number;
}

// ---- retraining: id aftercare/model/<id>/retraining/<n> -----------------------------------------------------------------------------

export interface RetrainingInput {
  modelId: number;
  name: string;
  number: number;
  request: RetrainingRequest;
  settings: RetrainingSettings;
  tagged?: boolean;
}

export interface RetrainingReport {
  number: number;
  state: 'completed' | 'rejected' | 'failed' | 'cancelled';
  /** The new version's number, registered as a challenger. */
  version: number | null;
  reason: string | null;
}

export interface RetrainingStatus {
  state: RetrainingState;
  version: number | null;
  reason: string | null;
  decisionId: string | null;
}

/** The outcome of a training that was asked for over HTTP. Refused when it is not waited for, or is another one's. */
export const trainingFinished = defineUpdate<RetrainingStatus, [{ retraining: number; outcome: TrainingOutcome; by: string }]>('aftercareTrainingFinished');
export const trainingFinishedSignal = defineSignal<[{ retraining: number; outcome: TrainingOutcome; by: string }]>('aftercareTrainingFinishedSignal');
export const stopRetraining = defineSignal<[{ by: string; reason: string }]>('aftercareStopRetraining');
export const retrainingStatus = defineQuery<RetrainingStatus>('aftercareRetrainingStatus');

// ---- championChallenger: id aftercare/model/<id>/challenge/<n> ----------------------------------------------------------------------

export interface ChallengeInput {
  modelId: number;
  name: string;
  number: number;
  mode: ChallengeMode;
  /** The version that is, or is to be, promoted. */
  version: number;
  settings: ChallengeSettings;
  promotion: PromotionSettings;
  by: string;
  reason: string;
  /** Approved already: a promotion by hand is not asked about. */
  approvedBy: string | null;
  numericQueue?: string;
  tagged?: boolean;
  /** Events after which the history is begun anew. */
  historyLimit?: number;
  /** Only when continuing as new. */
  progress?: ChallengeProgress;
}

export interface ChallengeReport {
  number: number;
  version: number;
  state: 'kept' | 'rolled_back' | 'closed' | 'failed' | 'cancelled';
  note: string | null;
}

export interface ChallengeStatus {
  state: ChallengeState;
  version: number;
  against: number | null;
  judgement: Judgement | null;
  /** The last place of the ledger that was judged. */
  horizon: number;
  /** The question that waits. */
  decisionId: string | null;
  probationEndsAtMs: number | null;
  /** What it waits for, or how it ended. */
  note: string | null;
}

/** The ledger has come to a place at which a verdict is due: it sees exactly the batches up to it. Signals may overtake each other, so each brings the places before it: they are judged in order, each once. */
export const challengeCheckpoint = defineSignal<[{ horizon: number; before?: number[] }]>('aftercareChallengeCheckpoint');
/** An incident of the promoted version opened (its kind is among `rollbackOn`). */
export const probationIncident = defineSignal<[{ incident: string; text: string }]>('aftercareProbationIncident');
/** Promote now, whatever the verdict; only in shadow. */
export const promoteNow = defineUpdate<ChallengeStatus, [{ by: string; note?: string }]>('aftercarePromoteNow');
/** Only in probation. */
export const rollBackNow = defineUpdate<ChallengeStatus, [{ by: string; note?: string }]>('aftercareRollBackNow');
export const stopChallenge = defineSignal<[{ by: string; reason: string }]>('aftercareStopChallenge');
export const challengeStatus = defineQuery<ChallengeStatus>('aftercareChallengeStatus');

// ---- gate: id aftercare/model/<id>/gate/<batch> --------------------------------------------------------------------------------------

export interface GateInput {
  modelId: number;
  name: string;
  batch: string;
  rule: GateRule;
  by: string;
  numericQueue?: string;
  tagged?: boolean;
}
/** Resolves as soon as the answer is known: at once for pass and cannot know, and with `held` before anybody has decided. */
export const gateAnswer = defineUpdate<Gate, [{ by: string }]>('aftercareGateAnswer');
/** Its model needs no answer any more: what is held is rejected, and its question, begun or not, withdrawn. */
export const endGate = defineSignal<[{ reason: string }]>('aftercareEndGate');

// ---- verdict: id aftercare/model/<id>/verdict/<version>/<ledger number> --------------------------------------------------------------

/** A comparison that a person asks for; those of a challenge are its own. */
export interface VerdictInput {
  modelId: number;
  /** Version numbers. */
  champion: number;
  challenger: number;
  horizon: number;
  settings: ChallengeSettings;
  numericQueue?: string;
}

// ---- what the lifecycle takes for these ----------------------------------------------------------------------------------------------

/** Refused when nothing can be trained, or the model is archived. One that is under way is joined. */
export const requestRetraining = defineUpdate<{ number: number; workflowId: string }, [RetrainingRequest]>('aftercareRequestRetraining');
export const requestRetrainingSignal = defineSignal<[RetrainingRequest]>('aftercareRequestRetrainingSignal');
export const retrainingFinished = defineSignal<[RetrainingReport]>('aftercareRetrainingFinished');
/** A version was registered as a challenger in the store: its challenge begins. Sent by whoever registered it; harmless when repeated. */
export const challengerAdded = defineSignal<[{ version: number; by: string; retraining?: number }]>('aftercareChallengerAdded');
/** A person puts a version in charge, or the one before back. @returns the number of the challenge that carries it out */
export const requestPromotion = defineUpdate<{ number: number; workflowId: string }, [PromotionRequest]>('aftercareRequestPromotion');
export const challengeFinished = defineSignal<[ChallengeReport]>('aftercareChallengeFinished');
/** Sent by the challenge after the champion has changed: the next run is of the new one. */
export const championChanged = defineSignal<[{ number: number; champion: number; by: string }]>('aftercareChampionChanged');
/** Serving telemetry or a refused batch came: look after what is watched now. May be lost. */
export const tendSoon = defineSignal<[]>('aftercareTendSoon');
