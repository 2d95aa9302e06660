import { describe, expect, it } from 'vitest';
import {
  calculateChunk, defineMetric, fitCalculator, fromFittedJson, NO_COLUMNS, rawThresholdsOf, registerMetrics, slice, toFittedJson,
  type CalculatorRequestOf, type ClassificationMetric, type Column, type CustomMetric, type EngineContext, type Frame, type RegressionLossMetric,
} from '../../engine/index.js';
import type { MetricPoint } from '../../domain/measurement.js';
import { loanFrame, uniform, withColumn } from '../support/frames.js';

const knows = (...metrics: CustomMetric[]): EngineContext => ({ customMetrics: registerMetrics(metrics) });
const chunksOf = (frame: Frame, size: number) => Array.from({ length: frame.rowCount / size }, (_, i) => ({ start: i * size, end: (i + 1) * size }));
const pointOf = (points: MetricPoint[], metric: string): MetricPoint => points.find((point) => point.metric === metric)!;

/** Value per loan: what a repaid one brings, less what a lost one costs, in shares of its amount. */
const profit = defineMetric<ClassificationMetric>({
  name: 'profit', problemType: 'classification_binary', betterWhen: 'higher', columns: ['rate'],
  calculate(rows) {
    const rate = rows.numbers('rate');
    let sum = 0;
    for (let i = 0; i < rows.rowCount; i++) if (rows.predictions[i] === 1) sum += rows.targets[i] === 1 ? rate[i]! : -1;
    return sum / rows.rowCount;
  },
  estimate(rows) {
    const rate = rows.numbers('rate');
    const { predictions } = rows;
    let sum = 0;
    for (let i = 0; i < rows.rowCount; i++) if (predictions[i] === 1) sum += rows.targetProbabilities[1]![i]! * rate[i]! - rows.targetProbabilities[0]![i]!;
    return sum / rows.rowCount;
  },
});

const accuracy = defineMetric<ClassificationMetric>({
  name: 'own_accuracy', problemType: 'classification_binary', betterWhen: 'higher', limits: { lower: 0, upper: 1 },
  calculate: ({ targets, predictions }) => targets.reduce((sum, target, i) => sum + (target === predictions[i] ? 1 : 0), 0) / targets.length,
  estimate: ({ predictions, targetProbabilities }) => predictions.reduce((sum, predicted, i) => sum + targetProbabilities[predicted]![i]!, 0) / predictions.length,
  rowDeviation({ targets, predictions }) {
    const share = targets.reduce((sum, target, i) => sum + (target === predictions[i] ? 1 : 0), 0) / targets.length;
    return Math.sqrt(share * (1 - share));
  },
});

const LOANS = { ...NO_COLUMNS, target: 'outcome', prediction: 'prediction', probability: 'score' };
const reference = loanFrame(4_000, 1);
const analysis = loanFrame(700, 2, 0.1);

function loans<K extends 'realized_performance' | 'estimated_performance'>(kind: K, customMetrics: string[]): CalculatorRequestOf<K> {
  return { kind, settings: { metrics: ['accuracy'], customMetrics }, columns: LOANS } as unknown as CalculatorRequestOf<K>;
}

