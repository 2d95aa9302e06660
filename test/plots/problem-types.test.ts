/** Regressions, several classes, segments and statistics in pictures and in the report. */
import { describe, expect, it } from 'vitest';
import { DOMParser } from 'linkedom';
import type { Result } from '../../domain/measurement.js';
import type { ModelSchema } from '../../domain/schema.js';
import { defaultSettings } from '../../domain/settings.js';
import { confusionMatrices, isConfusionCell, viewOf } from '../../plots/confusion.js';
import { describeConfusion, drawConfusion } from '../../plots/confusion-figure.js';
import { metricName } from '../../plots/names.js';
import type { ReportInput } from '../../plots/report-input.js';
import { renderReport } from '../../plots/report.js';
import { seriesOf } from '../../plots/series.js';
import { drawSegment } from '../../plots/spark-figure.js';
import { carLoanReport } from './car-loan.js';
import { expectSound, makeResults, makeSeries, parse, textsOf, type Cell, type ParsedElement } from './support.js';

const CLASSES = ['a', 'a_pred_b', 'b'];
const schema: ModelSchema = {
  problemType: 'classification_multiclass',
  columns: [
    { name: 'y', role: 'target', kind: 'categorical' }, { name: 'p', role: 'prediction', kind: 'categorical' },
    ...CLASSES.map((label) => ({ name: `p_${label}`, role: 'predicted_probability' as const, kind: 'continuous' as const, class: label })),
  ],
};

/** Two reference chunks and two of the analysis; in the second one everybody of class b is taken for a. */
function confusionResults(calculator: 'realized_performance' | 'estimated_performance' = 'realized_performance'): Result[] {
  return CLASSES.flatMap((truth) => CLASSES.flatMap((predicted) => {
    const usual = truth === predicted ? 80 : 10;
    const now = truth === 'b' ? (predicted === 'a' ? 90 : 5) : usual;
    const cells: Cell[] = [{ value: usual, period: 'reference' }, { value: usual + 2, period: 'reference' }, { value: usual }, { value: now, alert: truth === 'b' }];
    return makeResults(cells, { calculator, metric: `true_${truth}_pred_${predicted}` });
  }));
}

describe('confusionMatrices', () => {
  it('tells classes apart by the schema, also one that holds _pred_ in its name', () => {
    const [matrix] = confusionMatrices(seriesOf(confusionResults()), schema);
    expect(matrix!.classes).toEqual(CLASSES);
    expect(matrix!.cells.map((row) => row.map((cell) => cell.series.metric))).toEqual(CLASSES.map((truth) => CLASSES.map((predicted) => `true_${truth}_pred_${predicted}`)));
  });

  it('knows the four cells of a binary model', () => {
    const series = ['true_negative', 'false_positive', 'false_negative', 'true_positive'].map((metric, i) => makeSeries([{ value: i }], { calculator: 'realized_performance', metric }));
    const [matrix] = confusionMatrices(series, { problemType: 'classification_binary', columns: [] });
    expect(matrix!.cells.map((row) => row.map((cell) => cell.series.metric))).toEqual([['true_negative', 'false_positive'], ['false_negative', 'true_positive']]);
    expect(['true_positive', 'true_x_pred_y', 'f1'].map(isConfusionCell)).toEqual([true, true, false]);
  });

  it('is none where a cell is missing', () => {
    expect(confusionMatrices(seriesOf(confusionResults().filter(({ metric }) => metric !== 'true_b_pred_a')), schema)).toEqual([]);
  });

  it('shows the mean of the reference and the newest complete chunk', () => {
    const [matrix] = confusionMatrices(seriesOf(confusionResults()), schema);
    const view = viewOf(matrix!);
    expect(view.reference).toMatchObject({ chunks: 2, values: [[81, 11, 11], [11, 81, 11], [11, 11, 81]] });
    expect(view.newest!.point.chunk.index).toBe(1);
    expect(view.newest!.points[2]!.map((point) => point?.value)).toEqual([90, 5, 5]);
  });
});

describe('drawConfusion', () => {
  const [matrix] = confusionMatrices(seriesOf(confusionResults()), schema);
  const svg = parse(drawConfusion(matrix!, { id: 'confusion' }));

  it('has a cell for every pair of classes in both grids, with value, change and alert', () => {
    expect(svg.querySelectorAll('.ac-cell')).toHaveLength(18);
    expect(svg.querySelectorAll('path.ac-alert')).toHaveLength(3);
    expect(textsOf(svg, 'text')).toEqual(expect.arrayContaining(['Reference: mean of 2 chunks', 'Analysis chunk 1: 100 rows', '90', '+79']));
  });

  it('says of each cell which classes, the share of the true class, and the change', () => {
    expect(textsOf(svg, '.ac-chunk title').find((title) => title.startsWith('true b, predicted a: 90%'))).toMatch(/Analysis chunk 1\n.*\nvalue: 90\nAlert: .*\nreference 11, change \+79/s);
  });

  it('names the mistake that grew most', () => {
    expect(describeConfusion(matrix!)).toBe('3 of 9 cells alert in chunk 1. The mistake that grew most: true b predicted a, now 90% of the class (10.7% in the reference).');
  });

  it('draws what has no value and what has no analysis', () => {
    const empty = CLASSES.flatMap((truth) => CLASSES.flatMap((predicted) => makeResults([{ value: null, period: 'reference' }], { calculator: 'realized_performance', metric: `true_${truth}_pred_${predicted}` })));
    expect(textsOf(parse(drawConfusion(confusionMatrices(seriesOf(empty), schema)[0]!, { id: 'none' })), 'text')).toContain('nothing computed yet');
    const past = confusionResults().filter(({ period }) => period === 'reference');
    expect(parse(drawConfusion(confusionMatrices(seriesOf(past), schema)[0]!, { id: 'past' })).querySelectorAll('.ac-cell')).toHaveLength(9);
  });
});

