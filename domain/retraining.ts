/** Retraining: asked for, approved, trained by the user's own code, registered as a new version or failed with its reason. */

export type RetrainingTrigger = 'incident' | 'policy' | 'schedule' | 'manual';
export type RetrainingState = 'asked' | 'training' | 'completed' | 'rejected' | 'failed' | 'cancelled';

/** Somebody or something wants the model trained anew. */
export interface RetrainingRequest {
  /** Equal keys are one request and get the same number. */
  key: string;
  trigger: RetrainingTrigger;
  by: string;
  /** One sentence. */
  reason: string;
  /** The incident that it answers (domain/incident.ts incidentText). */
  incident?: string;
  /** A person has approved already (by the answer `retrain`, or by asking by hand): nobody is asked again. */
  approvedBy?: string;
}

/** What the user's training is given, by workflow argument or as the body of the signed request. Plain data, no rows, no secrets. */
export interface TrainingOrder {
  model: string;
  modelId: number;
  retraining: number;
  reason: string;
  trigger: RetrainingTrigger;
  /** The version in charge. */
  champion: number;
  approvedBy: string | null;
  /** Only for requests over HTTP: where the outcome is to be sent, signed as the request was. */
  callback?: string;
}

/** What the user's training answers. The new version was registered by it (`challengers.add(model, { reference, retraining })`) and is named by its number. */
export type TrainingOutcome =
  | { state: 'completed'; version: number; note?: string }
  | { state: 'failed'; reason: string };

export interface Retraining {
  model: string;
  number: number;
  state: RetrainingState;
  trigger: RetrainingTrigger;
  requestedBy: string;
  reason: string;
  incident: string | null;
  approvedBy: string | null;
  /** The new version's number. */
  version: number | null;
  failure: string | null;
  askedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}
