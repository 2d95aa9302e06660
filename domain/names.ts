/** Every name that stands in Temporal, in one place: all begin with `aftercare`, because a plugin's names silently win over a user's equal ones. */

/** Workflows and light activities (database, mail). */
export const MAIN_QUEUE = 'aftercare';
/** Heavy activities: fits and chunk computations, in worker threads. */
export const NUMERIC_QUEUE = 'aftercare-numeric';

/** Workflow types, as workflows/index.ts exports them. */
export const WORKFLOW = {
  lifecycle: 'aftercareModelLifecycle',
  run: 'aftercareMonitoringRun',
  decision: 'aftercareDecision',
  scheduledRun: 'aftercareScheduledRun',
  incident: 'aftercareIncident',
  notification: 'aftercareNotification',
  retraining: 'aftercareRetraining',
  challenge: 'aftercareChallenge',
  gate: 'aftercareGate',
  verdict: 'aftercareVerdict',
} as const;

export const lifecycleId = (modelId: number): string => `aftercare/model/${modelId}`;
export const runId = (modelId: number, run: number): string => `${lifecycleId(modelId)}/run/${run}`;
/** `cause` is the incident's natural identity and the question's number, e.g. `estimated_performance/roc_auc/000016/1`. */
export const decisionId = (modelId: number, cause: string): string => `${lifecycleId(modelId)}/decision/${cause}`;
/**
 * A decision by its natural identity: `<model id>/<kind>/<cause>/<opening chunk>/<n>`, with the segment in front of the kind where it is of one, and `v<number>` of a later version than the first. Slashes in the segment
 * are written as %2F, so that no two decisions have one text.
 */
export const decisionText = (modelId: number, { version = 1, segment, kind, cause, openingChunk }: { version?: number; segment: string; kind: string; cause: string; openingChunk: string }, n: number): string =>
  [modelId, ...(version === 1 ? [] : [`v${version}`]), ...(segment === '' ? [] : [segment.replace(/[%/]/g, encodeURIComponent)]), kind, cause, openingChunk, n].join('/');
/** The workflow of a decision known by its text `<model id>/<cause>`. */
export const decisionWorkflowId = (decisionText: string): string => {
  const slash = decisionText.indexOf('/');
  return decisionId(Number(decisionText.slice(0, slash)), decisionText.slice(slash + 1));
};
/** And back: `aftercare/model/7/decision/<cause>` → `7/<cause>`. */
export const decisionTextOf = (workflowId: string): string => workflowId.replace(/^aftercare\/model\/(\d+)\/decision\//, '$1/');
/** `incident`: its text, see incidentText. */
export const incidentWorkflowId = (modelId: number, incident: string): string => `${lifecycleId(modelId)}/incident/${incident}`;
/** An incident by its natural identity: `<kind>/<cause>/<opening chunk>`, with the segment in front where it is of one; of a later version than the first with `v<number>` in front of all. */
export const incidentText = ({ version, segment, kind, cause, openingChunk }: { version: number; segment: string; kind: string; cause: string; openingChunk: string }): string =>
  [...(version === 1 ? [] : [`v${version}`]), ...(segment === '' ? [] : [segment.replace(/[%/]/g, encodeURIComponent)]), kind, cause, openingChunk].join('/');
/** The text of the incident that a question is about, from the decision's text: `7/<incident>/1` → `<incident>`. */
export const incidentOfDecision = (decisionText: string): string => decisionText.split('/').slice(1, -1).join('/');
/** `notice`: the notice's stable id. */
export const notificationId = (modelId: number, notice: string): string => `${lifecycleId(modelId)}/notify/${notice}`;
export const retrainingId = (modelId: number, n: number): string => `${lifecycleId(modelId)}/retraining/${n}`;
export const challengeId = (modelId: number, n: number): string => `${lifecycleId(modelId)}/challenge/${n}`;
/** The user's own switch, where it is a workflow. */
export const switchId = (modelId: number, n: number, action: 'promote' | 'rollback' | 'compensate'): string => `${challengeId(modelId, n)}/switch/${action}`;
export const gateId = (modelId: number, batch: string): string => `${lifecycleId(modelId)}/gate/${batch}`;
/** A verdict that a person asks for, beside those of a challenge. */
export const verdictId = (modelId: number, challenger: number, horizon: number): string => `${lifecycleId(modelId)}/verdict/${challenger}/${horizon}`;
/** The decision by which a retraining, a promotion or a gate is approved: `<model id>/<subject>/<which>/<n>`. */
export const approvalText = (modelId: number, subject: 'retraining' | 'promotion' | 'gate', which: number | string, n = 1): string => `${modelId}/${subject}/${which}/${n}`;
export const retrainingScheduleId = (modelId: number): string => `${lifecycleId(modelId)}/retraining-schedule`;
export const scheduleId = (modelId: number): string => `${lifecycleId(modelId)}/schedule`;

/** Registered by `aftercare up`, or once by `aftercare doctor --mend` on a cluster. */
export const SEARCH_ATTRIBUTES = { model: 'aftercareModel', kind: 'aftercareKind' } as const;