describe('drawSegment', () => {
  it('draws estimate and truth on the scale that is given', () => {
    const cells: Cell[] = [{ value: 5, period: 'reference', lower: 4, upper: 6 }, { value: 9, alert: true, lower: 4, upper: 6 }];
    const svg = parse(drawSegment('city=Oslo', { estimated: makeSeries(cells, { calculator: 'estimated_performance', metric: 'rmse' }), realized: makeSeries(cells, { calculator: 'realized_performance', metric: 'rmse' }) }, [0, 100], { id: 'segment' }));
    expect(svg.querySelectorAll('path.ac-line')).toHaveLength(2);
    expect(svg.querySelectorAll('path.ac-alert')).toHaveLength(2);
    expect(textsOf(svg, 'text')).toContain('100');
    expect(svg.querySelector('desc')!.textContent).toMatch(/^Estimated: 1 alert; newest value 9, thresholds 4 to 6\. Realized: 1 alert/);
  });
});

describe('metricName', () => {
  it('says classes, statistics and errors as people do', () => {
    expect(['true_cat_pred_dog', 'values_std', 'rmse', 'domain_classifier_auroc', 'my_own_metric'].map(metricName)).toEqual(['true cat predicted dog', 'standard deviation', 'RMSE', 'ROC AUC of the domain classifier', 'my own metric']);
  });
});

function read(input: ReportInput): { page: ParsedElement; words: string } {
  const html = renderReport(input);
  expectSound(html.replace('<!doctype html>', '').replace(/<(style|script)[^>]*>.*?<\/\1>/gs, '').replace(/<meta[^>]*>/g, ''));
  const page = new DOMParser().parseFromString(html, 'text/html') as unknown as ParsedElement;
  return { page, words: page.querySelector('main')!.textContent! };
}

describe('renderReport', () => {
  const base = carLoanReport();
  const own = { ...base, ranking: [], distributions: [], incidents: [], decisions: [] };

  it('a regression that errs less than the reference knew: an alert, on the better side', () => {
    const error = (calculator: 'realized_performance' | 'estimated_performance'): Result[] => makeResults([{ value: 10, period: 'reference', lower: 9, upper: 11 }, { value: 5, alert: true, lower: 9, upper: 11 }], { calculator, metric: 'rmse' });
    const { words } = read({ ...own, model: { ...base.model, problemType: 'regression' }, settings: defaultSettings('regression', { kind: 'size', size: 100 }), results: [...error('estimated_performance'), ...error('realized_performance')] });
    expect(words).toContain('RMSE is realized at 5, below the lower threshold, which is the better side but not what the reference knew');
    expect(words).toContain('RMSE: estimated against realized');
  });

  it('a confusion matrix stands once, not as nine metrics; realized before estimated', () => {
    const { page, words } = read({ ...own, schema, model: { ...base.model, problemType: 'classification_multiclass' }, settings: defaultSettings('classification_multiclass', { kind: 'size', size: 100 }), results: [...confusionResults('estimated_performance'), ...confusionResults()] });
    expect(page.querySelectorAll('#confusion figure')).toHaveLength(1);
    expect(page.querySelector('#confusion h3')!.textContent).toBe('Realized');
    expect(page.querySelector('#metrics')).toBeNull();
    expect(words).toContain('taken for a');
  });

  const segment = (name: string, value: number): ReportInput['segments'][number] => ({
    segment: name, referenceRows: 500, analysisRows: 200, alerts: value < 0.9 ? { realized_performance: 1, univariate_drift: 2 } : {},
    results: makeResults([{ value: 0.95, period: 'reference', lower: 0.9, upper: 1 }, { value, alert: value < 0.9, lower: 0.9, upper: 1 }], { calculator: 'realized_performance', metric: 'roc_auc' }).map((result) => ({ ...result, segment: name })),
  });

  it('segments stand beside each other, with what alerts and how to see one whole', () => {
    const { page, words } = read({ ...base, segments: [segment('city=Oslo', 0.8), segment('city=Rome & "more"', 0.93)] });
    const rows = textsOf(page, '#segments tbody tr');
    expect(rows[0]).toBe("city=Oslo200500–0.8120◆ alert");
    expect(rows[1]).toContain('within thresholds');
    expect(page.querySelectorAll('#segments svg')).toHaveLength(2);
    expect(words).toContain('1 of 2 alert somewhere');
    expect(words).toContain("npx aftercare report car-loans --segment city=Oslo");
  });

  it('incidents of segments are folded away; the report of a segment is about that one', () => {
    const incident = { ...base.incidents[0]!, id: 9, segment: 'city=Oslo', openingChunk: '000001' };
    const { page, words } = read({ ...base, incidents: [...base.incidents, incident] });
    expect(words).toContain('2 incidents are open, and 1 of single segments');
    expect(textsOf(page, '#attention details summary')).toContain('1 open incident of single segments');
    const one = read({ ...base, segment: 'city=Oslo', incidents: [incident] });
    expect(one.words).toContain('segment city=Oslo · version 1');
    expect(one.words).toContain('1 incident is open.');
  });

  it('statistics have a section of their own', () => {
    const statistics = makeResults([{ value: 1, period: 'reference' }, { value: 3, alert: true, upper: 2 }], { calculator: 'summary_statistics', metric: 'values_avg', column: 'income' });
    const { page } = read({ ...own, results: statistics });
    expect(page.querySelector('#statistics')!.textContent).toContain('1 of 1 statistics left their thresholds');
    expect(textsOf(page, '#statistics h3')).toEqual(['income: mean']);
  });
});
