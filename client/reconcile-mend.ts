/** Carries out what a comparison of the store with Temporal found to be needed (reconcile-compare.ts). Each can be done again. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import { isFinalState } from '../domain/challenge-policy.js';
import { lifecycleSettings } from '../domain/lifecycle-settings.js';
import { challengeId, decisionWorkflowId, gateId, incidentWorkflowId, lifecycleId, notificationId, WORKFLOW } from '../domain/names.js';
import type { DueRun, Patience } from '../domain/policy.js';
import { resumeLifecycle, type KnownLifecycle } from '../domain/resume.js';
import { noteChallenge } from '../store/challenges.js';
import { closeDecision } from '../store/decisions.js';
import { announceIncident } from '../store/incident-attention.js';
import type { Pool } from '../store/pool.js';
import { readWholeLedger, type KnownChallenge, type KnownDecision, type StoreView } from '../store/reconcile.js';
import { closeRetraining } from '../store/retrainings.js';
import { endRun } from '../store/runs.js';
import { answerDecisionSignal, requestRunSignal, type ChallengeInput, type DecisionInput, type GateInput, type IncidentInput, type LifecycleInput, type NotificationInput } from '../workflows/messages.js';
import { lifecycleStart } from '../workflows/starting.js';
import type { Lifecycles } from './lifecycle.js';
import { each } from './reconcile-view.js';
import { LOST, type Mend } from './reconcile-compare.js';
import { removeSchedule, SCHEDULE_PURPOSES } from './schedules.js';

export interface MendContext {
  pool: Pool;
  lifecycles: Lifecycles;
  by: string;
}

const CALL_MS = 15_000;
/** How long a server may take to remove histories. */
const REMOVAL_MS = 60_000;
const REASON = 'aftercare doctor --reconcile: the store says otherwise';

/** What Temporal has is ended first, lifecycles before what they began; what is begun comes last. */
export function orderOf({ do: what }: Mend): number {
  return ['end', 'abandon-run', 'withdraw', 'close-retraining', 'close-challenge', 'archive', 'schedules', 'continue-challenge', 'begin-lifecycle', 'ask-run', 'answer', 'ask', 'attend', 'hold', 'deliver'].indexOf(what);
}

/** Ends workflows and settles the store. @param view the model as it was compared; null: the store has none. */
export async function mend(context: MendContext, modelId: number, view: StoreView | null, what: Exclude<Mend, { do: 'begin-lifecycle' }>): Promise<void> {
  const { pool, lifecycles, by } = context;
  const atMs = Date.now();
  if (what.do === 'end') return end(lifecycles, what.workflowId, what.forget);
  if (what.do === 'schedules') return applySchedules(lifecycles, modelId, view);
  if (view === null) throw new Error(`model ${modelId} is not in the store: '${what.do}' cannot be done`);
  const decisionOf = (id: string): KnownDecision => view.decisions.get(id)!;
  switch (what.do) {
    case 'abandon-run': return endRun(pool, modelId, what.run, 'failed', 'its workflow was lost in a restore');
    case 'ask-run': return lifecycles.signalWorkflow(lifecycleId(modelId), requestRunSignal, { key: `restore:${modelId}:${what.run}`, trigger: 'manual', by });
    case 'withdraw': return closeDecision(pool, { decisionId: what.decisionId, state: 'withdrawn', answer: null, by: null, note: LOST, atMs });
    case 'close-retraining': return void await closeRetraining(pool, { modelId, number: what.retraining, state: 'failed', version: null, reason: LOST, by, atMs });
    case 'close-challenge': return void await noteChallenge(pool, { modelId, number: what.challenge, state: 'failed', note: what.note, by, atMs });
    case 'continue-challenge': return continueChallenge(lifecycles, view, what.challenge);
    case 'archive': return lifecycles.end(modelId, by);
    case 'answer': {
      const { id, answer, answeredBy, note } = decisionOf(what.decisionId);
      return lifecycles.signalWorkflow(decisionWorkflowId(id), answerDecisionSignal, { answer: answer!, by: answeredBy!, ...(note === null ? {} : { note }) }).catch(ignoreMissing);
    }
    case 'ask': return ask(lifecycles, view, decisionOf(what.decisionId), atMs);
    case 'attend': return attend(context, view, what.incidentId);
    case 'hold': {
      const gate = view.gates.get(what.batch)!;
      if (gate.decisionId !== null) await end(lifecycles, decisionWorkflowId(gate.decisionId), false);
      const input: GateInput = { modelId, name: view.name, batch: gate.batch, rule: gate.rule, by: gate.by, ...numeric(lifecycles) };
      return lifecycles.startWorkflow(WORKFLOW.gate, gateId(modelId, gate.batch), input, `Gate of batch ${gate.batch}`);
    }
    case 'deliver': {
      const notice = view.intended.find(({ id }) => id === what.notice)!;
      return lifecycles.startWorkflow(WORKFLOW.notification, notificationId(modelId, notice.id), { notice } satisfies NotificationInput, `${view.name}: ${notice.text}`);
    }
  }
}

