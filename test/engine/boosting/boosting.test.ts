/** What a boosting promises besides LightGBM's numbers. */
import { describe, expect, test } from 'vitest';
import { InvalidInput } from '../../../domain/errors.js';
import { binFeatures, boostingParametersFrom, predictBoosting, trainBoosting, type BoostingFeature } from '../../../engine/boosting/index.js';
import { exponential, logarithm } from '../../../engine/boosting/exponential.js';
import { fromFittedJson, toFittedJson } from '../../../engine/fitted-json.js';
import { generate } from './generated.js';

const numeric = (name: string, values: number[]): BoostingFeature => ({ name, kind: 'numeric', values: Float64Array.from(values) });
const rows = (count: number, of: (row: number) => number) => Array.from({ length: count }, (_, row) => of(row));

describe('trainBoosting', () => {
  test('learns a step: the cut lies between the two values, both sides come near their means', () => {
    const features = [numeric('x', rows(200, (row) => row))];
    const labels = Float64Array.from(rows(200, (row) => (row < 120 ? 1 : 3)));
    const model = trainBoosting(binFeatures(features), labels);
    expect(model.threshold[0]).toBeGreaterThan(118);
    expect(model.threshold[0]).toBeLessThan(121);
    const predicted = predictBoosting(model, features);
    expect(predicted[0]).toBeCloseTo(1, 3);
    expect(predicted[199]).toBeCloseTo(3, 3);
  });

  test('gives the mean when nothing can split: constant features, or fewer than twice minChildSamples rows', () => {
    const labels = Float64Array.from(rows(30, (row) => row));
    for (const features of [[numeric('x', rows(30, () => 7))], [numeric('x', rows(30, (row) => row))]]) {
      expect(Array.from(new Set(predictBoosting(trainBoosting(binFeatures(features), labels), features)))).toEqual([14.5]);
    }
  });

  test('gives the share of ones when there is one class only, kept from 0 and 1', () => {
    const features = [numeric('x', rows(100, (row) => row))];
    const probabilities = predictBoosting(trainBoosting(binFeatures(features, { objective: 'binary' }), new Float64Array(100).fill(1), { objective: 'binary' }), features);
    expect(probabilities[0]).toBeGreaterThan(1 - 1e-14);
    expect(probabilities[0]).toBeLessThanOrEqual(1);
  });

  test('leaves labels, features and bins as they were, so that several models share a binning', () => {
    const { features, values, labels } = generate(2_000, 5);
    const bins = binFeatures(features);
    const before = structuredClone({ features, values, bins });
    const first = trainBoosting(bins, values, { nEstimators: 10 });
    trainBoosting(bins, labels, { objective: 'binary', nEstimators: 10, numLeaves: 5 });
    expect(trainBoosting(bins, values, { nEstimators: 10 })).toStrictEqual(first);
    expect({ features, values, bins }).toStrictEqual(before);
  });

  test('is plain data: the model predicts the same after JSON and back', () => {
    const { features, values } = generate(3_000, 6);
    const model = trainBoosting(binFeatures(features), values, { nEstimators: 20 });
    const text = toFittedJson({ kind: 'estimated_performance', state: model } as unknown as Parameters<typeof toFittedJson>[0]);
    const back = (fromFittedJson(text) as unknown as { state: typeof model }).state;
    expect(back).toStrictEqual(model);
    expect(predictBoosting(back, features)).toStrictEqual(predictBoosting(model, features));
  });

  test('stops where LightGBM stops: a split whose row counts, rounded from tiny hessians, hide that a side is empty', () => {
    const { features, labels } = generate(120, 9);
    const options = { objective: 'binary', minChildSamples: 1, minChildWeight: 0, nEstimators: 400, learningRate: 0.8, minDataInBin: 1, numLeaves: 60 } as const;
    const act = () => trainBoosting(binFeatures(features, options), labels, options);
    expect(act).toThrow(InvalidInput);
    expect(act).toThrow(/a split by '\w+' would leave a side without rows; raise minChildSamples \(1\)/);
  });

  test.each([
    ['labels of another length', () => trainBoosting(binFeatures([numeric('x', [1, 2, 3])]), new Float64Array(2)), 'boosting labels: 2 of them, the features have 3 rows'],
    ['a missing label', () => trainBoosting(binFeatures([numeric('x', [1, 2, 3])]), Float64Array.of(1, NaN, 2)), 'label of row 1: NaN is not a finite'],
    ['a label beyond 32 bits', () => trainBoosting(binFeatures([numeric('x', [1, 2])]), Float64Array.of(1, 1e39)), 'label of row 1: 1e+39'],
    ['a label that is no class', () => trainBoosting(binFeatures([numeric('x', [1, 2])], { objective: 'binary' }), Float64Array.of(1, 2), { objective: 'binary' }), 'label of row 1: 2 is neither 0 nor 1'],
    ['bins of another choice', () => trainBoosting(binFeatures([numeric('x', [1, 2])], { maxBin: 100 }), Float64Array.of(1, 2)), 'maxBin: features were put into bins with 100, training asks for 255'],
    ['no feature', () => binFeatures([]), '0 features, 0 rows'],
    ['features of different lengths', () => binFeatures([numeric('x', [1, 2]), numeric('y', [1])]), "'y' has 1 rows, 'x' has 2"],
    ['a parameter out of range', () => binFeatures([numeric('x', [1])], { learningRate: 0 }), 'learningRate: 0 is not above 0'],
    ['a parameter that is not whole', () => binFeatures([numeric('x', [1])], { numLeaves: 4.5 }), 'numLeaves: 4.5 is not a whole number'],
  ])('refuses %s', (_, act, message) => {
    expect(act).toThrow(InvalidInput);
    expect(act).toThrow(message);
  });
});

