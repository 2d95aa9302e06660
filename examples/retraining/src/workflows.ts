/** What aftercare starts on this team's task queue: any workflow that takes a TrainingOrder and answers with a TrainingOutcome. */
import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { TrainingOrder, TrainingOutcome } from 'aftercare';
import type { createActivities } from './activities.js';

const { trainAndRegister } = proxyActivities<ReturnType<typeof createActivities>>({ startToCloseTimeout: '2 hours', heartbeatTimeout: '1 minute', retry: { maximumInterval: '1 minute' } });

export async function trainCarLoan(order: TrainingOrder): Promise<TrainingOutcome> {
  try {
    return await trainAndRegister(order);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const cause = error instanceof ActivityFailure ? error.cause : error;
    if (cause instanceof ApplicationFailure) return { state: 'failed', reason: cause.message };
    throw error;
  }
}
