/** The training as an activity: it says that it lives, stops when it is told to, and does no harm when it is tried again (one version for each retraining). */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { Conflict, InvalidInput, type Aftercare, type TrainingOrder, type TrainingOutcome } from 'aftercare';
import { keepModel } from './models.js';
import { columnsOf, readRows, TooLittle, train, type TrainingChoices } from './training.js';

export interface TrainingDeps {
  aftercare: Aftercare;
  folder: string;
  choices: TrainingChoices;
}

export function createActivities({ aftercare, folder, choices }: TrainingDeps) {
  return {
    async trainAndRegister(order: TrainingOrder): Promise<TrainingOutcome> {
      const { heartbeat, cancellationSignal } = Context.current();
      const step = (text: string): void => {
        cancellationSignal.throwIfAborted();
        heartbeat(text);
      };
      try {
        step('reading');
        const { schema } = await aftercare.models.get(order.model);
        const columns = columnsOf(schema);
        const rows = await readRows(aftercare, order.model, choices, (count) => step(`${count} rows read`));
        step('training');
        const { classifier, reference, trainedOn, auc, championAuc } = train(rows, columns, choices);
        step('registering');
        await keepModel(folder, order.modelId, order.retraining, { classifier, columns });
        const note = `ROC AUC ${auc.toFixed(4)} on ${reference.length} rows that it has not seen, ${championAuc.toFixed(4)} of version ${order.champion}; trained on ${trainedOn}`;
        const { version } = await aftercare.challengers.add(order.model, {
          reference, retraining: order.retraining, provenance: { runtime: `node ${process.versions.node}`, libraries: { 'aftercare/engine': 'boosting' }, note }, signal: cancellationSignal,
        });
        return { state: 'completed', version, note };
      } catch (error) {
        if (error instanceof TooLittle) return { state: 'failed', reason: error.message };
        if (error instanceof InvalidInput || error instanceof Conflict) throw ApplicationFailure.nonRetryable(error.message, error.name);
        throw error;   // a database that is away comes back: tried again
      }
    },
  };
}
