/** Laws that every calculator of the catalogue keeps. */
import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import type { MetricPoint } from '../../domain/measurement.js';
import {
  calculateChunk, fitCalculator, fromFittedJson, judge, NO_COLUMNS, requiredColumns, requiredChunkColumns, slice, takeRows, thresholdsOf, toFittedJson,
  type CategoricalColumn, type ContinuousColumn, type EngineKind, type EngineRequest, type Frame,
} from '../../engine/index.js';
import { loanFrame, TIERS } from '../support/frames.js';

const columns = { ...NO_COLUMNS, continuous: ['amount', 'rate'], categorical: ['plan', 'city'], target: 'outcome', prediction: 'prediction', probability: 'score' };
const performance = {
  metrics: ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy', 'average_precision', 'confusion_matrix', 'business_value'],
  businessValueMatrix: [[0, -2], [-5, 3]],
} satisfies Extract<EngineRequest, { kind: 'realized_performance' }>['settings'];
const ofClasses = { ...NO_COLUMNS, problemType: 'classification_multiclass' as const, target: 'tier', prediction: 'tier_guess', classProbabilities: TIERS };
const performanceOfClasses = { ...performance, businessValueMatrix: [[1, -2, -1], [-5, 3, 0], [-1, 0.5, 2]] };

/** A regression of the same rows: the score is taken for a number that the rate guesses. */
const ofNumbers = { ...NO_COLUMNS, problemType: 'regression' as const, continuous: ['amount'], categorical: ['plan', 'city'], target: 'score', prediction: 'rate' };
const errors = { metrics: ['mae', 'mape', 'mse', 'rmse', 'msle', 'rmsle'] } satisfies Extract<EngineRequest, { kind: 'realized_performance' }>['settings'];

const REQUESTS: EngineRequest[] = [
  { kind: 'summary_statistics', columns, settings: { statistics: ['avg', 'sum', 'std', 'median', 'row_count'] } },
  { kind: 'summary_statistics', columns, settings: { statistics: ['row_count'] } },
  // A small boosting: laws do not depend on its size.
  { kind: 'domain_classifier', columns, settings: { hyperparameters: { n_estimators: 4, num_leaves: 4 } } },
  { kind: 'univariate_drift', columns, settings: { continuousMethods: ['kolmogorov_smirnov', 'jensen_shannon', 'wasserstein', 'hellinger'], categoricalMethods: ['chi2', 'jensen_shannon', 'hellinger', 'l_infinity'] } },
  { kind: 'reconstruction_error', columns, settings: { components: 0.65 } },
  { kind: 'missing_values', columns, settings: { normalize: true } },
  { kind: 'missing_values', columns, settings: { normalize: false } },
  { kind: 'unseen_values', columns, settings: { normalize: true } },
  { kind: 'unseen_values', columns, settings: { normalize: false } },
  { kind: 'numerical_range', columns, settings: { normalize: true } },
  { kind: 'numerical_range', columns, settings: { normalize: false } },
  { kind: 'estimated_performance', columns, settings: { ...performance, normalizeConfusionMatrix: 'true' } },
  { kind: 'realized_performance', columns, settings: { ...performance, normalizeConfusionMatrix: 'pred', normalizeBusinessValue: 'per_prediction' } },
  { kind: 'estimated_performance', columns: ofClasses, settings: { ...performanceOfClasses, normalizeBusinessValue: 'per_prediction' } },
  { kind: 'estimated_performance', columns: ofClasses, settings: { ...performanceOfClasses, normalizeConfusionMatrix: 'all' } },
  { kind: 'realized_performance', columns: ofClasses, settings: { ...performanceOfClasses, normalizeConfusionMatrix: 'true' } },
  { kind: 'realized_performance', columns: ofClasses, settings: performanceOfClasses },
  { kind: 'realized_performance', columns: ofNumbers, settings: errors },
  { kind: 'estimated_performance', columns: ofNumbers, settings: { ...errors, hyperparameters: { n_estimators: 10, num_leaves: 8 } } },
];

