import type { Receipt } from '../../domain/batch.js';
import type { Aftercare } from '../../client/index.js';

export interface Step {
  name: string;
  do(client: Aftercare, model: string): Promise<Receipt | undefined>;
}

export function buildStory(): Step[];
