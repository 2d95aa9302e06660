import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { calculateChunk, fitCalculator, judge, NO_COLUMNS, slice, thresholdsOf, type CalculatorRequest, type FittedCalculatorOf, type Frame } from '../../engine/index.js';
import { loanFrame, withColumn } from '../support/frames.js';

const columns = { ...NO_COLUMNS, continuous: [], categorical: [], target: 'outcome', prediction: 'prediction', probability: 'score' };
const reference = loanFrame(2_000, 5);
const chunks = Array.from({ length: 10 }, (_, i) => ({ start: i * 200, end: (i + 1) * 200 }));
const numbers = (...values: number[]) => ({ kind: 'continuous' as const, values: Float64Array.from(values) });
const valuesOf = (request: CalculatorRequest, chunk: Frame) => Object.fromEntries(calculateChunk(fitCalculator(request, reference, chunks), chunk).map((point) => [point.metric, point]));

function calibrationOf({ state }: FittedCalculatorOf<'estimated_performance'>): unknown {
  if (state.problem !== 'classification_binary') throw new Error(`this is an estimate of a ${state.problem}`);
  return state.calibration;
}

describe('estimated performance', () => {
  const request: CalculatorRequest = { kind: 'estimated_performance', columns, settings: { metrics: ['roc_auc', 'f1', 'accuracy'] } };

  it('needs no targets in the analysis, and comes near what is reached', () => {
    const analysis = loanFrame(5_000, 6);
    const withoutTargets: Frame = { rowCount: analysis.rowCount, columns: new Map([...analysis.columns].filter(([name]) => name !== 'outcome')) };
    const estimated = valuesOf(request, withoutTargets);
    const realized = valuesOf({ ...request, kind: 'realized_performance' }, analysis);
    for (const metric of ['roc_auc', 'f1', 'accuracy']) expect(Math.abs(estimated[metric]!.value - realized[metric]!.value), metric).toBeLessThan(0.03);
  });

  it('leaves rows without a score out, and says why when none is left', () => {
    const analysis = slice(loanFrame(400, 7), 0, 400);
    const gaps = withColumn(analysis, 'score', { kind: 'continuous', values: (analysis.columns.get('score') as { values: Float64Array }).values.map((score, i) => (i < 100 ? NaN : score)) });
    expect(valuesOf(request, gaps)['roc_auc']!.value).toBe(valuesOf(request, slice(analysis, 100, 400))['roc_auc']!.value);
    const nothing = withColumn(analysis, 'score', numbers(...new Array<number>(400).fill(NaN)));
    expect(valuesOf(request, nothing)['f1']).toMatchObject({ value: NaN, reason: 'no row of the chunk has what the metric needs' });
  });

  it('learns on the reference rows that have a target', () => {
    const outcome = (reference.columns.get('outcome') as { values: Float64Array }).values;
    const gaps = withColumn(reference, 'outcome', { kind: 'continuous', values: outcome.map((y, i) => (i >= 1_000 ? NaN : y)) });
    const fromGaps = fitCalculator(request, gaps, chunks.slice(0, 5));
    const fromHalf = fitCalculator(request, slice(reference, 0, 1_000), chunks.slice(0, 5));
    expect(calibrationOf(fromGaps)).toEqual(calibrationOf(fromHalf));
    expect(thresholdsOf(fromGaps, request.settings)).toEqual(thresholdsOf(fromHalf, request.settings));
  });

  it('refuses targets that are not 0 or 1, saying how many', () => {
    const odd = withColumn(reference, 'outcome', { kind: 'continuous', values: Float64Array.from({ length: 2_000 }, (_, i) => i % 3) });
    expect(() => fitCalculator(request, odd, chunks)).toThrow("column 'outcome' of the reference: 666 of 2000 values are neither 0 nor 1 (the first is 2)");
  });

  it('refuses a model that lacks what it needs', () => {
    expect(() => fitCalculator({ ...request, columns: { ...columns, probability: null } }, reference, chunks)).toThrow(InvalidInput);
    expect(() => fitCalculator({ ...request, columns: { ...columns, prediction: null } }, reference, chunks)).toThrow('f1, accuracy need a column of predictions');
    expect(() => fitCalculator({ ...request, settings: { metrics: ['business_value'] } }, reference, chunks)).toThrow('2 × 2');
  });
});