/** 12,000 rows: beyond 10,000, from where distribution functions are kept as histograms. */
const reference = loanFrame(12_000, 1);
const smallReference = slice(reference, 0, 900);
const analysis = loanFrame(500, 2, 0.2);
const chunksOf = (frame: Frame, size: number) => Array.from({ length: Math.floor(frame.rowCount / size) }, (_, i) => ({ start: i * size, end: (i + 1) * size }));

function shuffled(frame: Frame): Frame {
  return takeRows(frame, Int32Array.from({ length: frame.rowCount }, (_, i) => (i * 263 + 17) % frame.rowCount));
}

function expectEqualPoints(got: MetricPoint[], want: MetricPoint[], digits: number): void {
  expect(got.map(({ metric, column, alert, reason }) => ({ metric, column, alert, reason }))).toEqual(want.map(({ metric, column, alert, reason }) => ({ metric, column, alert, reason })));
  for (const field of ['value', 'samplingError', 'bandLower', 'bandUpper'] as const) {
    got.forEach((point, i) => {
      const wanted = want[i]![field];
      if (Number.isNaN(wanted) || !Number.isFinite(wanted)) expect(point[field], `${point.metric} ${field}`).toBe(wanted);
      else expect(Math.abs(point[field] - wanted), `${point.metric} ${field}`).toBeLessThanOrEqual(10 ** -digits * Math.max(1, Math.abs(wanted)));
    });
  }
}

/** A byte-for-byte picture of all columns. */
function pictureOf(frame: Frame): string {
  return JSON.stringify([...frame.columns].map(([name, column]) => [name, column.kind === 'categorical' ? [[...column.codes], column.categories] : [...(column as ContinuousColumn).values].map(String)]));
}