describe('a metric of one\'s own for a classification', () => {
  it('calculates from targets: the same as the engine does where the formula is the same, with limits and sampling error', () => {
    const context = knows(accuracy);
    const request = loans('realized_performance', ['own_accuracy']);
    const fitted = fitCalculator(request, reference, chunksOf(reference, 400), context);
    const points = calculateChunk(fitted, analysis, context);
    expect(points.map(({ metric }) => metric)).toEqual(['accuracy', 'own_accuracy']);
    expect(points[1]!.value).toBeCloseTo(points[0]!.value, 14);
    expect(points[1]!.samplingError).toBeCloseTo(points[0]!.samplingError, 14);
    const [own, builtIn] = [...rawThresholdsOf(fitted, request.settings)].reverse();
    expect(own!.bounds.lower!).toBeCloseTo(builtIn!.bounds.lower!, 12);
    expect(own!.bounds.upper!).toBeCloseTo(builtIn!.bounds.upper!, 12);
  });

  it('estimates from calibrated chances, judged by what was realized on the reference', () => {
    const context = knows(accuracy);
    const request = loans('estimated_performance', ['own_accuracy']);
    const fitted = fitCalculator(request, reference, chunksOf(reference, 400), context);
    const points = calculateChunk(fitted, analysis, context);
    expect(points[1]!.value).toBeCloseTo(points[0]!.value, 13);
    expect(points[1]!.bandUpper).toBeCloseTo(points[0]!.bandUpper, 13);
    const [builtIn, own] = rawThresholdsOf(fitted, request.settings);
    expect(own!.bounds.lower!).toBeCloseTo(builtIn!.bounds.lower!, 12);
  });

  it('reads further columns, and only rows that have target, prediction and score', () => {
    const gaps = withColumn(analysis, 'outcome', { kind: 'continuous', values: Float64Array.from({ length: 700 }, (_, i) => (i % 2 === 0 ? NaN : 1)) });
    const context = knows(profit, defineMetric<ClassificationMetric>({
      name: 'rows_seen', problemType: 'classification_binary', betterWhen: 'higher', columns: ['plan'],
      calculate: (rows) => rows.rowCount + rows.texts('plan').filter((text) => text === 'large').length / 1000,
    }));
    const fitted = fitCalculator(loans('realized_performance', ['profit', 'rows_seen']), reference, chunksOf(reference, 400), context);
    expect(fitted.chunkColumns).toEqual(['outcome', 'score', 'prediction', 'rate', 'plan']);
    const plan = gaps.columns.get('plan') as Extract<Column, { kind: 'categorical' }>;
    const large = plan.codes.filter((code, i) => i % 2 === 1 && plan.categories[code] === 'large').length;
    const points = calculateChunk(fitted, gaps, context);
    expect(pointOf(points, 'rows_seen').value).toBe(350 + large / 1000);
    expect(Number.isFinite(pointOf(points, 'profit').value)).toBe(true);
    expect(pointOf(points, 'profit').samplingError).toBeNaN();
  });

  it('that fails in a chunk is NaN with the reason, and harms no other', () => {
    const failing: ClassificationMetric = { name: 'failing', problemType: 'classification_binary', betterWhen: 'higher', calculate: () => { throw new Error('no rates yet'); } };
    const textual = { ...failing, name: 'textual', calculate: () => '1' as unknown as number };
    const undeclared: ClassificationMetric = { ...failing, name: 'undeclared', calculate: (rows) => rows.numbers('amount')[0]! };
    const late = { ...failing, name: 'late', calculate: () => Promise.resolve(1) as unknown as number };
    const infinite = { ...failing, name: 'infinite', calculate: () => 1 / 0 };
    const context = knows(failing, textual, undeclared, late, infinite);
    const names = ['failing', 'textual', 'undeclared', 'late', 'infinite'];
    const fitted = fitCalculator(loans('realized_performance', names), reference, chunksOf(reference, 400), context);
    const points = calculateChunk(fitted, analysis, context);
    expect(pointOf(points, 'accuracy').value).toBeGreaterThan(0.5);
    expect(names.map((name) => pointOf(points, name).reason)).toEqual([
      "metric 'failing' failed: no rates yet",
      "metric 'textual' failed: calculate gave string, a finite number is needed",
      "metric 'undeclared' failed: column 'amount' is read but not declared: name it in the metric's columns",
      "metric 'late' failed: calculate gave a promise, a finite number is needed",
      "metric 'infinite' failed: calculate gave Infinity, a finite number is needed",
    ]);
    expect(names.every((name) => Number.isNaN(pointOf(points, name).value))).toBe(true);
  });

  it('is not called for a chunk without a row that it could use', () => {
    const context = knows(accuracy);
    const fitted = fitCalculator(loans('realized_performance', ['own_accuracy']), reference, chunksOf(reference, 400), context);
    const empty = withColumn(slice(analysis, 0, 3), 'outcome', { kind: 'continuous', values: new Float64Array(3).fill(NaN) });
    expect(pointOf(calculateChunk(fitted, empty, context), 'own_accuracy')).toMatchObject({ value: NaN, reason: 'no row of the chunk has what the metric needs' });
  });

  it("cannot write into the chunk's columns", () => {
    const scribbler: ClassificationMetric = { ...profit, name: 'scribbler', calculate: (rows) => rows.numbers('rate').fill(7).length + rows.targets.fill(0).length + rows.probabilities[1]!.fill(0).length };
    const context = knows(scribbler);
    const before = JSON.stringify([...analysis.columns].map(([name, column]) => [name, column.kind === 'continuous' ? [...column.values] : []]));
    calculateChunk(fitCalculator(loans('realized_performance', ['scribbler']), reference, chunksOf(reference, 400), context), analysis, context);
    expect(JSON.stringify([...analysis.columns].map(([name, column]) => [name, column.kind === 'continuous' ? [...column.values] : []]))).toBe(before);
  });

  it('sees the classes of a model of several classes as places in their list', () => {
    const random = uniform(5);
    const rows = 300;
    const colours = ['red', 'blue', 'green'];
    const codes = Int32Array.from({ length: rows }, (_, i) => i % 3);
    const said = codes.map((code, i) => (i % 10 === 0 ? (code + 1) % 3 : code));
    const frame: Frame = {
      rowCount: rows,
      columns: new Map<string, Column>([
        ['is', { kind: 'categorical', codes, categories: colours }],
        ['said', { kind: 'categorical', codes: said, categories: colours }],
        ...colours.map((_, k): [string, Column] => [`p${k}`, { kind: 'continuous', values: Float64Array.from(said, (code) => (code === k ? 0.6 + 0.3 * random() : 0.1 + 0.2 * random())) }]),
      ]),
    };
    const classProbabilities = [{ class: 'blue', column: 'p1' }, { class: 'green', column: 'p2' }, { class: 'red', column: 'p0' }];
    const right: ClassificationMetric = {
      name: 'right', problemType: 'classification_multiclass', betterWhen: 'higher',
      calculate: ({ classes, targets, predictions }) => targets.filter((target, i) => classes[target] === classes[predictions[i]!]).length + Number(classes.join() === 'blue,green,red') / 2,
      estimate: ({ predictions, targetProbabilities }) => predictions.reduce((sum, code, i) => sum + targetProbabilities[code]![i]!, 0) / predictions.length,
    };
    const context = knows(right);
    const columns = { ...NO_COLUMNS, problemType: 'classification_multiclass' as const, target: 'is', prediction: 'said', classProbabilities };
    const settings = { metrics: ['accuracy' as const], customMetrics: ['right'] };
    const whole = [{ start: 0, end: rows }];
    const realized = calculateChunk(fitCalculator({ kind: 'realized_performance', settings, columns }, frame, whole, context), frame, context);
    expect(pointOf(realized, 'right').value).toBe(270.5);
    const estimated = calculateChunk(fitCalculator({ kind: 'estimated_performance', settings, columns }, frame, whole, context), frame, context);
    expect(pointOf(estimated, 'right').value).toBeCloseTo(pointOf(estimated, 'accuracy').value, 13);
  });
});

