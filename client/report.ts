/** Everything that a report shows, gathered from the store. */
import type { Result } from '../domain/measurement.js';
import { columnsOf } from '../domain/schema.js';
import { packageVersion } from '../embedded/package-root.js';
import type { Distribution, ReportInput } from '../plots/report-input.js';
import { readBatchTotals } from '../store/batch-totals.js';
import { readDecisions } from '../store/decisions.js';
import { readSpreads, type Spread, type SpreadColumn } from '../store/distributions.js';
import { findModel, type ModelRef } from '../store/find-model.js';
import { readIncidents } from '../store/incidents.js';
import { storedScheme } from '../store/model-state.js';
import { placeColumns } from '../store/model-tables.js';
import { showModel } from '../store/models.js';
import type { Pool } from '../store/pool.js';
import { alertCountRanking, readResults } from '../store/results.js';
import { readRuns } from '../store/runs.js';

/** A report draws the newest chunks; older ones stay in the results. */
const CHUNKS_DRAWN = 60;
const COLUMNS_DRAWN = 40;

/** @param preparedAt null for a report that is the same whenever it is prepared */
export async function gatherReport(pool: Pool, model: ModelRef, preparedAt: Date | null): Promise<ReportInput> {
  const found = await findModel(pool, model);
  const [details, results, ranking, incidents, decisions, runs, totals] = await Promise.all([
    showModel(pool, found.modelId),
    readResults(pool, found.modelId),
    alertCountRanking(pool, found.modelId),
    readIncidents(pool, found.modelId),
    readDecisions(pool, found.modelId),
    readRuns(pool, found.modelId, 50),
    readBatchTotals(pool, found.modelId),
  ]);
  const features = new Set(columnsOf(found.schema, 'feature').map((column) => column.name));
  const rank = new Map(ranking.map((entry) => [entry.column, entry.rank]));
  const columns = placeColumns(found.schema, found.columns)
    .filter((column) => features.has(column.name) && (column.kind === 'continuous' || column.kind === 'categorical'))
    .sort((a, b) => (rank.get(a.name) ?? Infinity) - (rank.get(b.name) ?? Infinity))
    .slice(0, COLUMNS_DRAWN)
    .map(({ name, physical, kind }): SpreadColumn => ({ name, physical, kind: kind as SpreadColumn['kind'] }));
  const spreads = await readSpreads(pool, { modelId: found.modelId, versionId: found.versionId, scheme: storedScheme(found.settings), columns, chunkLimit: CHUNKS_DRAWN });
  return {
    model: { name: details.name, version: details.version, state: details.state === 'archived' ? 'archived' : 'active', problemType: details.problemType, createdAt: details.createdAt, createdBy: details.createdBy },
    counts: {
      referenceRows: details.rows.reference, analysisRows: details.rows.analysis, targetsMatched: details.rows.labelled, targetsWaiting: details.rows.targetsUnmatched,
      batches: totals.batches, rowsDuplicate: totals.rowsDuplicate, rowsQuarantined: totals.rowsQuarantined, dataEndsAt: details.lastAt,
    },
    settings: details.settings,
    schema: details.schema,
    results,
    ranking: ranking.map(({ rank: place, column, alerts }) => ({ rank: place, column, alerts })),
    distributions: spreads.map((spread) => toDistribution(spread, results)),
    incidents,
    decisions: decisions.map((decision) => ({ ...decision, commands: [] })),
    runs,
    aftercareVersion: packageVersion(),
    preparedAt: preparedAt?.toISOString() ?? null,
  };
}

function toDistribution(spread: Spread, results: readonly Result[]): Distribution {
  const alerts = new Map<string, boolean | null>();
  for (const result of results) {
    if (result.calculator !== 'univariate_drift' || result.column !== spread.column) continue;
    const place = `${result.period}/${result.chunk.key}`;
    alerts.set(place, result.alert === true || alerts.get(place) === true ? true : result.alert);
  }
  const drifted = (chunk: Spread['chunks'][number]): boolean | null => alerts.get(`${chunk.period}/${chunk.key}`) ?? null;
  if (spread.kind === 'continuous') {
    return { column: spread.column, kind: 'continuous', edges: spread.edges, chunks: spread.chunks.map((chunk) => ({ key: chunk.key, period: chunk.period, missing: chunk.missing, drifted: drifted(chunk), counts: chunk.counts })) };
  }
  return { column: spread.column, kind: 'categorical', values: spread.values, chunks: spread.chunks.map((chunk) => ({ key: chunk.key, period: chunk.period, missing: chunk.missing, drifted: drifted(chunk), counts: chunk.counts, other: chunk.other })) };
}
