/** As differences.test.ts: the rows of docs/differences-from-nannyml.md about models of several classes. */
import { describe, expect, it } from 'vitest';
import { answer } from '../../cli/calculate/answer.js';
import { DataShelf } from '../../cli/calculate/data.js';
import { calculateChunk, fitCalculator, NO_COLUMNS, realizedBesideEstimate, takeRows, thresholdsOf, type CategoricalColumn, type ContinuousColumn, type Frame } from '../../engine/index.js';
import { readFrame } from '../../client/sources/frame.js';
import { loanFrame, TIERS, withColumn } from '../support/frames.js';
import { readFixture, requestOf, type FixtureRecord } from '../support/nannyml-fixtures.js';

const shelf = new DataShelf();
const tiers = { ...NO_COLUMNS, problemType: 'classification_multiclass' as const, target: 'tier', prediction: 'tier_guess', classProbabilities: TIERS };
const chunksOf = (frame: Frame, size: number) => Array.from({ length: Math.floor(frame.rowCount / size) }, (_, i) => ({ start: i * size, end: (i + 1) * size }));
const rowsOf = (frame: Frame, from: number, to: number) => takeRows(frame, Int32Array.from({ length: to - from }, (_, i) => from + i));

async function recordsOf(id: string): Promise<FixtureRecord[]> {
  const answered = await answer(requestOf(readFixture(id)), shelf);
  if ('error' in answered) throw new Error(answered.error.message);
  return answered.results;
}

/** The data of `edge_multiclass`, and what is asked of it. */
async function edgeMulticlass() {
  const data = (name: string) => readFrame(new URL(`../../datasets/edge_multiclass_${name}.csv`, import.meta.url).pathname);
  const classes = ['a', 'b', 'c'].map((one) => ({ class: one, column: `p_${one}` }));
  const columns = { ...NO_COLUMNS, problemType: 'classification_multiclass' as const, target: 'y_true', prediction: 'y_pred', classProbabilities: classes };
  return { reference: await data('reference'), analysis: await data('analysis'), columns };
}

