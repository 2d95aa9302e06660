/** Everything that a report shows, gathered from the store. */
import type { Verdict } from '../domain/challenge.js';
import type { Result } from '../domain/measurement.js';
import { NotFound } from '../domain/errors.js';
import { didYouMean } from '../domain/near-names.js';
import type { ModelSchema, SchemaColumn } from '../domain/schema.js';
import { settingsOf } from '../domain/segment.js';
import { packageVersion } from '../embedded/package-root.js';
import type { Distribution, ReportInput, SegmentStanding } from '../plots/report-input.js';
import { readBatchTotals } from '../store/batch-totals.js';
import { readDecisions } from '../store/decisions.js';
import { readSpreads, type Spread, type SpreadColumn } from '../store/distributions.js';
import { findModel, type ModelRef } from '../store/find-model.js';
import { readIncidents } from '../store/incidents.js';
import { storedScheme } from '../store/model-state.js';
import { placeColumns } from '../store/model-tables.js';
import { showModel } from '../store/models.js';
import type { Pool } from '../store/pool.js';
import { alertCountRanking, readResults, readSegments, type SegmentOverview } from '../store/results.js';
import { readRuns } from '../store/runs.js';
import { readVerdicts } from '../store/verdicts.js';
import { readVersionChanges } from '../store/version-changes.js';
import { readVersions } from '../store/versions.js';
import { segmentOf } from './segments.js';

/** A report draws the newest chunks; older ones stay in the results. */
const CHUNKS_DRAWN = 60;
const COLUMNS_DRAWN = 40;

/**
 * @param preparedAt null for a report that is the same whenever it is prepared
 * @param segment `column=value`, or '' for all rows, which shows the segments at a glance as well
 * @throws NotFound when there is no such model or segment
 */
export async function gatherReport(pool: Pool, model: ModelRef, preparedAt: Date | null, segment = ''): Promise<ReportInput> {
  const found = await findModel(pool, model);
  const [details, results, ranking, incidents, decisions, runs, totals, segments, versions, verdicts] = await Promise.all([
    showModel(pool, found.modelId),
    readResults(pool, found.modelId, { segments: [segment], versions: [found.versionNumber] }),
    alertCountRanking(pool, found.modelId, { segment }),
    readIncidents(pool, found.modelId),
    readDecisions(pool, found.modelId),
    readRuns(pool, found.modelId, 50),
    readBatchTotals(pool, found.modelId),
    readSegments(pool, found.modelId),
    readVersions(pool, found.modelId),
    readVerdicts(pool, found.modelId),
  ]);
  const own = segments.find((one) => one.segment === segment);
  if (segment !== '' && !own) throw new NotFound(`model '${found.name}' has no segment '${segment}'${segments.length === 0 ? ': none was computed' : didYouMean(segment, segments.map((one) => one.segment)) || `: it has ${listed(segments.map((one) => one.segment))}`}`);
  const placed = placeColumns(found.schema, found.columns);
  const drawn = new Set(found.schema.columns.filter((column) => isDrawn(column, found.schema)).map((column) => column.name));
  const rank = new Map(ranking.map((entry) => [entry.column, entry.rank]));
  const columns = placed
    .filter((column) => drawn.has(column.name))
    .sort((a, b) => (rank.get(a.name) ?? Infinity) - (rank.get(b.name) ?? Infinity))
    .slice(0, COLUMNS_DRAWN)
    .map(({ name, physical, kind }): SpreadColumn => ({ name, physical, kind: kind as SpreadColumn['kind'] }));
  const part = segment === '' ? null : segmentOf(segment, found.schema);
  const scheme = storedScheme(settingsOf(found.settings, part));
  const changes = await readVersionChanges(pool, { modelId: found.modelId, versionId: found.versionId, segment, scheme });
  const spreads = await readSpreads(pool, {
    modelId: found.modelId, versionId: found.versionId, scheme, columns, chunkLimit: CHUNKS_DRAWN,
    segment: part && { text: segment, physical: placed.find(({ name }) => name === part.column)!.physical, value: part.value },
  });
  const ofSegment = <T extends { segment: string }>(all: readonly T[]): T[] => (segment === '' ? [...all] : all.filter((one) => one.segment === segment));
  const shown = ofSegment(incidents);
  const decided = segment === '' ? decisions : decisions.filter(({ incidentId }) => shown.some(({ id }) => id === incidentId));
  return {
    model: { name: details.name, version: details.version, state: details.state === 'archived' ? 'archived' : 'active', problemType: details.problemType, createdAt: details.createdAt, createdBy: details.createdBy },
    counts: {
      referenceRows: own?.referenceRows ?? details.rows.reference, analysisRows: own?.analysisRows ?? details.rows.analysis, targetsMatched: own ? targetsIn(results) : details.rows.labelled, targetsWaiting: own ? 0 : details.rows.targetsUnmatched,
      batches: totals.batches, rowsDuplicate: totals.rowsDuplicate, rowsQuarantined: totals.rowsQuarantined, dataEndsAt: details.lastAt,
    },
    settings: details.settings,
    schema: details.schema,
    segment,
    results,
    segments: segment === '' ? await standings(pool, found.modelId, found.versionNumber, details.settings.keyMetric, segments) : [],
    ranking: ranking.map(({ rank: place, column, alerts }) => ({ rank: place, column, alerts })),
    distributions: spreads.map((spread) => toDistribution(spread, results)),
    incidents: shown,
    decisions: decided.map((decision) => ({ ...decision, commands: [] })),
    runs,
    versions: versions.map(({ number, role, referenceRows, provenance, createdAt, createdBy }) => ({ number, role, referenceRows, provenance, createdAt, createdBy })),
    changes,
    verdicts: newestOfPairs(verdicts),
    aftercareVersion: packageVersion(),
    preparedAt: preparedAt?.toISOString() ?? null,
  };
}

