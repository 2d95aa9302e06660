/** What people read: every value in force with its chunk, thresholds and alert. Indices are derived here, they are never stored. */
import type { CalculatorKind, PeriodName, Result } from '../domain/measurement.js';
import { whole } from './horizon.js';
import type { Pool, Queryable } from './pool.js';

export { alertCountRanking, type RankedColumn, type RankingFilter } from './ranking.js';

export interface ResultFilter {
  calculators?: readonly CalculatorKind[] | undefined;
  metrics?: readonly string[] | undefined;
  columns?: readonly string[] | undefined;
  /** `column=value`, or a column alone for all its values; '' is all rows together, which is what is read when nothing is given; 'all': everything. */
  segments?: readonly string[] | 'all' | undefined;
  /** The numbers of versions; absent: the one in charge, but for canonical results, which are of all. */
  versions?: readonly number[] | 'all' | undefined;
  /** Only results that carry all of these tags, by their model or their version. */
  tags?: readonly string[] | undefined;
  period?: PeriodName | undefined;
  /** ISO 8601: chunks that end at or after it */
  from?: string | undefined;
  /** ISO 8601: chunks that begin before it */
  to?: string | undefined;
  /** An alert is an analysis value outside its threshold; those of the reference only where `period` asks for them. */
  onlyAlerts?: boolean | undefined;
  /** As they were under an earlier revision of the settings, when its last run had finished; of chunks that are still there. */
  settingsRevision?: number | undefined;
  /** false: also values that later ones took the place of, and those of earlier settings */
  currentOnly?: boolean | undefined;
  /** At most so many, in the order of reading. */
  limit?: number | undefined;
}

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/**
 * The chunks of $1 (model) with their places: numbered from 0 within (version, chunking, period). A period's end is shown as its last microsecond.
 *
 * @param which condition on c: those in force, or all that there ever were
 */
const chunksSql = (which: string): string => `
  select c.*, v.number as version_number, v.id = o.champion_version_id as in_charge, array(select distinct tag from unnest(o.tags || v.tags) as tag order by tag) as tags,
    row_number() over place - 1 as index, sum(c.rows) over place - c.rows as start_index, sum(c.rows) over place - 1 as end_index,
    ${utc('c.start_at')} as start_date, ${utc(`case when c.scheme like 'period:%' then c.end_at - interval '1 microsecond' else c.end_at end`)} as end_date
  from aftercare.chunk c join aftercare.version v on v.id = c.version_id join aftercare.model o on o.id = v.model_id
  where v.model_id = $1 and ${which}
  window place as (partition by c.version_id, c.segment, c.scheme, c.period order by c.ordinal rows unbounded preceding)`;

/** A segment is asked for by its name, or by its column; null: all of them. */
const segmentSql = (parameter: string, segment: string): string =>
  `(${parameter}::text[] is null or ${segment} = any (${parameter}) or exists (select 1 from unnest(${parameter}::text[]) s where s <> '' and starts_with(${segment}, s || '=')))`;

/** Every value once, judged by the thresholds in force. */
const CURRENT_SQL = `
  from (${chunksSql('not c.vanished')}) c
  join aftercare.in_force f on f.version_id = c.version_id and f.segment = c.segment and f.scheme = c.scheme
  join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.current
  left join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key`;

/** As in force under earlier settings: the last value of each series that a run under them, or before, had left. */
const earlierSql = (settingsRevision: number): string => `
  from (${chunksSql('not c.vanished')}) c
  join aftercare.in_force_history f on f.version_id = c.version_id and f.segment = c.segment and f.scheme = c.scheme and f.settings_revision = ${whole(settingsRevision)}
  join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.run_id <= f.run_id
    and not exists (select 1 from aftercare.measurement n where n.chunk_id = m.chunk_id and n.fitted_id = m.fitted_id and n.calculator = m.calculator and n.metric = m.metric
      and n.column_name = m.column_name and n.run_id <= f.run_id and n.revision > m.revision)
  left join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key`;

/** Every value that there ever was, as often as it was judged. */
const HISTORY_SQL = `
  from (${chunksSql('true')}) c
  join aftercare.measurement m on m.chunk_id = c.id
  left join aftercare.judgement j on j.measurement_id = m.id`;