describe('differences from NannyML in models of several classes', () => {
  it('an estimate is not lost because the realized metric beside it cannot be known', async () => {
    const { reference, analysis, columns } = await edgeMulticlass();
    const request = { kind: 'estimated_performance' as const, columns, settings: { metrics: ['average_precision' as const] } };
    const fitted = fitCalculator(request, reference, chunksOf(reference, 150));
    const chunk = rowsOf(analysis, 300, 450);
    expect(calculateChunk(fitted, chunk)[0]!.value.toPrecision(6)).toBe('0.769072');
    expect(realizedBesideEstimate(fitted.state, chunk).get('average_precision')).toBeNaN();
    // `calculate` gives NannyML's record.
    const is = (record: FixtureRecord) => record['name'] === 'average_precision' && record['period'] === 'analysis' && record['chunk_index'] === 2;
    const nannyml = readFixture('cbpe__edge_multiclass__size150').expected.find(is)!;
    expect([nannyml['value'], nannyml['upper_threshold']]).toEqual(['NaN', 'NaN']);
    expect((await recordsOf('cbpe__edge_multiclass__size150')).find(is)).toMatchObject({ value: 'NaN', sampling_error: 'NaN', upper_threshold: 'NaN', alert: 'NaN' });
  });

  it('a reference chunk without one of the classes does not take the thresholds', () => {
    const reference = loanFrame(2_000, 11);
    const codes = (reference.columns.get('tier') as CategoricalColumn).codes.map((code, row) => (row < 200 && code === 2 ? 1 : code));
    const lacking = withColumn(reference, 'tier', { ...(reference.columns.get('tier') as CategoricalColumn), codes });
    const request = { kind: 'realized_performance' as const, columns: tiers, settings: { metrics: ['average_precision' as const] } };
    const fitted = fitCalculator(request, lacking, chunksOf(lacking, 200));
    expect(fitted.referencePoints.map(([point]) => Number.isNaN(point!.value))).toEqual([true, ...new Array<boolean>(9).fill(false)]);
    const { bounds } = thresholdsOf(fitted, request.settings)[0]!;
    expect(bounds.lower).toBeGreaterThan(0.2);
    expect(bounds.upper).toBeLessThan(1);
  });

  it('two classes may be given as several', () => {
    const reference = loanFrame(2_000, 12);
    const score = (reference.columns.get('score') as ContinuousColumn).values;
    const outcome = (reference.columns.get('outcome') as ContinuousColumn).values;
    const frame = withColumn(withColumn(reference, 'refused', { kind: 'continuous', values: score.map((p) => 1 - p) }), 'label', { kind: 'categorical', codes: Int32Array.from(outcome), categories: ['no', 'yes'] });
    const several = { ...NO_COLUMNS, problemType: 'classification_multiclass' as const, target: 'label', prediction: null, classProbabilities: [{ class: 'no', column: 'refused' }, { class: 'yes', column: 'score' }] };
    const valueOf = (kind: 'realized_performance' | 'estimated_performance', columns: typeof several | typeof NO_COLUMNS) => calculateChunk(fitCalculator({ kind, columns, settings: { metrics: ['roc_auc'] } }, frame, []), frame)[0]!.value;
    const two = { ...NO_COLUMNS, target: 'outcome', probability: 'score' };
    const nannyml = NaN;
    const ours = valueOf('realized_performance', several);
    expect(ours).toBeCloseTo(valueOf('realized_performance', two), 9);
    expect(ours).not.toBe(nannyml);
    expect(Math.abs(valueOf('estimated_performance', several) - valueOf('estimated_performance', two))).toBeLessThan(0.005);
  });

  it('a missing prediction does not take the estimates that need none', () => {
    const reference = loanFrame(2_000, 13);
    const chunk = loanFrame(500, 14);
    const guess = chunk.columns.get('tier_guess') as CategoricalColumn;
    const gaps = withColumn(chunk, 'tier_guess', { ...guess, codes: guess.codes.map((code, row) => (row % 30 === 0 ? -1 : code)) });
    const fitted = fitCalculator({ kind: 'estimated_performance', columns: tiers, settings: { metrics: ['roc_auc', 'average_precision', 'f1'] } }, reference, []);
    const [whole, holed] = [chunk, gaps].map((frame) => calculateChunk(fitted, frame).map(({ value }) => value));
    const nannyml = [NaN, NaN];
    expect(holed!.slice(0, 2)).toEqual(whole!.slice(0, 2));
    expect(holed!.slice(0, 2)).not.toEqual(nannyml);
    expect(Math.abs(holed![2]! - whole![2]!)).toBeLessThan(0.02);
  });

  it('a confusion matrix may have a threshold on one side only', () => {
    const reference = loanFrame(2_000, 15);
    const request = { kind: 'realized_performance' as const, columns: tiers, settings: { metrics: ['confusion_matrix' as const], thresholds: { confusion_matrix: { type: 'constant' as const, lower: null, upper: 40 } } } };
    const fitted = fitCalculator(request, reference, chunksOf(reference, 200));
    expect(thresholdsOf(fitted, request.settings).map(({ bounds }) => bounds)).toEqual(new Array(9).fill({ lower: null, upper: 40 }));
  });

  it('estimates of several classes do not depend on the order of tied rows', async () => {
    const is = (record: FixtureRecord) => record['name'] === 'roc_auc' && record['period'] === 'reference' && record['chunk_index'] === 0;
    const nannyml = Number(readFixture('cbpe__synthetic_multiclass__size6000').expected.find(is)!['value']);
    const ours = Number((await recordsOf('cbpe__synthetic_multiclass__size6000')).find(is)!['value']);
    expect([nannyml.toPrecision(8), ours.toPrecision(8)]).toEqual(['0.90578775', '0.90578857']);
    const fitted = fitCalculator({ kind: 'estimated_performance', columns: tiers, settings: { metrics: ['roc_auc', 'average_precision'] } }, loanFrame(2_000, 16), []);
    const chunk = loanFrame(700, 17);
    const shuffled = takeRows(chunk, Int32Array.from({ length: 700 }, (_, i) => (i * 211) % 700));
    const [one, other] = [chunk, shuffled].map((frame) => calculateChunk(fitted, frame).map(({ value }) => value.toPrecision(12)));
    expect(other).toEqual(one);
  });
});
