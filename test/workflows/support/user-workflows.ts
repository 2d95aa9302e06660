/** What a team's own worker would bring along: trainings that go well, badly, nowhere. Bundled by tests; nothing of ours is in it but types. */
import { CancellationScope, condition, isCancellation, setHandler, defineSignal, defineQuery } from '@temporalio/workflow';
import type { TrainingOrder, TrainingOutcome } from '../../../domain/retraining.js';

/** Answers with what the order looked like, so that a test can see it. */
export async function trainWell(order: TrainingOrder): Promise<TrainingOutcome> {
  return Promise.resolve({ state: 'completed', version: order.champion + 1, note: JSON.stringify(order) });
}

export async function trainInVain(): Promise<TrainingOutcome> {
  return Promise.resolve({ state: 'failed', reason: 'only 12 rows have their target' });
}

export async function trainNonsense(): Promise<unknown> {
  return Promise.resolve({ state: 'completed', version: 'the new one' });
}

export async function trainForever(): Promise<TrainingOutcome> {
  try {
    await condition(() => false);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return CancellationScope.nonCancellable(async () => Promise.reject(error as Error));
  }
  return { state: 'failed', reason: 'this is never reached' };
}

/** Stands in for a lifecycle: keeps what it is told of retrainings. */
export async function collectReports(): Promise<void> {
  const reports: unknown[] = [];
  setHandler(defineSignal<[unknown]>('aftercareRetrainingFinished'), (report) => void reports.push(report));
  setHandler(defineSignal<[unknown]>('aftercareRequestRetrainingSignal'), (request) => void reports.push(request));
  setHandler(defineSignal<[unknown]>('aftercareDecisionClosed'), () => undefined);
  setHandler(defineQuery<unknown[]>('reports'), () => reports);
  await condition(() => false);
}

export * from './user-switches.js';
