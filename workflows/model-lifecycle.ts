/**
 * A model's lifecycle: an inbox, a pure policy (domain/policy.ts), one loop. Handlers only record; the loop alone changes state, and it only begins work,
 * whose outcome comes back through the inbox. So a slow step never keeps a request or an archive waiting, and no two writers meet.
 */
import {
  allHandlersFinished, ApplicationFailure, ChildWorkflowCancellationType, condition, continueAsNew, getExternalWorkflowHandle, isCancellation, ParentClosePolicy, patched,
  setCurrentDetails, setHandler, sleep, startChild, WorkflowIdReusePolicy, workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ticketOf as loopTicketOf, type Ticket } from '../domain/loop.js';
import { challengeId, decisionWorkflowId, retrainingId, runId, WORKFLOW } from '../domain/names.js';
import {
  advance, beginLifecycle, DEFAULT_PACE, dueSteps, isQuiet, markBegun, migrateState, nextDeadline, receive, ticketOf,
  type DueRun, type LifecycleMessage, type LifecycleState, type LifecycleStep,
} from '../domain/policy.js';
import type { aftercareDecision } from './decision.js';
import type { aftercareMonitoringRun } from './monitoring-run.js';
import { createAlarm } from './alarm.js';
import { describeLifecycle, statusOf } from './lifecycle-view.js';
import { takeLoopStep } from './loop-steps.js';
import {
  archive, challengeFinished, challengerAdded, championChanged, decisionClosed, lifecycleStatus, requestPromotion, requestRetraining, requestRetrainingSignal, requestRun, requestRunSignal,
  retrainingFinished, ring, runFinished, runPing, settingsChanged, tendSoon, withdrawDecision,
  type LifecycleInput, type LifecycleStatus,
} from './messages.js';
import { quick } from './proxies.js';
import { kindOf, reasonOf } from './reporting.js';
import { guardTime } from './steady-time.js';
import { tagsOf } from './tags.js';

/** Events of an idle lifecycle's history at most: replaying them costs each time the workflow leaves a worker's cache. */
const HISTORY_LIMIT = 1000;
/** Times the limit: then a history is begun anew even while a run is active. */
const PATIENCE = 4;