/** @param verdicts newest first */
function newestOfPairs(verdicts: readonly Verdict[]): Verdict[] {
  const pairs = new Map<string, Verdict>();
  for (const verdict of verdicts) {
    const pair = `${verdict.champion}/${verdict.challenger}`;
    if (!pairs.has(pair)) pairs.set(pair, verdict);
  }
  return [...pairs.values()];
}

/** What goes in and what comes out. A binary prediction is two bars, which its probability tells better; a target comes late and stands elsewhere. */
function isDrawn({ role, kind }: SchemaColumn, { problemType }: ModelSchema): boolean {
  if (kind !== 'continuous' && kind !== 'categorical') return false;
  return role === 'feature' || role === 'predicted_probability' || (role === 'prediction' && problemType !== 'classification_binary');
}

const SEGMENTS_SHOWN = 10;

function listed(names: readonly string[]): string {
  return `${names.slice(0, SEGMENTS_SHOWN).join(', ')}${names.length > SEGMENTS_SHOWN ? ` and ${names.length - SEGMENTS_SHOWN} more` : ''}`;
}

/** Targets of the analysis chunks, each chunk counted once. */
function targetsIn(results: readonly Result[]): number {
  const chunks = new Map(results.filter(({ period }) => period === 'analysis').map(({ chunk }) => [chunk.key, chunk.targets]));
  return [...chunks.values()].reduce((sum, targets) => sum + targets, 0);
}

async function standings(pool: Pool, modelId: number, version: number, keyMetric: string, segments: readonly SegmentOverview[]): Promise<SegmentStanding[]> {
  if (segments.length === 0) return [];
  const results = await readResults(pool, modelId, { segments: segments.map(({ segment }) => segment), versions: [version], calculators: ['estimated_performance', 'realized_performance'], metrics: [keyMetric] });
  return segments.map(({ segment, referenceRows, analysisRows, alertsBy }) => ({ segment, referenceRows, analysisRows, alerts: alertsBy, results: results.filter((result) => result.segment === segment) }));
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
