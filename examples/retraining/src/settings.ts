/** Where things are, and how much is trained on. */
import type { TrainingChoices } from './training.js';

/** The task queue of this team's worker; the model's setting `retraining.training.taskQueue` names it. */
export const TASK_QUEUE = 'car-loan-training';

const count = (name: string, otherwise: number): number => {
  const value = Number(process.env[name] ?? otherwise);
  if (!(value > 0)) throw new RangeError(`${name} is '${process.env[name]}', a number above 0 is needed`);
  return value;
};

export const settings = {
  databaseUrl: process.env.DATABASE_URL ?? 'postgres://localhost/aftercare',
  temporalAddress: process.env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233',
  namespace: process.env.TEMPORAL_NAMESPACE ?? 'default',
  /** Trained models are kept here, one file for each retraining. */
  folder: process.env.MODELS_FOLDER ?? 'models',
  choices: { newest: count('TRAIN_NEWEST', 20_000), heldOut: count('TRAIN_HELD_OUT', 0.5), least: count('TRAIN_LEAST', 1_000) } satisfies TrainingChoices,
};
