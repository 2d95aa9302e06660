/**
 * A report's input from the car-loan data: results as NannyML 0.13.1 computed them (test/oracles/nannyml), distributions counted from the rows themselves.
 * So figures are drawn from what users see, without a database.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { CalculatorKind, PeriodName, Result } from '../../domain/measurement.js';
import { defaultSettings } from '../../domain/settings.js';
import type { ColumnKind, ColumnRole } from '../../domain/schema.js';
import type { CategoricalDistribution, ContinuousDistribution, Distribution, ReportInput } from '../../plots/report-input.js';

const root = new URL('../../', import.meta.url);

interface OracleRecord {
  name: string;
  method?: string;
  chunk_index: number;
  start_index: number;
  end_index: number;
  start_date: string;
  end_date: string;
  period: PeriodName;
  value: number | 'NaN';
  lower_threshold: number | null;
  upper_threshold: number | null;
  alert: boolean;
  sampling_error?: number;
  lower_confidence_boundary?: number;
  upper_confidence_boundary?: number;
}

function oracle(id: string): OracleRecord[] {
  return (JSON.parse(gunzipSync(readFileSync(new URL(`test/oracles/nannyml/${id}.json.gz`, root))).toString('utf8')) as { expected: OracleRecord[] }).expected;
}

/** @param name from a record to [metric, column]; null leaves it out */
function resultsOf(id: string, calculator: CalculatorKind, name: (record: OracleRecord) => [string, string] | null): Result[] {
  return oracle(id).flatMap((record) => {
    const series = name(record);
    if (!series) return [];
    const rows = record.end_index - record.start_index + 1;
    const value = record.value === 'NaN' ? null : record.value;
    const error = record.sampling_error ?? null;
    const banded = calculator === 'realized_performance' || error === null || value === null;
    return [{
      model: 'car-loans', version: 1, calculator, metric: series[0], column: series[1], segment: '', period: record.period,
      chunk: {
        key: String(record.chunk_index).padStart(6, '0'), index: record.chunk_index, startIndex: record.start_index, endIndex: record.end_index,
        startDate: `${record.start_date}Z`, endDate: `${record.end_date}Z`, rows, complete: true, final: true, targets: rows,
      },
      value, samplingError: error,
      bandLower: banded ? null : (record.lower_confidence_boundary ?? null), bandUpper: banded ? null : (record.upper_confidence_boundary ?? null),
      lowerThreshold: record.lower_threshold, upperThreshold: record.upper_threshold, alert: value === null ? null : record.alert, reason: value === null ? 'no rows' : null,
      engineVersion: '1', dataRevision: 1, revision: 1, tags: [],
    }];
  });
}

/** Results of the whole data: estimated and realized performance, drift by Jensen–Shannon, reconstruction error, missing values. */
export function carLoanResults(): Result[] {
  const metrics = ['roc_auc', 'f1', 'accuracy'];
  return [
    ...resultsOf('cbpe__synthetic_car_loan__size5000', 'estimated_performance', (r) => (metrics.includes(r.name) ? [r.name, ''] : null)),
    ...resultsOf('performance__synthetic_car_loan__size5000', 'realized_performance', (r) => (metrics.includes(r.name) ? [r.name, ''] : null)),
    ...resultsOf('univariatedrift__synthetic_car_loan__size5000', 'univariate_drift', (r) => (r.method === 'jensen_shannon' ? ['jensen_shannon', r.name] : null)),
    ...resultsOf('datareconstructiondrift__synthetic_car_loan__size5000', 'reconstruction_error', () => ['reconstruction_error', '']),
    ...resultsOf('missingvalues__synthetic_car_loan_dq__size5000', 'missing_values', (r) => ['missing_values_rate', r.name]),
  ];
}

const CHUNK = 5000;

function readRows(period: PeriodName): { names: string[]; rows: string[][] } {
  const [head, ...lines] = gunzipSync(readFileSync(new URL(`datasets/synthetic_car_loan_${period}.csv.gz`, root))).toString('utf8').trimEnd().split('\n');
  return { names: head!.split(','), rows: lines.map((line) => line.split(',')) };
}

