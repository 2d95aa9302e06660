/** A batch before its predictions are used: answered at once from its estimated quality; one that is held waits for a named person, who releases or rejects it. */
import { allHandlersFinished, CancellationScope, condition, isCancellation, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { Gate } from '../domain/gate.js';
import { decisionWorkflowId, WORKFLOW } from '../domain/names.js';
import { startHeeding } from './children.js';
import type { aftercareDecision } from './decision.js';
import { endGate, gateAnswer, withdrawDecision, type DecisionReport, type GateInput } from './messages.js';
import { tellPeople } from './notifying.js';
import { numericOn, quick } from './proxies.js';
import { guardTime } from './steady-time.js';
import { tagsOf } from './tags.js';

const DAY_MS = 24 * 60 * 60_000;
/** How long a hold waits where the rule does not say. */
const DEADLINE_MS = 7 * DAY_MS;

export async function aftercareGate(input: GateInput): Promise<Gate> {
  guardTime();
  const { modelId, name, batch, rule, by } = input;
  let answered: { gate: Gate } | { failure: unknown } | null = null;
  let ended: string | null = null;
  setHandler(endGate, ({ reason }) => { ended ??= reason; });
  setHandler(gateAnswer, async () => {
    await condition(() => answered !== null);
    if ('failure' in answered!) throw answered.failure;
    return answered!.gate;
  });

  try {
    answered = { gate: await numericOn(input.numericQueue).aftercareAskGate({ modelId, batch, rule, by, atMs: Date.now() }) };
  } catch (failure) {
    answered = { failure };
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    throw failure;
  }
  let { gate } = answered;
  setCurrentDetails(`${gate.text}: **${gate.state}**`);
  if (gate.state === 'held' && gate.decisionId !== null) {
    await tell('gate-hold', gate.text);
    const report = await decided(gate.decisionId, gate.text);
    gate = await close(report);
    setCurrentDetails(`${gate.text}: **${gate.state}**${gate.decidedBy ? ` by ${gate.decidedBy}` : ''}`);
    await tell('gate-closed', `${gate.text}: ${gate.state}${gate.decidedBy ? ` by ${gate.decidedBy}` : report.answer === null ? ', because its question was withdrawn' : ', because nobody answered in time'}`);
  }
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return gate;

  async function decided(decisionId: string, text: string): Promise<DecisionReport & { note: string | null }> {
    if (ended !== null) return { decisionId, answer: null, by: null, note: ended };
    try {
      const deadlineMs = rule.deadlineMs ?? DEADLINE_MS;
      const question = await startHeeding<typeof aftercareDecision>(WORKFLOW.decision, {
        workflowId: decisionWorkflowId(decisionId),
        args: [{
          modelId, settings: { remindAfterMs: DAY_MS, escalateAfterMs: 3 * DAY_MS, deadlineMs, fallback: 'reject', notify: [] },
          question: { decisionId, subject: 'gate', incidentId: null, text: `Use the predictions of ${text}?`, approvers: rule.approvers ?? [] },
        }],
        parentClosePolicy: 'REQUEST_CANCEL',
        staticSummary: `${name}: ${text}`.slice(0, 120),
        ...tagsOf(input, 'decision'),
      });
      const decision = question.result();
      decision.catch(() => undefined);
      await Promise.race([decision, condition(() => ended !== null)]);
      if (ended !== null) await question.signal(withdrawDecision, { reason: ended }).catch(() => undefined);   // or it was answered in this moment
      return { note: null, ...await decision };
    } catch (error) {
      // Terminated by hand, or the gate was cancelled: nobody let it through.
      return { decisionId, answer: null, by: null, note: isCancellation(error) ? 'the gate was cancelled' : 'the question has ended without an answer' };
    }
  }

  async function close({ answer, by: decider, note }: DecisionReport & { note: string | null }): Promise<Gate> {
    return CancellationScope.nonCancellable(() => quick.aftercareCloseGate({ modelId, batch, state: answer === 'release' ? 'released' : 'rejected', by: decider, note, atMs: Date.now() }));
  }

  async function tell(kind: 'gate-hold' | 'gate-closed', text: string): Promise<void> {
    await tellPeople({ id: `${kind}/${batch}`, modelId, kind, topic: 'gate', severity: kind === 'gate-hold' ? 'warning' : 'info', subject: { type: 'gate', id: batch }, text, atMs: Date.now() }, name);
  }
}
