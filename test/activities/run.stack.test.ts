/** Runs by direct calls of the activities on a real database: what is computed, what is written, what is left alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { abandonRun } from '../../activities/abandon-run.js';
import { finishRun } from '../../activities/finish-run.js';
import { inlineThreads } from '../../activities/numeric-work.js';
import { planRun } from '../../activities/plan-run.js';
import { readLedger } from '../../activities/read-ledger.js';
import type { Result } from '../../domain/measurement.js';
import type { ModelSettings } from '../../domain/settings.js';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { updateSettings } from '../../store/models.js';
import { openPool, type Pool } from '../../store/pool.js';
import { alertCountRanking, canonicalResults, readCoverage, readEstimationErrors, readResults } from '../../store/results.js';
import { readRunByNumber, readRuns } from '../../store/runs.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';
import { memorySource } from '../store/memory-source.js';
import { createSmallModel, runModel, smallRow, smallSettings, smallTarget, SMALL_SCHEMA, WITHOUT_TIME } from './run-model.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const append = (modelId: number, rows: number[], wobble = 0, upsert = false): Promise<unknown> =>
  appendRows(database.pool, modelId, memorySource(rows.map((n) => smallRow(n, wobble))), { by: 'test', upsert });
const targets = (modelId: number, rows: number[], wobble = 0): Promise<unknown> =>
  appendTargets(database.pool, modelId, memorySource(rows.map((n) => smallTarget(n, wobble))), { by: 'test' });
const model = (settings: ModelSettings = smallSettings({ kind: 'size', size: 20 }), options: Parameters<typeof createSmallModel>[3] = {}): Promise<number> =>
  createSmallModel(database.pool, uniqueName('model'), settings, options);
const one = (results: Result[], chunk: string, calculator: Result['calculator'] = 'estimated_performance', metric = 'roc_auc', column = ''): Result =>
  results.find((r) => r.period === 'analysis' && r.chunk.key === chunk && r.calculator === calculator && r.metric === metric && r.column === column)!;

/** Rows that the database itself fetched from the table of inferences. Sessions that ended have reported all that they counted. */
async function fetched(modelId: number): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(`select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as n from pg_stat_user_tables where schemaname = 'aftercare_data' and relname = $1`, [`m${modelId}_inference`]);
  return rows[0]!.n;
}