export async function aftercareModelLifecycle(input: LifecycleInput): Promise<LifecycleStatus> {
  guardTime();
  // Executions that began before are replayed with the pace that they had.
  const pace = input.pace ?? (patched('idle-looks-are-rare') ? DEFAULT_PACE : { lookGapMs: DEFAULT_PACE.lookGapMs, lookEveryMs: DEFAULT_PACE.lookEveryMs });
  let state: LifecycleState = input.state ? { ...migrateState(input.state), pace } : beginLifecycle({ ...input, pace }, Date.now());
  const inbox: LifecycleMessage[] = [];
  let woken = true;
  /** Children being started and signals being sent: the history must not end before the server has taken them. */
  let outgoing = 0;

  setHandler(ring, ({ batchNumber }) => { if (batchNumber > state.known) inbox.push({ kind: 'ring', batchNumber }); });
  setHandler(settingsChanged, ({ revision }) => void inbox.push({ kind: 'settings-changed', revision }));
  setHandler(archive, () => void inbox.push({ kind: 'archive' }));
  setHandler(runFinished, (report) => void inbox.push({ kind: 'run-finished', report }));
  setHandler(decisionClosed, (report) => void inbox.push({ kind: 'decision-closed', report }));
  setHandler(requestRunSignal, (request) => void inbox.push({ kind: 'request', request }));
  setHandler(requestRetrainingSignal, (request) => void inbox.push({ kind: 'retraining-requested', request }));
  setHandler(retrainingFinished, ({ number, version }) => void inbox.push({ kind: 'retraining-finished', number, version }));
  setHandler(challengerAdded, ({ version, by }) => void inbox.push({ kind: 'challenger-added', version, by }));
  setHandler(championChanged, (change) => void inbox.push({ kind: 'champion-changed', ...change }));
  setHandler(challengeFinished, ({ number }) => void inbox.push({ kind: 'challenge-finished', number }));
  setHandler(tendSoon, () => void inbox.push({ kind: 'tend-soon' }));
  setHandler(lifecycleStatus, () => statusOf(state));
  setHandler(requestRetraining, async (request) => {
    inbox.push({ kind: 'retraining-requested', request });
    const number = await ticket(() => state.loop.retrainingTickets, request.key);
    return { number, workflowId: retrainingId(state.modelId, number) };
  }, { validator: (request) => mustBeOpen(request?.key, request?.by) });
  setHandler(requestPromotion, async (request) => {
    inbox.push({ kind: 'promotion-requested', request });
    const number = await ticket(() => state.loop.promotionTickets, request.key);
    return { number, workflowId: challengeId(state.modelId, number) };
  }, { validator: (request) => mustBeOpen(request?.key, request?.by) });
  setHandler(requestRun, async (request) => {
    inbox.push({ kind: 'request', request });
    await condition(() => ticketOf(state, request.key) !== null || state.phase !== 'active');
    const runNumber = ticketOf(state, request.key);
    if (runNumber === null) throw noMoreRuns(input);
    return { runNumber, workflowId: runId(state.modelId, runNumber) };
  }, {
    validator: (request) => {
      if (!request?.key) throw ApplicationFailure.nonRetryable('a request for a run needs a key that is not empty', 'InvalidInput');
      if (state.phase !== 'active') throw noMoreRuns(input);
    },
  });

  const alarm = createAlarm(() => { woken = true; });
  if (state.active) watch(state.active);

  for (;;) {
    await condition(() => inbox.length > 0 || woken || mayRollOver());
    woken = false;
    state = inbox.splice(0).reduce((before, message) => receive(before, message, Date.now()), state);
    if (mayRollOver()) {
      await condition(allHandlersFinished);
      if (mayRollOver()) await continueAsNew<typeof aftercareModelLifecycle>({ ...input, state });
    }
    beginDueSteps();
    setCurrentDetails(describeLifecycle(state));
    if (state.phase === 'archived') break;
    alarm.setFor(nextDeadline(state));
  }
  await condition(() => outgoing === 0 && allHandlersFinished());
  return statusOf(state);

  function mustBeOpen(key: string | undefined, by: string | undefined): void {
    if (!key || !by?.trim()) throw ApplicationFailure.nonRetryable('a request needs a key and says who asks (by)', 'InvalidInput');
    if (state.phase !== 'active') throw noMoreRuns(input);
  }

  /** What became of a request, as soon as it is decided. */
  async function ticket(tickets: () => readonly Ticket[], key: string): Promise<number> {
    await condition(() => loopTicketOf(tickets(), key) !== null || state.phase !== 'active');
    const found = loopTicketOf(tickets(), key);
    if (found === null) throw noMoreRuns(input);
    if ('refusal' in found) throw ApplicationFailure.nonRetryable(found.refusal, 'Conflict');
    return found.number;
  }

  function mayRollOver(): boolean {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    const limit = input.historyLimit ?? HISTORY_LIMIT;
    const due = historyLength > limit || continueAsNewSuggested;
    return due && inbox.length === 0 && outgoing === 0 && isQuiet(state) && (state.active === null || historyLength > limit * PATIENCE);
  }

  function beginDueSteps(): void {
    for (;;) {
      state = advance(state, Date.now());
      const steps = dueSteps(state, Date.now());
      if (steps.length === 0) return;
      for (const step of steps) {
        begin(step);
        state = markBegun(state, step, Date.now());
      }
    }
  }

  /** Starts a step and comes back at once. */
  function begin(step: LifecycleStep): void {
    switch (step.kind) {
      case 'look': return inBackground(look(step.after));
      case 'run': return inBackground(run(step.run, step.previousHorizon));
      case 'abandon': return inBackground(abandon(step.runNumber, step.horizon));
      case 'ask': return inBackground(ask(step));
      case 'withdraw': return inBackground(withdraw(step.decisionId, step.reason));
      case 'loop': return inBackground(takeLoopStep(step.step, { input, state: () => state, receive: (message) => void inbox.push(message), sending, startUnlessThere }));
    }
  }

  async function look(after: number): Promise<void> {
    try {
      inbox.push({ kind: 'ledger', page: await quick.aftercareReadLedger({ modelId: state.modelId, after, nowMs: Date.now() }) });
    } catch (error) {
      if (kindOf(error) === null) throw error;
      inbox.push({ kind: 'model-gone' });
    }
  }

  async function run(due: DueRun, previousHorizon: number): Promise<void> {
    const { modelId } = state;
    const upTo = due.horizon === previousHorizon ? `nothing new since batch ${due.horizon}` : `batches ${previousHorizon + 1} to ${due.horizon}`;
    const child = await sending(startUnlessThere(startChild<typeof aftercareMonitoringRun>(WORKFLOW.run, {
      workflowId: runId(modelId, due.runNumber),
      args: [{ modelId, previousHorizon, ...due, ...(input.numericQueue ? { numericQueue: input.numericQueue } : {}) }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      staticSummary: `Run ${due.runNumber} of ${input.name} (${due.trigger}): ${upTo}`,
      ...tagsOf(input, 'run'),
    })));
    if (!child) return watch(due, 0);
    await child.result().catch(() => undefined);
    inbox.push({ kind: 'run-lost', runNumber: due.runNumber });
  }

  /** Without a child's handle (begun by an earlier execution of this workflow), only a signal that finds nobody tells that a run is gone. */
  function watch(due: DueRun, everyMs = state.pace.lookEveryMs): void {
    inBackground((async () => {
      for (let pauseMs = everyMs; ; pauseMs = state.pace.lookEveryMs) {
        if (pauseMs > 0) await sleep(pauseMs);
        if (state.active?.runNumber !== due.runNumber) return;
        if (!(await reaches(runId(state.modelId, due.runNumber)))) break;
      }
      inbox.push({ kind: 'run-lost', runNumber: due.runNumber });
    })());
  }

  async function abandon(runNumber: number, horizon: number): Promise<void> {
    try {
      await quick.aftercareAbandonRun({ modelId: state.modelId, runNumber, state: 'failed', reason: 'its workflow ended without a report: it was terminated, or could not be started' });
    } catch (error) {
      if (kindOf(error) === null) throw error;
    }
    inbox.push({ kind: 'run-finished', report: { runNumber, state: 'failed', horizon, questions: [], withdrawn: [] } });
  }

  async function ask({ question, settings }: Extract<LifecycleStep, { kind: 'ask' }>): Promise<void> {
    const child = await sending(startUnlessThere(startChild<typeof aftercareDecision>(WORKFLOW.decision, {
      workflowId: decisionWorkflowId(question.decisionId),
      args: [{ modelId: state.modelId, question, settings }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      staticSummary: question.text.slice(0, 180),
      ...tagsOf(input, 'decision'),
    })));
    const gone = { decisionId: question.decisionId, answer: null, by: null };
    if (child) inbox.push({ kind: 'decision-closed', report: await child.result().catch(() => gone) });
  }

  async function withdraw(decisionId: string, reason: string): Promise<void> {
    try {
      await sending(getExternalWorkflowHandle(decisionWorkflowId(decisionId)).signal(withdrawDecision, { reason }));
    } catch (error) {
      if (isCancellation(error)) throw error;
      inbox.push({ kind: 'decision-closed', report: { decisionId, answer: null, by: null } });   // there is nobody to tell
    }
  }

  async function reaches(workflowId: string): Promise<boolean> {
    try {
      await sending(getExternalWorkflowHandle(workflowId).signal(runPing));
      return true;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return false;
    }
  }

  async function sending<T>(work: Promise<T>): Promise<T> {
    outgoing += 1;
    try {
      return await work;
    } finally {
      outgoing -= 1;
    }
  }
}

/** A child whose id is taken was begun before: that is no error. */
async function startUnlessThere<T>(start: Promise<T>): Promise<T | null> {
  try {
    return await start;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}

/** What fails here is a bug (retried by Temporal until it is mended), except that everything ends when the workflow is cancelled. */
function inBackground(work: Promise<void>): void {
  work.catch((error: unknown) => {
    if (!isCancellation(error)) throw new Error(`lifecycle step: ${reasonOf(error)}`);
  });
}

function noMoreRuns(input: LifecycleInput): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`model '${input.name}' is archived or deleted: there are no more runs`, 'Conflict');
}
