/** One test per row of docs/differences-from-nannyml.md that claims one; NannyML's numbers stand beside ours. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { answer } from '../../cli/calculate/answer.js';
import { DataShelf } from '../../cli/calculate/data.js';
import { calculateChunk, continuousDistribution, fitCalculator, judge, NO_COLUMNS, takeRows, type CategoricalColumn, type Frame } from '../../engine/index.js';
import { fitPrincipalComponents, reconstructionErrors } from '../../engine/learn/principal-components.js';
import { mean } from '../../engine/stats/sum.js';
import { loanFrame } from '../support/frames.js';
import { readFixture, requestOf, type Fixture, type FixtureRecord } from '../support/nannyml-fixtures.js';

const shelf = new DataShelf();
const none = NO_COLUMNS;

async function recordsOf(fixture: Fixture, change: (request: Record<string, unknown>) => void = () => undefined): Promise<FixtureRecord[]> {
  const request = structuredClone(requestOf(fixture));
  change(request);
  const answered = await answer(request, shelf);
  if ('error' in answered) throw new Error(answered.error.message);
  return answered.results;
}

const numbers = (count: number, at: (i: number) => number) => ({ kind: 'continuous' as const, values: Float64Array.from({ length: count }, (_, i) => at(i)) });
const chunksOf = (count: number, size: number) => Array.from({ length: count }, (_, i) => ({ start: i * size, end: (i + 1) * size }));

describe('differences from NannyML', () => {
  it('a chunk without values does not repeat the chi-squared alert before it', () => {
    const frame = (codes: number[]): Frame => ({ rowCount: codes.length, columns: new Map([['c', { kind: 'categorical', codes: Int32Array.from(codes), categories: ['a', 'b'] } satisfies CategoricalColumn]]) });
    const reference = frame(Array.from({ length: 200 }, (_, i) => i % 2));
    const fitted = fitCalculator({ kind: 'univariate_drift', columns: { ...none, categorical: ['c'] }, settings: { continuousMethods: [], categoricalMethods: ['chi2'] } }, reference, chunksOf(4, 50));
    const [drifted] = calculateChunk(fitted, frame(new Array<number>(50).fill(0)));
    const [empty] = calculateChunk(fitted, frame(new Array<number>(50).fill(-1)));
    expect(drifted!.value).toBeCloseTo(39.609375, 12);
    const alerts = [drifted!, empty!].map((point) => judge(fitted, point, { lower: null, upper: null }));
    const nannyml = [true, true];
    expect(alerts).toEqual([true, null]);
    expect(alerts).not.toEqual(nannyml);
  });

  it('nested computation_params are honoured', async () => {
    const fixture = readFixture('univariatedrift__synthetic_car_loan__computation_params_doc_style');
    const is = (method: string) => (record: FixtureRecord) => record['name'] === 'car_value' && record['method'] === method && record['period'] === 'analysis' && record['chunk_index'] === 0;
    const nannyml = ['kolmogorov_smirnov', 'wasserstein'].map((method) => Number(fixture.expected.find(is(method))!['value']));
    const records = await recordsOf(fixture);
    const ours = ['kolmogorov_smirnov', 'wasserstein'].map((method) => Number(records.find(is(method))!['value']));
    expect(nannyml.map((value) => value.toPrecision(8))).toEqual(['0.013080000', '348.36940']);
    expect(ours.map((value) => value.toPrecision(8))).toEqual(['0.013100000', '348.31642']);
  });

  it('the business value of a chunk of one class counts its own cell', () => {
    const rows = (y: (i: number) => number, guess: (i: number) => number, count: number): Frame => ({ rowCount: count, columns: new Map([['y', numbers(count, y)], ['p', numbers(count, guess)]]) });
    const reference = rows((i) => i % 2, (i) => (i < 180 ? i % 2 : (i + 1) % 2), 200);
    const settings = { metrics: ['business_value' as const], businessValueMatrix: [[5, -10], [-50, 8]] };
    const fitted = fitCalculator({ kind: 'realized_performance', columns: { ...none, target: 'y', prediction: 'p' }, settings }, reference, chunksOf(2, 100));
    const [point] = calculateChunk(fitted, rows(() => 1, () => 1, 100));
    const nannyml = { value: -4700, samplingError: 127.250737 };
    expect(point!.value).toBe(800);
    expect(point!.value).not.toBe(nannyml.value);
    expect(point!.samplingError).toBeCloseTo(nannyml.samplingError, 6);
  });

  it('the sampling error of mape survives a target of zero', async () => {
    const errorsOf = async (name: string) => {
      const fixture = readFixture(name);
      const isMape = (record: FixtureRecord) => record['name'] === 'mape' && record['period'] === 'reference' && record['chunk_index'] === 0;
      return [fixture.expected.find(isMape)!['sampling_error'], Number((await recordsOf(fixture)).find(isMape)!['sampling_error']).toPrecision(6)];
    };
    expect(await errorsOf('performance__edge_regression__size200')).toEqual(['NaN', '6.71858e+14']);
    expect(await errorsOf('more__PerformanceCalculator__gain_signed')).toEqual([1.4647768805651418, '1.46478']);
  });

  it('the sampling error of a standard deviation survives a missing value', async () => {
    const fixture = readFixture('stats_std__edge_binary__size100');
    const first = (record: FixtureRecord) => record['name'] === 'num_missing' && record['chunk_index'] === 0 && record['period'] === 'reference';
    const [nannyml, ours] = [fixture.expected.find(first)!, (await recordsOf(fixture)).find(first)!].map((record) => record['sampling_error']);
    expect(nannyml).toBe('NaN');
    expect(Number(ours).toPrecision(6)).toBe('0.145881');
  });

  it("part of a problem type's name is refused", async () => {
    const answered = await answer({ ...requestOf(readFixture('cbpe__edge_binary__size100')), parameters: { y_true: 'y_true', y_pred_proba: 'y_pred_proba', problem_type: '', metrics: ['roc_auc'] } }, shelf);
    expect(answered).toMatchObject({ error: { stage: 'construct' } });
  });

  it('rows without a score do not fail the estimate', async () => {
    const fixture = readFixture('cbpe__edge_binary__size100');
    const all = await recordsOf(fixture, (request) => Object.assign(request['analysis'] as object, { rows: null }));
    const values = all.filter((record) => record['name'] === 'roc_auc' && record['period'] === 'analysis').map((record) => record['value']);
    expect(values).toHaveLength(11);
    expect(values.every((value) => typeof value === 'number')).toBe(true);
  });

  it('the sampling error of ROC AUC does not depend on the order of tied rows', async () => {
    for (const [id, nannyml, ours] of [['cbpe__synthetic_car_loan__size5000', '0.00181072', '0.00180921'], ['cbpe__edge_binary__size100', '0.0335660', '0.0339141']] as const) {
      const first = (record: FixtureRecord) => record['name'] === 'roc_auc' && record['period'] === 'reference' && record['chunk_index'] === 0;
      const fixture = readFixture(id);
      expect(Number(fixture.expected.find(first)!['sampling_error']).toPrecision(6)).toBe(nannyml);
      expect(Number((await recordsOf(fixture)).find(first)!['sampling_error']).toPrecision(6)).toBe(ours);
    }
    const reference = loanFrame(3_000, 3);
    const shuffled = takeRows(reference, Int32Array.from({ length: 3_000 }, (_, i) => (i * 1_009) % 3_000));
    const errors = [reference, shuffled].map((frame) => {
      const request = { kind: 'realized_performance' as const, columns: { ...none, target: 'outcome', probability: 'score' }, settings: { metrics: ['roc_auc' as const] } };
      return calculateChunk(fitCalculator(request, frame, []), frame)[0]!.samplingError;
    });
    expect(errors[0]).toBe(errors[1]);
  });

  it('the sampling error of average precision is the same at every fit', async () => {
    const fixture = readFixture('cbpe__synthetic_car_loan__size5000');
    const first = (record: FixtureRecord) => record['name'] === 'average_precision' && record['period'] === 'reference' && record['chunk_index'] === 0;
    const withSeedZero = Number(fixture.expected.find(first)!['sampling_error']);
    const ours = [await recordsOf(fixture), await recordsOf(fixture)].map((records) => Number(records.find(first)!['sampling_error']));
    expect(ours[0]).toBe(ours[1]);
    expect(Math.abs(ours[0]! - withSeedZero)).toBeLessThan(1e-15);
  });

  it('a name that treat_as_categorical does not know hides none of those after it', async () => {
    const fixture = readFixture('more__domain__ten_folds');
    const valuesFor = async (treated: string[]) => {
      const records = await recordsOf(fixture, (request) => {
        request['parameters'] = { feature_column_names: ['num_int', 'num_ties', 'cat_few'], treat_as_categorical: treated, chunk_size: 300, hyperparameters: { n_estimators: 15, num_leaves: 7 }, timestamp_column_name: 'timestamp' };
      });
      return records.filter(({ period }) => period === 'analysis').map(({ value }) => value);
    };
    const nannyml = { unknownFirst: 0.4547013888888889, known: 0.4777583333333333, none: 0.4547013888888889 };
    const [unknownFirst, known, nothing] = [await valuesFor(['nope', 'num_int']), await valuesFor(['num_int']), await valuesFor([])];
    expect([known[0], nothing[0]]).toEqual([nannyml.known, nannyml.none]);
    expect(unknownFirst).toEqual(known);
    expect(unknownFirst[0]).not.toBe(nannyml.unknownFirst);
  });

  it('density curves are there whatever the version of pandas', () => {
    const nannyml = { table: [NaN, NaN], function: [0.009423674510210797, 0.009866650175025329] };
    const curves = continuousDistribution(Float64Array.from({ length: 200 }, (_, i) => (i * i) % 97), chunksOf(2, 100));
    curves.forEach(({ localMax }, i) => {
      expect(Math.abs(localMax - nannyml.function[i]!)).toBeLessThan(1e-12);
      expect(localMax).not.toBe(nannyml.table[i]);
    });
  });

  it('principal components are exact where scikit-learn draws at random', () => {
    const columns = Array.from({ length: 80 }, (_, j) => Float64Array.from({ length: 600 }, (__, i) => Math.sin(i * 0.37 * (j % 7 + 1)) + 0.5 * Math.cos(i * 0.11 * (j % 5 + 1) + j) + ((i * 31 + j * 17 + ((i * j) % 101)) % 53) / 53));
    const meanError = (kept: number) => mean(reconstructionErrors(fitPrincipalComponents(columns, kept), columns));
    const scikitLearn = { randomized: 1.9388662404197157, full: 1.9282480614712305 };
    expect(Math.abs(meanError(40) - scikitLearn.full)).toBeLessThan(1e-9);
    expect(Math.abs(meanError(40) - scikitLearn.randomized)).toBeGreaterThan(0.01);
    expect(Math.abs(meanError(5) - 6.100014574199146)).toBeLessThan(1e-9);
  });

  it('every test that the page names is here', () => {
    const page = readFileSync(new URL('../../docs/differences-from-nannyml.md', import.meta.url), 'utf8');
    const own = ['differences.test.ts', 'differences-classes.test.ts', '../cli/run-config/database.stack.test.ts'].map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')).join('\n');
    const titles = page.split('\n').filter((line) => line.startsWith('|')).map((line) => line.split('|').map((part) => part.trim())).filter((parts) => parts.length === 6).map((parts) => parts[4]!).filter((title) => title !== '' && title !== 'test' && !title.startsWith('---'));
    expect(titles.length).toBeGreaterThan(5);
    for (const title of titles) expect(own, title).toContain(title);
  });
});
