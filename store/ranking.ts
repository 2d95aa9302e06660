/** Which columns to look at first. */
import type { CalculatorKind } from '../domain/measurement.js';
import type { Queryable } from './pool.js';
import type { ResultFilter } from './results.js';

export interface RankedColumn {
  column: string;
  alerts: number;
  /** From 1 */
  rank: number;
}

export interface RankingFilter extends Pick<ResultFilter, 'metrics' | 'columns' | 'from' | 'to'> {
  calculator?: CalculatorKind | undefined;
  /** `column=value`; default '': all rows together. */
  segment?: string | undefined;
}

/** Columns of the version in charge by how often they alerted in the analysis, equal counts by name, descending (as NannyML ranks); features, unless columns are named. */
export async function alertCountRanking(db: Queryable, modelId: number, filter: RankingFilter = {}): Promise<RankedColumn[]> {
  const { rows } = await db.query<RankedColumn>(
    `with counted as (
       select m.column_name as "column", count(*) filter (where j.alert)::int as alerts
       from aftercare.model o
       join aftercare.version v on v.id = o.champion_version_id
       join aftercare.in_force f on f.version_id = v.id
       join aftercare.chunk c on c.version_id = f.version_id and c.segment = f.segment and c.scheme = f.scheme and c.period = 'analysis' and not c.vanished
       join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.current
       left join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key
       where o.id = $1 and f.segment = $7 and f.calculator = $2 and m.column_name <> '' and ($3::text[] is null or m.metric = any ($3))
         and case when $4::text[] is null then exists (select 1 from jsonb_array_elements(v.schema -> 'columns') s where s ->> 'name' = m.column_name and s ->> 'role' = 'feature')
                  else m.column_name = any ($4) end
         and ($5::timestamptz is null or c.end_at >= $5) and ($6::timestamptz is null or c.start_at < $6)
       group by m.column_name)
     select "column", alerts, row_number() over (order by alerts desc, "column" collate "C" desc)::int as rank from counted order by rank`,
    [modelId, filter.calculator ?? 'univariate_drift', filter.metrics ?? null, filter.columns ?? null, filter.from ?? null, filter.to ?? null, filter.segment ?? '']);
  return rows;
}
