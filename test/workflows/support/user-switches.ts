/** Switches of a team's own: one that works, one that fails on the way there, one that fails always, one that never ends. Bundled by tests. */
import { ApplicationFailure, condition, defineQuery, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { SwitchOrder } from '../../../domain/challenge.js';

const { serve } = proxyActivities<{ serve(order: SwitchOrder): Promise<void> }>({ startToCloseTimeout: '10 s' });

export async function switchServing(order: SwitchOrder): Promise<void> {
  await serve(order);
}

export async function switchHalfWay(order: SwitchOrder): Promise<void> {
  await serve(order);
  if (order.action === 'promote') throw ApplicationFailure.nonRetryable('the load balancer refused');
}

export async function switchNever(order: SwitchOrder): Promise<void> {
  await serve(order);
  throw ApplicationFailure.nonRetryable(`no ${order.action} today`);
}

export async function switchForever(order: SwitchOrder): Promise<void> {
  await serve(order);
  if (order.action === 'promote') await condition(() => false);
}

/** Stands in for a lifecycle: keeps what it is told. */
export async function collectChampions(): Promise<void> {
  const told: unknown[] = [];
  setHandler(defineSignal<[unknown]>('aftercareChampionChanged'), (change) => void told.push(change));
  setHandler(defineSignal<[unknown]>('aftercareChallengeFinished'), (report) => void told.push(report));
  setHandler(defineSignal<[unknown]>('aftercareDecisionClosed'), () => undefined);
  setHandler(defineQuery<unknown[]>('told'), () => told);
  await condition(() => false);
}
