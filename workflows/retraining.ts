/**
 * A retraining: asked for, approved unless it is already, trained by the user's own code, ended with a new version or a reason. It never continues as new, so it waits for its question
 * and its training itself; whoever wants to know how it ended is told by signal.
 */
import {
  allHandlersFinished, ApplicationFailure, CancellationScope, ChildWorkflowCancellationType, condition, isCancellation, ParentClosePolicy, setCurrentDetails, setHandler, TemporalFailure,
} from '@temporalio/workflow';
import { formatDuration } from '../domain/duration.js';
import { approvalText, decisionWorkflowId, retrainingId, WORKFLOW } from '../domain/names.js';
import type { Notice } from '../domain/notice.js';
import type { TrainingOrder, TrainingOutcome } from '../domain/retraining.js';
import { answerCommand } from '../domain/shell.js';
import { outcomeFault, tidyOutcome } from '../domain/training-outcome.js';
import { startHeeding } from './children.js';
import type { aftercareDecision } from './decision.js';
import { retrainingFinished, retrainingStatus, stopRetraining, trainingFinished, trainingFinishedSignal, withdrawDecision, type RetrainingInput, type RetrainingReport, type RetrainingStatus } from './messages.js';
import { tellPeople } from './notifying.js';
import { courier, quick } from './proxies.js';
import { kindOf, reasonOf, reportTo } from './reporting.js';
import { guardTime } from './steady-time.js';
import { tagsOf } from './tags.js';

type Ending = { state: RetrainingReport['state']; version: number | null; reason: string | null; by: string };
type Arrival = { outcome: TrainingOutcome; by: string };

/** A training that is cancelled has this long at least to end by itself. */
const LEAST_GRACE_MS = 60_000;