/** Counts of every feature on 40 shared bins, or of its values; `drifted` from the drift results. */
export function carLoanDistributions(results: readonly Result[]): Distribution[] {
  const periods = (['reference', 'analysis'] as const).map((period) => ({ period, ...readRows(period) }));
  const columns = [...new Set(results.filter((r) => r.calculator === 'univariate_drift').map((r) => r.column))];
  return columns.map((column) => {
    const parts = periods.flatMap(({ period, names, rows }) => {
      const cells = rows.map((row) => row[names.indexOf(column)]!);
      return Array.from({ length: Math.ceil(cells.length / CHUNK) }, (_, i) => {
        const key = String(i).padStart(6, '0');
        const drifted = results.find((r) => r.calculator === 'univariate_drift' && r.column === column && r.period === period && r.chunk.key === key)?.alert ?? null;
        return { key, period, drifted, missing: 0, cells: cells.slice(i * CHUNK, (i + 1) * CHUNK) };
      });
    });
    const numbers = parts[0]!.cells.every((cell) => Number.isFinite(Number(cell)));
    return numbers ? continuous(column, parts) : categorical(column, parts);
  });
}

interface Part { key: string; period: PeriodName; drifted: boolean | null; missing: number; cells: string[] }

function continuous(column: string, parts: readonly Part[]): ContinuousDistribution {
  const bins = 40;
  let low = Infinity;
  let high = -Infinity;
  for (const { cells } of parts) for (const cell of cells) { low = Math.min(low, Number(cell)); high = Math.max(high, Number(cell)); }
  const edges = Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins);
  return {
    column, kind: 'continuous', edges,
    chunks: parts.map(({ cells, ...rest }) => {
      const counts = new Array<number>(bins).fill(0);
      for (const cell of cells) counts[Math.min(bins - 1, Math.floor(((Number(cell) - low) / (high - low)) * bins))]! += 1;
      return { ...rest, counts };
    }),
  };
}

function categorical(column: string, parts: readonly Part[]): CategoricalDistribution {
  const values = [...new Set(parts.flatMap(({ cells }) => cells))].sort();
  return { column, kind: 'categorical', values, chunks: parts.map(({ cells, ...rest }) => ({ ...rest, other: 0, counts: values.map((value) => cells.filter((cell) => cell === value).length) })) };
}

const COLUMNS: [string, ColumnRole, ColumnKind][] = [
  ['id', 'identifier', 'text'], ['car_value', 'feature', 'continuous'], ['salary_range', 'feature', 'categorical'], ['debt_to_income_ratio', 'feature', 'continuous'],
  ['loan_length', 'feature', 'continuous'], ['repaid_loan_on_prev_car', 'feature', 'categorical'], ['size_of_downpayment', 'feature', 'categorical'], ['driver_tenure', 'feature', 'continuous'],
  ['timestamp', 'timestamp', 'timestamp'], ['y_pred_proba', 'predicted_probability', 'continuous'], ['y_pred', 'prediction', 'continuous'], ['repaid', 'target', 'continuous'],
];

