import { describe, expect, it } from 'vitest';
import { calculateChunk, failuresInNannyml, fitCalculator, NO_COLUMNS, slice, takeRows, thresholdsOf, type CalculatorRequestOf, type Column, type Frame } from '../../engine/index.js';
import { classProbabilitiesOf } from '../../engine/estimators/cbpe-multiclass.js';
import { MulticlassEstimated } from '../../engine/metrics/multiclass-estimated.js';
import { loanFrame, TIERS, withColumn } from '../support/frames.js';

const texts = (...values: (string | null)[]): Column => {
  const categories = [...new Set(values.filter((value) => value !== null))].reverse();
  return { kind: 'categorical', codes: Int32Array.from(values, (value) => (value === null ? -1 : categories.indexOf(value))), categories };
};
const numbers = (...values: number[]): Column => ({ kind: 'continuous', values: Float64Array.from(values) });
const frameOf = (columns: Record<string, Column>): Frame => ({ rowCount: Object.values(columns).map((column) => (column.kind === 'categorical' ? column.codes : column.kind === 'continuous' ? column.values : column.micros).length)[0]!, columns: new Map(Object.entries(columns)) });

const columns = { ...NO_COLUMNS, problemType: 'classification_multiclass' as const, target: 'y', prediction: 'guess', classProbabilities: ['a', 'b', 'c'].map((one) => ({ class: one, column: `p_${one}` })) };
const LABELS = ['f1', 'precision', 'recall', 'specificity', 'accuracy'] as const;

type Kind = 'realized_performance' | 'estimated_performance';
function valuesOf(request: CalculatorRequestOf<Kind>, reference: Frame, chunk = reference) {
  return Object.fromEntries(calculateChunk(fitCalculator(request, reference, [{ start: 0, end: reference.rowCount }]), chunk).map((point) => [point.metric, point]));
}

/** Six rows: a a b b c c, predicted a b b b c a. */
const six = frameOf({ y: texts('a', 'a', 'b', 'b', 'c', 'c'), guess: texts('a', 'b', 'b', 'b', 'c', 'a'), p_a: numbers(0.7, 0.3, 0.2, 0.1, 0.1, 0.6), p_b: numbers(0.2, 0.6, 0.7, 0.8, 0.1, 0.1), p_c: numbers(0.1, 0.1, 0.1, 0.1, 0.8, 0.3) });

