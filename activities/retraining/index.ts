/** The activities of a retraining, under their registered names. Milliseconds each, but for the request to the user's training. */
import { Context } from '@temporalio/activity';
import { beginTraining, closeRetraining, openRetraining } from '../../store/retrainings.js';
import type { RetrainingActivities } from '../contracts/retraining.js';
import { withFailures } from '../failure.js';
import { callTraining, type CallTrainingDeps } from './call-training.js';

type Registered<T> = { [K in keyof T & string as `aftercare${Capitalize<K>}`]: T[K] };

export function createRetrainingActivities(deps: CallTrainingDeps): Registered<RetrainingActivities> {
  return {
    aftercareOpenRetraining: withFailures((request) => openRetraining(deps.pool, request)),
    aftercareBeginTraining: withFailures(async (request) => ({ order: await beginTraining(deps.pool, request) })),
    aftercareCallTraining: withFailures((request) => callTraining(deps, request, Context.current().cancellationSignal)),
    aftercareCloseRetraining: withFailures((end) => closeRetraining(deps.pool, end)),
  };
}
