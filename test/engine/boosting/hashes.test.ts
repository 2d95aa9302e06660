/** Against LightGBM 4.5.0: predictions' bytes, by the hashes that make-hashes.py took. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { binFeatures, boostingParametersFrom, predictBoosting, trainBoosting, type BoostedTrees, type BoostingFeature } from '../../../engine/boosting/index.js';
import { generate, type Generated } from './generated.js';

interface Case { name: string; objective: 'regression' | 'binary'; parameters: Record<string, unknown>; rows: number; sha256: string; weightedSums?: [number[], number[]] }

const { cases } = JSON.parse(readFileSync(new URL('./lightgbm-hashes.json', import.meta.url), 'utf8')) as { cases: Case[] };
const named = (name: string, objective: Case['objective'] = 'regression') => cases.find((one) => one.name === name && one.objective === objective)!;

function digest(numbers: Float64Array): string {
  return createHash('sha256').update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)).digest('hex');
}

/** Scores before the sigmoid: what binary predictions must agree in to the last bit. */
function rawScores(model: BoostedTrees, features: BoostingFeature[]): Float64Array {
  return predictBoosting({ ...model, objective: 'regression' }, features);
}

function trainCase({ objective, parameters }: Case, features: BoostingFeature[], target: Float64Array): BoostedTrees {
  const options = { ...boostingParametersFrom(parameters), objective };
  return trainBoosting(binFeatures(features, options), target, options);
}

const NUMBERS = ['car_age', 'km_driven', 'price_new', 'accident_count', 'door_count'];
const WORDS: Record<string, string[]> = { fuel: ['diesel', 'electric', 'gas'], transmission: ['automatic', 'manual'] };

function readCarPrice(period: string): Record<string, Float64Array> {
  const text = gunzipSync(readFileSync(new URL(`../../../datasets/regression_synthetic_${period}.csv.gz`, import.meta.url))).toString('utf8');
  const [header, ...lines] = text.trimEnd().split('\n').map((line) => line.split(','));
  const columnOf = (name: string) => {
    const at = header!.indexOf(name);
    return Float64Array.from(lines, (cells) => (WORDS[name] ? WORDS[name].indexOf(cells[at]!) + 1 : Number(cells[at])));
  };
  return Object.fromEntries([...NUMBERS, ...Object.keys(WORDS), 'y_pred', ...(header!.includes('y_true') ? ['y_true'] : [])].map((name) => [name, columnOf(name)]));
}

function carFeatures(columns: Record<string, Float64Array>): BoostingFeature[] {
  return [...NUMBERS, ...Object.keys(WORDS), 'y_pred'].map((name) => ({ name, kind: WORDS[name] ? 'categorical' : 'numeric', values: columns[name]! }));
}

const head = ({ features }: Generated, rows: number): BoostingFeature[] => features.map((feature) => ({ ...feature, values: feature.values.subarray(0, rows) }));

describe('trainBoosting and predictBoosting equal LightGBM 4.5.0 bit for bit', () => {
  test('car price: absolute and squared error of the prediction, two categorical columns, one binning for both', () => {
    const reference = readCarPrice('reference');
    const analysis = readCarPrice('analysis');
    const features = carFeatures(reference);
    const both = carFeatures(analysis).map((feature, index) => ({ ...feature, values: Float64Array.from([...features[index]!.values, ...feature.values]) }));
    const data = binFeatures(features);
    const error = reference.y_true!.map((value, row) => value - reference.y_pred![row]!);
    for (const [name, target] of [['car price, absolute error', error.map(Math.abs)], ['car price, squared error', error.map((one) => one * one)]] as const) {
      const predicted = predictBoosting(trainBoosting(data, target), both);
      expect(predicted.length).toBe(named(name).rows);
      expect(predicted.length).toBeGreaterThanOrEqual(100_000);
      expect(digest(predicted), name).toBe(named(name).sha256);
    }
  });

  test('generated: missing values, whole numbers, sparse columns that share a bundle and collide, categories', () => {
    const { features, values, labels } = generate(100_000, 1);
    const regression = named('generated');
    expect(digest(predictBoosting(trainCase(regression, features, values), features))).toBe(regression.sha256);

    const binary = named('generated', 'binary');
    const model = trainCase(binary, features, labels);
    expect(digest(rawScores(model, features))).toBe(binary.sha256);
    // Probabilities: a single one off by 1e−12 moves both of its block’s sums by at least as much; last bits of 500 rows add up to 1e−13 at most.
    const probabilities = predictBoosting(model, features);
    ([[7919, 1000], [104_729, 997]] as const).forEach(([factor, modulus], which) => {
      const sums = binary.weightedSums![which]!;
      expect(sums.length).toBe(200);
      sums.forEach((expected, block) => {
        let sum = 0;
        for (let row = 500 * block; row < 500 * (block + 1); row++) sum += probabilities[row]! * (1 + ((row * factor) % modulus) / modulus);
        expect(Math.abs(sum - expected), `rows from ${500 * block}`).toBeLessThan(5e-13);
      });
    });
  });

  test('more than 200,000 rows: bins come from a sample', () => {
    const { features, values } = generate(230_000, 2);
    const one = named('generated, bins from a sample');
    expect(digest(predictBoosting(trainCase(one, features, values), features))).toBe(one.sha256);
  });

  const training = generate(6_000, 3);
  const later = generate(8_000, 4);
  test.each(cases.filter(({ name }) => name === 'variant'))('$objective with $parameters', (one) => {
    expect(digest(rawScores(trainCase(one, training.features, one.objective === 'binary' ? training.labels : training.values), later.features))).toBe(one.sha256);
  });

  test.each(cases.filter(({ name }) => name.startsWith('first')))('$objective on the $name: too few for some features to split', (one) => {
    const rows = Number(one.name.split(' ')[1]);
    const target = (one.objective === 'binary' ? training.labels : training.values).subarray(0, rows);
    expect(digest(rawScores(trainCase(one, head(training, rows), target), later.features))).toBe(one.sha256);
  });
});