/** Terminates what runs; asks for its removal where its id is to be given again. */
async function end(lifecycles: Lifecycles, workflowId: string, forget: boolean): Promise<void> {
  const { client, connection, namespace } = lifecycles.temporal;
  const handle = client.workflow.getHandle(workflowId);
  const call = <T>(work: () => Promise<T>): Promise<T> => lifecycles.temporal.within(CALL_MS, work);
  // Removal ends what runs as well; after a termination it takes a server a minute and more, without one 0.1 s.
  await (forget ? call(() => connection.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } })) : call(() => handle.terminate(REASON))).catch(ignoreMissing);
}

/** Histories are removed in the background. @returns those that are still there after a while */
export async function awaitRemoval(lifecycles: Lifecycles, workflowIds: readonly string[]): Promise<string[]> {
  const { client } = lifecycles.temporal;
  const until = Date.now() + REMOVAL_MS;
  let there = [...workflowIds];
  for (;;) {
    const still: string[] = [];
    await each(there, async (id) => {
      await lifecycles.temporal.within(CALL_MS, () => client.workflow.getHandle(id).describe()).then(() => still.push(id), ignoreMissing);
    });
    there = still;
    if (there.length === 0 || Date.now() > until) return there;
    await delay(200);
  }
}

async function applySchedules(lifecycles: Lifecycles, modelId: number, view: StoreView | null): Promise<void> {
  if (view?.state === 'active') return lifecycles.applySchedules(modelId, view.settings);
  for (const purpose of SCHEDULE_PURPOSES) await lifecycles.temporal.within(CALL_MS, () => removeSchedule(lifecycles.temporal, modelId, purpose));
}

/** Its record says that it is on probation: it goes on from there. */
async function continueChallenge(lifecycles: Lifecycles, view: StoreView, number: number): Promise<void> {
  const { modelId, name } = view;
  const { mode, version, by, reason, approvedBy } = view.challenges.get(number)!;
  const { challenge: settings, promotion } = lifecycleSettings(view.settings);
  const input: ChallengeInput = { modelId, name, number, mode, version, by, reason, approvedBy, settings, promotion, ...numeric(lifecycles) };
  await lifecycles.startWorkflow(WORKFLOW.challenge, challengeId(modelId, number), input, `${mode} of version ${version} of ${name}`);
}

/** The same question, for what is left of its time. */
async function ask(lifecycles: Lifecycles, { modelId, settings, incidents }: StoreView, decision: KnownDecision, nowMs: number): Promise<void> {
  const { id, question, incidentId, approvers, askedAtMs, deadlineAtMs, subject } = decision;
  const { remindAfterMs, escalateAfterMs, fallback, notify } = settings.decisions;
  const sinceMs = Math.max(0, nowMs - askedAtMs);
  // What has been escalated is not escalated again.
  const patience: Patience = { remindAfterMs, fallback, notify, escalateAfterMs: escalateAfterMs > sinceMs ? escalateAfterMs - sinceMs : 0, deadlineMs: Math.max(1_000, deadlineAtMs - nowMs) };
  const about = [...incidents.values()].find(({ attended }) => attended.incidentId === incidentId)?.attended;
  const input: DecisionInput = {
    modelId, settings: patience,
    question: { decisionId: id, subject, incidentId, text: question, approvers, ...(about ? { kind: about.kind, cause: about.cause, openingChunk: about.openingChunk } : {}) },
  };
  await lifecycles.startWorkflow(WORKFLOW.decision, decisionWorkflowId(id), input, question);
}

