import { describe, expect, it } from 'vitest';
import {
  calculateChunk, fitCalculator, fromFittedJson, NO_COLUMNS, realizedBesideEstimate, slice, takeRows, thresholdsOf, toFittedJson,
  type CalculatorRequestOf, type Column, type Frame,
} from '../../engine/index.js';
import type { RegressionMetric } from '../../domain/settings.js';
import { learnPiece, joinPieces, splitFit } from '../../engine/parallel/pieces.js';
import { uniform, withColumn } from '../support/frames.js';

/** Fares whose error grows with the distance, and in one district. */
function fares(rows: number, seed: number, farther = 0): Frame {
  const random = uniform(seed);
  const distance = new Float64Array(rows);
  const guess = new Float64Array(rows);
  const fare = new Float64Array(rows);
  const district = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    distance[i] = Math.round(100 * (random() * 10 + farther)) / 100;
    district[i] = random() < 0.03 ? -1 : Math.floor(4 * random());
    guess[i] = 3 + 2 * distance[i]!;
    fare[i] = Math.max(0, guess[i]! + (random() - 0.5) * (distance[i]! + (district[i] === 2 ? 6 : 0)));
  }
  return {
    rowCount: rows,
    columns: new Map<string, Column>([
      ['distance', { kind: 'continuous', values: distance }],
      ['district', { kind: 'categorical', codes: district, categories: ['west', 'north', 'port', 'old'] }],
      ['guess', { kind: 'continuous', values: guess }],
      ['fare', { kind: 'continuous', values: fare }],
    ]),
  };
}

const METRICS: RegressionMetric[] = ['mae', 'mape', 'mse', 'rmse', 'msle', 'rmsle'];
const COLUMNS = { ...NO_COLUMNS, problemType: 'regression' as const, continuous: ['distance'], categorical: ['district'], target: 'fare', prediction: 'guess' };
const request = (settings: Partial<CalculatorRequestOf<'estimated_performance'>['settings']> = {}): CalculatorRequestOf<'estimated_performance'> => ({ kind: 'estimated_performance', settings: { metrics: METRICS, ...settings }, columns: COLUMNS });
const reference = fares(4_000, 1);
const chunks = Array.from({ length: 10 }, (_, i) => ({ start: i * 400, end: (i + 1) * 400 }));
const analysis = fares(800, 2, 1.5);
const without = (frame: Frame, name: string): Frame => ({ rowCount: frame.rowCount, columns: new Map([...frame.columns].filter(([column]) => column !== name)) });
const fitted = fitCalculator(request(), reference, chunks);
const stateOf = (one: typeof fitted) => {
  if (one.state.problem !== 'regression') throw new Error('not the estimate of a regression');
  return one.state;
};