/** The end of the demo's story: all rows appended, targets of the last two chunks still coming, one decision waits. */
export function carLoanReport(): ReportInput {
  const results = carLoanResults().map((result) => midway(result));
  const drift = results.filter((r) => r.calculator === 'univariate_drift' && r.period === 'analysis');
  const alerts = new Map<string, number>();
  for (const { column, alert } of drift) alerts.set(column, (alerts.get(column) ?? 0) + (alert ? 1 : 0));
  const ranking = [...alerts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? 1 : -1)).map(([column, count], i) => ({ rank: i + 1, column, alerts: count }));
  const workflowId = 'aftercare/model/1/decision/estimated_performance/roc_auc/000005/1';
  return {
    model: { name: 'car-loans', version: 1, state: 'active', problemType: 'classification_binary', createdAt: '2026-01-05T09:00:00Z', createdBy: 'demo' },
    counts: { referenceRows: 50_000, analysisRows: 50_000, targetsMatched: 43_500, targetsWaiting: 3, batches: 8, rowsDuplicate: 120, rowsQuarantined: 0, dataEndsAt: '2019-08-29T11:51:16.848Z' },
    settings: defaultSettings('classification_binary', { kind: 'size', size: CHUNK }),
    schema: { problemType: 'classification_binary', columns: COLUMNS.map(([name, role, kind]) => ({ name, role, kind })) },
    segment: '', results, segments: [], ranking, distributions: carLoanDistributions(results),
    incidents: [
      { id: 1, model: 'car-loans', version: 1, segment: '', kind: 'estimated_performance', cause: 'roc_auc', openingChunk: '000005', lastChunk: '000009', chunkCount: 5, ongoing: true, state: 'open', openedByRun: 2, openedAt: '2026-01-05T09:00:31Z' },
      { id: 2, model: 'car-loans', version: 1, segment: '', kind: 'drift', cause: 'car_value', openingChunk: '000005', lastChunk: '000009', chunkCount: 5, ongoing: true, state: 'open', openedByRun: 2, openedAt: '2026-01-05T09:00:31Z' },
      { id: 3, model: 'car-loans', version: 1, segment: '', kind: 'drift', cause: 'car_value', openingChunk: '000003', lastChunk: '000003', chunkCount: 1, ongoing: false, state: 'resolved', openedByRun: 1, openedAt: '2026-01-05T09:00:12Z' },
    ],
    decisions: [{
      id: '1/estimated_performance/roc_auc/000005/1', model: 'car-loans', subject: 'incident', incidentId: 1, approvers: [], question: 'Estimated ROC AUC has been below its threshold since chunk 5. What shall be done?',
      options: ['acknowledge', 'retrain', 'ignore'], state: 'waiting', answer: null, answeredBy: null, note: null,
      askedAt: '2026-01-05T09:00:32Z', deadlineAt: '2026-02-04T09:00:32Z', answeredAt: null, workflowId, commands: [],
    }],
    runs: [1, 2, 3].map((number) => ({
      model: 'car-loans', number, state: 'completed' as const, trigger: number === 1 ? 'manual' as const : number === 2 ? 'count' as const : 'targets' as const, requestedBy: number === 1 ? 'demo' : 'lifecycle',
      previousHorizon: number - 1, horizon: number, chunks: number === 1 ? 5 : 10, chunksComputed: number === 3 ? 10 : 5, rowsRead: number === 3 ? 50_000 : 25_000, referenceRowsRead: number === 1 ? 50_000 : 0,
      measurements: 400, alerts: number === 1 ? 1 : 40, failures: [], notes: [], progress: { step: 'done' as const, done: 10, of: 10 },
      startedAt: `2026-01-05T09:00:1${number}.000Z`, finishedAt: `2026-01-05T09:00:1${number}.900Z`, elapsedMs: 900 + number,
    })),
    versions: [{ number: 1, role: 'champion', referenceRows: 50_000, provenance: {}, createdAt: '2026-01-05T09:00:05Z', createdBy: 'demo' }], changes: [], verdicts: [],
    aftercareVersion: '0.1.0', preparedAt: '2026-01-05T09:01:00Z',
  };
}

/** Targets of the last two analysis chunks are still coming: one is provisional, one has none, and it is still open. */
function midway(result: Result): Result {
  if (result.period !== 'analysis' || result.chunk.index < 8) return result;
  const last = result.chunk.index === 9;
  const chunk = { ...result.chunk, complete: !last, final: false, targets: last ? 0 : 3500, rows: last ? 4200 : result.chunk.rows };
  if (result.calculator === 'realized_performance' && last) return { ...result, chunk, value: null, samplingError: null, alert: null, reason: 'no targets yet' };
  return { ...result, chunk };
}
