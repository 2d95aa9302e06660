/** Every value that a chunk ever had, in the order in which they came. */
import type { CalculatorKind, PeriodName } from '../domain/measurement.js';
import type { Queryable } from './pool.js';

export interface RevisionFilter {
  /** The chunk's key; absent: all chunks of the analysis. */
  chunk?: string | undefined;
  metric?: string | undefined;
  calculator?: CalculatorKind | undefined;
  column?: string | undefined;
  /** `column=value`; absent: all rows together. */
  segment?: string | undefined;
  /** Absent: the version in charge. */
  version?: number | undefined;
  /** At most so many, newest chunks first; absent: 1,000. */
  limit?: number | undefined;
}

export interface ValueRevision {
  version: number;
  calculator: CalculatorKind;
  metric: string;
  column: string;
  segment: string;
  period: PeriodName;
  chunk: string;
  /** From 0, as in results. */
  revision: number;
  /** null: could not be known, see `reason` */
  value: number | null;
  samplingError: number | null;
  reason: string | null;
  /** The chunk was open, or its targets were still to come. */
  provisional: boolean;
  /** What readers see now. */
  current: boolean;
  /** The ledger number up to which batches were seen. */
  dataRevision: number;
  /** The run that found it. */
  run: number;
  /** ISO 8601: when that run ended; null: it did not. */
  foundAt: string | null;
}

export async function readRevisions(db: Queryable, modelId: number, { chunk, metric, calculator, column, segment = '', version, limit = 1_000 }: RevisionFilter = {}): Promise<ValueRevision[]> {
  const { rows } = await db.query<ValueRevision>(
    `select v.number as version, m.calculator, m.metric, m.column_name as "column", c.segment, c.period, c.key as chunk, m.revision - 1 as revision, m.value, m.sampling_error as "samplingError", m.reason,
       m.provisional, m.current and not c.vanished and exists (select 1 from aftercare.in_force f where f.version_id = v.id and f.segment = c.segment and f.scheme = c.scheme and f.fitted_id = m.fitted_id) as current,
       m.data_revision as "dataRevision", r.number as run, to_char(r.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "foundAt"
     from aftercare.model o
     join aftercare.version v on v.model_id = o.id and case when $6::int is null then v.id = o.champion_version_id else v.number = $6 end
     join aftercare.chunk c on c.version_id = v.id and c.segment = $5 and c.period = 'analysis'
     join aftercare.measurement m on m.chunk_id = c.id
     join aftercare.run r on r.id = m.run_id
     where o.id = $1 and ($2::text is null or c.key = $2) and ($3::text is null or m.metric = $3) and ($4::text is null or m.calculator = $4) and ($7::text is null or m.column_name = $7)
     order by c.scheme, c.ordinal desc, m.calculator, m.metric, m.column_name collate "C", m.fitted_id, m.revision
     limit $8`, [modelId, chunk ?? null, metric ?? null, calculator ?? null, segment, version ?? null, column ?? null, limit]);
  return rows;
}