/** Work on connections of its own, which are closed at the end. */
async function apart<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool(database.url);
  try {
    return await work(pool);
  } finally {
    await pool.end();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

describe('a run', () => {
  it('computes every calculator for reference and analysis, and says what it did', async () => {
    const id = await model();
    await append(id, numbers(0, 50));
    const { plan, record, outcome } = await runModel(database.pool, id);
    expect(plan).toMatchObject({ needsFit: true, parts: 1, chunks: 3, rows: 50 });
    expect(record).toMatchObject({ state: 'completed', chunks: 3, chunksComputed: 3, rowsRead: 50, referenceRowsRead: 200, failures: [], progress: { step: 'done', done: 3, of: 3 } });
    expect(outcome.state).toBe('completed');
    const results = await readResults(database.pool, id);
    expect(new Set(results.map(({ calculator }) => calculator))).toEqual(new Set(['univariate_drift', 'reconstruction_error', 'missing_values', 'unseen_values', 'numerical_range', 'estimated_performance', 'realized_performance']));
    expect(one(results, '000002').chunk).toMatchObject({ index: 2, startIndex: 40, endIndex: 49, rows: 10, complete: false, final: false, targets: 0 });
    expect(one(results, '000000')).toMatchObject({ chunk: { complete: true }, lowerThreshold: expect.any(Number) as number, alert: expect.any(Boolean) as boolean, engineVersion: expect.any(String) as string });
    expect(one(results, '000000', 'realized_performance')).toMatchObject({ value: null, alert: null, reason: expect.any(String) as string });
    expect(one(results, '000000', 'univariate_drift', 'jensen_shannon', 'predicted').value).toEqual(expect.any(Number));
    expect(results.filter(({ period, calculator, metric }) => period === 'reference' && calculator === 'realized_performance' && metric === 'roc_auc')).toHaveLength(10);
  });

  it('reads only the open chunk and the new rows when rows come in order, as the database counts as well', async () => {
    const id = await model();
    await apart(async (pool) => {
      await appendRows(pool, id, memorySource(numbers(0, 50).map((n) => smallRow(n))), { by: 'test' });
      await runModel(pool, id);
      await appendRows(pool, id, memorySource(numbers(50, 70).map((n) => smallRow(n))), { by: 'test' });
    });
    const before = await fetched(id);
    const { record } = await apart((pool) => runModel(pool, id));
    expect(record).toMatchObject({ chunks: 4, chunksComputed: 2, rowsRead: 30, referenceRowsRead: 0 });
    expect(await fetched(id) - before).toBe(30);
  });

  it('with nothing new computes nothing and changes nothing', async () => {
    const id = await model();
    await append(id, numbers(0, 40));
    await runModel(database.pool, id);
    const before = await canonicalResults(database.pool, id);
    const { plan, record } = await runModel(database.pool, id);
    expect(plan).toMatchObject({ parts: 0, chunks: 0, needsFit: false });
    expect(record).toMatchObject({ state: 'completed', chunks: 2, chunksComputed: 0, rowsRead: 0 });
    expect(await canonicalResults(database.pool, id)).toEqual(before);
  });

  it('cuts again from the chunk into which a late row falls, and keeps what stood before it', async () => {
    const settings = smallSettings({ kind: 'size', size: 20 });
    const id = await model({ ...settings, calculators: { ...settings.calculators, univariate_drift: { continuousMethods: ['wasserstein'], categoricalMethods: ['chi2'] } } });
    await append(id, numbers(0, 80).filter((n) => n !== 45));
    await runModel(database.pool, id);
    await append(id, [45]);
    const { record } = await runModel(database.pool, id);
    expect(record).toMatchObject({ chunks: 4, chunksComputed: 2, rowsRead: 40 });
    const results = await readResults(database.pool, id);
    expect(one(results, '000003').chunk).toMatchObject({ rows: 20, complete: true });
    expect(one(results, '000001', 'univariate_drift', 'wasserstein', 'amount').revision).toBe(0);
    expect(one(results, '000002', 'univariate_drift', 'wasserstein', 'amount').revision).toBe(1);
  });

  it('late row with period chunks touches its own period only', async () => {
    const id = await model(smallSettings({ kind: 'period', period: 'D' }));
    await append(id, numbers(0, 200).filter((n) => n !== 60));
    await runModel(database.pool, id);
    await append(id, [60]);
    const { record } = await runModel(database.pool, id);
    expect(record.chunksComputed).toBe(1);
    const results = await readResults(database.pool, id);
    const touched = results.filter((r) => r.calculator === 'missing_values' && r.column === 'amount' && r.period === 'analysis');
    expect(touched.map(({ chunk }) => chunk.key)).toEqual([...touched].map(({ chunk }) => chunk.key).sort());
    expect(touched[0]!.chunk).toMatchObject({ startDate: '2024-03-29T00:00:00.000000Z', endDate: '2024-03-29T23:59:59.999999Z' });
    expect(touched.at(-1)!.chunk.complete).toBe(false);
    expect(touched.at(-2)!.chunk.complete).toBe(true);
  });

  it('targets touch the chunks of their inferences, and only the calculators that look at targets write anew', async () => {
    const id = await model();
    await append(id, numbers(0, 80));
    await runModel(database.pool, id);
    await targets(id, numbers(45, 60));
    const { record } = await runModel(database.pool, id);
    expect(record).toMatchObject({ chunksComputed: 1, rowsRead: 20 });
    const coverage = await readCoverage(database.pool, id);
    expect(coverage.map(({ rows, targets: come, final }) => [rows, come, final])).toEqual([[20, 0, false], [20, 0, false], [20, 15, false], [20, 0, false]]);
    await targets(id, numbers(40, 45));
    await runModel(database.pool, id);
    expect((await readCoverage(database.pool, id))[2]).toMatchObject({ targets: 20, final: true });
    const errors = await readEstimationErrors(database.pool, id);
    const results = await readResults(database.pool, id);
    const rocAuc = errors.find(({ metric, chunkKey }) => metric === 'roc_auc' && chunkKey === '000002')!;
    expect(rocAuc.error).toBe(one(results, '000002', 'realized_performance').value! - one(results, '000002').value!);
    expect(one(results, '000002').revision).toBe(0);
  });

  it('a changed target gives the complete chunk a new revision; the earlier one stays readable', async () => {
    const id = await model();
    await append(id, numbers(0, 20));
    await targets(id, numbers(0, 20));
    await runModel(database.pool, id);
    const before = one(await readResults(database.pool, id), '000000', 'realized_performance', 'accuracy');
    await targets(id, numbers(0, 20), 1);
    await runModel(database.pool, id);
    const after = one(await readResults(database.pool, id), '000000', 'realized_performance', 'accuracy');
    expect(after.value).not.toBe(before.value);
    expect(after.revision).toBe(before.revision + 1);
    const history = (await readResults(database.pool, id, { currentOnly: false, calculators: ['realized_performance'], metrics: ['accuracy'], period: 'analysis' })).map(({ value, revision }) => [revision, value]);
    expect(history).toEqual([[0, before.value], [1, after.value]]);
  });

  it('a changed threshold only judges anew: no row is read, no value is measured', async () => {
    const id = await model();
    await append(id, numbers(0, 60));
    await runModel(database.pool, id);
    const values = async (): Promise<unknown> => (await database.pool.query('select count(*)::int as n, max(m.id) as last from aftercare.measurement m join aftercare.chunk c on c.id = m.chunk_id join aftercare.version v on v.id = c.version_id where v.model_id = $1', [id])).rows[0];
    const before = await values();
    await updateSettings(database.pool, id, (current) => ({ ...current, calculators: { ...current.calculators, estimated_performance: { metrics: current.calculators.estimated_performance!.metrics, thresholds: { roc_auc: { type: 'constant', lower: 0.99, upper: null } } } } }), 'test');
    const { plan, record } = await runModel(database.pool, id);
    expect(plan).toMatchObject({ parts: 0, needsFit: false });
    expect(record).toMatchObject({ chunksComputed: 0, rowsRead: 0, referenceRowsRead: 0 });
    expect(await values()).toEqual(before);
    const results = await readResults(database.pool, id, { calculators: ['estimated_performance'], metrics: ['roc_auc'] });
    expect(new Set(results.map(({ lowerThreshold, upperThreshold }) => `${lowerThreshold} ${upperThreshold}`))).toEqual(new Set(['0.99 null']));
    expect(results.every(({ alert }) => alert)).toBe(true);
  });

  it('another chunking takes the old chunks\' place; going back computes only what came meanwhile', async () => {
    const id = await model();
    await append(id, numbers(0, 40));
    await runModel(database.pool, id);
    await updateSettings(database.pool, id, (current) => ({ ...current, chunking: { kind: 'size', size: 10 } }), 'test');
    await append(id, numbers(40, 60));
    expect((await runModel(database.pool, id)).record).toMatchObject({ chunks: 6, chunksComputed: 6 });
    expect(await readCoverage(database.pool, id)).toHaveLength(6);
    await updateSettings(database.pool, id, (current) => ({ ...current, chunking: { kind: 'size', size: 20 } }), 'test');
    expect((await runModel(database.pool, id)).record).toMatchObject({ chunks: 3, chunksComputed: 1, rowsRead: 20, referenceRowsRead: 0 });
    expect(await readCoverage(database.pool, id)).toHaveLength(3);
  });

  it('a chunk that lost its rows leaves the results', async () => {
    const id = await model(smallSettings({ kind: 'size', size: 20 }), { schema: SMALL_SCHEMA });
    await append(id, numbers(0, 45));
    await runModel(database.pool, id);
    const { removeRows } = await import('../../store/remove-rows.js');
    await removeRows(database.pool, id, memorySource(numbers(10, 20).map((n) => ({ id: `row-${n}` }))), { by: 'test' });
    await runModel(database.pool, id);
    expect((await readCoverage(database.pool, id)).map(({ rows }) => rows)).toEqual([20, 15]);
  });

  it('a model without timestamps reads only what is new as well', async () => {
    const id = await model(smallSettings({ kind: 'size', size: 20 }), { schema: WITHOUT_TIME });
    const untimed = (rows: number[]): Promise<unknown> => appendRows(database.pool, id, memorySource(rows.map((n) => { const { at: _at, ...row } = smallRow(n); return row; })), { by: 'test' });
    await untimed(numbers(0, 40));
    await runModel(database.pool, id);
    await untimed(numbers(40, 60));
    expect((await runModel(database.pool, id)).record).toMatchObject({ chunksComputed: 1, rowsRead: 20 });
    const [first] = await readResults(database.pool, id, { period: 'analysis', limit: 1 });
    expect(first!.chunk).toMatchObject({ startDate: null, endDate: null });
  });

  it('sees the ledger up to its horizon and not a batch more', async () => {
    const id = await model();
    await append(id, numbers(0, 20));
    await append(id, numbers(20, 40));
    await targets(id, numbers(0, 20));
    const horizon = 2;
    expect((await runModel(database.pool, id, { horizon })).record).toMatchObject({ chunks: 1, rowsRead: 20, horizon });
    expect((await readCoverage(database.pool, id))[0]).toMatchObject({ rows: 20, targets: 0 });
    expect((await runModel(database.pool, id)).record).toMatchObject({ chunks: 2, horizon: 4 });
    expect((await readCoverage(database.pool, id)).map((chunk) => chunk.targets)).toEqual([20, 0]);
  });
});

describe('trouble', () => {
  it('a calculator that cannot be fitted does not take the others down, and its reason is kept', async () => {
    const settings = smallSettings({ kind: 'size', size: 20 });
    settings.calculators = { ...settings.calculators, missing_values: { normalize: true, columns: ['no such column'] } };
    const id = await model(settings);
    await append(id, numbers(0, 20));
    const { record } = await runModel(database.pool, id);
    expect(record.state).toBe('completed');
    expect(record.failures).toEqual([expect.objectContaining({ calculator: 'missing_values', stage: 'fit', message: expect.stringContaining("'no such column'") as string })]);
    expect((await readResults(database.pool, id)).some(({ calculator }) => calculator === 'estimated_performance')).toBe(true);
  });

  it('a fit that failed is reported by every run, and asks for no chunk again', async () => {
    const settings = smallSettings({ kind: 'size', size: 20 });
    const id = await model(settings);
    await append(id, numbers(0, 40));
    await runModel(database.pool, id);
    // As if learning had failed: the next run finds the failure under the calculator's key.
    await database.pool.query(`update aftercare.fitted f set failure = 'column colour is odd', body = '' from aftercare.version v where v.id = f.version_id and v.model_id = $1 and f.calculator = 'unseen_values'`, [id]);
    await database.pool.query(`delete from aftercare.chunk_calculation x using aftercare.fitted f where f.id = x.fitted_id and f.failure is not null`);
    const { plan, record } = await runModel(database.pool, id);
    expect(plan).toMatchObject({ parts: 0, needsFit: false });
    expect(record).toMatchObject({ state: 'completed', rowsRead: 0, failures: [{ calculator: 'unseen_values', stage: 'fit', message: 'column colour is odd' }] });
    expect((await readResults(database.pool, id)).some(({ calculator }) => calculator === 'unseen_values')).toBe(false);
  });

  it('a run that was abandoned cannot be finished any more', async () => {
    const id = await model();
    await append(id, numbers(0, 20));
    const plan = await planRun({ pool: database.pool }, { modelId: id, runNumber: 1, previousHorizon: 0, horizon: 2, trigger: 'manual', by: 'test', full: false });
    await abandonRun({ pool: database.pool }, { modelId: id, runNumber: 1, state: 'cancelled', reason: 'by request' });
    await expect(finishRun({ pool: database.pool }, { runId: plan.runId })).rejects.toThrow(/was cancelled already/);
  });

  it('a part that is computed twice, and a run that is planned and finished twice, count once', async () => {
    const id = await model();
    await append(id, numbers(0, 40));
    const { pool } = database;
    const request = { modelId: id, runNumber: 1, previousHorizon: 0, horizon: 2, trigger: 'manual' as const, by: 'test', full: false };
    const plan = await planRun({ pool }, request);
    expect(await planRun({ pool }, request)).toEqual(plan);
    const threads = inlineThreads(pool);
    await threads.run({ kind: 'fit', runId: plan.runId });
    await threads.run({ kind: 'fit', runId: plan.runId });
    const first = await threads.run({ kind: 'compute', runId: plan.runId, part: 0 });
    expect(await threads.run({ kind: 'compute', runId: plan.runId, part: 0 })).toEqual(first);
    const outcome = await finishRun({ pool }, { runId: plan.runId });
    expect(await finishRun({ pool }, { runId: plan.runId })).toEqual(outcome);
    expect(await readRunByNumber(pool, id, 1)).toMatchObject({ rowsRead: 40, referenceRowsRead: 200, chunksComputed: 2 });
    expect(await readResults(pool, id, { currentOnly: false })).toHaveLength((await readResults(pool, id)).length);
  });

  it('a run is not finished while a part is missing', async () => {
    const id = await model();
    await append(id, numbers(0, 40));
    const plan = await planRun({ pool: database.pool }, { modelId: id, runNumber: 1, previousHorizon: 0, horizon: 2, trigger: 'manual', by: 'test', full: false });
    await expect(finishRun({ pool: database.pool }, { runId: plan.runId })).rejects.toThrow(/0 of 1 parts/);
  });

  it('what a cancelled run left half done, the next one does', async () => {
    const id = await model();
    const twin = await model();
    for (const each of [id, twin]) await append(each, numbers(0, 50));
    await runModel(database.pool, id);
    for (const each of [id, twin]) await append(each, [...numbers(60, 100), 55]);
    const { pool } = database;
    const plan = await planRun({ pool }, { modelId: id, runNumber: 2, previousHorizon: 2, horizon: 3, trigger: 'manual', by: 'test', full: false });
    await inlineThreads(pool).run({ kind: 'compute', runId: plan.runId, part: 0 });
    await abandonRun({ pool }, { modelId: id, runNumber: 2, state: 'cancelled', reason: 'by request' });
    expect(await readRunByNumber(pool, id, 2)).toMatchObject({ state: 'cancelled', progress: { step: 'compute' } });
    for (const each of [id, twin]) await append(each, numbers(100, 110));
    await runModel(pool, id);
    await runModel(pool, twin);
    const anonymous = async (modelId: number): Promise<string[]> => (await canonicalResults(pool, modelId)).map((line) => line.replace(/^\{"model":"[^"]*",/, '{')).sort();
    expect(await anonymous(id)).toEqual(await anonymous(twin));
  });

  it('a run that never began is recorded as cancelled', async () => {
    const id = await model();
    await abandonRun({ pool: database.pool }, { modelId: id, runNumber: 1, state: 'cancelled', reason: 'by request' });
    await abandonRun({ pool: database.pool }, { modelId: id, runNumber: 1, state: 'failed', reason: 'too late' });
    expect(await readRuns(database.pool, id)).toEqual([expect.objectContaining({ number: 1, state: 'cancelled' })]);
  });
});

describe('what people read', () => {
  it('filters by calculator, metric, column, period, dates and alerts', async () => {
    const id = await model();
    await append(id, numbers(0, 240));
    await runModel(database.pool, id);
    const { pool } = database;
    const all = await readResults(pool, id);
    const drift = await readResults(pool, id, { calculators: ['univariate_drift'], columns: ['amount'], period: 'analysis' });
    expect(drift.map(({ chunk }) => chunk.index)).toEqual(numbers(0, 12));
    expect(await readResults(pool, id, { onlyAlerts: true })).toEqual(all.filter(({ alert, period }) => alert && period === 'analysis'));
    expect(await readResults(pool, id, { onlyAlerts: true, period: 'reference' })).toEqual(all.filter(({ alert, period }) => alert && period === 'reference'));
    const middle = await readResults(pool, id, { calculators: ['missing_values'], columns: ['amount'], period: 'analysis', from: drift[4]!.chunk.startDate!, to: drift[6]!.chunk.startDate! });
    expect(middle.map(({ chunk }) => chunk.index)).toEqual([4, 5]);
    expect(await readResults(pool, id, { limit: 3 })).toEqual(all.slice(0, 3));
  });

  it('ranks features by alerts, equal ones by name descending', async () => {
    const id = await model();
    await append(id, numbers(0, 240));
    await runModel(database.pool, id);
    const ranking = await alertCountRanking(database.pool, id);
    const alerts = (column: string, results: Result[]): number => results.filter((r) => r.calculator === 'univariate_drift' && r.period === 'analysis' && r.column === column && r.alert).length;
    const results = await readResults(database.pool, id);
    expect(ranking[0]).toEqual({ column: 'amount', alerts: alerts('amount', results), rank: 1 });
    expect(ranking.map(({ column }) => column).sort()).toEqual(['amount', 'colour']);
    expect((await alertCountRanking(database.pool, id, { columns: ['score'] })).map(({ column }) => column)).toEqual(['score']);
  });

  it('readLedger gives what came after a number, and notes how far it looked', async () => {
    const id = await model();
    await append(id, numbers(0, 20));
    await targets(id, numbers(0, 5));
    const view = await readLedger({ pool: database.pool }, { modelId: id, after: 1 });
    expect(view).toMatchObject({ state: 'active', lastBatch: 3, more: false, entries: [{ number: 2, kind: 'analysis', rowsAccepted: 20 }, { number: 3, kind: 'target', rowsAccepted: 5 }] });
    const { rows } = await database.pool.query<{ noticed: number }>('select noticed_batch as noticed from aftercare.model where id = $1', [id]);
    expect(rows[0]!.noticed).toBe(3);
  });
});

describe('a run that an earlier version planned', () => {
  it('is finished by this one: its plan knew no segments, its settings nothing of what came later', async () => {
    const id = await createSmallModel(database.pool, uniqueName('planned-before'), smallSettings({ kind: 'size', size: 20 }));
    const plain = await createSmallModel(database.pool, uniqueName('planned-now'), smallSettings({ kind: 'size', size: 20 }));
    const rows = Array.from({ length: 50 }, (_, n) => smallRow(n));
    for (const modelId of [id, plain]) await appendRows(database.pool, modelId, memorySource(rows), { by: 'test' });
    await database.pool.query(`update aftercare.model set settings = settings - 'segments'::text - 'thresholds'::text || jsonb_build_object('calculators', (settings -> 'calculators') - 'summary_statistics'::text - 'domain_classifier'::text) where id = $1`, [id]);
    const { runId } = await planRun({ pool: database.pool }, { modelId: id, runNumber: 1, previousHorizon: 0, horizon: 2, trigger: 'manual', by: 'test', full: false });
    const { rows: [stored] } = await database.pool.query<{ plan: { populations: Record<string, unknown>[]; parts: { ranges: Record<string, unknown>[] }[] } }>('select plan from aftercare.run where id = $1', [runId]);
    const { populations: [all], parts, ...rest } = stored!.plan;
    const { column: _column, value: _value, ...scheme } = all!;
    const before = { ...rest, ...scheme, notes: undefined, parts: parts.map(({ ranges }) => ({ ranges: ranges.map(({ segment: _segment, ...range }) => range) })) };
    await database.pool.query('update aftercare.run set plan = $2 where id = $1', [runId, JSON.stringify(before)]);
    const threads = inlineThreads(database.pool);
    await threads.run({ kind: 'fit', runId });
    for (let part = 0; part < parts.length; part++) await threads.run({ kind: 'compute', runId, part });
    await finishRun({ pool: database.pool }, { runId });
    await runModel(database.pool, plain);
    const values = async (modelId: number): Promise<unknown[]> => (await readResults(database.pool, modelId)).map(({ model: _model, ...result }) => result);
    expect((await values(id)).length).toBeGreaterThan(50);
    expect(await values(id)).toEqual(await values(plain));
  });
});
