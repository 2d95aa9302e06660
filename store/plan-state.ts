/** What the planner asks of the store: batches since the chunks were cut, the chunks, and what has judged them. */
import type { CalculatorKind } from '../domain/measurement.js';
import { mergeSpans, touchedSpans, type Border, type TimeSpan } from '../domain/order.js';
import type { Changes, KnownChunk } from '../domain/run-plan.js';
import { liveInferenceSql, type Horizon } from './horizon.js';
import { inferenceTable } from './model-tables.js';
import type { Queryable } from './pool.js';
import { rangeSql } from './read-rows.js';
import { bindSegment, segmentSql, type SegmentFilter } from './segment-filter.js';

export interface SchemeKey {
  versionId: number;
  segment: string;
  scheme: string;
}

/** Ledger number up to which the chunks of a scheme agree with the data; 0: never cut. */
export async function readCut(db: Queryable, key: SchemeKey): Promise<number> {
  const { rows } = await db.query<{ horizon: number }>('select horizon from aftercare.cut where version_id = $1 and segment = $2 and scheme = $3', [key.versionId, key.segment, key.scheme]);
  return rows[0]?.horizon ?? 0;
}

interface LedgerRow {
  id: number;
  kind: 'analysis' | 'target' | 'removal';
  accepted: number;
  from: number | null;
  to: number | null;
  days: number[] | null;
  ownVersion: boolean;
  /** Rows of an analysis batch that were known before, or of another version, may have brought targets to inferences of earlier batches. */
  elsewhere: boolean;
}

/** What the batches after ledger number `after` up to the horizon changed. */
export async function readChanges(db: Queryable, modelId: number, versionId: number, after: number, horizon: Horizon): Promise<Changes> {
  const { rows: batches } = await db.query<LedgerRow>(
    `select id::float8 as id, kind, rows_accepted::float8 as accepted,
       (extract(epoch from first_at) * 1000000)::float8 as "from", (extract(epoch from last_at) * 1000000)::float8 as "to",
       case when touched_days is not null then array(select (extract(epoch from day::timestamp) * 1000000)::float8 from unnest(touched_days) as day order by day) end as days,
       version_id = $4 as "ownVersion", kind = 'analysis' and receipt ? 'targets' and (version_id <> $4 or rows_duplicate > 0 or rows_quarantined > 0) as elsewhere
     from aftercare.batch
     where model_id = $1 and number > $2 and number <= $3 and kind <> 'reference'
     order by number`, [modelId, after, horizon.number, versionId]);
  const touching = batches.filter((batch) => batch.from !== null);
  const came = touching.filter((batch) => batch.kind === 'removal' || (batch.kind === 'analysis' && batch.ownVersion));
  const rowSpans = mergeSpans(came.flatMap(spansOf));
  const targetSpans = mergeSpans(touching.filter((batch) => batch.kind !== 'analysis' || batch.elsewhere).flatMap(spansOf));
  const rowBatches = came.filter((batch) => batch.kind === 'analysis');
  const newRow: Border | null = rowBatches.length === 0 ? null : {
    atMicros: rowBatches.reduce((least, batch) => Math.min(least, batch.from!), Infinity),
    batch: rowBatches.reduce((least, batch) => Math.min(least, batch.id), Infinity),
    row: 0,
  };
  const goneRow = came.length === 0 ? null : await firstRemoved(db, modelId, versionId, came.map((batch) => batch.id));
  return {
    rowSpans, targetSpans,
    firstRow: newRow && goneRow ? earlier(newRow, goneRow) : newRow ?? goneRow,
    rows: rowBatches.reduce((sum, batch) => sum + batch.accepted, 0),
  };
}

function spansOf(batch: LedgerRow): TimeSpan[] {
  // Models without timestamps keep all rows at −infinity, which is no day.
  const range = { fromMicros: batch.from!, toMicros: batch.to! };
  return touchedSpans(range, Number.isFinite(batch.from) ? batch.days : null);
}

function earlier(a: Border, b: Border): Border {
  if (a.atMicros !== b.atMicros) return a.atMicros < b.atMicros ? a : b;
  return a.batch <= b.batch ? a : b;
}

/** The first place in the order from which one of these batches took a row away. Removed rows are found first: in their order, every row there is would be looked at. */
async function firstRemoved(db: Queryable, modelId: number, versionId: number, batches: readonly number[]): Promise<Border | null> {
  const { rows } = await db.query<Border>(
    `with gone as materialized (
       select at, batch, "row" from ${inferenceTable(modelId)} where removed_by is not null and removed_by = any ($1::bigint[]) and version_id = $2)
     select (extract(epoch from at) * 1000000)::float8 as "atMicros", batch::float8 as batch, "row"::float8 as "row"
     from gone order by at, batch, "row" limit 1`, [batches, versionId]);
  return rows[0] ?? null;
}

/**
 * Chunks of the analysis period in order, with the calculators that must judge them anew.
 *
 * @param wanted calculators that are switched on; `fittedId` null: not fitted yet, stale everywhere
 */
