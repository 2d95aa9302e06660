/** How the values of columns are spread per chunk, counted in the database: what plots of distributions are drawn from. */
import type { PeriodName } from '../domain/measurement.js';
import { inferenceTable, referenceTable } from './model-tables.js';
import type { Queryable } from './pool.js';

/** A column by its physical name (c001 …), as store/model-tables.ts places it. */
export interface SpreadColumn {
  name: string;
  physical: string;
  kind: 'continuous' | 'categorical';
}

export interface SpreadChunk {
  key: string;
  period: PeriodName;
  missing: number;
  /** Continuous: per bin. Categorical: per value. */
  counts: number[];
  /** Categorical only: rows with a value beyond those that are told apart. */
  other: number;
}

export interface Spread {
  column: string;
  kind: 'continuous' | 'categorical';
  /** Continuous: ascending, length bins + 1, over the reference's range; values beyond it are counted in the outer bins. */
  edges: number[];
  /** Categorical: the most frequent values of reference and analysis, most frequent first. */
  values: string[];
  chunks: SpreadChunk[];
}

export interface SpreadRequest {
  modelId: number;
  versionId: number;
  scheme: string;
  /** `column=value` with its physical column; null: all rows. */
  segment: { text: string; physical: string; value: string } | null;
  columns: readonly SpreadColumn[];
  /** The newest so many chunks of each period: bounds the rows that are read. */
  chunkLimit: number;
}

const BINS = 24;
const VALUES = 8;

interface ChunkRow {
  id: number;
  key: string;
  period: PeriodName;
}

interface CountRow {
  chunk_id: number;
  position: number;
  bucket: string | null;
  rows: number;
}

/** Cost: reads the rows of the chosen chunks once for continuous and once for categorical columns. */
export async function readSpreads(db: Queryable, request: SpreadRequest): Promise<Spread[]> {
  if (request.columns.length === 0) return [];
  const { rows: chunks } = await db.query<ChunkRow>(
    `select id, key, period from (
       select id, key, period, ordinal, row_number() over (partition by period order by ordinal desc) as newest
       from aftercare.chunk where version_id = $1 and segment = $4 and scheme = $2 and not vanished) c
     where newest <= $3 order by period desc, ordinal`,
    [request.versionId, request.scheme, request.chunkLimit, request.segment?.text ?? '']);
  const continuous = request.columns.filter((column) => column.kind === 'continuous');
  const categorical = request.columns.filter((column) => column.kind === 'categorical');
  const ids = chunks.map((chunk) => chunk.id);
  const edges = await readEdges(db, request, continuous);
  const numbers = await readCounts(db, request, ids, continuous, (column, i) => {
    const [low, high] = [edges[i]![0]!, edges[i]!.at(-1)!];
    return `(least(greatest(width_bucket(d.${column.physical}, ${number(low)}, ${number(high)}, ${BINS}), 1), ${BINS}))::text`;
  });
  const texts = await readCounts(db, request, ids, categorical, (column) => `d.${column.physical}`);
  return request.columns.map((column) => {
    const position = (column.kind === 'continuous' ? continuous : categorical).indexOf(column);
    const counted = (column.kind === 'continuous' ? numbers : texts).filter((row) => row.position === position);
    return column.kind === 'continuous' ? continuousSpread(column, edges[position]!, chunks, counted) : categoricalSpread(column, chunks, counted);
  });
}

/** Equal bins over the reference's range; a constant column gets a bin of width 1 around it. */
async function readEdges(db: Queryable, { modelId, versionId }: SpreadRequest, columns: readonly SpreadColumn[]): Promise<number[][]> {
  if (columns.length === 0) return [];
  const bounds = columns.flatMap(({ physical }) => [`min(nullif(${physical}, 'NaN'))`, `max(nullif(${physical}, 'NaN'))`]);
  const { rows: [row] } = await db.query<{ bounds: (number | null)[] }>(`select array[${bounds.join(', ')}]::float8[] as bounds from ${referenceTable(modelId)} where version_id = $1`, [versionId]);
  return columns.map((_, i) => {
    let low = row!.bounds[2 * i] ?? 0;
    let high = row!.bounds[2 * i + 1] ?? 1;
    if (low === high) [low, high] = [low - 0.5, high + 0.5];
    return Array.from({ length: BINS + 1 }, (_unused, edge) => (edge === BINS ? high : low + ((high - low) * edge) / BINS));
  });
}

