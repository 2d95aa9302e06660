/** A question to people that waits durably: asks, reminds, escalates, takes one answer, applies the fallback at the deadline. */
import { allHandlersFinished, ApplicationFailure, CancellationScope, condition, getExternalWorkflowHandle, isCancellation, patched, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { NotifyRequest } from '../activities/contract.js';
import { ANSWERS_ON, mayAnswer, type DecisionAnswer } from '../domain/decision.js';
import { incidentOfDecision, incidentWorkflowId } from '../domain/names.js';
import { reminderAfterMs, remindersDue } from '../domain/reminders.js';
import type { Notice } from '../domain/notice.js';
import { answerCommand } from '../domain/shell.js';
import { answerDecision, answerDecisionSignal, decisionClosed, decisionStatus, incidentAnswered, withdrawDecision, type DecisionInput, type DecisionReport, type DecisionStatus } from './messages.js';
import { tellPeople } from './notifying.js';
import { courier, quick } from './proxies.js';
import { kindOf, reasonOf, reportTo } from './reporting.js';
import { guardTime } from './steady-time.js';

type Closing = { state: 'answered' | 'defaulted' | 'withdrawn'; answer: DecisionReport['answer']; by: string | null; note: string | null };

const SEVERITY: Record<NotifyRequest['kind'], Notice['severity']> = { 'decision-asked': 'warning', 'decision-reminder': 'warning', 'decision-escalated': 'critical', 'decision-closed': 'info' };

export async function aftercareDecision({ modelId, question, settings }: DecisionInput): Promise<DecisionReport> {
  guardTime();
  const { decisionId, subject = 'incident', approvers = [] } = question;
  const options = ANSWERS_ON[subject];
  const askedAtMs = Date.now();
  const deadlineAtMs = askedAtMs + settings.deadlineMs;
  let closing: Closing | null = null;
  let stored = false;
  let reminders = 0;
  let escalated = false;
  const ignored: string[] = [];
  /** Decisions that were begun before there was routing go on telling by themselves. */
  const routed = patched('notices');
  let telling = Promise.resolve();
  const audits: Promise<void>[] = [];

  setHandler(decisionStatus, () => statusNow());
  setHandler(withdrawDecision, ({ reason }) => { closing ??= { state: 'withdrawn', answer: null, by: null, note: reason }; });
  setHandler(answerDecisionSignal, (given) => {
    const refusal = refuse(given);
    if (refusal === null) take(given);
    else {
      ignored.push(refusal.message);
      if (patched('audited')) audits.push(audit(given, refusal.message, ignored.length));
      show();
    }
  });
  setHandler(answerDecision, async (given) => {
    take(given);
    await condition(() => stored);
    return { decisionId, answer: given.answer };
  }, {
    validator: (given) => {
      const refusal = refuse(given);
      if (refusal) throw refusal;
    },
  });

  const mails = new CancellationScope();
  try {
    if (await opened()) {
      show();
      notify('decision-asked', 0);
      await waitForAnswer();
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
    closing ??= { state: 'withdrawn', answer: null, by: null, note: 'its workflow was cancelled' };
  }
  return CancellationScope.nonCancellable(close);

  /** @returns false when there is nothing to ask about any more */
  async function opened(): Promise<boolean> {
    try {
      await quick.aftercareOpenDecision({ modelId, decisionId, incidentId: question.incidentId, workflowId: workflowInfo().workflowId, question: question.text, askedAtMs, deadlineAtMs, subject, approvers });
      return true;
    } catch (error) {
      if (kindOf(error) === null) throw error;
      closing ??= { state: 'withdrawn', answer: null, by: null, note: 'its model or incident is gone' };
      return false;
    }
  }

  async function waitForAnswer(): Promise<void> {
    while (closing === null) {
      const waitedMs = Date.now() - askedAtMs;
      const due = remindersDue(waitedMs, settings.remindAfterMs);
      if (waitedMs >= settings.deadlineMs) {
        closing = { state: 'defaulted', answer: settings.fallback, by: null, note: 'nobody answered by the deadline' };
        return;
      }
      if (!escalated && settings.escalateAfterMs > 0 && waitedMs >= settings.escalateAfterMs) {
        escalated = true;
        reminders = due;   // an escalation reminds as well
        notify('decision-escalated', 0);
      } else if (due > reminders) {
        reminders = due;
        notify('decision-reminder', due);
      } else {
        const untilMs = Math.min(reminderAfterMs(reminders + 1, settings.remindAfterMs), escalated || settings.escalateAfterMs <= 0 ? Infinity : settings.escalateAfterMs, settings.deadlineMs);
        await condition(() => closing !== null, Math.max(1, untilMs - waitedMs));
      }
      show();
    }
  }

  async function close(): Promise<DecisionReport> {
    const { state, answer, by, note } = closing!;
    mails.cancel();
    show();
    try {
      await quick.aftercareCloseDecision({ decisionId, state, answer, by, note, atMs: Date.now() });
    } catch (error) {
      if (kindOf(error) === null) throw error;
    }
    stored = true;
    const report: DecisionReport = { decisionId, answer, by };
    await reportTo(modelId, decisionClosed, report);
    if (subject === 'incident' && patched('audited')) await tellIncident(note);
    await condition(allHandlersFinished);
    await Promise.all(audits);
    if (routed) {
      notify('decision-closed', 0);
      await telling;
    } else if (settings.notify.length > 0) await courier.aftercareNotify(noticeOf('decision-closed', 0)).catch(() => undefined);
    return report;
  }

  /** An answered incident is acknowledged; nobody may be attending it. */
  async function tellIncident(note: string | null): Promise<void> {
    const { answer, by } = closing!;
    if (answer !== null) await getExternalWorkflowHandle(incidentWorkflowId(modelId, incidentOfDecision(decisionId))).signal(incidentAnswered, { answer, by, note }).catch(() => undefined);
  }

  /** Nobody hears of a refused signal: it is written down. */
  async function audit(given: DecisionAnswer | undefined, why: string, n: number): Promise<void> {
    const by = typeof given?.by === 'string' && given.by.trim() !== '' ? given.by.slice(0, 200) : 'unknown';
    const entry = { modelId, by, action: 'answer refused', detail: { decision: decisionId, answer: String(given?.answer).slice(0, 50), why }, key: `${decisionId}/refused/${n}` };
    await quick.aftercareRecordAudit(entry).catch(() => undefined);
  }

  /** Waits for nobody; an answer makes what is still on its way pointless, which is found out before it is sent. */
  function notify(kind: NotifyRequest['kind'], n: number): void {
    if (routed) {
      telling = telling.then(() => tellPeople(routedNotice(kind, n)));
      return;
    }
    if (settings.notify.length === 0) return;
    mails.run(() => courier.aftercareNotify(noticeOf(kind, n))).catch((error: unknown) => {
      if (!isCancellation(error)) ignored.push(`mail ${kind} was given up: ${reasonOf(error)}`);
    });
  }

  function noticeOf(kind: NotifyRequest['kind'], n: number): NotifyRequest {
    return { id: `${decisionId}/${kind}${n > 0 ? `/${n}` : ''}`, modelId, kind, decisionId, recipients: settings.notify, atMs: Date.now() };
  }

  function routedNotice(kind: NotifyRequest['kind'], n: number): Notice {
    return {
      id: `${decisionId}/${kind}${n > 0 ? `/${n}` : ''}`, modelId, kind, topic: 'decision', severity: SEVERITY[kind], subject: { type: 'decision', id: decisionId },
      text: question.text, atMs: Date.now(), recipients: settings.notify,
    };
  }

  function take(given: DecisionAnswer): void {
    closing = { state: 'answered', answer: given.answer, by: given.by, note: given.note ?? null };
  }

  function refuse(given: DecisionAnswer | undefined): ApplicationFailure | null {
    if (!given || !options.includes(given.answer)) return refusal(`'${String(given?.answer)}' is no answer to decision ${decisionId}: ${options.join(', ')}`, 'InvalidInput');
    if (typeof given.by !== 'string' || given.by.trim() === '') return refusal(`an answer to decision ${decisionId} says who gives it (by)`, 'InvalidInput');
    if (!mayAnswer(approvers, given.by)) return refusal(`${given.by} is not among those who may answer decision ${decisionId}: ${approvers.join(', ')}`, 'Conflict');
    if (closing !== null) return refusal(`decision ${decisionId} is closed: ${closing.state}${closing.answer ? `, ${closing.answer}` : ''}${closing.by ? ` by ${closing.by}` : ''}`, 'Conflict');
    return null;
  }

  function statusNow(): DecisionStatus {
    return { state: closing?.state ?? 'waiting', answer: closing?.answer ?? null, by: closing?.by ?? null, reminders, escalated, deadlineAtMs };
  }

  function show(): void {
    const now = statusNow();
    const answered = now.state === 'waiting' ? `**waits for an answer** until ${new Date(deadlineAtMs).toISOString()}` : `**${now.state}**${now.answer ? `: ${now.answer}` : ''}${now.by ? ` by ${now.by}` : ''}`;
    const lines = [question.text, '', answered];
    if (now.state === 'waiting') {
      lines.push('', `\`${answerCommand(decisionId, options[0])} --as ${approvers[0] ?? 'NAME'}\` (or ${options.slice(1).join(', ')})`);
      lines.push('', `or signal \`${answerDecisionSignal.name}\` with \`{"answer": "${options[0]!}", "by": "${approvers[0] ?? 'NAME'}"}\``);
    }
    if (reminders > 0) lines.push('', `${reminders} reminders${escalated ? ', escalated' : ''}`);
    for (const text of ignored.slice(-5)) lines.push('', `ignored: ${text}`);
    setCurrentDetails(lines.join('\n'));
  }
}

function refusal(message: string, type: 'InvalidInput' | 'Conflict'): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}
