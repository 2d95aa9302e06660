/** The steps of the loop after the alert (domain/loop.ts), as the lifecycle takes them: children are begun and left to themselves, signals are sent. */
import { ChildWorkflowCancellationType, getExternalWorkflowHandle, isCancellation, ParentClosePolicy, startChild, WorkflowIdReusePolicy, type SignalDefinition } from '@temporalio/workflow';
import { challengeId, incidentWorkflowId, retrainingId, WORKFLOW } from '../domain/names.js';
import type { LifecycleMessage, LifecycleState } from '../domain/policy.js';
import type { LoopStep } from '../domain/loop.js';
import type { aftercareChallenge } from './challenge.js';
import type { aftercareIncident } from './incident.js';
import { challengeCheckpoint, incidentChanged, probationIncident, stopChallenge, stopRetraining, type LifecycleInput } from './messages.js';
import { tellPeople } from './notifying.js';
import { quick } from './proxies.js';
import { kindOf } from './reporting.js';
import type { aftercareRetraining } from './retraining.js';
import { tagsOf } from './tags.js';

/** What the steps need of the lifecycle that takes them. */
export interface LoopHands {
  input: LifecycleInput;
  state(): LifecycleState;
  receive(message: LifecycleMessage): void;
  /** Keeps the history from ending before the server has taken what is being sent. */
  sending<T>(work: Promise<T>): Promise<T>;
  startUnlessThere<T>(start: Promise<T>): Promise<T | null>;
}

const LEFT_TO_ITSELF = { parentClosePolicy: ParentClosePolicy.ABANDON, cancellationType: ChildWorkflowCancellationType.ABANDON, workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE } as const;

export async function takeLoopStep(step: LoopStep, hands: LoopHands): Promise<void> {
  const { input, sending, startUnlessThere } = hands;
  const { modelId, name } = input;
  const settings = hands.state().loop.settings;
  const numeric = input.numericQueue ? { numericQueue: input.numericQueue } : {};
  const tagged = input.tagged ? { tagged: true } : {};
  switch (step.kind) {
    case 'tend': return tend(hands);
    case 'notice': return tellPeople(step.notice);
    case 'attend': {
      if (!settings) return;
      // An incident that was over and came back is attended again (AttendedIncident.round).
      await sending(startUnlessThere(startChild<typeof aftercareIncident>(WORKFLOW.incident, {
        ...LEFT_TO_ITSELF, workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE, workflowId: incidentWorkflowId(modelId, step.incident.incident), args: [{ modelId, name, incident: step.incident, settings: settings.incidents }],
        staticSummary: step.incident.text.slice(0, 180), ...tagsOf(input, 'incident'),
      })));
      return;
    }
    case 'tell-incident': return tell(hands, incidentWorkflowId(modelId, step.incident), incidentChanged, { state: step.state, atMs: Date.now() });
    case 'retrain': {
      if (!settings) return;
      const child = await sending(startUnlessThere(startChild<typeof aftercareRetraining>(WORKFLOW.retraining, {
        ...LEFT_TO_ITSELF, workflowId: retrainingId(modelId, step.number), args: [{ modelId, name, number: step.number, request: step.request, settings: settings.retraining, ...tagged }],
        staticSummary: `Retraining ${step.number} of ${name}: ${step.request.reason}`.slice(0, 180), ...tagsOf(input, 'retraining'),
      })));
      // It reports by signal; a result that comes without one (terminated by hand) ends it here as well.
      await child?.result().catch(() => undefined);
      if (child) hands.receive({ kind: 'retraining-finished', number: step.number, version: null });
      return;
    }
    case 'challenge': {
      if (!settings) return;
      const { number, mode, version, by, reason, approvedBy } = step.challenge;
      const child = await sending(startUnlessThere(startChild<typeof aftercareChallenge>(WORKFLOW.challenge, {
        ...LEFT_TO_ITSELF, workflowId: challengeId(modelId, number),
        args: [{ modelId, name, number, mode, version, settings: settings.challenge, promotion: settings.promotion, by, reason, approvedBy, ...numeric, ...tagged }],
        staticSummary: `${mode} of version ${version} of ${name}`, ...tagsOf(input, 'challenge'),
      })));
      await child?.result().catch(() => undefined);
      if (child) hands.receive({ kind: 'challenge-finished', number });
      return;
    }
    case 'checkpoint': return tell(hands, challengeId(modelId, step.number), challengeCheckpoint, { horizon: step.horizon, before: step.before });
    case 'probation-incident': return tell(hands, challengeId(modelId, step.number), probationIncident, { incident: step.incident, text: step.text });
    case 'stop': {
      const told = { by: 'aftercare', reason: step.reason };
      return step.what === 'challenge' ? tell(hands, challengeId(modelId, step.number), stopChallenge, told) : tell(hands, retrainingId(modelId, step.number), stopRetraining, told);
    }
  }
}

async function tend({ input, receive }: LoopHands): Promise<void> {
  try {
    receive({ kind: 'tended', outcome: await quick.aftercareTend({ modelId: input.modelId, nowMs: Date.now() }) });
  } catch (error) {
    if (kindOf(error) === null) throw error;
    receive({ kind: 'tended', outcome: { opened: [], closed: [], notices: [], settled: false, nextAtMs: null } });   // the model is gone: the next look says so
  }
}

/** One that has ended needs to be told nothing any more. */
async function tell<T>({ sending }: LoopHands, workflowId: string, signal: SignalDefinition<[T]>, what: T): Promise<void> {
  try {
    await sending(getExternalWorkflowHandle(workflowId).signal(signal, what));
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}