describe('realized performance', () => {
  const request: CalculatorRequest = { kind: 'realized_performance', columns, settings: { metrics: ['roc_auc', 'precision', 'accuracy', 'specificity', 'business_value'], businessValueMatrix: [[5, -10], [-50, 8]] } };

  it('counts only rows whose target is known', () => {
    const rows = loanFrame(300, 8);
    const outcome = (rows.columns.get('outcome') as { values: Float64Array }).values;
    const late = withColumn(rows, 'outcome', { kind: 'continuous', values: outcome.map((y, i) => (i < 200 ? y : NaN)) });
    expect(valuesOf(request, late)).toEqual(valuesOf(request, slice(rows, 0, 200)));
  });

  it('is NaN with a reason when no target is known, or a chunk holds a single class', () => {
    const rows = loanFrame(100, 9);
    const none = valuesOf(request, withColumn(rows, 'outcome', numbers(...new Array<number>(100).fill(NaN))));
    expect(none['accuracy']).toMatchObject({ value: NaN, samplingError: NaN, reason: 'no row of the chunk has a target and what the metric needs' });
    const single = valuesOf(request, withColumn(rows, 'outcome', numbers(...new Array<number>(100).fill(1))));
    expect(single['roc_auc']).toMatchObject({ value: NaN, reason: 'the chunk holds a single class' });
    expect(single['accuracy']!.value).toBeGreaterThan(0);
  });

  it('gives the right business value where all rows are of one class (NannyML multiplies by the whole matrix)', () => {
    const rows = withColumn(withColumn(loanFrame(100, 10), 'outcome', numbers(...new Array<number>(100).fill(1))), 'prediction', numbers(...new Array<number>(100).fill(1)));
    expect(valuesOf(request, rows)['business_value']!.value).toBe(800);
  });
});

describe('thresholds', () => {
  const request: CalculatorRequest = { kind: 'univariate_drift', columns: { ...columns, continuous: ['rate'], categorical: ['city'] }, settings: { continuousMethods: ['jensen_shannon'], categoricalMethods: ['chi2'] } };

  it('follow changed rules without a new fit', () => {
    const fitted = fitCalculator(request, reference, chunks);
    const changed = thresholdsOf(fitted, { ...request.settings, thresholds: { jensen_shannon: { type: 'constant', lower: null, upper: 0.01 } } });
    expect(changed.find(({ metric }) => metric === 'jensen_shannon')!.bounds).toEqual({ lower: null, upper: 0.01 });
    expect(thresholdsOf(fitted, request.settings)[0]!.bounds.upper).toBeGreaterThan(0.01);
  });

  it('chi-squared has none: its own test decides', () => {
    const fitted = fitCalculator(request, reference, chunks);
    expect(thresholdsOf(fitted, request.settings).find(({ metric }) => metric === 'chi2')!.bounds).toEqual({ lower: null, upper: null });
    const drifted = calculateChunk(fitted, loanFrame(2_000, 11, 0.4)).find(({ metric }) => metric === 'chi2')!;
    expect(judge(fitted, drifted, { lower: null, upper: null })).toBe(true);
  });

  it('an empty chunk does not repeat the chi-squared alert of the one before (NannyML does)', () => {
    const fitted = fitCalculator(request, reference, chunks);
    calculateChunk(fitted, loanFrame(2_000, 11, 0.4));
    const empty = calculateChunk(fitted, withColumn(loanFrame(10, 1), 'city', { kind: 'categorical', codes: new Int32Array(10).fill(-1), categories: [] })).find(({ metric }) => metric === 'chi2')!;
    expect(empty.value).toBeNaN();
    expect(judge(fitted, empty, { lower: null, upper: null })).toBeNull();
  });

  it('a constant in the reference and elsewhere is no drift', () => {
    const constant = withColumn(reference, 'rate', numbers(...new Array<number>(2_000).fill(7)));
    const fitted = fitCalculator({ ...request, settings: { ...request.settings, continuousMethods: ['jensen_shannon', 'kolmogorov_smirnov', 'wasserstein', 'hellinger'] } }, constant, chunks);
    expect(calculateChunk(fitted, constant).filter(({ column }) => column === 'rate').map(({ value }) => value)).toEqual([0, 0, 0, 0]);
  });
});

describe('reconstruction error', () => {
  const request: CalculatorRequest = { kind: 'reconstruction_error', columns: { ...columns, continuous: ['amount', 'rate', 'score'], categorical: ['plan'] }, settings: { components: 2 } };

  it('rises when columns no longer hang together', () => {
    const tied = (frame: Frame) => withColumn(frame, 'rate', { kind: 'continuous', values: (frame.columns.get('score') as { values: Float64Array }).values.map((score) => 3 * score + 1) });
    const fitted = fitCalculator(request, tied(reference), chunks);
    const [together] = calculateChunk(fitted, tied(loanFrame(1_000, 12)));
    const [apart] = calculateChunk(fitted, loanFrame(1_000, 12));
    expect(apart!.value).toBeGreaterThan(1.2 * together!.value);
  });

  it('is 0 when all components are kept', () => {
    const fitted = fitCalculator({ ...request, settings: { components: 4 } }, reference, chunks);
    expect(calculateChunk(fitted, reference)[0]!.value).toBe(0);
  });

  it('refuses more components than columns, and a column without any value, by name', () => {
    expect(() => fitCalculator({ ...request, settings: { components: 5 } }, reference, chunks)).toThrow('5 components were asked for, 4 columns');
    const empty = withColumn(reference, 'rate', numbers(...new Array<number>(2_000).fill(NaN)));
    expect(() => fitCalculator(request, empty, chunks)).toThrow("column 'rate' of the reference has no values in 2000 rows");
  });

  it('does not know the sampling error of a single row', () => {
    const [point] = calculateChunk(fitCalculator(request, reference, chunks), slice(reference, 0, 1));
    expect(point!.value).toBeGreaterThan(0);
    expect(point!.samplingError).toBeNaN();
  });
});
