/** A model and a challenger whose predictions of the same rows differ by a known noise; targets by identifier. */
import { addFromInput } from '../../client/challengers.js';
import type { ModelSchema } from '../../domain/schema.js';
import { defaultSettings, type ModelSettings } from '../../domain/settings.js';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { createModel } from '../../store/create-model.js';
import type { Pool } from '../../store/pool.js';
import { memorySource, type Row } from '../store/memory-source.js';

export const LOANS: ModelSchema = {
  problemType: 'classification_binary',
  columns: [
    { name: 'id', role: 'identifier', kind: 'text' },
    { name: 'at', role: 'timestamp', kind: 'timestamp' },
    { name: 'amount', role: 'feature', kind: 'continuous' },
    { name: 'branch', role: 'feature', kind: 'categorical' },
    { name: 'score', role: 'predicted_probability', kind: 'continuous' },
    { name: 'predicted', role: 'prediction', kind: 'continuous' },
    { name: 'repaid', role: 'target', kind: 'continuous' },
  ],
};

interface Loan {
  n: number;
  truth: number;
  signal: number;
  noise: [number, number];
}

/** In (0, 1): two whole numbers determine it. Finalizer of MurmurHash3. */
export function uniform(n: number, salt: number): number {
  let h = Math.imul(n + 200_003, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (((h ^ (h >>> 16)) >>> 0) + 0.5) / 2 ** 32;
}

export function normal(n: number, salt: number): number {
  return Math.sqrt(-2 * Math.log(uniform(n, salt))) * Math.cos(2 * Math.PI * uniform(n, salt + 1));
}

/** Rows n = from … to − 1; row n is the same whenever it is asked for, whatever stands around it. */
function loans(from: number, to: number): Loan[] {
  return Array.from({ length: to - from }, (_, i) => {
    const n = from + i;
    const signal = normal(n, 0);
    return { n, truth: Number(uniform(n, 2) < 1 / (1 + Math.exp(-2 * signal))), signal, noise: [normal(n, 3), normal(n, 5)] };
  });
}

/** @param blur how much noise stands between the signal and the score: the more, the worse */
function answer({ n, signal, noise }: Loan, version: 1 | 2, blur: number): Row {
  const score = 1 / (1 + Math.exp(-(2 * signal + blur * noise[version - 1]!)));
  return {
    id: `loan-${n}`, at: new Date(Date.UTC(2024, 0, 1) + (n + 100_000) * 60_000).toISOString(), amount: Math.round(1_000 * (3 + signal)), branch: ['north', 'south', 'west'][Math.abs(n) % 3]!,
    score, predicted: Number(score >= 0.5),
  };
}

export class VerdictWorld {
  modelId = 0;

  /** @param blur of the champion, and of the challenger in its reference */
  constructor(readonly pool: Pool, readonly name: string, readonly blur: [number, number]) {}

  async create(change: Partial<ModelSettings> = {}, referenceRows = 2_000): Promise<this> {
    const reference = loans(-referenceRows, 0);
    const withTarget = (version: 1 | 2): Row[] => reference.map((loan) => ({ ...answer(loan, version, this.blur[version - 1]!), repaid: loan.truth }));
    const settings = { ...defaultSettings('classification_binary', { kind: 'size', size: 500 }), ...change };
    ({ modelId: this.modelId } = await createModel(this.pool, { name: this.name, schema: LOANS, settings, reference: memorySource(withTarget(1), { columnNames: LOANS.columns.map(({ name }) => name) }), by: 'test' }));
    await addFromInput({ pool: this.pool, by: 'test' }, this.name, { reference: withTarget(2), key: 'challenger' });
    return this;
  }

  /** @param change of a row, e.g. to make one branch worse */
  append(version: 1 | 2, from: number, to: number, change: { blur?: (n: number) => number; key?: string } = {}): Promise<{ number: number }> {
    const rows = loans(from, to).map((loan) => answer(loan, version, change.blur?.(loan.n) ?? this.blur[version - 1]!));
    return appendRows(this.pool, this.modelId, memorySource(rows), { by: 'test', ...(version === 2 ? { version } : {}), ...(change.key === undefined ? {} : { key: change.key }) });
  }

  targets(from: number, to: number, flip = false): Promise<{ number: number }> {
    return appendTargets(this.pool, this.modelId, memorySource(loans(from, to).map(({ n, truth }) => ({ id: `loan-${n}`, repaid: flip ? 1 - truth : truth }))), { by: 'test' });
  }

  async horizon(): Promise<number> {
    const { rows: [row] } = await this.pool.query<{ last: number }>('select last_batch as last from aftercare.model where id = $1', [this.modelId]);
    return row!.last;
  }
}
