import { afterAll, describe, expect, it } from 'vitest';
import { InvalidInput } from '../../../domain/errors.js';
import {
  calculateChunk, createEnginePool, fitCalculator, NO_COLUMNS, shareFrame, slice, toFittedJson,
  type EngineKind, type EnginePool, type EngineRequest, type FittedCalculatorOf, type Frame,
} from '../../../engine/index.js';
import { joinPieces, learnPiece, splitFit } from '../../../engine/parallel/pieces.js';
import { compileEngine } from '../../support/compiled-engine.js';
import { loanFrame } from '../../support/frames.js';

const engine = compileEngine('pool-test');
const pools = new Map([1, 2, 4].map((threads) => [threads, createEnginePool({ threads, threadFile: engine.threadFile })]));
afterAll(async () => {
  for (const pool of pools.values()) await pool.close();
  engine.remove();
});

const columns = { ...NO_COLUMNS, continuous: ['amount', 'rate'], categorical: ['plan', 'city'], target: 'outcome', prediction: 'prediction', probability: 'score' };
const performance = { metrics: ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy', 'average_precision', 'confusion_matrix'] } satisfies Extract<EngineRequest, { kind: 'realized_performance' }>['settings'];
/** One of every kind that there is. */
const REQUESTS: { [K in EngineKind]: Extract<EngineRequest, { kind: K }> } = {
  univariate_drift: { kind: 'univariate_drift', columns, settings: { continuousMethods: ['kolmogorov_smirnov', 'jensen_shannon', 'wasserstein', 'hellinger'], categoricalMethods: ['chi2', 'jensen_shannon', 'hellinger', 'l_infinity'] } },
  reconstruction_error: { kind: 'reconstruction_error', columns, settings: { components: 0.65 } },
  missing_values: { kind: 'missing_values', columns, settings: { normalize: true } },
  unseen_values: { kind: 'unseen_values', columns, settings: { normalize: true } },
  numerical_range: { kind: 'numerical_range', columns, settings: { normalize: false } },
  estimated_performance: { kind: 'estimated_performance', columns, settings: performance },
  realized_performance: { kind: 'realized_performance', columns, settings: performance },
  domain_classifier: { kind: 'domain_classifier', columns, settings: { folds: 2, hyperparameters: { n_estimators: 2, random_state: 13 } } },
  summary_statistics: { kind: 'summary_statistics', columns, settings: { statistics: ['avg', 'sum', 'std', 'median', 'row_count'] } },
};
/** The same kinds for other problem types. */
const regression = { ...columns, problemType: 'regression' as const, continuous: ['rate'], target: 'amount', prediction: 'score', probability: null };
const classes = ['large', 'none', 'small'];
const multiclass = { ...columns, problemType: 'classification_multiclass' as const, target: 'plan', prediction: 'guess', probability: null, classProbabilities: classes.map((name) => ({ class: name, column: `p_${name}` })) };
const ofClasses = { metrics: ['roc_auc', 'f1', 'accuracy', 'average_precision', 'confusion_matrix'] } satisfies typeof performance;
const ALL: EngineRequest[] = [
  ...Object.values(REQUESTS),
  { kind: 'realized_performance', columns: multiclass, settings: ofClasses },
  { kind: 'estimated_performance', columns: multiclass, settings: ofClasses },
  { kind: 'realized_performance', columns: regression, settings: { metrics: ['mae', 'mse'] } },
  { kind: 'estimated_performance', columns: regression, settings: { metrics: ['mae', 'mse', 'rmse'], hyperparameters: { n_estimators: 5 } } },
];

/** With probabilities of three classes, and the likeliest of them. */
function framed(frame: Frame): Frame {
  const score = frame.columns.get('score');
  if (score?.kind !== 'continuous') throw new Error('a frame of loans has a score');
  const shares = [score.values.map((s) => 0.7 * s), score.values.map((s) => 1 - s), score.values.map((s) => 0.3 * s)];
  const guess = Int32Array.from(score.values, (_, row) => shares.reduce((best, share, i) => (share[row]! > shares[best]![row]! ? i : best), 0));
  return { rowCount: frame.rowCount, columns: new Map([...frame.columns, ...shares.map((values, i) => [`p_${classes[i]}`, { kind: 'continuous' as const, values }] as const), ['guess', { kind: 'categorical', codes: guess, categories: classes }]]) };
}

const reference = framed(loanFrame(12_000, 1));
const analysis = framed(loanFrame(5_300, 2, 0.2));
const chunksOf = ({ rowCount }: Frame, size: number) => Array.from({ length: Math.ceil(rowCount / size) }, (_, i) => ({ start: i * size, end: Math.min(rowCount, (i + 1) * size) }));
/** What one thread finds, by the plain functions. */
const alone = ALL.map((request) => fitCalculator(request, reference, chunksOf(reference, 2_500)));
const pointsAlone = alone.map((one) => chunksOf(analysis, 1_200).map(({ start, end }) => calculateChunk<EngineKind>(one, slice(analysis, start, end))));
const picture = (fitted: FittedCalculatorOf<EngineKind>) => toFittedJson(fitted);

describe.each([...pools])('createEnginePool with %i threads', (_, pool: EnginePool) => {
  it('fits and calculates every kind of calculator with the bits of one thread', async () => {
    const fitted = await pool.fit<EngineKind>(ALL, reference, chunksOf(reference, 2_500));
    expect(fitted.map(picture)).toEqual(alone.map(picture));
    expect(await pool.calculate(fitted, analysis, chunksOf(analysis, 1_200))).toEqual(pointsAlone);
  });

  it('does several things at the same time', async () => {
    const both = await Promise.all([pool.fit([REQUESTS.missing_values], reference, chunksOf(reference, 500)), pool.fit([REQUESTS.missing_values], analysis, chunksOf(analysis, 500))]);
    expect(both.map(([one]) => picture(one!))).toEqual([reference, analysis].map((frame) => picture(fitCalculator(REQUESTS.missing_values, frame, chunksOf(frame, 500)))));
  });

  it('gives no points for no chunks', async () => {
    const [fitted] = await pool.fit([REQUESTS.realized_performance], reference, []);
    expect(picture(fitted!)).toBe(picture(fitCalculator(REQUESTS.realized_performance, reference, [])));
    expect(await pool.calculate([fitted!], analysis, [])).toEqual([[]]);
  });

  it('names the column that is missing, and goes on working', async () => {
    const lacking: Frame = { rowCount: reference.rowCount, columns: new Map([...reference.columns].filter(([name]) => name !== 'rate')) };
    const refused = pool.fit([REQUESTS.realized_performance, REQUESTS.univariate_drift], lacking, []);
    await expect(refused).rejects.toBeInstanceOf(InvalidInput);
    await expect(refused).rejects.toThrow("'rate'");
    const [fitted] = await pool.fit([REQUESTS.missing_values], reference, []);
    await expect(pool.calculate([fitted!], lacking, [{ start: 0, end: 10 }])).rejects.toThrow("'rate'");
    expect(await pool.calculate([fitted!], reference, [{ start: 0, end: 10 }])).toHaveLength(1);
  });
});

describe('createEnginePool', () => {
  it('copies a column into shared memory once, and does not write to it', () => {
    const once = shareFrame(reference, ['rate', 'city']);
    expect([...once.columns.keys()]).toEqual(['rate', 'city']);
    const again = shareFrame(reference, ['rate']).columns.get('rate');
    expect(again?.kind === 'continuous' && again.values.buffer).toBe((once.columns.get('rate') as typeof again & { values: Float64Array }).values.buffer);
    expect(shareFrame(once).columns.get('rate')).toEqual(reference.columns.get('rate'));
  });

  it('refuses work after it was closed, and work that was under way fails', async () => {
    const pool = createEnginePool({ threads: 2, threadFile: engine.threadFile });
    const underWay = pool.fit(ALL, reference, chunksOf(reference, 1000));
    await Promise.all([expect(underWay).rejects.toThrow('closed'), pool.close()]);
    await expect(pool.fit([REQUESTS.missing_values], reference, [])).rejects.toThrow('closed');
  });

  it.each([...pools])('refuses metrics of one\'s own with %i threads, and says how to have them', async (_, pool) => {
    const own: EngineRequest = { ...REQUESTS.realized_performance, settings: { ...performance, customMetrics: ['profit'] } };
    await expect(pool.fit([own], reference, [])).rejects.toThrow(/'profit': metrics of your own are functions.*fitCalculator/);
  });

  it('refuses no threads at all', () => {
    expect(() => createEnginePool({ threads: 0 })).toThrow(InvalidInput);
  });
});

describe('pieces of a fit', () => {
  it.each(ALL.map((request) => [request.kind, request] as const))('%s: joined they are the fit as a whole, to the last bit', (_, request) => {
    const pieces = splitFit(request);
    const state = joinPieces(request, pieces.map((piece) => learnPiece(request, reference, piece)));
    expect(state).toEqual(fitCalculator(request, reference, []).state);
  });

  it('are one per column where columns are learnt by themselves', () => {
    expect(splitFit(REQUESTS.univariate_drift)).toEqual(['amount', 'rate', 'plan', 'city']);
    expect(splitFit(REQUESTS.unseen_values)).toEqual(['plan', 'city']);
  });
});