const resultsSql = (from: string): string => `
  select (select name from aftercare.model where id = $1) as model, c.version_number as version, m.calculator, m.metric, m.column_name as "column", c.segment, c.period,
    c.key, c.index::float8 as index, c.start_index::float8 as "startIndex", c.end_index::float8 as "endIndex", c.start_date as "startDate", c.end_date as "endDate",
    c.rows::float8 as rows, c.complete, c.final, c.targets::float8 as targets,
    m.value, m.sampling_error as "samplingError", m.band_lower as "bandLower", m.band_upper as "bandUpper", j.lower as "lowerThreshold", j.upper as "upperThreshold", j.alert,
    m.reason, m.engine_version as "engineVersion", m.data_revision::float8 as "dataRevision", m.revision - 1 as revision, c.tags
  ${from}
  where ($2::text[] is null or m.calculator = any ($2)) and ($3::text[] is null or m.metric = any ($3)) and ($4::text[] is null or m.column_name = any ($4))
    and ${segmentSql('$10', 'c.segment')} and (case when $11::int[] is null then $13 or c.in_charge else c.version_number = any ($11) end) and ($12::text[] is null or c.tags @> $12)
    and ($5::text is null or c.period = $5) and ($6::timestamptz is null or c.end_at >= $6) and ($7::timestamptz is null or c.start_at < $7)
    and (not $8::boolean or (j.alert and c.period = coalesce($5, 'analysis')))
  order by m.calculator, m.metric, m.column_name collate "C", c.version_number, c.segment, c.period desc, c.scheme, c.ordinal, m.revision
  limit $9`;

/** Values in blocks, through a cursor: memory does not grow with their number. */
export async function* streamResults(pool: Pool, modelId: number, filter: ResultFilter = {}, blockRows = 5_000): AsyncGenerator<Result[]> {
  const tx = await pool.connect();
  let broken: Error | undefined;
  try {
    await tx.query('begin transaction isolation level repeatable read, read only');
    await tx.query(`set local work_mem = '64MB'; set local jit = off`);
    await tx.query(`declare results no scroll cursor for ${resultsSql(valuesSql(filter))}`, parametersOf(modelId, filter));
    for (;;) {
      const { rows } = await tx.query<FlatResult>(`fetch ${blockRows} from results`);
      if (rows.length > 0) yield rows.map(toResult);
      if (rows.length < blockRows) break;
    }
  } finally {
    await tx.query('rollback').catch((error: unknown) => { broken = error as Error; });
    tx.release(broken);
  }
}

function valuesSql({ currentOnly, settingsRevision }: ResultFilter): string {
  if (settingsRevision !== undefined) return earlierSql(settingsRevision);
  return currentOnly === false ? HISTORY_SQL : CURRENT_SQL;
}

export async function readResults(pool: Pool, modelId: number, filter: ResultFilter = {}): Promise<Result[]> {
  const results: Result[] = [];
  for await (const block of streamResults(pool, modelId, filter)) for (const result of block) results.push(result);
  return results;
}

function parametersOf(modelId: number, filter: ResultFilter): unknown[] {
  return [modelId, filter.calculators ?? null, filter.metrics ?? null, filter.columns ?? null, filter.period ?? null, filter.from ?? null, filter.to ?? null, filter.onlyAlerts ?? false, filter.limit ?? null, segmentsOf(filter), filter.versions === 'all' ? null : filter.versions ?? null, filter.tags ?? null, filter.versions === 'all'];
}

/** All rows together, unless segments are asked for. */
function segmentsOf({ segments }: Pick<ResultFilter, 'segments'>): readonly string[] | null {
  return segments === 'all' ? null : segments ?? [''];
}

interface FlatResult extends Omit<Result, 'chunk'> {
  key: string;
  index: number;
  startIndex: number;
  endIndex: number;
  startDate: string | null;
  endDate: string | null;
  rows: number;
  complete: boolean;
  final: boolean;
  targets: number;
}

function toResult({ key, index, startIndex, endIndex, startDate, endDate, rows, complete, final, targets, ...rest }: FlatResult): Result {
  const { model, version, calculator, metric, column, segment, period, ...measured } = rest;
  return { model, version, calculator, metric, column, segment, period, chunk: { key, index, startIndex, endIndex, startDate, endDate, rows, complete, final, targets }, ...measured };
}

/**
 * Results as sorted lines that are equal when results are equal: no run ids, wall-clock times, revisions or tags, numbers in JavaScript's shortest exact text.
 */
export async function canonicalResults(pool: Pool, modelId: number, filter: ResultFilter = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const block of streamResults(pool, modelId, { segments: 'all', versions: 'all', ...filter })) {
    for (const { dataRevision: _dataRevision, revision: _revision, tags: _tags, ...result } of block) lines.push(JSON.stringify(result));
  }
  return lines.sort();
}