async function attend({ pool, lifecycles }: MendContext, { modelId, name, settings }: StoreView, incidentId: number): Promise<void> {
  const attended = await announceIncident(pool, incidentId);
  if (!attended) return;
  const input: IncidentInput = { modelId, name, incident: attended, settings: lifecycleSettings(settings).incidents };
  await lifecycles.startWorkflow(WORKFLOW.incident, incidentWorkflowId(modelId, attended.incident), input, attended.text);
}

export interface Beginning {
  /** Runs whose workflow is there. */
  runs: number[];
  /** Incidents, retrainings and challenges that go on. */
  attended: string[];
  retrainings: number[];
  challenges: number[];
  /** Challenges that were lost. */
  lost: number[];
  /** Somebody waits for a run that was lost. */
  askForRun: boolean;
}

/** In place of whatever runs under the lifecycle's id. */
export async function beginLifecycle({ pool, lifecycles, by }: MendContext, view: StoreView, { runs, attended, retrainings, challenges, lost, askForRun }: Beginning): Promise<void> {
  const { modelId, name, lastRun, horizon } = view;
  const tagged = await lifecycles.ensureSearchAttributes();
  const active = view.openRuns.find(({ number }) => runs.includes(number));
  const retraining = view.retrainings.get(retrainings[0] ?? -1) ?? null;
  // Of each challenger the last one; a loss of an earlier restore may not have been made good yet.
  const last = [...new Map([...view.challenges.values()].filter(({ mode, version }) => mode === 'challenge' && view.challengers.includes(version)).map((one) => [one.version, one])).values()];
  const wasLost = ({ number, state, note }: KnownChallenge): boolean => lost.includes(number) || (state === 'failed' && note === LOST);
  const known: KnownLifecycle = {
    modelId, lastRun, horizon, attended,
    lastRetraining: Math.max(0, ...view.retrainings.keys()), lastChallenge: Math.max(0, ...view.challenges.keys()),
    lastRetrainingAtMs: view.retrainings.size === 0 ? null : Math.max(...[...view.retrainings.values()].map(({ askedAtMs }) => askedAtMs)),
    active: active ? { runNumber: active.number, horizon: active.horizon, trigger: active.trigger, by: active.by, full: false } satisfies DueRun : null,
    openDecisions: [...view.decisions.values()].filter(({ subject, state }) => subject === 'incident' && state === 'waiting').map(({ id }) => id),
    retraining: retraining && { number: retraining.number, request: retraining.request },
    challenges: challenges.map((number) => view.challenges.get(number)!),
    again: last.filter((one) => wasLost(one)).map(({ version, number }) => ({ version, reason: `its challenge ${number} was ${LOST}` })),
    challenged: last.filter((one) => isFinalState(one.state) && !wasLost(one)).map(({ version }) => version),
    settings: lifecycleSettings(view.settings),
    entries: challenges.length + lost.length > 0 ? await readWholeLedger(pool, modelId) : [],
  };
  const { incidents, retraining: training, challenge, promotion } = lifecycleSettings(view.settings);
  const state = resumeLifecycle({ ...known, settings: { incidents, retraining: training, challenge, promotion } }, Date.now());
  const input: LifecycleInput = { modelId, name, lastRun, horizon, tagged, ...numeric(lifecycles), state };
  await lifecycles.temporal.within(CALL_MS, () => lifecycles.temporal.client.workflow.start(WORKFLOW.lifecycle, { ...lifecycleStart(input, lifecycles.queues.main), workflowIdConflictPolicy: 'TERMINATE_EXISTING' }));
  if (askForRun) await lifecycles.signalWorkflow(lifecycleId(modelId), requestRunSignal, { key: `restore:${modelId}:${lastRun}`, trigger: 'manual', by });
}

const numeric = (lifecycles: Lifecycles): { numericQueue?: string } => (lifecycles.queues.numeric ? { numericQueue: lifecycles.queues.numeric } : {});

function ignoreMissing(error: unknown): void {
  const NOT_FOUND = 5;   // of gRPC, where the call is not the client's own
  if (!(error instanceof WorkflowNotFoundError) && (error as { code?: number }).code !== NOT_FOUND) throw error;
}