export async function aftercareRetraining(input: RetrainingInput): Promise<RetrainingReport> {
  guardTime();
  const { modelId, name, number, request, settings } = input;
  const whole = CancellationScope.current();
  let status: RetrainingStatus = { state: 'asked', version: null, reason: null, decisionId: null };
  let stopped: { by: string; reason: string } | null = null;
  /** An outcome over HTTP is waited for; the first that comes counts. */
  let awaited = false;
  let arrived: Arrival | null = null;
  /** How it ended, from before it is written down: whoever reads there that it has, and brings an outcome in the next moment, is told so. */
  let ended: Ending | null = null;
  let closed = false;
  const ignored: string[] = [];

  setHandler(retrainingStatus, () => status);
  setHandler(stopRetraining, (given) => { stopped ??= given; });
  setHandler(trainingFinishedSignal, (given) => {
    const refusal = refuse(given);
    if (refusal === null) arrived = arrivalOf(given);
    else ignore(refusal.message, typeof given?.by === 'string' ? given.by : 'unknown');
  });
  setHandler(trainingFinished, async (given) => {
    arrived = arrivalOf(given);
    await condition(() => closed);
    return status;
  }, {
    validator: (given) => {
      const refusal = refuse(given);
      if (refusal) throw refusal;
    },
  });

  const ending = await retrain();
  return CancellationScope.nonCancellable(() => close(ending));

  /** From the question to the training's outcome. Throws nothing but bugs. */
  async function retrain(): Promise<Ending> {
    try {
      if (settings.training === null) return failed('nothing can be trained: the settings name no training (retraining.training)');
      await quick.aftercareOpenRetraining({ modelId, number, request, atMs: Date.now() });
      show();
      const approval = request.approvedBy === undefined && settings.mode !== 'automatic' ? await approve() : { given: true as const, by: request.approvedBy ?? null };
      if (!approval.given) return approval.ending;
      if (stopped) return cancelled();
      const { order } = await quick.aftercareBeginTraining({ modelId, number, approvedBy: approval.by, atMs: Date.now() });
      // Whoever sees that it trains may bring the outcome.
      awaited = settings.training.kind === 'webhook';
      become({ state: 'training' });
      await tell('started', 'info', `Training ${number} of ${name} has begun: ${request.reason}`);
      return await train(order);
    } catch (error) {
      if (whole.consideredCancelled) return cancelled();
      if (error instanceof TemporalFailure) return failed(reasonOf(error));
      throw error;
    }
  }

  async function approve(): Promise<{ given: true; by: string | null } | { given: false; ending: Ending }> {
    const { approvers, remindAfterMs, escalateAfterMs, deadlineMs, fallback, notify } = settings.approval;
    const decisionId = approvalText(modelId, 'retraining', number);
    become({ decisionId });
    const child = await startHeeding<typeof aftercareDecision>(WORKFLOW.decision, {
      workflowId: decisionWorkflowId(decisionId),
      args: [{
        modelId, settings: { remindAfterMs, escalateAfterMs, deadlineMs, fallback, notify },
        question: { decisionId, subject: 'retraining', incidentId: null, approvers, text: `Shall ${name} be trained anew? ${request.reason} (asked for by ${request.by})` },
      }],
      staticSummary: `Approval of retraining ${number} of ${name}`.slice(0, 120),
      ...tagsOf(input, 'decision'),
    });
    const decided = child.result();
    decided.catch(() => undefined);
    await Promise.race([decided, condition(() => stopped !== null)]);
    if (stopped) await child.signal(withdrawDecision, { reason: whyStopped(stopped) }).catch(() => undefined);   // or it was answered in this moment
    const { answer, by } = await decided;
    if (stopped || whole.consideredCancelled) return { given: false, ending: cancelled() };
    if (answer === 'approve') return { given: true, by };
    const reason = answer === null ? 'its question was withdrawn' : by === null ? `nobody answered within ${formatDuration(deadlineMs)}` : `${by} rejected it`;
    return { given: false, ending: { state: answer === null ? 'cancelled' : 'rejected', version: null, reason, by: by ?? 'aftercare' } };
  }

  /** The user's own code, however long it takes within its time. Stopped or too late: it is cancelled, and not waited for. */
  async function train(order: TrainingOrder): Promise<Ending> {
    const untilMs = Date.now() + settings.timeoutMs;
    const patience = new CancellationScope({ cancellable: true, timeout: settings.timeoutMs });
    condition(() => stopped !== null).then(() => patience.cancel(), () => undefined);
    try {
      const { outcome, by } = await patience.run(() => (settings.training?.kind === 'webhook' ? trainOverHttp(order, untilMs) : trainByWorkflow(order)));
      return outcome.state === 'failed' ? failed(outcome.reason, by) : { state: 'completed', version: outcome.version, reason: null, by };
    } catch (error) {
      if (stopped || whole.consideredCancelled) return cancelled();
      if (!(error instanceof TemporalFailure)) throw error;
      if (Date.now() >= untilMs) return failed(`the training did not end within ${formatDuration(settings.timeoutMs)}`);
      return failed(isCancellation(error) ? 'the training was cancelled' : reasonOf(error));
    } finally {
      awaited = false;
    }
  }

  async function trainByWorkflow(order: TrainingOrder): Promise<Arrival> {
    const { taskQueue, workflowType } = settings.training as Extract<typeof settings.training, { kind: 'workflow' }>;
    const child = await startHeeding<(order: TrainingOrder) => Promise<unknown>>(workflowType, {
      workflowId: `${retrainingId(modelId, number)}/training`, taskQueue, args: [order],
      // Twice the time: it is cancelled after once, and a training that does not heed that ends some day as well.
      workflowExecutionTimeout: settings.timeoutMs + Math.max(settings.timeoutMs, LEAST_GRACE_MS),
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_REQUESTED,
      staticSummary: `Training ${number} of ${name}`.slice(0, 120),
    });
    const outcome = await child.result();
    const fault = outcomeFault(outcome);
    if (fault !== null) throw ApplicationFailure.nonRetryable(`the training (${workflowType}) answered with something that is no outcome: ${fault}`, 'InvalidInput');
    return { outcome: tidyOutcome(outcome as TrainingOutcome), by: workflowType };
  }

  /** The outcome may come before the request's answer does: then the request has served its purpose. */
  async function trainOverHttp(order: TrainingOrder, untilMs: number): Promise<Arrival> {
    const endpoint = settings.training as Extract<typeof settings.training, { kind: 'webhook' }>;
    const asking = new CancellationScope();
    const asked = asking.run(() => courier.aftercareCallTraining({ endpoint, order, untilMs }));
    asked.catch(() => undefined);
    await Promise.race([asked, condition(() => arrived !== null)]);
    asking.cancel();
    await condition(() => arrived !== null);
    return arrived!;
  }

  async function close(ending: Ending): Promise<RetrainingReport> {
    ended = ending;
    const { recorded, ...end } = await record(ending);
    status = { ...status, ...end };
    closed = true;
    show();
    const report: RetrainingReport = { number, ...end };
    await reportTo(modelId, retrainingFinished, report);
    if (recorded) await tellHowItEnded(report);
    await condition(allHandlersFinished);
    return report;
  }

  /** What is written down may differ: a version that is none of this retraining's makes it a failure. */
  async function record({ by, ...end }: Ending): Promise<Omit<Ending, 'by'> & { recorded: boolean }> {
    try {
      return { ...(await quick.aftercareCloseRetraining({ modelId, number, by, atMs: Date.now(), ...end })), recorded: true };
    } catch (error) {
      if (kindOf(error) === null) throw error;
      return end.state === 'completed' ? record({ ...failed(reasonOf(error)), by }) : { ...end, recorded: false };
    }
  }

  async function tellHowItEnded({ state, version, reason }: RetrainingReport): Promise<void> {
    const recipients = settings.approval.notify;
    switch (state) {
      case 'completed': return tell('finished', 'info', `Retraining ${number} of ${name} has ended: version ${version} is there as a challenger`, recipients);
      case 'failed': return tell('failed', 'warning', `Retraining ${number} of ${name} has failed: ${reason}`, recipients);
      case 'rejected': return tell('rejected', 'info', `Retraining ${number} of ${name} was rejected: ${reason}`, recipients);
      case 'cancelled': return tell('cancelled', 'info', `Retraining ${number} of ${name} was cancelled: ${reason}`, recipients);
    }
  }

  async function tell(what: 'started' | 'finished' | 'failed' | 'rejected' | 'cancelled', severity: Notice['severity'], text: string, recipients: string[] = []): Promise<void> {
    await tellPeople({
      id: `retraining/${number}/${what}`, modelId, kind: `retraining-${what}`, topic: 'retraining', severity, subject: { type: 'retraining', id: String(number) }, text, atMs: Date.now(),
      ...(recipients.length > 0 ? { recipients } : {}),
    }, name);
  }

  function refuse(given: { retraining: number; outcome: TrainingOutcome; by: string } | undefined): ApplicationFailure | null {
    if (!given || typeof given.by !== 'string' || given.by.trim() === '') return refusal(`an outcome of retraining ${number} of ${name} says who sends it (by)`, 'InvalidInput');
    if (given.retraining !== number) return refusal(`the outcome is of retraining ${given.retraining}, and this is retraining ${number} of ${name}`, 'Conflict');
    const fault = outcomeFault(given.outcome);
    if (fault !== null) return refusal(`that is no outcome of retraining ${number} of ${name}: ${fault}`, 'InvalidInput');
    if (awaited && arrived === null && ended === null) return null;
    if (closed) return refusal(`retraining ${number} of ${name} has its outcome: ${status.state}${status.version === null ? '' : `, version ${status.version}`}`, 'Conflict');
    const outcome = ended ?? arrived?.outcome;
    if (outcome) return refusal(`retraining ${number} of ${name} has its outcome: ${outcome.state}`, 'Conflict');
    return refusal(`retraining ${number} of ${name} does not wait for an outcome: ${settings.training?.kind === 'workflow' ? 'its training is a workflow, whose result is the outcome' : `it is ${status.state}`}`, 'Conflict');
  }

  function ignore(message: string, by: string): void {
    ignored.push(message);
    show();
    quick.aftercareRecordAudit({ modelId, by, action: 'training outcome refused', detail: { retraining: number, reason: message }, key: `retraining/${modelId}/${number}/refused/${ignored.length}` })
      .catch((error: unknown) => { if (!isCancellation(error)) throw error; });
  }

  function become(change: Partial<RetrainingStatus>): void {
    status = { ...status, ...change };
    show();
  }

  function show(): void {
    const lines = [`${name}: ${request.reason}`, '', `**${status.state}**${status.version === null ? '' : `: version ${status.version}`}${status.reason === null ? '' : `: ${status.reason}`}`];
    if (status.state === 'asked' && status.decisionId !== null) lines.push('', `waits for an answer: \`${answerCommand(status.decisionId, 'approve')} --as ${settings.approval.approvers[0] ?? 'NAME'}\` (or reject)`);
    if (status.state === 'training') lines.push('', settings.training?.kind === 'webhook' ? `waits for its outcome: the callback, or signal \`${trainingFinishedSignal.name}\`` : `the training is workflow \`${retrainingId(modelId, number)}/training\``);
    for (const text of ignored.slice(-5)) lines.push('', `ignored: ${text}`);
    setCurrentDetails(lines.join('\n'));
  }

  function cancelled(): Ending {
    return { state: 'cancelled', version: null, reason: stopped ? whyStopped(stopped) : 'its workflow was cancelled', by: stopped?.by ?? 'aftercare' };
  }
}

function arrivalOf({ outcome, by }: Arrival): Arrival {
  return { outcome: tidyOutcome(outcome), by: by.slice(0, 200) };
}

function failed(reason: string, by = 'aftercare'): Ending {
  return { state: 'failed', version: null, reason, by };
}

function whyStopped({ by, reason }: { by: string; reason: string }): string {
  return `stopped by ${by}${reason ? `: ${reason}` : ''}`;
}

function refusal(message: string, type: 'InvalidInput' | 'Conflict'): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}