describe.each(REQUESTS.map((request) => [`${request.kind}${'normalize' in request.settings ? `, normalize ${request.settings.normalize}` : ''}${'statistics' in request.settings ? ` ${request.settings.statistics.join(', ')}` : ''}`, request] as const))('%s', (_, request) => {
  const fitted = fitCalculator(request, reference, chunksOf(reference, 1000));

  it('gives one point per series, the same series for the reference and for any chunk', () => {
    const points = calculateChunk(fitted, analysis);
    expect(points.length).toBeGreaterThan(0);
    const names = points.map(({ metric, column }) => `${metric} ${column}`);
    expect(new Set(names).size).toBe(names.length);
    expect(fitted.referencePoints).toHaveLength(12);
    for (const ofChunk of fitted.referencePoints) expect(ofChunk.map(({ metric, column }) => `${metric} ${column}`)).toEqual(names);
    expect(thresholdsOf(fitted, request.settings).map(({ metric, column }) => `${metric} ${column}`).sort()).toEqual([...names].sort());
    expect(points.every(({ value }) => Number.isFinite(value))).toBe(true);
  });

  // Folds are dealt out in the order of rows: of the domain classifier's value the order moves the second decimal.
  it("does not depend on the order of a chunk's rows", () => {
    expectEqualPoints(calculateChunk(fitted, shuffled(analysis)), calculateChunk(fitted, analysis), request.kind === 'domain_classifier' ? 1 : 12);
  });

  it('does not depend on how categories are numbered', () => {
    const renumbered: Frame = { rowCount: analysis.rowCount, columns: new Map([...analysis.columns].map(([name, column]) => [name, column.kind === 'categorical' ? reversed(column) : column])) };
    expectEqualPoints(calculateChunk(fitted, renumbered), calculateChunk(fitted, analysis), 12);
  });

  it('is the same after a round trip through JSON, to the last bit', () => {
    const text = toFittedJson(fitted);
    const restored = fromFittedJson<EngineKind>(text);
    expect(calculateChunk(restored, analysis)).toEqual(calculateChunk(fitted, analysis));
    expect(thresholdsOf(restored, request.settings)).toEqual(thresholdsOf(fitted, request.settings));
    expect(toFittedJson(restored)).toBe(text);
    expect(restored).toEqual(fitted);
  });

  it('fits the same from the same data, whatever came between', () => {
    fitCalculator(request, smallReference, chunksOf(smallReference, 100));
    expect(toFittedJson(fitCalculator(request, reference, chunksOf(reference, 1000)))).toBe(toFittedJson(fitted));
  });

  it('names a column that is missing', () => {
    const lacking = (frame: Frame, name: string): Frame => ({ rowCount: frame.rowCount, columns: new Map([...frame.columns].filter(([other]) => other !== name)) });
    for (const name of requiredColumns(request)) {
      expect(() => fitCalculator(request, lacking(reference, name), []), name).toThrow(InvalidInput);
      expect(() => fitCalculator(request, lacking(reference, name), []), name).toThrow(`'${name}'`);
    }
    for (const name of requiredChunkColumns(request)) expect(() => calculateChunk(fitted, lacking(analysis, name)), name).toThrow(`'${name}'`);
  });

  it('gives NaN with a reason for a chunk without rows, and never an alert', () => {
    const points = calculateChunk(fitted, slice(analysis, 0, 0));
    expect(points.length).toBeGreaterThan(0);
    for (const point of points) {
      expect(point.value, point.metric).toBeNaN();
      expect(point.samplingError, point.metric).toBeNaN();
      expect(point.reason, point.metric).toBeTruthy();
      expect(judge(fitted, point, { lower: 0, upper: 0 }), point.metric).toBeNull();
    }
  });

  it('never throws for a chunk of one row, nor for one without any value', () => {
    expect(calculateChunk(fitted, slice(analysis, 3, 4)).length).toBeGreaterThan(0);
    const empty: Frame = {
      rowCount: 5,
      columns: new Map([...analysis.columns].map(([name, column]) => [name, column.kind === 'categorical' ? { ...column, codes: new Int32Array(5).fill(-1) } : { ...(column as ContinuousColumn), values: new Float64Array(5).fill(NaN) }])),
    };
    for (const { value, reason } of calculateChunk(fitted, empty)) expect(Number.isNaN(value)).toBe(reason !== undefined);
  });

  it('leaves its inputs as they are', () => {
    const before = [pictureOf(smallReference), pictureOf(analysis), JSON.stringify(request)];
    const other = fitCalculator(request, smallReference, chunksOf(smallReference, 100));
    const state = toFittedJson(other);
    calculateChunk(other, analysis);
    thresholdsOf(other, request.settings);
    expect([pictureOf(smallReference), pictureOf(analysis), JSON.stringify(request)]).toEqual(before);
    expect(toFittedJson(other)).toBe(state);
  });

  it('learns from a small reference as well', () => {
    const small = fitCalculator(request, smallReference, chunksOf(smallReference, 100));
    expect(calculateChunk(small, analysis).every(({ value }) => Number.isFinite(value))).toBe(true);
  });

  it('refuses a reference without rows', () => {
    expect(() => fitCalculator(request, slice(reference, 0, 0), [])).toThrow('no rows');
  });

  it('alerts on a chunk of the reference no more often than thresholds allow, where its values vary', () => {
    const varying = new Set(fitted.thresholdValues.filter(({ values }) => new Set(values).size > 4).map(({ metric, column }) => `${metric} ${column}`));
    const bounds = new Map(thresholdsOf(fitted, request.settings).map((series) => [`${series.metric} ${series.column}`, series.bounds]));
    const judged = fitted.referencePoints.flat().filter(({ metric, column }) => metric !== 'chi2' && varying.has(`${metric} ${column}`)).map((point) => judge(fitted, point, bounds.get(`${point.metric} ${point.column}`)!));
    expect(judged.filter((alert) => alert === true).length).toBeLessThanOrEqual(0.05 * judged.length);
  });
});

function reversed(column: CategoricalColumn): CategoricalColumn {
  const last = column.categories.length - 1;
  return { ...column, codes: column.codes.map((code) => (code < 0 ? -1 : last - code)), categories: [...column.categories].reverse() };
}
