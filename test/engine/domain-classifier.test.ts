import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { calculateChunk, fitCalculator, judge, NO_COLUMNS, slice, takeRows, thresholdsOf, type CategoricalColumn, type DomainClassifierOptions, type Frame } from '../../engine/index.js';
import { appendChunk, encodeReference } from '../../engine/learn/domain-columns.js';
import { stratifiedFolds } from '../../engine/learn/stratified-folds.js';
import { rankScores, rocAuc } from '../../engine/metrics/ranking-metrics.js';
import { rocAucByTrapezoids } from '../../engine/metrics/roc-curve.js';
import { loanFrame, uniform } from '../support/frames.js';

interface Oracle {
  folds: { labels: number[]; folds: number; of: number[] | null }[];
  auc: { labels: string; scores: number[]; auc: number }[];
}
const oracle = JSON.parse(readFileSync(new URL('../oracles/folds.json', import.meta.url), 'utf8')) as Oracle;

const columns = { ...NO_COLUMNS, continuous: ['amount', 'rate'], categorical: ['plan', 'city'] };
const reference = loanFrame(800, 1);
const few = { n_estimators: 20 };
const fit = (settings: DomainClassifierOptions = { hyperparameters: few }, frame: Frame = reference, size = 400) =>
  fitCalculator({ kind: 'domain_classifier', columns, settings }, frame, Array.from({ length: Math.floor(frame.rowCount / size) }, (_, i) => ({ start: i * size, end: (i + 1) * size })));
const valueOf = (fitted: ReturnType<typeof fit>, chunk: Frame) => calculateChunk(fitted, chunk)[0]!.value;

describe('domain classifier', () => {
  it('finds nothing to tell apart where nothing changed, and much where all did', () => {
    const fitted = fit();
    expect(Math.abs(valueOf(fitted, loanFrame(300, 7)) - 0.5)).toBeLessThan(0.08);
    expect(valueOf(fitted, loanFrame(300, 7, 0.6))).toBeGreaterThan(0.8);
    for (const [point] of fitted.referencePoints) expect(Math.abs(point!.value - 0.5)).toBeLessThan(0.08);
  });

  it('sees columns that stay as they are, each by itself, but no longer go together', () => {
    const random = uniform(3);
    const paired = (rows: number, sign: number): Frame => {
      const amount = Float64Array.from({ length: rows }, () => random() - 0.5);
      return { rowCount: rows, columns: new Map([['amount', { kind: 'continuous', values: amount }], ['rate', { kind: 'continuous', values: amount.map((value) => sign * value + 0.02 * random()) }]]) };
    };
    const fitted = fitCalculator({ kind: 'domain_classifier', columns: { ...NO_COLUMNS, continuous: ['amount', 'rate'] }, settings: { hyperparameters: few } }, paired(800, 1), []);
    expect(calculateChunk(fitted, paired(300, -1))[0]!.value).toBeGreaterThan(0.9);
    expect(calculateChunk(fitted, paired(300, 1))[0]!.value).toBeLessThan(0.6);
  });

  it('alerts beyond 0.45 … 0.65 unless told otherwise, and never has bounds beyond 0 … 1', () => {
    const fitted = fit();
    expect(thresholdsOf(fitted, {})[0]!.bounds).toEqual({ lower: 0.45, upper: 0.65 });
    expect(thresholdsOf(fitted, { threshold: { type: 'constant', lower: -1, upper: 3 } })[0]!.bounds).toEqual({ lower: 0, upper: 1 });
    expect([0.449, 0.45, 0.65, 0.651].map((value) => judge(fitted, { value }, { lower: 0.45, upper: 0.65 }))).toEqual([true, false, false, true]);
  });

  it('is one half for a chunk that is the whole reference', () => {
    const [points] = fit({ hyperparameters: few }, reference, 800).referencePoints;
    expect(points![0]!.value).toBe(0.5);
  });

  it('depends on the hyperparameters, the folds and on what counts as a category', () => {
    const chunk = loanFrame(300, 7, 0.1);
    const values = [{ hyperparameters: few }, { hyperparameters: { ...few, num_leaves: 4 } }, { hyperparameters: few, folds: 3 }, { hyperparameters: few, treatAsCategorical: ['rate'] }].map((settings) => valueOf(fit(settings), chunk));
    expect(new Set(values).size).toBe(4);
  });

  it("reads LightGBM's own defaults from NannyML's table of them", () => {
    const table = { boosting_type: 'gbdt', class_weight: null, colsample_bytree: 1, importance_type: 'split', learning_rate: 0.1, max_depth: -1, min_child_samples: 20, min_child_weight: 0.001, min_split_gain: 0, n_estimators: 100, n_jobs: -1, num_leaves: 31, objective: null, random_state: 13, reg_alpha: 0, reg_lambda: 0, silent: 'warn', subsample: 1, subsample_for_bin: 200000, subsample_freq: 0 };
    const small = slice(reference, 0, 200);
    expect(valueOf(fit({ hyperparameters: table }, small), slice(reference, 200, 300))).toBe(valueOf(fit({}, small), slice(reference, 200, 300)));
  });

  it('works on a chunk of one row, and on one without any value', () => {
    const fitted = fit();
    expect(valueOf(fitted, loanFrame(1, 7))).toBeGreaterThanOrEqual(0);
    const empty: Frame = { rowCount: 60, columns: new Map([...reference.columns].map(([name, column]) => [name, column.kind === 'categorical' ? { ...column, codes: new Int32Array(60).fill(-1) } : { kind: 'continuous', values: new Float64Array(60).fill(NaN) }])) };
    expect(valueOf(fitted, empty)).toBeGreaterThan(0.9);
  });

  it('gives no figure where neither side has a row for each fold, and says so', () => {
    const [point] = calculateChunk(fit({}, slice(reference, 0, 4), 4), slice(reference, 0, 3));
    expect(point).toMatchObject({ value: NaN, reason: 'neither the reference nor the chunk has 5 rows, one for each fold' });
  });

  it.each<[string, DomainClassifierOptions, string]>([
    ['one fold', { folds: 1 }, 'was to have 1 folds, it must be a whole number of 2 or more'],
    ['half a fold', { folds: 2.5 }, 'was to have 2.5 folds'],
    ['another objective', { hyperparameters: { objective: 'regression' } }, "hyperparameter objective cannot be 'regression', only 'binary'"],
    ['an unknown hyperparameter', { hyperparameters: { leafs: 3 } }, 'leafs'],
  ])('refuses %s', (_, settings, message) => {
    expect(() => fit(settings)).toThrow(InvalidInput);
    expect(() => fit(settings)).toThrow(message);
  });

  it('refuses no features at all, and an infinite value of the reference', () => {
    expect(() => fitCalculator({ kind: 'domain_classifier', columns: NO_COLUMNS, settings: {} }, reference, [])).toThrow('no feature to learn from');
    const infinite = { rowCount: 2, columns: new Map([['x', { kind: 'continuous' as const, values: Float64Array.of(1, Infinity) }]]) };
    expect(() => fitCalculator({ kind: 'domain_classifier', columns: { ...NO_COLUMNS, continuous: ['x'] }, settings: {} }, infinite, [])).toThrow("column 'x' of the reference has 1 infinite value in 2 rows");
  });
});