export async function readKnownChunks(db: Queryable, key: SchemeKey, wanted: readonly { kind: CalculatorKind; fittedId: number | null; onTargets: boolean }[]): Promise<KnownChunk[]> {
  const { rows } = await db.query<ChunkRow>(
    `select c.id::float8 as id, c.ordinal::float8 as ordinal, c.rows::float8 as rows,
       (extract(epoch from c.first_at) * 1000000)::float8 as "firstAt", c.first_batch::float8 as "firstBatch", c.first_row::float8 as "firstRow",
       (extract(epoch from c.last_at) * 1000000)::float8 as "lastAt", c.last_batch::float8 as "lastBatch", c.last_row::float8 as "lastRow",
       coalesce((extract(epoch from c.start_at) * 1000000)::float8, '-infinity') as "startMicros", coalesce((extract(epoch from c.end_at) * 1000000)::float8, '-infinity') as "endMicros",
       array(select x.fitted_id::float8 from aftercare.chunk_calculation x where x.chunk_id = c.id and x.data_revision >= c.rows_revision) as "forRows",
       array(select x.fitted_id::float8 from aftercare.chunk_calculation x where x.chunk_id = c.id and x.data_revision >= greatest(c.rows_revision, c.targets_revision)) as "forTargets"
     from aftercare.chunk c
     where c.version_id = $1 and c.segment = $2 and c.scheme = $3 and c.period = 'analysis' and not c.vanished
     order by c.ordinal`, [key.versionId, key.segment, key.scheme]);
  return rows.map((row) => ({
    ordinal: row.ordinal, rows: row.rows, startMicros: row.startMicros, endMicros: row.endMicros,
    first: { atMicros: row.firstAt, batch: row.firstBatch, row: row.firstRow },
    last: { atMicros: row.lastAt, batch: row.lastBatch, row: row.lastRow },
    stale: wanted.filter(({ fittedId, onTargets }) => fittedId === null || !(onTargets ? row.forTargets : row.forRows).includes(fittedId)).map(({ kind }) => kind),
  }));
}

interface ChunkRow {
  id: number; ordinal: number; rows: number;
  firstAt: number; firstBatch: number; firstRow: number;
  lastAt: number; lastBatch: number; lastRow: number;
  startMicros: number; endMicros: number;
  forRows: number[]; forTargets: number[];
}

/**
 * Places of every `step`-th row of a stretch, walking along the index from one to the next; at most `count` of them.
 * @returns the places, and how many rows were read
 *
 * Call `walkAlongIndex` in the transaction before. Tried on a million rows just appended (never analysed): row_number() over all 1.15 to 1.6 s, because the planner sorts; over the index 1.5 s;
 * skipping along the index 0.17 s per 250,000 rows.
 */
export async function readSplitBorders(db: Queryable, range: { modelId: number; versionId: number; horizon: Horizon; after: Border | null; until: Border | null; segment: SegmentFilter | null }, step: number, count: number): Promise<{ borders: Border[]; rowsRead: number }> {
  await bindSegment(db, range.segment);
  const borders: Border[] = [];
  let after = range.after;
  while (borders.length < count) {
    const { rows } = await db.query<Border>(
      `select (extract(epoch from at) * 1000000)::float8 as "atMicros", batch::float8 as batch, "row"::float8 as "row"
       from ${inferenceTable(range.modelId)} i where ${rangeSql({ ...range, after }, 'i')} and ${liveInferenceSql(range.horizon, 'i')}${segmentSql(range.segment, 'i')}
       order by at, batch, "row" offset $1 limit 1`, [step - 1]);
    if (!rows[0]) break;
    after = rows[0];
    borders.push(after);
  }
  return { borders, rowsRead: borders.length * step };
}

/**
 * Rows in their order, for the transaction at hand: a table that was just filled has no statistics yet, and the planner would rather sort it.
 * Targets are looked up by index as well: 250,000 rows with a million targets took 1.2 s so, 2.7 s by a hash join that reads every target there is.
 */
export async function walkAlongIndex(db: Queryable): Promise<void> {
  await db.query(`set local enable_sort = off; set local enable_bitmapscan = off; set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off;
    set local max_parallel_workers_per_gather = 0; set local jit = off`);
}

/** Rows of a version at the horizon: for chunks whose number is given. */
export async function countInferences(db: Queryable, range: { modelId: number; versionId: number; horizon: Horizon; segment: SegmentFilter | null }): Promise<number> {
  await bindSegment(db, range.segment);
  const { rows } = await db.query<{ n: number }>(
    `select count(*)::float8 as n from ${inferenceTable(range.modelId)} i where ${rangeSql({ ...range, after: null, until: null }, 'i')} and ${liveInferenceSql(range.horizon, 'i')}${segmentSql(range.segment, 'i')}`);
  return rows[0]!.n;
}

/** Newest event time of everything that had come by the horizon; −Infinity without timestamps or rows. */
export async function readNewestMicros(db: Queryable, modelId: number, versionId: number, horizon: Horizon): Promise<number> {
  const { rows } = await db.query<{ newest: number | null }>(
    `select (extract(epoch from max(last_at)) * 1000000)::float8 as newest from aftercare.batch
     where model_id = $1 and version_id = $2 and kind = 'analysis' and number <= $3`, [modelId, versionId, horizon.number]);
  return rows[0]?.newest ?? -Infinity;
}

/** False while no target has come at all: then nothing needs to be joined. */
export async function haveTargets(db: Queryable, table: string): Promise<boolean> {
  const { rows } = await db.query<{ some: boolean }>(`select exists (select 1 from ${table}) as some`);
  return rows[0]!.some;
}
