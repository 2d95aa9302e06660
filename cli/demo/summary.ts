/** What the demo found, as data (`--summary FILE`) and as text. */
import type { Aftercare } from '../../client/index.js';
import type { Decision } from '../../domain/decision.js';
import type { Incident } from '../../domain/incident.js';
import type { Result } from '../../domain/measurement.js';
import type { RunSummary } from '../../domain/run.js';
import { metricName } from '../../plots/names.js';
import { performanceTable, rankingList } from '../terminal/performance.js';
import { table } from '../terminal/table.js';
import type { DemoDataset } from './deliveries.js';

/** One chunk's metric, estimated and realized. */
export interface MetricSummary {
  estimated: number | null;
  bandLower: number | null;
  bandUpper: number | null;
  lowerThreshold: number | null;
  upperThreshold: number | null;
  alert: boolean | null;
  realized: number | null;
  realizedAlert: boolean | null;
  /** estimated − realized */
  error: number | null;
}

export interface DemoSummary {
  model: string;
  /** The metric that is shown. */
  metric: string;
  chunks: {
    key: string;
    period: 'reference' | 'analysis';
    startDate: string | null;
    endDate: string | null;
    rows: number;
    complete: boolean;
    /** Of classifications. */
    rocAuc?: MetricSummary;
    /** Of regressions. */
    rmse?: MetricSummary;
  }[];
  runs: Pick<RunSummary, 'number' | 'trigger' | 'state' | 'chunks' | 'chunksComputed' | 'rowsRead' | 'alerts' | 'elapsedMs'>[];
  /** Incidents: one cause and its alerts. */
  alerts: Pick<Incident, 'id' | 'kind' | 'cause' | 'openingChunk' | 'lastChunk' | 'chunkCount' | 'ongoing' | 'state'>[];
  ranking: { rank: number; column: string; alerts: number }[];
  /** The question to people; null when nothing asked for one. */
  decision: Decision | null;
  rows: { reference: number; analysis: number; targets: number; targetsUnmatched: number; duplicates: number };
  elapsedMs: number;
}

export async function summarize(client: Aftercare, { model: name, metric }: DemoDataset, elapsedMs: number): Promise<DemoSummary> {
  const [estimated, realized, runs, incidents, ranking, decisions, model] = await Promise.all([
    client.results(name, { calculators: ['estimated_performance'], metrics: [metric] }),
    client.results(name, { calculators: ['realized_performance'], metrics: [metric] }),
    client.runs(name, { limit: 1_000 }),
    client.incidents(name),
    client.ranking(name, { calculator: 'univariate_drift' }),
    client.decisions({ model: name, all: true }),
    client.models.get(name),
  ]);
  const realizedOf = new Map(realized.map((result) => [chunkId(result), result]));
  return {
    model: name,
    metric,
    chunks: estimated.map((e) => chunkSummary(metric, e, realizedOf.get(chunkId(e)))),
    runs: runs.map(({ number, trigger, state, chunks, chunksComputed, rowsRead, alerts, elapsedMs: took }) => ({ number, trigger, state, chunks, chunksComputed, rowsRead, alerts, elapsedMs: took })).sort((a, b) => a.number - b.number),
    alerts: incidents.filter((i) => i.state !== 'withdrawn').map(({ id, kind, cause, openingChunk, lastChunk, chunkCount, ongoing, state }) => ({ id, kind, cause, openingChunk, lastChunk, chunkCount, ongoing, state })),
    ranking,
    decision: decisions.find((d) => d.state === 'waiting') ?? decisions[0] ?? null,
    rows: { reference: model.rows.reference, analysis: model.rows.analysis, targets: model.rows.targets, targetsUnmatched: model.rows.targetsUnmatched, duplicates: model.rows.duplicates },
    elapsedMs,
  };
}

const chunkId = (result: Result): string => `${result.period}/${result.chunk.key}`;

function chunkSummary(metric: string, e: Result, r: Result | undefined): DemoSummary['chunks'][number] {
  const values: MetricSummary = {
    estimated: e.value, bandLower: e.bandLower, bandUpper: e.bandUpper, lowerThreshold: e.lowerThreshold, upperThreshold: e.upperThreshold, alert: e.alert,
    realized: r?.value ?? null, realizedAlert: r?.alert ?? null,
    error: e.value === null || r?.value === null || r?.value === undefined ? null : e.value - r.value,
  };
  return {
    key: e.chunk.key, period: e.period, startDate: e.chunk.startDate, endDate: e.chunk.endDate, rows: e.chunk.rows, complete: e.chunk.complete,
    ...(metric === 'rmse' ? { rmse: values } : { rocAuc: values }),
  };
}

/** After the first run: estimates only, since no target has come. */
export async function firstLook(client: Aftercare, { model, metric }: DemoDataset): Promise<string> {
  const [performance, ranking, drift, quality] = await Promise.all([
    client.results(model, { metrics: [metric] }),
    client.ranking(model),
    client.results(model, { calculators: ['univariate_drift', 'reconstruction_error'], period: 'analysis', onlyAlerts: true }),
    client.results(model, { calculators: ['missing_values', 'unseen_values', 'numerical_range'], period: 'analysis', onlyAlerts: true }),
  ]);
  const chunks = new Set(performance.filter((result) => result.period === 'analysis').map((result) => result.chunk.key)).size;
  return [performanceTable(performance, metric), '', `drift: ${drift.length} alert(s); data quality: ${quality.length} alert(s)${named(quality)}`, rankingList(ranking, chunks)].join('\n');
}

function named(results: readonly Result[]): string {
  const columns = [...new Set(results.map((result) => result.column))];
  return columns.length === 0 ? '' : ` (${columns.join(', ')})`;
}

/** The summary for a person at a terminal. @param where flags that later commands need to find this stack */
export function renderSummary(summary: DemoSummary, performance: readonly Result[], where: string): string {
  const analysisChunks = summary.chunks.filter((chunk) => chunk.period === 'analysis').length;
  const thresholds = summary.chunks[0]?.rocAuc ?? summary.chunks[0]?.rmse;
  const bound = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : value.toPrecision(4));
  return [
    `${metricName(summary.metric)} of '${summary.model}' per chunk; an alert is below ${bound(thresholds?.lowerThreshold)} or above ${bound(thresholds?.upperThreshold)}`,
    '',
    performanceTable(performance, summary.metric, { reference: true }),
    '',
    'Columns by number of drift alerts',
    rankingList(summary.ranking, analysisChunks),
    '',
    'Runs: only chunks that were touched are computed',
    table(summary.runs.map((run) => ({ run: run.number, 'started by': run.trigger, chunks: `${run.chunksComputed} of ${run.chunks}`, 'rows read': run.rowsRead, took: run.elapsedMs === null ? '' : `${(run.elapsedMs / 1000).toFixed(1)} s` }))),
    '',
    `Rows: ${summary.rows.analysis.toLocaleString('en')} inferences (${summary.rows.duplicates} repeats counted once), ${summary.rows.targets.toLocaleString('en')} targets (${summary.rows.targetsUnmatched} wait for an inference)`,
    '',
    'What stands out',
    table(summary.alerts.filter((incident) => incident.ongoing).map((i) => ({ what: i.kind.replaceAll('_', ' '), cause: i.cause, 'since chunk': Number(i.openingChunk), chunks: i.chunkCount, state: i.state }))),
    `and ${summary.alerts.filter((incident) => !incident.ongoing).length} that passed: npx aftercare alerts ${summary.model} --all${where}`,
  ].join('\n');
}