/** Rows whose error grows with `size`. */
function deliveries(rows: number, seed: number): Frame {
  const random = uniform(seed);
  const size = new Float64Array(rows);
  const hours = new Float64Array(rows);
  const guess = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    size[i] = Math.round(100 * random()) / 10;
    guess[i] = 5 + size[i]!;
    hours[i] = guess[i]! + (random() - 0.5) * size[i]!;
  }
  return { rowCount: rows, columns: new Map<string, Column>([['size', { kind: 'continuous', values: size }], ['hours', { kind: 'continuous', values: hours }], ['guess', { kind: 'continuous', values: guess }]]) };
}

const DELIVERIES = { ...NO_COLUMNS, problemType: 'regression' as const, continuous: ['size'], target: 'hours', prediction: 'guess' };
const past = deliveries(3_000, 3);
const now = deliveries(500, 4);

const ownError: RegressionLossMetric = {
  name: 'own_error', problemType: 'regression', betterWhen: 'lower', limits: { lower: 0 },
  loss: ({ targets, predictions }) => targets.map((target, i) => Math.abs(target - predictions[i]!)),
};
/** Being late costs three times what being early costs. */
const lateness: RegressionLossMetric = {
  name: 'lateness', problemType: 'regression', betterWhen: 'lower', columns: ['size'],
  loss: ({ targets, predictions }) => Float64Array.from(targets, (target, i) => (target > predictions[i]! ? 3 * (target - predictions[i]!) : predictions[i]! - target)),
  aggregate: (losses, rows) => losses.reduce((sum, loss) => sum + loss, 0) / rows.numbers('size').reduce((sum, size) => sum + size, 0),
};

function hours<K extends 'realized_performance' | 'estimated_performance'>(kind: K, customMetrics: string[]): CalculatorRequestOf<K> {
  return { kind, settings: { metrics: ['mae'], customMetrics }, columns: DELIVERIES } as unknown as CalculatorRequestOf<K>;
}

