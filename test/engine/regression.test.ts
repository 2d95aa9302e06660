import { describe, expect, it } from 'vitest';
import { calculateChunk, fitCalculator, NO_COLUMNS, rawThresholdsOf, thresholdsOf, type CalculatorRequestOf, type Frame } from '../../engine/index.js';

const COLUMNS = { ...NO_COLUMNS, problemType: 'regression' as const, target: 'price', prediction: 'guess' };
const METRICS = ['mae', 'mape', 'mse', 'rmse', 'msle', 'rmsle'] as const;

function outcomes(price: number[], guess: number[]): Frame {
  return { rowCount: price.length, columns: new Map([['price', { kind: 'continuous', values: Float64Array.from(price) }], ['guess', { kind: 'continuous', values: Float64Array.from(guess) }]]) };
}

function request(metrics: readonly (typeof METRICS)[number][] = METRICS): CalculatorRequestOf<'realized_performance'> {
  return { kind: 'realized_performance', settings: { metrics: [...metrics] }, columns: COLUMNS };
}

const REFERENCE = outcomes([1, 2, 3, 4, 5, 6], [1.5, 2, 2, 4, 7, 5]);
const WHOLE = [{ start: 0, end: 6 }];

describe('realized performance of a regression', () => {
  it('gives the errors by the textbook, and their sampling errors from the reference', () => {
    const fitted = fitCalculator(request(), REFERENCE, WHOLE);
    const points = new Map(calculateChunk(fitted, outcomes([1, 3, 0], [2, 3, 2])).map((point) => [point.metric, point]));
    expect([...points.keys()]).toEqual([...METRICS]);
    expect(points.get('mae')!.value).toBe(1);
    expect(points.get('mse')!.value).toBeCloseTo(5 / 3, 14);
    expect(points.get('rmse')!.value).toBeCloseTo(Math.sqrt(5 / 3), 14);
    // 1, 0, and 2 / 2⁻⁵² where the target is zero
    expect(points.get('mape')!.value).toBeCloseTo((1 + 2 * 2 ** 52) / 3, -2);
    expect(points.get('msle')!.value).toBeCloseTo((Math.log(3 / 2) ** 2 + Math.log(3) ** 2) / 3, 14);
    // |errors| of the reference: 0.5, 0, 1, 0, 2, 1
    const deviation = Math.sqrt([0.5, 0, 1, 0, 2, 1].reduce((sum, error) => sum + (error - 0.75) ** 2, 0) / 6);
    expect(points.get('mae')!.samplingError).toBeCloseTo(deviation / Math.sqrt(3), 14);
    // squared errors: 0.25, 0, 1, 0, 4, 1 (mean 6.25 / 6)
    const squared = Math.sqrt([0.25, 0, 1, 0, 4, 1].reduce((sum, error) => sum + (error - 6.25 / 6) ** 2, 0) / 6);
    expect(points.get('rmse')!.samplingError).toBeCloseTo(Math.sqrt(squared ** 2 / (4 * 3 * (6.25 / 6))), 14);
  });

  it('leaves out rows without target or prediction', () => {
    const fitted = fitCalculator(request(['mae']), REFERENCE, WHOLE);
    expect(calculateChunk(fitted, outcomes([NaN, 3, 8], [2, 4, NaN]))[0]!.value).toBe(1);
  });

  it('cannot know an error where no row has both, and says so', () => {
    const fitted = fitCalculator(request(), REFERENCE, WHOLE);
    for (const point of calculateChunk(fitted, outcomes([NaN, 3], [2, NaN]))) {
      expect(point.value).toBeNaN();
      expect(point.samplingError).toBeNaN();
      expect(point.reason).toBe('no row of the chunk has a target and a prediction');
    }
  });

  it('gives no logarithmic error of negative values, and the other errors all the same', () => {
    const fitted = fitCalculator(request(['mae', 'msle', 'rmsle']), REFERENCE, WHOLE);
    const [mae, msle, rmsle] = calculateChunk(fitted, outcomes([1, 2, 3], [1, -2, 3]));
    expect(mae!.value).toBeCloseTo(4 / 3, 14);
    for (const point of [msle!, rmsle!]) expect(point).toMatchObject({ value: NaN, reason: '1 of 3 predictions are negative, which a logarithmic error does not take' });
  });

  it('has no thresholds for a logarithmic error when the reference has negative outcomes', () => {
    const asked = request(['mae', 'msle']);
    const fitted = fitCalculator(asked, outcomes([1, 2, -3, 4], [1, 2, 2, 5]), [{ start: 0, end: 2 }, { start: 2, end: 4 }]);
    expect(thresholdsOf(fitted, asked.settings).map(({ metric }) => metric)).toEqual(['mae']);
  });

  it('never has a lower bound below zero, nor an upper limit', () => {
    const asked = request(['mae']);
    const fitted = fitCalculator(asked, REFERENCE, [{ start: 0, end: 3 }, { start: 3, end: 6 }]);
    // chunk values 0.5 and 1: mean 0.75, deviation 0.25
    expect(rawThresholdsOf(fitted, asked.settings)[0]!.bounds).toEqual({ lower: 0, upper: 1.5 });
  });

  it('has a sampling error for mape although a target of the reference is zero, where NannyML has none', () => {
    const fitted = fitCalculator(request(['mape']), outcomes([0, 2, 4], [0, 1, 3]), [{ start: 0, end: 3 }]);
    // relative errors 0, 1/2, 1/4
    const deviation = Math.sqrt([0, 0.5, 0.25].reduce((sum, error) => sum + (error - 0.25) ** 2, 0) / 3);
    expect(calculateChunk(fitted, outcomes([1, 2], [1, 2]))[0]!.samplingError).toBeCloseTo(deviation / Math.SQRT2, 14);
  });

  it('refuses metrics of other problems, and models without predictions', () => {
    const asked = { ...request(), settings: { metrics: ['f1' as const] } };
    expect(() => fitCalculator(asked, REFERENCE, WHOLE)).toThrow("there is no metric 'f1' for a regression; there are mae, mape, mse, rmse, msle, rmsle");
    expect(() => fitCalculator({ ...request(), columns: { ...COLUMNS, prediction: null } }, REFERENCE, WHOLE)).toThrow('realized performance needs a column of predictions');
  });
});