describe('realized performance of several classes', () => {
  const realized = (metrics: readonly string[], more: object = {}) => ({ kind: 'realized_performance', columns, settings: { metrics: [...metrics], ...more } }) as CalculatorRequestOf<'realized_performance'>;

  it('takes the mean over the classes, each one against the rest', () => {
    const values = valuesOf(realized([...LABELS, 'roc_auc', 'average_precision']), six);
    expect(values['accuracy']!.value).toBeCloseTo(4 / 6, 15);
    expect(values['precision']!.value).toBeCloseTo((1 / 2 + 2 / 3 + 1) / 3, 15);
    expect(values['recall']!.value).toBeCloseTo((1 / 2 + 1 + 1 / 2) / 3, 15);
    expect(values['f1']!.value).toBeCloseTo((1 / 2 + 4 / 5 + 2 / 3) / 3, 15);
    expect(values['specificity']!.value).toBeCloseTo((3 / 4 + 3 / 4 + 1) / 3, 15);
    // a: 0.7 above all, 0.3 below 0.6 alone; b: 0.7, 0.8 above all; c: 0.8, 0.3 above all.
    expect(values['roc_auc']!.value).toBeCloseTo((7 / 8 + 1 + 1) / 3, 15);
    expect(values['average_precision']!.value).toBeCloseTo(((1 + 2 / 3) / 2 + 1 + 1) / 3, 15);
  });

  it('names a cell of the confusion matrix by its true and its predicted class, and divides as asked', () => {
    const cells = (normalizeConfusionMatrix: 'all' | 'true' | 'pred' | null) => Object.values(valuesOf(realized(['confusion_matrix'], { normalizeConfusionMatrix }), six)).map(({ metric, value }) => [metric, value]);
    expect(cells(null)).toEqual([['true_a_pred_a', 1], ['true_a_pred_b', 1], ['true_a_pred_c', 0], ['true_b_pred_a', 0], ['true_b_pred_b', 2], ['true_b_pred_c', 0], ['true_c_pred_a', 1], ['true_c_pred_b', 0], ['true_c_pred_c', 1]]);
    expect(cells('all').map(([, value]) => value)).toEqual([1, 1, 0, 0, 2, 0, 1, 0, 1].map((count) => count / 6));
    expect(cells('true').map(([, value]) => value)).toEqual([1, 1, 0, 0, 2, 0, 1, 0, 1].map((count) => count / 2));
    expect(cells('pred').map(([, value], i) => Number(value) * [2, 3, 1][i % 3]!)).toEqual([1, 1, 0, 0, 2, 0, 1, 0, 1]);
  });

  it('adds up what each row is worth, or the mean worth of a prediction of each class', () => {
    const matrix = { businessValueMatrix: [[10, -1, -2], [-3, 20, -4], [-5, -6, 30]] };
    expect(valuesOf(realized(['business_value'], matrix), six)['business_value']!.value).toBe(10 - 1 + 40 - 5 + 30);
    expect(valuesOf(realized(['business_value'], { ...matrix, normalizeBusinessValue: 'per_prediction' }), six)['business_value']!.value).toBe((10 - 5) / 2 + (-1 + 40) / 3 + 30);
  });

  it('has the sampling error of the sum of the classes, of a count, and of a value', () => {
    const values = valuesOf(realized([...LABELS, 'confusion_matrix', 'business_value'], { businessValueMatrix: [[10, -1, -2], [-3, 20, -4], [-5, -6, 30]] }), six);
    const share = (ones: number, of: number) => (ones / of) * (1 - ones / of);
    expect(values['recall']!.samplingError).toBeCloseTo(Math.sqrt(share(1, 2) / 2 + share(2, 2) / 2 + share(1, 2) / 2) / 3, 14);
    expect(values['precision']!.samplingError).toBeCloseTo(Math.sqrt(share(1, 2) / 2 + share(2, 3) / 3 + share(1, 1)) / 3, 14);
    expect(values['accuracy']!.samplingError).toBeCloseTo(Math.sqrt(share(4, 6) / 6), 14);
    expect(values['true_b_pred_b']!.samplingError).toBeCloseTo(Math.sqrt(share(2, 6) * 6), 14);
    const worth = [10, -1, 20, 20, 30, -5];
    const centre = worth.reduce((sum, value) => sum + value, 0) / 6;
    expect(values['business_value']!.samplingError).toBeCloseTo(Math.sqrt(worth.reduce((sum, value) => sum + (value - centre) ** 2, 0) / 5) * Math.sqrt(6), 12);
  });

  it('counts a label that is no class as wrong, wherever it stands', () => {
    const strange = withColumn(withColumn(six, 'guess', texts('a', 'b', 'z', 'b', 'c', 'a')), 'y', texts('a', 'a', 'b', 'b', 'c', 'q'));
    const values = valuesOf(realized([...LABELS, 'confusion_matrix'], { normalizeConfusionMatrix: 'all' }), six, strange);
    expect(values['accuracy']!.value).toBeCloseTo(3 / 6, 15);
    expect(values['recall']!.value).toBeCloseTo((1 / 2 + 1 / 2 + 1) / 3, 15);
    expect(values['precision']!.value).toBeCloseTo((1 / 2 + 1 / 2 + 1) / 3, 15);
    // Only rows whose labels are both classes are in the matrix.
    expect(values['true_a_pred_a']!.value).toBe(1 / 4);
  });

  it('leaves out rows that lack what a metric needs, and says when none is left', () => {
    const gaps = withColumn(withColumn(six, 'guess', texts(null, 'b', 'b', 'b', 'c', 'a')), 'p_c', numbers(0.1, 0.1, 0.1, 0.1, 0.8, NaN));
    const values = valuesOf(realized(['accuracy', 'roc_auc']), six, gaps);
    expect(values['accuracy']!.value).toBeCloseTo(3 / 5, 15);
    expect(values['roc_auc']!.value).toBe(1);
    const none = withColumn(six, 'y', texts(null, null, null, null, null, null));
    expect(valuesOf(realized(['accuracy', 'roc_auc']), six, none)).toMatchObject({ accuracy: { value: NaN, reason: 'no row of the chunk has a target and what the metric needs' }, roc_auc: { value: NaN } });
  });

  it('says why a chunk has no figure', () => {
    const reasons = (chunk: Frame, metrics: string[]) => Object.values(valuesOf(realized(metrics), six, chunk)).map(({ reason }) => reason);
    expect(reasons(withColumn(six, 'y', texts('a', 'a', 'b', 'b', 'a', 'a')), ['roc_auc', 'average_precision'])).toEqual(["the chunk has no row of class 'c'", "the chunk has no row of class 'c'"]);
    expect(reasons(withColumn(six, 'guess', texts('a', 'a', 'a', 'a', 'a', 'a')), ['f1', 'accuracy'])).toEqual(['the targets or the predictions of the chunk are all of one class', undefined]);
    expect(reasons(withColumn(six, 'p_a', numbers(0.9, 0.3, 0.2, 0.1, 0.1, 0.6)), ['roc_auc', 'average_precision'])).toEqual(['in 1 of 6 rows of the chunk the probabilities of the classes do not sum to 1', undefined]);
    expect(reasons(withColumn(six, 'y', texts('a', 'z', 'b', 'b', 'c', 'c')), ['roc_auc'])).toEqual(['1 of 6 targets of the chunk are none of the classes']);
  });

  it("lets a cell follow its own rule, else the confusion matrix's", () => {
    const thresholds = { confusion_matrix: { type: 'constant' as const, lower: 1, upper: 4 }, true_a_pred_b: { type: 'constant' as const, lower: null, upper: 9 } };
    const request = realized(['confusion_matrix', 'f1'], { thresholds });
    const bounds = Object.fromEntries(thresholdsOf(fitCalculator(request, six, [{ start: 0, end: 6 }]), request.settings).map((series) => [series.metric, series.bounds]));
    expect(bounds['true_c_pred_c']).toEqual({ lower: 1, upper: 4 });
    expect(bounds['true_a_pred_b']).toEqual({ lower: null, upper: 9 });
    expect(bounds['f1']!.lower).toBeCloseTo((1 / 2 + 4 / 5 + 2 / 3) / 3, 15);
  });

  it('refuses what cannot be meant', () => {
    const fit = (request: CalculatorRequestOf<'realized_performance'>, frame = six) => () => fitCalculator(request, frame, []);
    expect(fit({ ...realized(['f1']), columns: { ...columns, target: null } })).toThrow('realized performance needs a target column');
    expect(fit({ ...realized(['f1', 'accuracy']), columns: { ...columns, prediction: null } })).toThrow('f1, accuracy need a column of predictions');
    expect(fit({ ...realized(['f1']), columns: { ...columns, classProbabilities: columns.classProbabilities.slice(0, 1) } })).toThrow('only one is given');
    expect(fit(realized(['rmse']))).toThrow("there is no metric 'rmse' for a classification into several classes");
    expect(fit(realized(['business_value'], { businessValueMatrix: [[1, 2], [3, 4]] }))).toThrow('a matrix of 3 × 3 values, one of 2 × 2 is given');
    expect(fit(realized(['f1']), withColumn(six, 'y', texts('0', '1', '0', '1', '2', '2')))).toThrow("column 'y' of the reference: no target is one of the classes 'a', 'b', 'c' (the first is '0')");
    expect(fit(realized(['f1']), withColumn(six, 'y', numbers(0, 1, 0, 1, 2, 2)))).toThrow("column 'y' is continuous, a categorical one is needed");
  });

  it('tells where NannyML fails', () => {
    const fitted = fitCalculator(realized(['roc_auc', 'average_precision', 'f1']), six, []);
    const failures = (chunk: Frame) => [...failuresInNannyml(fitted, chunk)];
    expect(failures(six)).toEqual([]);
    expect(failures(withColumn(six, 'y', texts('a', 'a', 'b', 'b', 'a', 'a')))).toEqual(['average_precision']);
    expect(failures(withColumn(six, 'y', texts('a', 'a', 'a', 'a', 'a', 'a')))).toEqual([]);
    expect(failures(withColumn(six, 'p_a', numbers(0.9, 0.3, 0.2, 0.1, 0.1, 0.6)))).toEqual(['roc_auc']);
  });
});

