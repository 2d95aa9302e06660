/** What calculators learnt from the reference, under keys that never change their meaning. */
import type { CalculatorKind } from '../domain/measurement.js';
import type { Queryable } from './pool.js';

export interface FittedRow {
  id: number;
  key: string;
  calculator: CalculatorKind;
  /** JSON of engine/fitted-json.ts; '' where the fit failed */
  body: string;
  /** Why the fit failed; it would fail again. */
  failure: string | null;
}

/** Those that are there, without their bodies. */
export async function findFitted(db: Queryable, keys: readonly string[]): Promise<Omit<FittedRow, 'body'>[]> {
  const { rows } = await db.query<Omit<FittedRow, 'body'>>('select id, key, calculator, failure from aftercare.fitted where key = any ($1)', [keys]);
  return rows;
}

export async function readFitted(db: Queryable, keys: readonly string[]): Promise<FittedRow[]> {
  const { rows } = await db.query<FittedRow>('select id, key, calculator, body, failure from aftercare.fitted where key = any ($1)', [keys]);
  return rows;
}

/** Keeps the first of equal keys: both learnt the same. @returns the row's id */
export async function insertFitted(db: Queryable, fitted: { versionId: number; key: string; calculator: CalculatorKind; body: string; failure: string | null }): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    `insert into aftercare.fitted (version_id, key, calculator, body, failure) values ($1, $2, $3, $4, $5)
     on conflict (key) do update set key = excluded.key returning id`,
    [fitted.versionId, fitted.key, fitted.calculator, fitted.body, fitted.failure]);
  return rows[0]!.id;
}
