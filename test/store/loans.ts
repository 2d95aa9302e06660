/** A small binary model, and rows for it. */
import type { ModelSchema } from '../../domain/schema.js';
import { defaultSettings } from '../../domain/settings.js';
import { createModel, type CreatedModel } from '../../store/create-model.js';
import type { Pool } from '../../store/pool.js';
import { memorySource, type Row } from './memory-source.js';

export const LOANS: ModelSchema = {
  problemType: 'classification_binary',
  columns: [
    { name: 'id', role: 'identifier', kind: 'text' },
    { name: 'when', role: 'timestamp', kind: 'timestamp' },
    { name: 'income', role: 'feature', kind: 'continuous' },
    { name: 'tier', role: 'feature', kind: 'categorical' },
    { name: 'y_pred', role: 'prediction', kind: 'continuous' },
    { name: 'score', role: 'predicted_probability', kind: 'continuous' },
    { name: 'repaid', role: 'target', kind: 'continuous' },
  ],
};

/** Row number i (from 0) of a made-up stream: one per hour from 2026-01-01. */
export function loan(i: number, changes: Row = {}): Row {
  return {
    id: `loan-${String(i).padStart(5, '0')}`, when: new Date(Date.UTC(2026, 0, 1, i)).toISOString(), income: 1000 + i / 3, tier: i % 7 === 0 ? null : `tier ${i % 3}`,
    y_pred: i % 2, score: (i % 10) / 10, ...changes,
  };
}

export const loans = (from: number, to: number): Row[] => Array.from({ length: to - from }, (_, k) => loan(from + k));
export const reference = (rows = 40): Row[] => Array.from({ length: rows }, (_, k) => loan(k, { id: `ref-${k}`, repaid: (k >> 1) % 2 }));

export function createLoans(pool: Pool, name: string, schema: ModelSchema = LOANS): Promise<CreatedModel> {
  return createModel(pool, { name, schema, settings: defaultSettings('classification_binary', { kind: 'size', size: 10 }), reference: memorySource(reference()), by: 'test' });
}
