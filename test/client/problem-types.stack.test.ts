/** Models of every problem type, from a file to results, rankings and comparisons. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendInferences, appendTruths } from '../../client/append.js';
import { compareModelRows } from '../../client/compare.js';
import { changeModelSettings, createFromInput } from '../../client/models.js';
import { previewSettings } from '../../client/preview.js';
import { rankColumns } from '../../client/rank.js';
import { gatherReport } from '../../client/report.js';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { renderReport } from '../../plots/report.js';
import { readResults, readSegments } from '../../store/results.js';
import { runModel } from '../activities/run-model.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';

let database: TestDatabase;
const context = () => ({ pool: database.pool, by: 'test' });
const data = (name: string): string => new URL(`../../datasets/${name}`, import.meta.url).pathname;

beforeAll(async () => { database = await createDatabase(); });
afterAll(() => database.drop());

describe('a regression', () => {
  let modelId: number;
  beforeAll(async () => {
    const created = await createFromInput(context(), { name: 'prices', reference: data('edge_regression_reference.csv'), settings: { chunking: { kind: 'size', size: 200 }, segments: { by: ['grp'], minReferenceRows: 200 } } });
    expect(created.schema.problemType).toBe('regression');
    expect(created.settings.keyMetric).toBe('rmse');
    modelId = created.modelId;
    const receipt = await appendInferences(context(), 'prices', data('edge_regression_analysis.csv'));
    expect(receipt.rowsAccepted).toBe(receipt.rowsRead);
    await runModel(database.pool, modelId);
  });

  it('has errors, estimated and realized, for all rows', async () => {
    const results = await readResults(database.pool, modelId, { calculators: ['realized_performance'], metrics: ['rmse'], period: 'analysis' });
    expect(results.length).toBeGreaterThan(3);
    for (const { value, segment, reason } of results) {
      expect(segment).toBe('');
      if (value === null) expect(reason).not.toBeNull();
      else expect(value).toBeGreaterThan(0);
    }
    expect(results.filter(({ value }) => value !== null).length).toBeGreaterThan(3);
    const estimated = await readResults(database.pool, modelId, { calculators: ['estimated_performance'], metrics: ['rmse'], period: 'analysis' });
    expect(estimated.map(({ chunk }) => chunk.key)).toEqual(results.map(({ chunk }) => chunk.key));
  });

  it('shows segments only when they are asked for: one, those of a column, or all', async () => {
    const filter = { calculators: ['realized_performance'], metrics: ['mae'], period: 'analysis' } as const;
    const segments = (await readSegments(database.pool, modelId)).map(({ segment }) => segment);
    expect(segments.length).toBeGreaterThan(1);
    expect(segments.every((segment) => segment.startsWith('grp='))).toBe(true);
    const of = async (asked: readonly string[] | 'all'): Promise<string[]> => [...new Set((await readResults(database.pool, modelId, { ...filter, segments: asked })).map(({ segment }) => segment))];
    expect(await of([segments[0]!])).toEqual([segments[0]]);
    expect((await of(['grp'])).sort()).toEqual([...segments].sort());
    expect((await of('all')).sort()).toEqual(['', ...segments].sort());
    expect(await of(['gr'])).toEqual([]);
  });

  it('is ranked by alerts, correlation and impact, also within a segment', async () => {
    const alerts = await rankColumns(database.pool, 'prices');
    expect(alerts.columns.map(({ column }) => column).sort()).toEqual(['grp', 'x1', 'x2', 'x3']);
    expect(alerts.columns.map(({ rank }) => rank)).toEqual([1, 2, 3, 4]);
    const correlation = await rankColumns(database.pool, 'prices', { by: 'correlation' });
    expect(correlation.performance).toEqual({ kind: 'realized', metric: 'rmse' });
    for (const { correlation: r, pValue } of correlation.columns) {
      expect(Math.abs(r!)).toBeLessThanOrEqual(1);
      expect(pValue).toBeGreaterThanOrEqual(0);
    }
    const [segment] = await readSegments(database.pool, modelId);
    const impact = await rankColumns(database.pool, 'prices', { by: 'impact', metric: 'mae', segment: segment!.segment });
    expect(impact).toMatchObject({ by: 'impact', segment: segment!.segment, performance: { metric: 'mae' } });
    expect(impact.columns.every(({ score }) => score === null || (score >= 0 && score < 1))).toBe(true);
    await expect(rankColumns(database.pool, 'prices', { segment: 'grp=nothing' })).rejects.toThrow(/no analysis result of univariate_drift for segment 'grp=nothing'/);
    await expect(rankColumns(database.pool, 'prices', { by: 'impact', metric: 'nothing' })).rejects.toThrow(InvalidInput);
  });
});

describe('previewing settings', () => {
  it('says what other thresholds would make of the values that are there, exactly as the next run then does; nothing is written', async () => {
    const before = await readResults(database.pool, await createdId('prices'), { segments: 'all', period: 'analysis' });
    const patch = { thresholds: [{ calculator: 'univariate_drift' as const, column: 'x1', rule: { type: 'constant' as const, lower: null, upper: 0.01 } }, { calculator: 'realized_performance' as const, alertOn: 'worse' as const }] };
    const preview = await previewSettings(database.pool, 'prices', patch);
    expect(preview).toMatchObject({ stale: [], judgesAnew: true });
    expect(preview.changed.find(({ column, segment }) => column === 'x1' && segment === '')).toMatchObject({ calculator: 'univariate_drift', after: { upper: 0.01 } });
    expect(await readResults(database.pool, await createdId('prices'), { segments: 'all', period: 'analysis' })).toEqual(before);

    await changeModelSettings(context(), 'prices', patch);
    const { record } = await runModel(database.pool, await createdId('prices'));
    expect(record.chunksComputed).toBe(0);
    const after = (await readResults(database.pool, await createdId('prices'), { segments: 'all', period: 'analysis', onlyAlerts: true })).filter(({ chunk }) => chunk.complete);
    expect(after.length).toBe(preview.alerts.after);
    expect(preview.alerts.before).toBe(before.filter(({ alert, chunk }) => alert === true && chunk.complete).length);
    expect((await previewSettings(database.pool, 'prices', {})).changed).toEqual([]);
  });

  it('does not guess what would have to be computed', async () => {
    const preview = await previewSettings(database.pool, 'prices', { calculators: { univariate_drift: { continuousMethods: ['wasserstein'] } } });
    expect(preview.stale).toEqual(['univariate_drift']);
    expect(preview.changed).toEqual([]);
    await expect(previewSettings(database.pool, 'prices', { keyMetric: 'roc_auc' })).rejects.toThrow(/keyMetric 'roc_auc' is none of mae/);
  });
});

describe('comparing rows', () => {
  it('a set with itself has no distance; periods, chunks and times are told apart', async () => {
    const same = await compareModelRows(database.pool, 'prices', { period: 'reference' }, { period: 'reference' });
    for (const column of same.columns) for (const { method, value } of column.distances) expect(value, `${column.column} ${method}`).toBeCloseTo(0, 6);
    const all = await compareModelRows(database.pool, 'prices', { period: 'reference' }, {});
    expect(all).toMatchObject({ a: { rows: 2_000, rowsInAll: 2_000, name: 'reference' }, b: { name: 'analysis', period: 'analysis' } });
    const chunk = await compareModelRows(database.pool, 'prices', { period: 'reference', chunks: [0, 1] }, { chunks: 2 }, { columns: ['x1', 'grp'] });
    expect(chunk).toMatchObject({ a: { rows: 400 }, b: { rows: 200 } });
    expect(chunk.columns.map(({ column }) => column).sort()).toEqual(['grp', 'x1']);
    const day = await compareModelRows(database.pool, 'prices', { period: 'reference', from: '2021-03-01', to: '2021-03-02' }, { from: '2021-03-29', to: '2021-03-30' });
    expect(day.a).toMatchObject({ rows: 72, firstAt: '2021-03-01T00:00:00.000Z', lastAt: '2021-03-01T23:40:00.000Z' });
    expect(day.b.rows).toBe(72);
  });

  it('segments against each other, and what it cannot do is refused', async () => {
    const [first, second] = await readSegments(database.pool, (await createdId('prices')));
    const found = await compareModelRows(database.pool, 'prices', { segment: first!.segment }, { segment: second!.segment });
    expect(found.a.rows).toBe(first!.analysisRows);
    const group = found.columns.find(({ column }) => column === 'grp')!;
    expect(group.distances.find(({ method }) => method === 'jensen_shannon')!.value).toBeCloseTo(1, 9);
    await expect(compareModelRows(database.pool, 'prices', { segment: 'x1=3' }, {})).rejects.toThrow(/segment 'x1=3' is not column=value of a categorical column \('grp'\)/);
    await expect(compareModelRows(database.pool, 'prices', { chunks: 99 }, {})).rejects.toThrow(NotFound);
    await expect(compareModelRows(database.pool, 'prices', { from: 'yesterday' }, {})).rejects.toThrow(/'yesterday' is no time/);
    await expect(compareModelRows(database.pool, 'prices', { to: '1999-01-01' }, {})).rejects.toThrow(/the first side \(analysis, to 1999-01-01\) has no rows/);
    await expect(compareModelRows(database.pool, 'prices', {}, { version: 7 })).rejects.toThrow(/no version 7/);
  });

  it('thins out evenly, the same rows each time', async () => {
    const thin = (): ReturnType<typeof compareModelRows> => compareModelRows(database.pool, 'prices', { period: 'reference' }, {}, { maxRows: 500 });
    const [once, again] = [await thin(), await thin()];
    expect(once.a.rowsInAll).toBe(2_000);
    expect(Math.abs(once.a.rows - 500)).toBeLessThan(15);
    expect(again).toEqual(once);
  });
});

describe('a classification into several classes', () => {
  it('has its metrics and its confusion matrix; predictions are logged with targets after them', async () => {
    const { modelId, settings, notes } = await createFromInput(context(), {
      name: 'letters', reference: data('edge_multiclass_reference.csv'),
      settings: { chunking: { kind: 'size', size: 150 }, calculators: { realized_performance: { metrics: ['roc_auc', 'f1', 'accuracy', 'confusion_matrix'] } } },
    });
    expect(settings.keyMetric).toBe('roc_auc');
    expect(notes.join('\n')).toContain("3 classes: 'a', 'b', 'c'");
    await appendInferences(context(), 'letters', data('edge_multiclass_analysis.csv'));
    await appendInferences(context(), 'letters', [{ id: 'new-1', f1: 0.1, f2: 0.2, seg: 'u', p_a: 0.7, p_b: 0.2, p_c: 0.1, y_pred: 'a', timestamp: '2022-08-20T00:00:00Z' }]);
    const truths = await appendTruths(context(), 'letters', [{ id: 'new-1', y_true: 'b' }]);
    expect(truths.targets).toMatchObject({ matched: 1 });
    const { record } = await runModel(database.pool, modelId);
    expect(record.failures).toEqual([]);
    const results = await readResults(database.pool, modelId, { calculators: ['realized_performance'] });
    const metrics = new Set(results.map(({ metric }) => metric));
    expect([...metrics].sort()).toEqual(['accuracy', 'f1', 'roc_auc', ...['a', 'b', 'c'].flatMap((t) => ['a', 'b', 'c'].map((p) => `true_${t}_pred_${p}`))].sort());
    const html = renderReport(await gatherReport(database.pool, 'letters', null));
    expect(html).toContain('multiclass classification');
  });
});

describe('a binary model without probabilities', () => {
  it('is realized by what needs none', async () => {
    const { modelId, settings } = await createFromInput(context(), {
      name: 'plain', reference: Array.from({ length: 400 }, (_, i) => ({ id: i, x: (i * 7) % 101, y_pred: i % 2, y_true: i % 3 === 0 ? 1 - (i % 2) : i % 2 })), settings: { chunking: { kind: 'size', size: 100 } },
    });
    expect(settings).toMatchObject({ keyMetric: 'f1', calculators: { estimated_performance: null } });
    await appendInferences(context(), 'plain', Array.from({ length: 100 }, (_, i) => ({ id: 1_000 + i, x: i, y_pred: i % 2, y_true: i % 2 })));
    const { record } = await runModel(database.pool, modelId);
    expect(record.failures).toEqual([]);
    const [accuracy] = await readResults(database.pool, modelId, { calculators: ['realized_performance'], metrics: ['accuracy'], period: 'analysis' });
    expect(accuracy?.value).toBe(1);
  });
});

async function createdId(name: string): Promise<number> {
  const { rows } = await database.pool.query<{ id: number }>('select id from aftercare.model where name = $1', [name]);
  return rows[0]!.id;
}
