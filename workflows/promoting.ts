/**
 * Puts a version in charge and takes it back: first the user's own switch, then the store. When the switch fails, or the store finds another version in charge
 * by then, the switch is called once more to undo what it may have done.
 */
import { CancellationScope, ChildWorkflowCancellationType, isCancellation } from '@temporalio/workflow';
import type { ChallengeMessage, Wish } from '../domain/challenge-policy.js';
import type { SwitchOrder } from '../domain/challenge.js';
import { switchId } from '../domain/names.js';
import { startHeeding } from './children.js';
import type { ChallengeInput } from './messages.js';
import { quick, switchFor } from './proxies.js';
import { kindOf, reasonOf } from './reporting.js';

export interface Change {
  from: number;
  to: number;
  wish: Wish;
}

export type PromotionEnd = Extract<ChallengeMessage, { kind: 'promoted' | 'failed' }>;
export type RollbackEnd = Extract<ChallengeMessage, { kind: 'rolled-back' | 'failed' | 'overtaken' }>;

/** Compensation is tried for so long at most: by then somebody looks after it by hand. */
const COMPENSATION_MS = 600_000;

/** @throws CancelledFailure when it was interrupted before the store was told; the switch is undone then */
export async function carryOutPromotion(input: ChallengeInput, { from, to, wish }: Change): Promise<PromotionEnd> {
  const { modelId, number, promotion } = input;
  try {
    await callSwitch(input, orderOf(input, 'promote', from, to, wish), promotion.switchTimeoutMs);
  } catch (error) {
    const undone = await CancellationScope.nonCancellable(() => compensate(input, { from: to, to: from, wish }));
    if (isCancellation(error)) throw error;
    return { kind: 'failed', reason: `the switch to version ${to} failed: ${reasonOf(error)}; version ${from} stays in charge${undone}` };
  }
  // From here on nothing interrupts: the user's side has switched.
  return CancellationScope.nonCancellable(async () => {
    const atMs = Date.now();
    const { refusal, champion } = await quick.aftercarePromote({ modelId, number, from, to, action: 'promote', by: wish.by, note: wish.note, atMs }).catch((error: unknown) => {
      if (kindOf(error) === null) throw error;
      return { refusal: reasonOf(error), champion: from };   // the model was deleted
    });
    if (refusal === null) return { kind: 'promoted', atMs };
    const undone = await compensate(input, { from: to, to: champion, wish });
    return { kind: 'failed', reason: `version ${to} was not put in charge: ${refusal}${undone}` };
  });
}

/** @param look says which version is in charge */
export async function carryOutRollback(input: ChallengeInput, { from, to, wish }: Change, look: () => Promise<{ champion: number }>): Promise<RollbackEnd> {
  const { modelId, number, promotion } = input;
  try {
    const before = await look();
    if (before.champion !== from) return { kind: 'overtaken', champion: before.champion };
    await callSwitch(input, orderOf(input, 'rollback', from, to, wish), promotion.switchTimeoutMs);
    const { refusal, champion } = await quick.aftercarePromote({ modelId, number, from, to, action: 'rollback', by: wish.by, note: wish.note, atMs: Date.now() });
    return refusal === null ? { kind: 'rolled-back' } : { kind: 'overtaken', champion };
  } catch (error) {
    return { kind: 'failed', reason: `going back from version ${from} to ${to} failed: ${reasonOf(error)}; version ${from} stays in charge` };
  }
}

/** Best effort. @returns what there is to say of it: nothing when it went well */
async function compensate(input: ChallengeInput, { from, to, wish }: Change): Promise<string> {
  if (!input.promotion.switch) return '';
  try {
    await callSwitch(input, orderOf(input, 'compensate', from, to, wish), Math.min(input.promotion.switchTimeoutMs, COMPENSATION_MS));
    return '';
  } catch (error) {
    return `. Undoing the switch failed as well (${reasonOf(error)}): look after what serves`;
  }
}

async function callSwitch({ modelId, number, promotion }: ChallengeInput, order: SwitchOrder, timeoutMs: number): Promise<void> {
  const call = promotion.switch;
  if (call === null) return;
  if (call.kind === 'webhook') return switchFor(timeoutMs).aftercareCallSwitch({ endpoint: call, order });
  const child = await startHeeding(call.workflowType, {
    workflowId: switchId(modelId, number, order.action),
    taskQueue: call.taskQueue,
    args: [order],
    workflowExecutionTimeout: timeoutMs,
    retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 minute' },
    parentClosePolicy: 'REQUEST_CANCEL',
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,   // what undoes it must not overtake it
    staticSummary: `${order.action}: version ${order.from} → ${order.to} of ${order.model}`,
  });
  await child.result();
}

function orderOf({ modelId, name, number }: ChallengeInput, action: SwitchOrder['action'], from: number, to: number, { by }: Wish): SwitchOrder {
  return { model: name, modelId, challenge: number, action, from, to, by };
}
