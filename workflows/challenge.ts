/**
 * A challenge: a version answers beside the one in charge until a verdict is given, is approved, switched to, watched, and kept or taken back.
 *
 * What is next is decided by domain/challenge-policy.ts. Handlers record; the loop takes one step after the other, and a message that makes a step pointless
 * ends it. Every step can be taken again: a history is begun anew between any two of them.
 */
import { allHandlersFinished, ApplicationFailure, CancellationScope, condition, continueAsNew, isCancellation, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import { beginChallenge, isFinalState, nextChallengeStep, probationEndsAtMs, receiveChallenge, refusePromotion, refuseRollback, type ChallengeMessage, type ChallengeProgress, type ChallengeStep, type Refusal } from '../domain/challenge-policy.js';
import { approvalText, decisionWorkflowId, WORKFLOW } from '../domain/names.js';
import { startHeeding } from './children.js';
import { challengeNotice, describeChallenge, promotionQuestion } from './challenge-words.js';
import type { aftercareDecision } from './decision.js';
import { carryOutPromotion, carryOutRollback } from './promoting.js';
import {
  championChanged, challengeCheckpoint, challengeFinished, challengeStatus, probationIncident, promoteNow, rollBackNow, stopChallenge,
  type ChallengeInput, type ChallengeReport, type ChallengeStatus, type DecisionReport,
} from './messages.js';
import { tellPeople } from './notifying.js';
import { quick, verdictOn } from './proxies.js';
import { kindOf, reasonOf, reportTo } from './reporting.js';
import { guardTime } from './steady-time.js';
import { tagsOf } from './tags.js';

/** Events of a history at most, before it is begun anew. */
const HISTORY_LIMIT = 1_000;

export async function aftercareChallenge(input: ChallengeInput): Promise<ChallengeReport> {
  guardTime();
  const { modelId, number, version } = input;
  let progress: ChallengeProgress = input.progress ?? beginChallenge(input, Date.now());
  let news = 0;
  let interrupt: () => void = () => undefined;

  setHandler(challengeStatus, () => statusNow());
  setHandler(challengeCheckpoint, ({ horizon, before = [] }) => receive({ kind: 'checkpoint', horizon, before }));
  setHandler(probationIncident, ({ text }) => receive({ kind: 'incident', text }));
  setHandler(stopChallenge, ({ by, reason }) => hurry({ kind: 'stop', by, reason }));
  setHandler(promoteNow, ({ by, note }) => {
    hurry({ kind: 'promote', by, note: note ?? null });
    return statusNow();
  }, { validator: (given) => insist(refusePromotion(progress, given, input, decisionId())) });
  setHandler(rollBackNow, ({ by, note }) => {
    receive({ kind: 'roll-back', by, note: note ?? null });
    return statusNow();
  }, { validator: (given) => insist(refuseRollback(progress, given, input)) });

  CancellationScope.current().cancelRequested.catch(() => hurry({ kind: 'stop', by: 'Temporal', reason: 'its workflow was cancelled' }));
  return CancellationScope.nonCancellable(story);

  async function story(): Promise<ChallengeReport> {
    for (;;) {
      await rollOverIfLong();
      const step = nextChallengeStep(progress, input, Date.now());
      setCurrentDetails(describeChallenge(input, progress));
      if (step.do === 'end') return end(step);
      await take(step);
    }
  }

  async function take(step: Exclude<ChallengeStep, { do: 'end' }>): Promise<void> {
    switch (step.do) {
      case 'open': return open();
      case 'judge': return interruptible(() => judge(step.horizon));
      case 'ask': return interruptible(ask);
      case 'promote': return interruptible(() => promote(step));
      case 'check': return check();
      case 'roll-back': return rollBack(step);
      case 'wait': {
        const seen = news;
        await condition(() => news > seen, Math.max(1, step.untilMs - Date.now()));
      }
    }
  }

  async function open(): Promise<void> {
    try {
      const { mode, by, reason } = input;
      receive({ kind: 'opened', ...await quick.aftercareOpenChallenge({ modelId, number, mode, version, by, reason, atMs: progress.startedAtMs }) });
    } catch (error) {
      if (kindOf(error) === null) throw error;
      receive({ kind: 'refused', reason: reasonOf(error) });
    }
  }

  async function judge(horizon: number): Promise<void> {
    const against = progress.against!;
    try {
      const verdict = await verdictOn(input.numericQueue).aftercareComputeVerdict({ modelId, challenge: number, challenger: version, champion: against, horizon, settings: input.settings });
      const { champion } = await note({ judgement: verdict.judgement, note: verdict.text });
      receive({ kind: 'judged', horizon, champion, judgement: verdict.judgement, text: verdict.text, guardrails: verdict.guardrails });
      if (champion === against && verdict.judgement !== 'not yet') await tell('challenge-verdict');
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (kindOf(error) === 'NotFound') return receive({ kind: 'refused', reason: reasonOf(error) });
      receive({ kind: 'unjudged', horizon, reason: reasonOf(error) });   // e.g. no common rows yet
    }
  }

  async function ask(): Promise<void> {
    const { champion } = await note({});
    if (champion !== progress.against && (!progress.byHand || champion === version)) return receive({ kind: 'overtaken', champion });
    receive({ kind: 'against', champion });
    const { approval } = input.promotion;
    const decision = await startHeeding<typeof aftercareDecision>(WORKFLOW.decision, {
      workflowId: decisionWorkflowId(decisionId()!),
      args: [{ modelId, settings: approval, question: { decisionId: decisionId()!, subject: 'promotion', incidentId: null, text: promotionQuestion(input, progress), approvers: approval.approvers } }],
      parentClosePolicy: 'REQUEST_CANCEL',
      staticSummary: promotionQuestion(input, progress).slice(0, 180),
      ...tagsOf(input, 'decision'),
    });
    const { answer, by } = await decision.result().catch((error: unknown): DecisionReport => {
      if (isCancellation(error)) throw error;
      return { decisionId: decisionId()!, answer: null, by: null };   // terminated by hand
    });
    receive({ kind: 'decided', answer, by });
  }

  async function promote({ promoter }: Extract<ChallengeStep, { do: 'promote' }>): Promise<void> {
    let champion: number;
    try {
      ({ champion } = await note({ approvedBy: promoter.by, note: promoter.note }));
    } catch (error) {
      if (kindOf(error) === null) throw error;
      return receive({ kind: 'refused', reason: reasonOf(error) });
    }
    if (champion !== progress.against && (!progress.byHand || champion === version)) return receive({ kind: 'overtaken', champion });
    receive({ kind: 'against', champion });
    const outcome = await carryOutPromotion(input, { from: champion, to: version, wish: promoter });
    receive(outcome);
    if (outcome.kind !== 'promoted') return;
    await reportTo(modelId, championChanged, { number, champion: version, by: promoter.by });
    await tell('promotion-done');
  }

  async function check(): Promise<void> {
    const nowMs = Date.now();
    try {
      const found = await quick.aftercareCheckProbation({ modelId, number, version, against: progress.against!, settings: input.settings, sinceMs: progress.promotedAtMs!, nowMs });
      receive({ kind: 'checked', atMs: nowMs, ...found });
    } catch (error) {
      if (kindOf(error) === null) throw error;
      receive({ kind: 'stop', by: 'aftercare', reason: reasonOf(error) });   // the model was deleted
    }
  }

  async function rollBack({ from, to, wish }: Extract<ChallengeStep, { do: 'roll-back' }>): Promise<void> {
    const outcome = await carryOutRollback(input, { from, to, wish }, () => note({ note: `going back to version ${to}: ${wish.note ?? `wanted by ${wish.by}`}` }));
    receive(outcome);
    if (outcome.kind === 'rolled-back') await reportTo(modelId, championChanged, { number, champion: to, by: wish.by });
  }

  async function end({ state, note: last }: Extract<ChallengeStep, { do: 'end' }>): Promise<ChallengeReport> {
    progress = { ...progress, state, note: last };
    await note({ note: last, judgement: progress.judgement }).catch((error: unknown) => {
      if (kindOf(error) === null) throw error;
    });
    await tell('end');
    setCurrentDetails(describeChallenge(input, progress));
    const report: ChallengeReport = { number, version, state, note: last };
    await reportTo(modelId, challengeFinished, report);
    await condition(allHandlersFinished);
    return report;
  }

  // ---- means ---------------------------------------------------------------------------------------------------------------------------

  /** Writes down where it stands. */
  function note(what: { judgement?: ChallengeProgress['judgement']; note?: string | null; approvedBy?: string }): Promise<{ champion: number }> {
    const { state, against } = progress;
    // Whoever promoted it did not end its probation: time did, or what came after.
    const by = progress.stop?.by ?? progress.rollback?.by ?? (state === 'kept' ? undefined : progress.promoter?.by) ?? 'aftercare';
    return quick.aftercareNoteChallenge({ modelId, number, state, ...(against === null ? {} : { against }), ...what, by, atMs: Date.now() });
  }

  async function tell(event: 'challenge-verdict' | 'promotion-done' | 'end'): Promise<void> {
    const notice = challengeNotice(input, progress, event, Date.now());
    if (notice) await tellPeople(notice, input.name);
  }

  function receive(message: ChallengeMessage): void {
    progress = receiveChallenge(progress, message, input);
    news += 1;
  }

  /** A message for which nobody waits until the step under way has ended. */
  function hurry(message: ChallengeMessage): void {
    receive(message);
    interrupt();
  }

  async function interruptible(work: () => Promise<void>): Promise<void> {
    const scope = new CancellationScope();
    interrupt = () => scope.cancel();
    try {
      await scope.run(work);
    } catch (error) {
      if (!isCancellation(error)) throw error;
    } finally {
      interrupt = () => undefined;
    }
  }

  async function rollOverIfLong(): Promise<void> {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    if (isFinalState(progress.state) || (historyLength <= (input.historyLimit ?? HISTORY_LIMIT) && !continueAsNewSuggested)) return;
    await condition(allHandlersFinished);
    await continueAsNew<typeof aftercareChallenge>({ ...input, progress });
  }

  function decisionId(): string | null {
    return progress.asked === 0 ? null : approvalText(modelId, 'promotion', number, progress.asked);
  }

  function statusNow(): ChallengeStatus {
    const { state, against, judgement, horizon, note: last } = progress;
    return { state, version, against, judgement, horizon, decisionId: state === 'deciding' ? decisionId() : null, probationEndsAtMs: probationEndsAtMs(progress, input), note: last };
  }
}

function insist(refusal: Refusal | null): void {
  if (refusal) throw ApplicationFailure.nonRetryable(refusal.message, refusal.kind);
}