describe('estimated performance of several classes', () => {
  const tiers = { ...NO_COLUMNS, problemType: 'classification_multiclass' as const, target: 'tier', prediction: 'tier_guess', classProbabilities: TIERS };
  const estimated = (metrics: readonly string[], more: object = {}) => ({ kind: 'estimated_performance', columns: tiers, settings: { metrics: [...metrics], ...more } }) as CalculatorRequestOf<'estimated_performance'>;
  const reference = loanFrame(4_000, 5);
  const chunk = loanFrame(3_000, 6);

  it('comes near what is realized, without targets', () => {
    const metrics = ['roc_auc', ...LABELS, 'average_precision'];
    const guessed = valuesOf(estimated(metrics), reference, chunk);
    const known = valuesOf({ ...estimated(metrics), kind: 'realized_performance' }, reference, chunk);
    for (const metric of metrics) expect(Math.abs(guessed[metric]!.value - known[metric]!.value), metric).toBeLessThan(4 * known[metric]!.samplingError);
    const without = { rowCount: chunk.rowCount, columns: new Map([...chunk.columns].filter(([name]) => name !== 'tier')) };
    expect(valuesOf(estimated(metrics), reference, without)).toEqual(guessed);
  });

  it('gives expected counts that add up to the rows', () => {
    const points = Object.values(valuesOf(estimated(['confusion_matrix']), reference, chunk));
    expect(points).toHaveLength(9);
    expect(points.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(3_000, 8);
  });

  it('divides the scores of a row by their sum; a row without any has equal chances', () => {
    const [a, b] = classProbabilitiesOf([null, null], [Float64Array.of(0.2, 0, 3, NaN), Float64Array.of(0.6, 0, 1, 0.5)]);
    expect([...a!]).toEqual([0.2 / 0.8, 0.5, 0.75, NaN]);
    expect([...b!]).toEqual([0.6 / 0.8, 0.5, 0.25, NaN]);
  });

  it('takes the mean over all orders of rows that tie', () => {
    // Three rows of one score with probabilities 0.9, 0.2, 0.4, then one of a lower score with 0.5.
    const p = [0.9, 0.2, 0.4];
    const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    const mean = (of: (values: number[]) => number) => orders.reduce((sum, order) => sum + of([...order.map((i) => p[i]!), 0.5]), 0) / 6;
    const precision = mean((values) => {
      let positives = 0;
      return values.reduce((sum, value, i) => { positives += value; return sum + (value / 2) * (positives / (i + 1)); }, 0);
    });
    const area = mean((values) => {
      let positives = 0;
      return values.reduce((sum, value) => { positives += value; return sum + ((1 - value) / 2) * ((positives - value / 2) / 2); }, 0);
    });
    const probability = Float64Array.of(0.9, 0.2, 0.4, 0.5);
    const rest = probability.map((value) => 1 - value);
    const metrics = new MulticlassEstimated(
      { probabilities: [probability, rest], scores: [Float64Array.of(0.7, 0.7, 0.7, 0.1), Float64Array.of(0.3, 0.3, 0.3, 0.9)], prediction: null }, ['a', 'b'],
      { normalizeConfusionMatrix: null, businessValueMatrix: null, perPrediction: false },
    );
    const rocAuc = metrics.measure({ name: 'roc_auc', metric: 'roc_auc' }).value;
    // Of two classes both areas are the same.
    expect(rocAuc).toBeCloseTo(area, 12);
    const ofRest = (() => {
      const q = p.map((value) => 1 - value);
      return orders.reduce((sum, order) => {
        let positives = 0;
        return sum + [0.5, ...order.map((i) => q[i]!)].reduce((total, value, i) => { positives += value; return total + (value / 2) * (positives / (i + 1)); }, 0);
      }, 0) / 6;
    })();
    expect(metrics.measure({ name: 'average_precision', metric: 'average_precision' }).value).toBeCloseTo((precision + ofRest) / 2, 12);
  });

  it('leaves a class with a single reference row as it is, and calibrates the others', () => {
    const codes = (reference.columns.get('tier') as { codes: Int32Array }).codes;
    const lonely = codes.map((code, row) => (code === 1 && row > 0 ? 0 : row === 0 ? 1 : code));
    const squeezed = (name: string): Column => ({ kind: 'continuous', values: (reference.columns.get(name) as { values: Float64Array }).values.map((score) => score / 3) });
    let frame = withColumn(reference, 'tier', { kind: 'categorical', codes: lonely, categories: ['basic', 'gold', 'plus'] });
    for (const { column } of TIERS) frame = withColumn(frame, column, squeezed(column));
    const { state } = fitCalculator(estimated(['accuracy']), frame, []);
    const calibrations = 'calibrations' in state ? state.calibrations : [];
    expect(calibrations.map((calibration) => calibration !== null)).toEqual([true, false, true]);
  });

  it('learns on the reference rows that have a target and all scores', () => {
    const holes = (values: Float64Array) => values.map((value, row) => (row >= 2_000 && row < 3_000 ? NaN : value));
    const codes = (reference.columns.get('tier') as { codes: Int32Array }).codes.map((code, row) => (row >= 3_000 ? -1 : code));
    const gaps = withColumn(withColumn(reference, 'tier', { kind: 'categorical', codes, categories: ['basic', 'gold', 'plus'] }), 'p_gold', { kind: 'continuous', values: holes((reference.columns.get('p_gold') as { values: Float64Array }).values) });
    const state = (frame: Frame) => fitCalculator(estimated(['roc_auc', 'average_precision']), frame, []).state;
    expect(state(gaps)).toEqual(state(slice(reference, 0, 2_000)));
  });

  it('says when a chunk has nothing to estimate from', () => {
    const empty = withColumn(chunk, 'p_plus', { kind: 'continuous', values: new Float64Array(3_000).fill(NaN) });
    expect(valuesOf(estimated(['roc_auc', 'f1']), reference, empty)).toMatchObject({
      roc_auc: { value: NaN, reason: 'no row of the chunk has a probability of every class' },
      f1: { value: NaN, reason: 'no row of the chunk has a prediction and a probability of every class' },
    });
  });

  it("does not depend on the order of a chunk's rows", () => {
    const order = Int32Array.from({ length: 3_000 }, (_, i) => (i * 1_009) % 3_000);
    const [one, other] = [chunk, takeRows(chunk, order)].map((frame) => valuesOf(estimated(['roc_auc', 'average_precision', 'f1']), reference, frame));
    for (const metric of ['roc_auc', 'average_precision', 'f1']) expect(other![metric]!.value).toBeCloseTo(one![metric]!.value, 12);
  });
});