describe('predictBoosting', () => {
  const { features, values } = generate(4_000, 8);
  const model = trainBoosting(binFeatures(features), values, { nEstimators: 30 });

  test('predicts a range of rows as it predicts them among all, few rows (tree by tree) and many (by table) alike', () => {
    const all = predictBoosting(model, features);
    for (const [start, end] of [[0, 4_000], [100, 130], [3_999, 4_000], [17, 3_001], [5, 5]] as const) {
      expect(predictBoosting(model, features, start, end)).toStrictEqual(all.slice(start, end));
    }
    const oneByOne = Float64Array.from({ length: 500 }, (_, row) => predictBoosting(model, features, row, row + 1)[0]!);
    expect(oneByOne).toStrictEqual(all.slice(0, 500));
  });

  test('a missing value where training saw none counts as zero; unknown, negative and missing categories go with the rest', () => {
    const odd = features.map((feature) => ({ ...feature, values: feature.values.slice() }));
    const same = features.map((feature) => ({ ...feature, values: feature.values.slice() }));
    for (let row = 0; row < 4_000; row++) {
      odd[1]!.values[row] = NaN;
      same[1]!.values[row] = 0;
      odd[10]!.values[row] = [-1, NaN, 1_000_000][row % 3]!;
      same[10]!.values[row] = 63;
    }
    expect(predictBoosting(model, odd)).toStrictEqual(predictBoosting(model, same));
    for (let row = 0; row < 6; row++) expect(predictBoosting(model, odd, row, row + 1)[0]).toBe(predictBoosting(model, odd)[row]);
  });

  test.each([
    ['features of other names', () => predictBoosting(model, features.slice(1)), 'it is asked to predict from spread'],
    ['a feature of another kind', () => predictBoosting(model, features.map((feature) => ({ ...feature, kind: 'numeric' as const }))), "'many' was categorical in training and is numeric now"],
  ])('refuses %s', (_, act, message) => {
    expect(act).toThrow(InvalidInput);
    expect(act).toThrow(message);
  });
});

describe('boostingParametersFrom', () => {
  test('takes native names, scikit-learn’s and aliases; null and empty lists are defaults', () => {
    expect(boostingParametersFrom({ num_iterations: 50, min_child_samples: 5, eta: 0.3, lambda: 2, random_state: 7, bagging_fraction: 0.5, subsample_freq: 1, objective: 'l2', min_split_gain: null, categorical_feature: [] }))
      .toStrictEqual({ nEstimators: 50, minChildSamples: 5, learningRate: 0.3, regLambda: 2, seed: 7, subsample: 0.5, subsampleFreq: 1, objective: 'regression' });
  });

  test('accepts without effect what is about speed and talk, and what is set to what happens anyway', () => {
    expect(boostingParametersFrom({ n_jobs: -1, verbosity: -1, silent: true, importance_type: 'gain', boosting_type: 'gbdt', deterministic: true, linear_tree: false, class_weight: null })).toStrictEqual({});
  });

  test('LightGBM’s own name wins over an alias, as there', () => {
    expect(boostingParametersFrom({ reg_lambda: 0, lambda_l2: 3 })).toStrictEqual({ regLambda: 3 });
    expect(boostingParametersFrom({ lambda_l2: 3, reg_lambda: 0 })).toStrictEqual({ regLambda: 3 });
  });

  test.each([
    [{ boosting_type: 'dart' }, 'LightGBM parameter boosting_type = "dart" is not offered'],
    [{ linear_tree: true }, 'linear_tree = true is not offered'],
    [{ monotone_constraints: [1, 0] }, 'monotone_constraints = [1,0] is not offered'],
    [{ num_leafs: 5 }, 'num_leafs = 5 is not offered'],
    [{ objective: 'quantile' }, "objective: 'quantile' is not offered"],
    [{ num_leaves: 1 }, 'numLeaves: 1 is below 2'],
    [{ subsample: 'half' }, 'subsample: half is not a number'],
    [{ extra_trees: 1 }, 'extraTrees: 1 is neither true nor false'],
    [{ min_data: 3, min_samples_leaf: 4 }, 'min_data and min_samples_leaf mean the same and differ: 3, 4'],
  ])('refuses %j by name', (parameters, message) => {
    expect(() => boostingParametersFrom(parameters)).toThrow(InvalidInput);
    expect(() => boostingParametersFrom(parameters)).toThrow(message);
  });
});

describe('exponential and logarithm', () => {
  test('exponential agrees with the engine’s own to an ulp, logarithm undoes it', () => {
    for (let step = -4_000; step <= 4_000; step++) {
      const x = step / 57;
      expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(3e-16);
      expect(Math.abs(logarithm(Math.exp(x / 2)) - x / 2)).toBeLessThanOrEqual(1.2e-16 * Math.max(1, 2 * Math.abs(x)));
    }
  });

  test('known values: e to the powers 0, 1, −1; infinities; the logarithm of 2 and of 1', () => {
    expect([exponential(0), exponential(1), exponential(-1), exponential(-Infinity), exponential(Infinity), exponential(1e-20)]).toEqual([1, Math.E, 0.36787944117144233, 0, Infinity, 1]);
    expect(exponential(NaN)).toBeNaN();
    expect([logarithm(2), logarithm(1), logarithm(0.5), logarithm(10)]).toEqual([Math.LN2, 0, -Math.LN2, Math.LN10]);
  });
});
