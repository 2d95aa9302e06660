/**
 * An incident that is attended: people are told, it waits to be acknowledged, snoozed, acted on or resolved, is escalated when nobody cares, and ends when its data, or a person,
 * say that it is over. What becomes of it, domain/incident-policy.ts decides; one loop writes each step down and tells it, in order.
 */
import { allHandlersFinished, ApplicationFailure, CancellationScope, condition, getExternalWorkflowHandle, isCancellation, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import {
  advanceIncident, beginIncident, describeIncident, nextMoment, receiveAct, receiveAnswer, receiveChange, receiveStored, recordRefusal, refuseAct, takeStep, type IncidentStep,
} from '../domain/incident-policy.js';
import { topicOf } from '../domain/incident.js';
import { decisionWorkflowId } from '../domain/names.js';
import { incidentCommand } from '../domain/shell.js';
import { actOnIncident, actOnIncidentSignal, answerDecisionSignal, incidentAnswered, incidentChanged, incidentStatus, withdrawDecision, type IncidentInput, type IncidentStatus } from './messages.js';
import { tellPeople } from './notifying.js';
import { quick } from './proxies.js';
import { kindOf } from './reporting.js';
import { guardTime } from './steady-time.js';

export async function aftercareIncident({ modelId, name, incident, settings, onDemand = false }: IncidentInput): Promise<IncidentStatus> {
  guardTime();
  let standing = beginIncident(incident, onDemand, Date.now());
  let taken = 0;
  let gone = false;
  const told = new Map<string, number>();

  setHandler(incidentStatus, statusNow);
  setHandler(incidentChanged, (change) => { standing = receiveChange(standing, change, Date.now()); });
  setHandler(incidentAnswered, (answered) => { standing = receiveAnswer(standing, answered, Date.now()); });
  setHandler(actOnIncidentSignal, (act) => {
    const refusal = refuseAct(standing, act, Date.now());
    standing = refusal ? recordRefusal(standing, (act as { by?: unknown } | undefined)?.by, refusal.message, Date.now()) : receiveAct(standing, act, Date.now());
  });
  setHandler(actOnIncident, async (act) => {
    standing = receiveAct(standing, act, Date.now());
    const mine = standing.lastStep;
    await condition(() => taken >= mine || gone);
    return statusNow();
  }, {
    validator: (act) => {
      const refusal = refuseAct(standing, act, Date.now());
      if (refusal) throw ApplicationFailure.nonRetryable(refusal.message, refusal.type);
    },
  });

  try {
    await attend();
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // The incident itself goes on as its data say; it is only not attended any more.
    standing = { ...standing, over: true };
    await CancellationScope.nonCancellable(takeSteps);
  }
  gone = true;
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  show();
  return statusNow();

  async function attend(): Promise<void> {
    for (;;) {
      show();
      await takeSteps();
      if (standing.over || gone) return;
      standing = advanceIncident(standing, settings, Date.now());
      if (standing.steps.length > 0) continue;
      show();
      const dueAtMs = nextMoment(standing, settings);
      const busy = () => standing.steps.length > 0;
      if (dueAtMs === null) await condition(busy);
      else await condition(busy, Math.max(1, dueAtMs - Date.now()));
    }
  }

  async function takeSteps(): Promise<void> {
    for (let step = standing.steps[0]; step && !gone; step = standing.steps[0]) {
      await take(step);
      standing = takeStep(standing);
      taken = step.n;
    }
  }

  async function take(step: IncidentStep): Promise<void> {
    const { n, act, by, note, untilMs, resolution, atMs } = step;
    try {
      const noted = await quick.aftercareNoteIncident({ modelId, incidentId: incident.incidentId, key: `${workflowInfo().firstExecutionRunId}/${n}`, act, by, note, untilMs, ...(resolution ? { resolution } : {}), atMs });
      standing = receiveStored(standing, step, noted.state, Date.now());
      // It is told to be over only if it is: the judgements may have moved on meanwhile.
      if (step.notice && (act !== 'ended' || standing.over)) await tell(step, step.notice);
      if (act === 'acknowledged' || act === 'resolved') for (const decisionId of noted.waiting) await settleQuestion(decisionId, step);
    } catch (error) {
      if (kindOf(error) === null || isCancellation(error)) throw error;
      gone = true;   // its model was deleted
    }
  }

  async function tell({ atMs }: IncidentStep, { kind, severity, text }: NonNullable<IncidentStep['notice']>): Promise<void> {
    const time = (told.get(kind) ?? 0) + 1;
    told.set(kind, time);
    const again = `${(incident.round ?? 1) > 1 ? `/round-${incident.round}` : ''}${time > 1 ? `/${time}` : ''}`;
    await tellPeople({ id: `${kind}/${incident.incident}${again}`, modelId, kind, topic: topicOf(incident.kind), severity, subject: { type: 'incident', id: incident.incident }, text, atMs }, name);
  }

  /** Whoever acknowledges an incident has answered what was asked about it; one that is resolved needs no answer. */
  async function settleQuestion(decisionId: string, { act, by, note }: IncidentStep): Promise<void> {
    const question = getExternalWorkflowHandle(decisionWorkflowId(decisionId));
    try {
      if (act === 'resolved') await question.signal(withdrawDecision, { reason: `${by} resolved its incident` });
      else await question.signal(answerDecisionSignal, { answer: 'acknowledge', by, ...(note === null ? {} : { note }) });
    } catch (error) {
      if (isCancellation(error)) throw error;   // else it was closed in this moment
    }
  }

  function statusNow(): IncidentStatus {
    const { state, escalated, snoozedUntilMs, by } = standing;
    return { state, escalated, snoozedUntilMs, by };
  }

  function show(): void {
    setCurrentDetails(describeIncident(standing, { acknowledge: `${incidentCommand(incident.incidentId, 'acknowledge')} --as NAME`, act: `${incidentCommand(incident.incidentId, 'act')} RESOLUTION` }));
  }
}