describe('estimated performance of a regression', () => {
  it('needs no targets in the analysis, and comes near what comes true', () => {
    const estimated = calculateChunk(fitted, without(analysis, 'fare'));
    expect(estimated.map(({ metric }) => metric)).toEqual(METRICS);
    const realized = realizedBesideEstimate(fitted.state, analysis);
    for (const { metric, value } of estimated) expect(Math.abs(value / realized.get(metric)! - 1), metric).toBeLessThan(0.25);
  });

  it('has a band of three sampling errors, not below zero', () => {
    for (const { metric, value, samplingError, bandLower, bandUpper } of calculateChunk(fitted, slice(analysis, 0, 4))) {
      expect(bandUpper, metric).toBe(value + 3 * samplingError);
      expect(bandLower, metric).toBe(Math.max(0, value - 3 * samplingError));
    }
  });

  it('trains one model per distinct loss: rmse is the root of mse, rmsle that of msle', () => {
    expect(stateOf(fitted).models.map(({ loss }) => loss)).toEqual(['absolute', 'relative', 'squared', 'squared_log']);
    const value = new Map(calculateChunk(fitted, analysis).map((point) => [point.metric, point.value]));
    expect(value.get('rmse')).toBe(Math.sqrt(value.get('mse')!));
    expect(value.get('rmsle')).toBe(Math.sqrt(value.get('msle')!));
  });

  it('is judged by what was realized on the reference', () => {
    const realized = fitCalculator({ kind: 'realized_performance', settings: { metrics: METRICS }, columns: COLUMNS }, reference, chunks);
    expect(thresholdsOf(fitted, request().settings)).toEqual(thresholdsOf(realized, { metrics: METRICS }));
  });

  it('knows nothing to compare with where the chunk lacks targets', () => {
    expect([...realizedBesideEstimate(fitted.state, without(analysis, 'fare')).values()].every(Number.isNaN)).toBe(true);
  });

  it('counts rows without prediction, but not in the sampling error', () => {
    const guess = analysis.columns.get('guess') as Extract<Column, { kind: 'continuous' }>;
    const gaps = withColumn(analysis, 'guess', { kind: 'continuous', values: guess.values.map((value, i) => (i % 4 === 0 ? NaN : value)) });
    const [whole, gapped] = [analysis, gaps].map((frame) => calculateChunk(fitted, frame)[0]!);
    expect(gapped!.samplingError).toBeCloseTo(whole!.samplingError * Math.sqrt(800 / 600), 14);
    // The distance tells all that the prediction tells, and comes first: no split asks for the prediction.
    expect(gapped!.value).toBe(whole!.value);
  });

  it('takes categories that the reference does not have, and an empty chunk for what it is', () => {
    const elsewhere = withColumn(analysis, 'district', { kind: 'categorical', codes: new Int32Array(800), categories: ['island'] });
    for (const { value } of calculateChunk(fitted, elsewhere)) expect(value).toBeGreaterThan(0);
    for (const { value, reason } of calculateChunk(fitted, slice(analysis, 0, 0))) {
      expect(value).toBeNaN();
      expect(reason).toBe('the chunk has no rows');
    }
  });

  it('does not depend on the order of the chunk, nor on how categories are numbered; nor on the order of categories in the reference', () => {
    const district = analysis.columns.get('district') as Extract<Column, { kind: 'categorical' }>;
    const renumbered = (frame: Frame) => {
      const { codes } = frame.columns.get('district') as Extract<Column, { kind: 'categorical' }>;
      return withColumn(frame, 'district', { kind: 'categorical', codes: codes.map((code) => (code < 0 ? -1 : 3 - code)), categories: [...district.categories].reverse() });
    };
    const shuffled = takeRows(analysis, Int32Array.from({ length: 800 }, (_, i) => (i * 263 + 17) % 800));
    const values = calculateChunk(fitted, analysis).map(({ value }) => value);
    expect(calculateChunk(fitted, renumbered(analysis)).map(({ value }) => value)).toEqual(values);
    expect(calculateChunk(fitCalculator(request(), renumbered(reference), chunks), analysis).map(({ value }) => value)).toEqual(values);
    calculateChunk(fitted, shuffled).forEach(({ value }, i) => expect(value).toBeCloseTo(values[i]!, 12));
  });

  it('is the same after a round trip through JSON, and learnt in pieces, to the last bit', () => {
    expect(calculateChunk(fromFittedJson<'estimated_performance'>(toFittedJson(fitted)), analysis)).toEqual(calculateChunk(fitted, analysis));
    const mixed = request({ metrics: ['rmse', 'mae', 'mse', 'msle'] });
    expect(splitFit(mixed)).toEqual(['squared', 'absolute', 'squared_log']);
    const joined = joinPieces(mixed, splitFit(mixed).map((piece) => learnPiece(mixed, reference, piece)));
    expect(JSON.stringify(joined)).toBe(JSON.stringify(fitCalculator(mixed, reference, chunks).state));
  });

  it('learns on the reference rows that have a target and a prediction', () => {
    const fare = (reference.columns.get('fare') as Extract<Column, { kind: 'continuous' }>).values;
    const half = withColumn(reference, 'fare', { kind: 'continuous', values: fare.map((value, i) => (i < 2_000 ? value : NaN)) });
    const few = chunks.slice(0, 5);
    expect(stateOf(fitCalculator(request(), half, few)).models).toEqual(stateOf(fitCalculator(request(), slice(reference, 0, 2_000), few)).models);
  });

  it('takes the features in the order given, the prediction last', () => {
    expect(stateOf(fitted).features.map(({ column }) => column)).toEqual(['distance', 'district', 'guess']);
    expect(stateOf(fitCalculator(request({ columns: ['district', 'distance'] }), reference, chunks)).features.map(({ column }) => column)).toEqual(['district', 'distance', 'guess']);
    expect(stateOf(fitCalculator({ ...request(), columns: { ...COLUMNS, continuous: [], categorical: [] } }, reference, chunks)).features.map(({ column }) => column)).toEqual(['guess']);
  });

  it('passes hyperparameters on to the boosting, under its own names', () => {
    const small = fitCalculator(request({ metrics: ['mae'], hyperparameters: { n_estimators: 3, num_leaves: 4 } }), reference, chunks);
    expect(stateOf(small).models[0]!.trees.leafStart).toHaveLength(4);
    expect(() => fitCalculator(request({ hyperparameters: { boosting_type: 'dart' } }), reference, chunks)).toThrow(/dart/);
  });
});

describe('what is refused of estimated performance of a regression', () => {
  it('logarithmic metrics of negative outcomes, with the remedy', () => {
    const fare = (reference.columns.get('fare') as Extract<Column, { kind: 'continuous' }>).values;
    const losses = withColumn(reference, 'fare', { kind: 'continuous', values: fare.map((value, i) => (i < 7 ? -value - 1 : value)) });
    expect(() => fitCalculator(request(), losses, chunks)).toThrow("column 'fare' of the reference: 7 of 4000 values are negative, msle and rmsle cannot be taken of them; leave them out of the metrics");
    expect(() => fitCalculator(request({ metrics: ['mae', 'rmsle'] }), losses, chunks)).toThrow('rmsle cannot be taken of them; leave it out of the metrics');
    expect(calculateChunk(fitCalculator(request({ metrics: ['mae'] }), losses, chunks), analysis)[0]!.value).toBeGreaterThan(0);
  });

  it('a reference without a single row to learn from, and one without the columns', () => {
    const none = withColumn(reference, 'fare', { kind: 'continuous', values: new Float64Array(4_000).fill(NaN) });
    expect(() => fitCalculator(request(), none, chunks)).toThrow("no row of the reference has both a target ('fare') and a prediction ('guess'): performance cannot be estimated");
    expect(() => fitCalculator(request(), without(reference, 'district'), chunks)).toThrow("the reference lacks column 'district'");
    expect(() => calculateChunk(fitted, without(analysis, 'guess'))).toThrow("the chunk lacks column 'guess'");
  });

  it('features that cannot be', () => {
    const refusalOf = (columns: string[]) => () => fitCalculator(request({ columns }), reference, chunks);
    expect(refusalOf(['distance', 'weather'])).toThrow("losses cannot be learnt from 'weather': there are 'distance', 'district'");
    expect(refusalOf(['distance', 'fare'])).toThrow("column 'fare' is the target, which is not there when losses are estimated: leave it out of the features");
    expect(refusalOf(['guess', 'distance'])).toThrow("column 'guess' is the prediction, from which losses are learnt anyway: leave it out of the features");
    expect(refusalOf(['distance', 'district', 'distance'])).toThrow("column 'distance' stands twice among the features");
  });
});
