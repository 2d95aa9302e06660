/** What a retraining has written down and sent. */
import type { RetrainingRequest, TrainingOrder } from '../../domain/retraining.js';
import type { HttpEndpoint } from '../../domain/lifecycle-settings.js';

export interface RetrainingActivities {
  /** Records it as asked. @returns what the user's training will be given, but for who approved */
  openRetraining(request: { modelId: number; number: number; request: RetrainingRequest; atMs: number }): Promise<{ order: TrainingOrder }>;
  beginTraining(request: { modelId: number; number: number; approvedBy: string | null; atMs: number }): Promise<void>;
  /** The signed request to the user's training; its callback address is made here. Throws what is worth another attempt. */
  callTraining(request: { endpoint: HttpEndpoint; order: TrainingOrder }): Promise<void>;
  /** Checks that the version is there, is this retraining's, and is a challenger. @throws InvalidInput, NotFound why it is not */
  closeRetraining(request: {
    modelId: number; number: number; state: 'completed' | 'rejected' | 'failed' | 'cancelled'; version: number | null; reason: string | null; by: string; atMs: number;
  }): Promise<void>;
}
