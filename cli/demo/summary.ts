/** What the demo found, as data (`--summary FILE`) and as text. */
import type { Aftercare } from '../../client/index.js';
import type { Decision } from '../../domain/decision.js';
import type { Incident } from '../../domain/incident.js';
import type { Result } from '../../domain/measurement.js';
import type { RunSummary } from '../../domain/run.js';
import { sparkline } from '../terminal/sparkline.js';
import { table } from '../terminal/table.js';
import { DEMO_MODEL } from './story.js';

export interface DemoSummary {
  model: string;
  chunks: {
    key: string;
    period: 'reference' | 'analysis';
    startDate: string | null;
    endDate: string | null;
    rows: number;
    complete: boolean;
    rocAuc: {
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
    };
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

export async function summarize(client: Aftercare, elapsedMs: number): Promise<DemoSummary> {
  const [estimated, realized, runs, incidents, ranking, decisions, model] = await Promise.all([
    client.results(DEMO_MODEL, { calculators: ['estimated_performance'], metrics: ['roc_auc'] }),
    client.results(DEMO_MODEL, { calculators: ['realized_performance'], metrics: ['roc_auc'] }),
    client.runs(DEMO_MODEL, { limit: 1_000 }),
    client.incidents(DEMO_MODEL),
    client.ranking(DEMO_MODEL, { calculator: 'univariate_drift' }),
    client.decisions({ model: DEMO_MODEL, all: true }),
    client.models.get(DEMO_MODEL),
  ]);
  const realizedOf = new Map(realized.map((result) => [chunkId(result), result]));
  return {
    model: DEMO_MODEL,
    chunks: estimated.map((e) => chunkSummary(e, realizedOf.get(chunkId(e)))),
    runs: runs.map(({ number, trigger, state, chunks, chunksComputed, rowsRead, alerts, elapsedMs: took }) => ({ number, trigger, state, chunks, chunksComputed, rowsRead, alerts, elapsedMs: took })).sort((a, b) => a.number - b.number),
    alerts: incidents.filter((i) => i.state !== 'withdrawn').map(({ id, kind, cause, openingChunk, lastChunk, chunkCount, ongoing, state }) => ({ id, kind, cause, openingChunk, lastChunk, chunkCount, ongoing, state })),
    ranking,
    decision: decisions.find((d) => d.state === 'waiting') ?? decisions[0] ?? null,
    rows: { reference: model.rows.reference, analysis: model.rows.analysis, targets: model.rows.targets, targetsUnmatched: model.rows.targetsUnmatched, duplicates: model.rows.duplicates },
    elapsedMs,
  };
}

const chunkId = (result: Result): string => `${result.period}/${result.chunk.key}`;

function chunkSummary(e: Result, r: Result | undefined): DemoSummary['chunks'][number] {
  return {
    key: e.chunk.key, period: e.period, startDate: e.chunk.startDate, endDate: e.chunk.endDate, rows: e.chunk.rows, complete: e.chunk.complete,
    rocAuc: {
      estimated: e.value, bandLower: e.bandLower, bandUpper: e.bandUpper, lowerThreshold: e.lowerThreshold, upperThreshold: e.upperThreshold, alert: e.alert,
      realized: r?.value ?? null, realizedAlert: r?.alert ?? null,
      error: e.value === null || r?.value === null || r?.value === undefined ? null : e.value - r.value,
    },
  };
}

const fixed = (value: number | null, digits = 4): string => (value === null ? '–' : value.toFixed(digits));
const day = (iso: string | null): string => (iso === null ? '' : iso.slice(0, 10));

/** The summary for a person at a terminal. */
export function renderSummary(summary: DemoSummary): string {
  const { chunks } = summary;
  const lower = chunks[0]?.rocAuc.lowerThreshold ?? null;
  const upper = chunks[0]?.rocAuc.upperThreshold ?? null;
  const alerts = chunks.map((c) => c.rocAuc.alert === true);
  const lines = [
    `ROC AUC per chunk of the model '${summary.model}' (alert below ${fixed(lower)} or above ${fixed(upper)})`,
    '',
    table(chunks.map((c) => ({
      period: c.period, chunk: c.key, from: day(c.startDate), to: day(c.endDate), rows: c.rows.toLocaleString('en'),
      estimated: fixed(c.rocAuc.estimated), band: `${fixed(c.rocAuc.bandLower)} … ${fixed(c.rocAuc.bandUpper)}`, realized: fixed(c.rocAuc.realized),
      error: c.rocAuc.error === null ? '–' : (c.rocAuc.error >= 0 ? '+' : '') + c.rocAuc.error.toFixed(4),
      '': `${c.rocAuc.alert ? '◆ estimated' : ''}${c.rocAuc.realizedAlert ? ' ◆ realized' : ''}${c.complete ? '' : ' (open)'}`.trim(),
    }))),
    '',
    `estimated  ${sparkline(chunks.map((c) => c.rocAuc.estimated), { alerts })}`,
    `realized   ${sparkline(chunks.map((c) => c.rocAuc.realized), { alerts: chunks.map((c) => c.rocAuc.realizedAlert === true) })}`,
    '',
    'Columns by number of drift alerts',
    table(summary.ranking.slice(0, 8).map((entry) => ({ rank: entry.rank, column: entry.column, alerts: entry.alerts }))),
    '',
    'Runs: only chunks that were touched are computed',
    table(summary.runs.map((run) => ({ run: run.number, started: run.trigger, chunks: `${run.chunksComputed} of ${run.chunks}`, 'rows read': run.rowsRead.toLocaleString('en'), took: run.elapsedMs === null ? '' : `${(run.elapsedMs / 1000).toFixed(1)} s` }))),
    '',
    `Rows: ${summary.rows.analysis.toLocaleString('en')} inferences (${summary.rows.duplicates} repeats counted once), ${summary.rows.targets.toLocaleString('en')} targets (${summary.rows.targetsUnmatched} still wait for an inference)`,
    '',
    'What stands out',
    table(summary.alerts.map((i) => ({ kind: i.kind, cause: i.cause, 'from chunk': i.openingChunk, chunks: i.chunkCount, ongoing: i.ongoing ? 'yes' : 'no', state: i.state }))),
  ];
  return lines.join('\n');
}
