/** The user's own training, as a workflow on the user's own task queue. */
import { proxyActivities } from '@temporalio/workflow';
import type { TrainingOrder, TrainingOutcome } from '../../domain/retraining.js';

interface Training {
  train(order: TrainingOrder): Promise<TrainingOutcome>;
}

const { train } = proxyActivities<Training>({ startToCloseTimeout: '1 minute' });

export async function trainEachMonth(order: TrainingOrder): Promise<TrainingOutcome> {
  return train(order);
}
