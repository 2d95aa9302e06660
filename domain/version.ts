/** A version of a model: which one answers (champion), which ones answer beside it unseen (challengers), which ones did. */
import type { ModelSchema } from './schema.js';

export type VersionRole = 'champion' | 'challenger' | 'archived';

/** What a version is made of, as its makers say it; a change of it is a mark on the timeline. */
export interface Provenance {
  runtime?: string;
  /** name → version */
  libraries?: Record<string, string>;
  commit?: string;
  /** Number of the retraining that made it. */
  retraining?: number;
  note?: string;
}

export interface ModelVersion {
  model: string;
  number: number;
  role: VersionRole;
  schema: ModelSchema;
  referenceRows: number;
  provenance: Provenance;
  tags: string[];
  createdAt: string;
  createdBy: string;
}
