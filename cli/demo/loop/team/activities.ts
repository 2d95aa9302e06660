/** The team's activities: the example's training, and pointing the traffic at a version. */
import { ApplicationFailure } from '@temporalio/common';
import type { Aftercare } from '../../../../client/index.js';
import type { SwitchOrder } from '../../../../domain/challenge.js';
import { createActivities } from '../../../../examples/retraining/src/activities.js';
import { readModel } from '../../../../examples/retraining/src/models.js';
import { TRAINING } from '../rows.js';
import { modelsFolder, writeServing } from '../serving.js';

export type TeamActivities = ReturnType<typeof createTeamActivities>;

export function createTeamActivities(aftercare: Aftercare, dataFolder: string) {
  const folder = modelsFolder(dataFolder);
  return {
    ...createActivities({ aftercare, folder, choices: TRAINING }),

    /** Whatever the order's action, version `to` is to serve. Idempotent. */
    async pointTrafficAt({ model, modelId, action, to }: SwitchOrder): Promise<void> {
      const version = (await aftercare.challengers.list(model)).find(({ number }) => number === to);
      if (!version) throw ApplicationFailure.nonRetryable(`there is no version ${to} of model '${model}' to serve`);
      const retraining = version.provenance.retraining ?? null;
      // What cannot be loaded must not serve.
      if (retraining !== null) await readModel(folder, modelId, retraining);
      await writeServing(dataFolder, { model, version: to, retraining, action, since: new Date().toISOString() });
    },
  };
}
