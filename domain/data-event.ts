/** What happened to a model's data, as its ledger tells it. */

export const DATA_SOURCES = ['reference', 'analysis', 'target'] as const;
export type DataSource = (typeof DATA_SOURCES)[number];

export interface DataEvent {
  model: string;
  /** Of which version's rows; targets are of all, and the one in charge then stands here. */
  version: number;
  source: DataSource;
  event: 'created' | 'added' | 'updated' | 'removed';
  rows: number;
  at: string;
  by: string;
  /** The batch's place in the ledger, and its key; null: with the model, before any batch. */
  batch: number | null;
  key: string | null;
}