describe("a metric of one's own for a regression", () => {
  it.each(['realized_performance', 'estimated_performance'] as const)('whose loss is the absolute error gives mae, its sampling error and its thresholds: %s', (kind) => {
    const context = knows(ownError);
    const request = hours(kind, ['own_error']);
    const fitted = fitCalculator(request, past, chunksOf(past, 300), context);
    const [mae, own] = calculateChunk(fitted, now, context);
    expect(own).toEqual({ ...mae, metric: 'own_error' });
    const [ofMae, ofOwn] = rawThresholdsOf(fitted, request.settings);
    expect(ofOwn!.bounds).toEqual(ofMae!.bounds);
  });

  it('learns any loss, and what it adds up to is close to what comes true', () => {
    const context = knows(lateness);
    const estimated = calculateChunk(fitCalculator(hours('estimated_performance', ['lateness']), past, chunksOf(past, 300), context), now, context);
    const realized = calculateChunk(fitCalculator(hours('realized_performance', ['lateness']), past, chunksOf(past, 300), context), now, context);
    expect(pointOf(realized, 'lateness').value).toBeGreaterThan(0);
    expect(Math.abs(pointOf(estimated, 'lateness').value / pointOf(realized, 'lateness').value - 1)).toBeLessThan(0.15);
    expect(pointOf(estimated, 'lateness').samplingError).toBeNaN();
  });

  it('that cannot be learnt is NaN in every chunk, and harms no other', () => {
    const short: RegressionLossMetric = { ...ownError, name: 'short', loss: () => [1, 2] };
    const gap: RegressionLossMetric = { ...ownError, name: 'gap', loss: ({ targets }) => targets.map((_, i) => (i === 5 ? NaN : 1)) };
    const context = knows(short, gap);
    const fitted = fitCalculator(hours('estimated_performance', ['short', 'gap']), past, chunksOf(past, 300), context);
    const points = calculateChunk(fitted, now, context);
    expect(pointOf(points, 'mae').value).toBeGreaterThan(0);
    expect(pointOf(points, 'short')).toMatchObject({ value: NaN, reason: "metric 'short': its fit failed: loss gave 2 numbers for 3000 rows" });
    expect(pointOf(points, 'gap')).toMatchObject({ value: NaN, reason: "metric 'gap': its fit failed: loss gave NaN, a finite number is needed" });
  });

  it('has a fitted state that is plain data: the same figures after JSON', () => {
    const context = knows(lateness, ownError);
    const fitted = fitCalculator(hours('estimated_performance', ['lateness', 'own_error']), past, chunksOf(past, 300), context);
    expect(calculateChunk(fromFittedJson<'estimated_performance'>(toFittedJson(fitted)), now, context)).toEqual(calculateChunk(fitted, now, context));
  });
});

describe("what is refused of metrics of one's own", () => {
  it('a name that the worker does not know, with the remedy', () => {
    expect(() => fitCalculator(loans('realized_performance', ['margin']), reference, [], knows(profit)))
      .toThrow("metric 'margin' is not known to this worker, which knows profit: start every worker with the module that defines it (aftercare worker --metrics FILE), or take it out of customMetrics");
    const fitted = fitCalculator(loans('realized_performance', ['profit']), reference, chunksOf(reference, 400), knows(profit));
    expect(() => calculateChunk(fitted, analysis)).toThrow("metric 'profit' is not known to this worker, which knows no metrics of your own");
  });

  it('a metric of another problem type, and one that is to be estimated and cannot be', () => {
    expect(() => fitCalculator(loans('realized_performance', ['own_error']), reference, [], knows(ownError))).toThrow("metric 'own_error' is for a regression, this model is a classification_binary");
    const bare: ClassificationMetric = { name: 'bare', problemType: 'classification_binary', betterWhen: 'lower', calculate: () => 1 };
    expect(() => fitCalculator(loans('estimated_performance', ['bare']), reference, [], knows(bare))).toThrow("metric 'bare' cannot be estimated: give it a function 'estimate', or take it out of estimated_performance.customMetrics");
  });

  it('a definition that contradicts itself', () => {
    const base: ClassificationMetric = { name: 'fine', problemType: 'classification_binary', betterWhen: 'lower', calculate: () => 1 };
    expect(() => defineMetric({ ...base, name: 'Not Fine' })).toThrow("'Not Fine' has not");
    expect(() => defineMetric({ ...base, name: 'roc_auc' })).toThrow('the engine has a metric of this name');
    expect(() => defineMetric({ ...base, name: 'true_a_pred_b' })).toThrow('those of a confusion matrix');
    expect(() => defineMetric({ ...base, limits: { lower: 1, upper: 0 } })).toThrow('its lower limit 1 is not below its upper limit 0');
    expect(() => defineMetric({ ...base, calculate: undefined } as unknown as ClassificationMetric)).toThrow("needs a function 'calculate'");
    expect(() => defineMetric({ ...base, betterWhen: 'up' } as unknown as ClassificationMetric)).toThrow("it must be 'higher' or 'lower'");
    expect(() => registerMetrics([base, base])).toThrow("there are two metrics called 'fine'");
  });
});