/** How many rows of each chunk of the version in charge have their target: for coverage bars and for what is still provisional. */
export interface ChunkCoverage {
  key: string;
  index: number;
  rows: number;
  targets: number;
  complete: boolean;
  final: boolean;
}

export async function readCoverage(db: Queryable, modelId: number, segment = ''): Promise<ChunkCoverage[]> {
  const { rows } = await db.query<ChunkCoverage>(
    `with chunks as (${chunksSql(`not c.vanished and c.segment = $2 and c.period = 'analysis' and exists (select 1 from aftercare.in_force f where f.version_id = c.version_id and f.segment = c.segment and f.scheme = c.scheme)`)})
     select key, index::float8 as index, rows::float8 as rows, targets::float8 as targets, complete, final from chunks where in_charge order by ordinal`, [modelId, segment]);
  return rows;
}

/** What came out beside what had been estimated, for a chunk where both are known. */
export interface EstimationError {
  metric: string;
  chunkKey: string;
  estimated: number;
  realized: number;
  /** realized − estimated */
  error: number;
}

export async function readEstimationErrors(db: Queryable, modelId: number, segment = ''): Promise<EstimationError[]> {
  const { rows } = await db.query<Omit<EstimationError, 'error'>>(
    `with known as (
       select m.metric, m.calculator, m.value, c.key, c.ordinal, c.id
       from aftercare.model o
       join aftercare.version v on v.id = o.champion_version_id
       join aftercare.in_force f on f.version_id = v.id and f.calculator in ('estimated_performance', 'realized_performance')
       join aftercare.chunk c on c.version_id = f.version_id and c.segment = f.segment and c.scheme = f.scheme and c.period = 'analysis' and not c.vanished
       join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.current and m.value is not null
       where o.id = $1 and c.segment = $2)
     select e.metric, e.key as "chunkKey", e.value as estimated, r.value as realized
     from known e join known r on r.id = e.id and r.metric = e.metric and r.calculator = 'realized_performance'
     where e.calculator = 'estimated_performance' order by e.metric, e.ordinal`, [modelId, segment]);
  return rows.map((row) => ({ ...row, error: row.realized - row.estimated }));
}

/** A segment that results are there for. */
export interface SegmentOverview {
  /** `column=value` */
  segment: string;
  referenceRows: number;
  analysisRows: number;
  /** Chunks of the analysis. */
  chunks: number;
  /** Alerts of the analysis, by all calculators in force … */
  alerts: number;
  /** … and by each that has some. */
  alertsBy: Partial<Record<CalculatorKind, number>>;
}

/** Segments of the champion's results, by column and then by rows, most first. */
export async function readSegments(db: Queryable, modelId: number): Promise<SegmentOverview[]> {
  const { rows } = await db.query<SegmentOverview>(
    `with champion as (select champion_version_id as id from aftercare.model where id = $1),
     standing as (select distinct f.segment, f.scheme from aftercare.in_force f join champion v on v.id = f.version_id where f.segment <> ''),
     counted as (
       select c.segment, coalesce(sum(c.rows) filter (where c.period = 'reference'), 0) as reference_rows, coalesce(sum(c.rows) filter (where c.period = 'analysis'), 0) as analysis_rows,
         count(*) filter (where c.period = 'analysis') as chunks
       from aftercare.chunk c join champion v on v.id = c.version_id join standing s on s.segment = c.segment and s.scheme = c.scheme
       where not c.vanished group by c.segment),
     alerting as (
       select c.segment, f.calculator, count(*) as alerts
       from champion v
       join aftercare.in_force f on f.version_id = v.id and f.segment <> ''
       join aftercare.chunk c on c.version_id = f.version_id and c.segment = f.segment and c.scheme = f.scheme and c.period = 'analysis' and not c.vanished
       join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.current
       join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key and j.alert
       group by c.segment, f.calculator)
     select c.segment, c.reference_rows::float8 as "referenceRows", c.analysis_rows::float8 as "analysisRows", c.chunks::float8 as chunks, coalesce(a.alerts, 0)::float8 as alerts, coalesce(a.by_calculator, '{}') as "alertsBy"
     from counted c left join (select segment, sum(alerts) as alerts, json_object_agg(calculator, alerts order by calculator) as by_calculator from alerting group by segment) a using (segment)
     order by split_part(c.segment, '=', 1) collate "C", c.reference_rows desc, c.segment collate "C"`, [modelId]);
  return rows;
}