/** `bucketSql` names the bucket of a value that is not missing, as text. */
async function readCounts(db: Queryable, { modelId, segment }: SpreadRequest, chunkIds: readonly number[], columns: readonly SpreadColumn[], bucketSql: (column: SpreadColumn, i: number) => string): Promise<CountRow[]> {
  if (columns.length === 0 || chunkIds.length === 0) return [];
  const cells = columns.map((column, i) => `(${i}, case when d.${column.physical} is null${column.kind === 'continuous' ? ` or d.${column.physical} = 'NaN'` : ''} then null else ${bucketSql(column, i)} end)`).join(', ');
  if (segment && !/^c\d+$/.test(segment.physical)) throw new RangeError(`'${segment.physical}' is no column of values`);
  const within = segment ? ` and d.${segment.physical} = $2` : '';
  const { rows } = await db.query<CountRow>(
    `select c.id as chunk_id, v.position, v.bucket, count(*) as rows
     from aftercare.chunk c
     join ${inferenceTable(modelId)} d on d.version_id = c.version_id and (d.at, d.batch, d."row") >= (c.first_at, c.first_batch, c.first_row)
       and (d.at, d.batch, d."row") <= (c.last_at, c.last_batch, c.last_row) and d.removed_by is null
     cross join lateral (values ${cells}) as v (position, bucket)
     where c.id = any($1) and c.period = 'analysis'${within} group by 1, 2, 3
     union all
     select c.id, v.position, v.bucket, count(*)
     from aftercare.chunk c
     join ${referenceTable(modelId)} d on d.version_id = c.version_id and (d.at, d."row") >= (c.first_at, c.first_row) and (d.at, d."row") <= (c.last_at, c.last_row)
     cross join lateral (values ${cells}) as v (position, bucket)
     where c.id = any($1) and c.period = 'reference'${within} group by 1, 2, 3`,
    segment ? [chunkIds, segment.value] : [chunkIds]);
  return rows;
}

function continuousSpread(column: SpreadColumn, edges: number[], chunks: readonly ChunkRow[], counted: readonly CountRow[]): Spread {
  const byChunk = groupByChunk(counted);
  return {
    column: column.name, kind: 'continuous', edges, values: [],
    chunks: chunks.map(({ id, key, period }) => {
      const counts = new Array<number>(BINS).fill(0);
      let missing = 0;
      for (const { bucket, rows } of byChunk.get(id) ?? []) {
        if (bucket === null) missing += rows;
        else counts[Number(bucket) - 1]! += rows;
      }
      return { key, period, missing, counts, other: 0 };
    }),
  };
}

function categoricalSpread(column: SpreadColumn, chunks: readonly ChunkRow[], counted: readonly CountRow[]): Spread {
  const totals = new Map<string, number>();
  for (const { bucket, rows } of counted) if (bucket !== null) totals.set(bucket, (totals.get(bucket) ?? 0) + rows);
  const values = [...totals].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, VALUES).map(([value]) => value);
  const byChunk = groupByChunk(counted);
  return {
    column: column.name, kind: 'categorical', edges: [], values,
    chunks: chunks.map(({ id, key, period }) => {
      const counts = new Array<number>(values.length).fill(0);
      let missing = 0;
      let other = 0;
      for (const { bucket, rows } of byChunk.get(id) ?? []) {
        const place = bucket === null ? -1 : values.indexOf(bucket);
        if (bucket === null) missing += rows;
        else if (place < 0) other += rows;
        else counts[place]! += rows;
      }
      return { key, period, missing, counts, other };
    }),
  };
}

function groupByChunk(counted: readonly CountRow[]): Map<number, CountRow[]> {
  const groups = new Map<number, CountRow[]>();
  for (const row of counted) {
    const group = groups.get(row.chunk_id);
    if (group) group.push(row);
    else groups.set(row.chunk_id, [row]);
  }
  return groups;
}

/** A finite number as SQL: JavaScript's shortest form reads back as the same double. */
function number(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`bin edge ${value} is not finite`);
  return `(${value})::float8`;
}