describe('columns of the reference beside those of a chunk', () => {
  const text = (values: (string | null)[], categories: string[]): Frame => ({ rowCount: values.length, columns: new Map([['c', { kind: 'categorical', codes: Int32Array.from(values, (value) => (value === null ? -1 : categories.indexOf(value))), categories } satisfies CategoricalColumn]]) });

  it('number categories over both, in the order of their text, missing being NaN; a category without a row has no number', () => {
    const encoded = encodeReference('c', 'categorical', text(['b', null, 'd', 'b'], ['d', 'never', 'b']));
    expect([...appendChunk(encoded, null).values]).toEqual([0, NaN, 1, 0]);
    expect([...appendChunk(encoded, text(['c', 'b', null, 'a'], ['x', 'a', 'b', 'c'])).values]).toEqual([1, NaN, 3, 1, 2, 1, NaN, 0]);
  });

  it('number a number column that is named categorical in the order of its numbers', () => {
    const frame = (values: number[]): Frame => ({ rowCount: values.length, columns: new Map([['c', { kind: 'continuous', values: Float64Array.from(values) }]]) });
    expect([...appendChunk(encodeReference('c', 'categorical', frame([10, 9, NaN])), frame([2, 100])).values]).toEqual([2, 1, NaN, 0, 3]);
  });
});

describe('stratifiedFolds', () => {
  it.each(oracle.folds.map((one) => [`${one.labels.length} rows, ${one.labels.reduce((sum, label) => sum + label, 0)} of them the chunk's, ${one.folds} folds`, one] as const))("deals out as scikit-learn's StratifiedKFold: %s", (_, { labels, folds, of }) => {
    const got = stratifiedFolds(Uint8Array.from(labels), folds);
    expect(got && [...got]).toEqual(of);
  });
});

describe('rocAucByTrapezoids', () => {
  it("equals scikit-learn's roc_auc_score to the last bit, and the counted one to 1e-14", () => {
    for (const { labels, scores, auc } of oracle.auc) {
      const ranked = rankScores(Float64Array.from([...labels], Number), Float64Array.from(scores));
      expect(rocAucByTrapezoids(ranked)).toBe(auc);
      expect(Math.abs(rocAuc(ranked) - auc)).toBeLessThan(1e-14);
    }
  });

  it('is unknown for one class', () => {
    expect(rocAucByTrapezoids({ positives: Float64Array.of(0.5), negatives: new Float64Array(0) })).toBeNaN();
  });

  it('does not depend on the order of rows', () => {
    const order = Int32Array.from({ length: 500 }, (_, i) => (i * 7) % 500);
    const shuffled = takeRows(loanFrame(500, 3), order);
    const auc = (frame: Frame) => {
      const [outcome, score] = ['outcome', 'score'].map((name) => frame.columns.get(name)!) as { kind: 'continuous'; values: Float64Array }[];
      return rocAucByTrapezoids(rankScores(outcome!.values, score!.values));
    };
    expect(auc(shuffled)).toBe(auc(loanFrame(500, 3)));
  });
});
