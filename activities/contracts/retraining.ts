/** What a retraining has written down and sent. */
import type { RetrainingRequest, TrainingOrder } from '../../domain/retraining.js';
import type { HttpEndpoint } from '../../domain/lifecycle-settings.js';

export interface RetrainingEnd {
  modelId: number;
  number: number;
  state: 'completed' | 'rejected' | 'failed' | 'cancelled';
  /** Only of a completed one. */
  version: number | null;
  /** Of the others: why. */
  reason: string | null;
  by: string;
  atMs: number;
}

export interface RetrainingActivities {
  /** Records it as asked, once. @throws NotFound, Conflict when the model is deleted or archived */
  openRetraining(request: { modelId: number; number: number; request: RetrainingRequest; atMs: number }): Promise<void>;
  /** @returns what the user's training is given: the version in charge is the one of this moment. The same again gives the same. @throws Conflict when it has ended */
  beginTraining(request: { modelId: number; number: number; approvedBy: string | null; atMs: number }): Promise<{ order: TrainingOrder }>;
  /** The signed request to the user's training; its callback address is made here and holds until `untilMs`. Throws what is worth another attempt. */
  callTraining(request: { endpoint: HttpEndpoint; order: TrainingOrder; untilMs: number }): Promise<void>;
  /**
   * Ends it, once. Of a completed one, checks that the version is there, is this retraining's, and is not archived. A rejection is given the note of whoever rejected.
   *
   * @returns how it ended: the first end counts
   * @throws InvalidInput, NotFound why the version is none of this retraining's
   */
  closeRetraining(end: RetrainingEnd): Promise<{ state: RetrainingEnd['state']; version: number | null; reason: string | null }>;
}
