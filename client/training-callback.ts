/** The outcome of a training, told to the retraining that waits for it. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { Conflict } from '../domain/errors.js';
import { retrainingId } from '../domain/names.js';
import type { TrainingOutcome } from '../domain/retraining.js';
import { trainingFinished, type RetrainingStatus } from '../workflows/messages.js';
import { asOurs, type TemporalLink } from './temporal-link.js';

const PATIENCE_MS = 20_000;

/** @throws Conflict when it is not waited for any more; InvalidInput when it is no outcome */
export async function finishTraining(link: TemporalLink, modelId: number, retraining: number, outcome: TrainingOutcome, by: string): Promise<RetrainingStatus> {
  try {
    const handle = link.client.workflow.getHandle(retrainingId(modelId, retraining));
    return await link.within(PATIENCE_MS, () => handle.executeUpdate(trainingFinished, { args: [{ retraining, outcome, by }] }));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw new Conflict(`retraining ${retraining} is not waited for any more`);
    throw asOurs(error, link);
  }
}
