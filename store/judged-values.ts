/** What is in force of a version, as it was learnt, and its current values with their judgements: to see what other thresholds would say. */
import type { CalculatorKind } from '../domain/measurement.js';
import type { Queryable } from './pool.js';

export interface FittedInForce {
  calculator: CalculatorKind;
  segment: string;
  fittedId: number;
}

/** Calculators and segments that readers see. */
export async function listInForce(db: Queryable, versionId: number): Promise<FittedInForce[]> {
  const { rows } = await db.query<FittedInForce>(
    `select calculator, segment, fitted_id as "fittedId" from aftercare.in_force where version_id = $1 order by segment collate "C", calculator`, [versionId]);
  return rows;
}

export interface JudgedValue {
  metric: string;
  column: string;
  value: number | null;
  /** Set where the method itself decides, and no threshold does. */
  ownAlert: boolean | null;
  alert: boolean | null;
  lower: number | null;
  upper: number | null;
}

/** What was learnt (JSON of engine/fitted-json.ts; '' where the fit failed), and the values of complete analysis chunks, in chunk order. */
export async function readJudged(db: Queryable, versionId: number, { calculator, segment, fittedId }: FittedInForce): Promise<{ body: string; values: JudgedValue[] }> {
  const { rows: [fitted] } = await db.query<{ body: string }>('select body from aftercare.fitted where id = $1', [fittedId]);
  const { rows: values } = await db.query<JudgedValue>(
    `select m.metric, m.column_name as "column", m.value, m.own_alert as "ownAlert", j.alert, j.lower, j.upper
     from aftercare.in_force f
     join aftercare.chunk c on c.version_id = f.version_id and c.segment = f.segment and c.scheme = f.scheme and c.period = 'analysis' and c.complete and not c.vanished
     join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.current
     left join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key
     where f.version_id = $1 and f.segment = $2 and f.calculator = $3
     order by c.ordinal`, [versionId, segment, calculator]);
  return { body: fitted?.body ?? '', values };
}
