import { describe, expect, it } from 'vitest';
import { estimateError } from '../../plots/compare.js';
import { drawComparison, drawMeasured, drawPerformance } from '../../plots/figures.js';
import type { Markup } from '../../plots/markup.js';
import { drawRanking } from '../../plots/ranking-figure.js';
import { findSeries, seriesOf } from '../../plots/series.js';
import { drawSpark } from '../../plots/spark-figure.js';
import { carLoanResults } from './car-loan.js';
import { makeSeries, parse, textsOf, type Cell } from './support.js';

const all = seriesOf(carLoanResults());
const estimated = findSeries(all, 'estimated_performance', 'roc_auc')!;
const realized = findSeries(all, 'realized_performance', 'roc_auc')!;

describe('drawPerformance, on the car-loan data', () => {
  const svg = parse(drawPerformance(estimated, { id: 'estimated' }));

  it('is named and described for those who do not see it', () => {
    expect(svg.getAttribute('aria-labelledby')).toBe('ac-estimated-title');
    expect(svg.querySelector('#ac-estimated-title')?.textContent).toBe('Estimated ROC AUC');
    expect(svg.querySelector('#ac-estimated-desc')?.textContent).toContain('10 reference and 10 analysis chunks along time (UTC). estimated ROC AUC: 5 alerts.');
  });
  it('divides reference and analysis', () => {
    expect(svg.querySelectorAll('.ac-divider')).toHaveLength(1);
    expect(textsOf(svg, 'text')).toEqual(expect.arrayContaining(['Reference', 'Analysis']));
  });
  it('marks alerts as diamonds and every other chunk by its centre', () => {
    expect(svg.querySelectorAll('g path.ac-alert, svg > path.ac-alert').length - 1 /* the one in the legend */).toBe(5);
    expect(svg.querySelectorAll('circle.ac-dot-estimated')).toHaveLength(15);
  });
  it('labels the newest value and both thresholds at their lines', () => {
    expect(textsOf(svg, 'text')).toEqual(expect.arrayContaining(['0.9613', 'upper threshold 0.9787', 'lower threshold 0.9633']));
    expect(svg.querySelectorAll('path.ac-threshold')).toHaveLength(2);
  });
  it('shades the band', () => {
    expect(svg.querySelectorAll('path.ac-band')).toHaveLength(1);
  });
  it('tells value, band, thresholds, rows, dates and alert of every chunk, which can be focused', () => {
    const chunks = [...svg.querySelectorAll('.ac-chunk')];
    expect(chunks).toHaveLength(20);
    expect(chunks.every((chunk) => chunk.getAttribute('tabindex') === '0')).toBe(true);
    expect(chunks[15]!.querySelector('title')!.textContent!.split('\n')).toEqual([
      'Analysis chunk 5', '31 Mar 2019 to 30 Apr 2019, 5,000 rows', 'estimated ROC AUC: 0.9611 (band 0.9557 to 0.9665)', 'thresholds 0.9633 to 0.9787', 'Alert: below the lower threshold',
    ]);
  });
});

describe('versions put in charge', () => {
  const change = { version: 2, replaced: 1, how: 'promotion' as const, at: '2019-04-02T09:00:00Z', chunk: estimated.points[15]!.chunk.key, madeOf: 'commit 3f2a91c' };
  const back = { version: 1, replaced: 2, how: 'rollback' as const, at: '2019-04-03T09:00:00Z', chunk: change.chunk, madeOf: '' };
  const marks = (figure: Markup): string[] => [...parse(figure).querySelectorAll('.ac-version-name')].map((mark) => mark.textContent!);

  it('are marked at their chunk, whose text tells what they are made of', () => {
    const svg = parse(drawPerformance(estimated, { id: 'marked', changes: [change, back] }));
    expect(textsOf(svg, '.ac-version-name')).toEqual(['v2, then v1']);
    expect(svg.querySelectorAll('line.ac-version')).toHaveLength(1);
    expect(svg.querySelectorAll('.ac-chunk')[15]!.querySelector('title')!.textContent!.split('\n').slice(2, 4)).toEqual([
      'Version 2 in charge from here, in place of version 1: since 2 Apr 2019 09:00 UTC; commit 3f2a91c', 'Version 1 in charge again from here, in place of version 2: since 3 Apr 2019 09:00 UTC',
    ]);
  });
  it('have no mark where nothing changed, where the chunk is not drawn, or among the reference', () => {
    expect(marks(drawPerformance(estimated, { id: 'unmarked' }))).toEqual([]);
    expect(marks(drawPerformance(estimated, { id: 'elsewhere', changes: [{ ...change, chunk: 'another' }] }))).toEqual([]);
    const reference = estimated.points.filter(({ period }) => period === 'reference');
    expect(marks(drawPerformance({ ...estimated, points: reference }, { id: 'reference', changes: reference.map(({ chunk }) => ({ ...change, chunk: chunk.key })) }))).toEqual([]);
  });
  it('keep their name within the figure at its last chunk', () => {
    const last = parse(drawPerformance(estimated, { id: 'last', width: 320, changes: [{ ...change, version: 123_456, chunk: estimated.points.at(-1)!.chunk.key }] }));
    expect(last.querySelector('.ac-version-name')!.getAttribute('text-anchor')).toBe('end');
  });
});

describe('drawComparison', () => {
  it('draws two lines, the alerts of each by their own shape, and says how far the estimate was off', () => {
    const svg = parse(drawComparison(estimated, realized, { id: 'both' }));
    expect(svg.querySelectorAll('path.ac-line.ac-estimated.ac-dashed')).toHaveLength(1);
    expect(svg.querySelectorAll('path.ac-line.ac-realized')).toHaveLength(1);
    expect(svg.querySelectorAll('path.ac-alert-estimated').length - 1).toBe(5);
    expect(svg.querySelectorAll('path.ac-alert:not(.ac-alert-estimated)').length - 1).toBe(5);
    expect(svg.querySelectorAll('path.ac-band')).toHaveLength(1);
    const error = estimateError(estimated, realized)!;
    expect(error.chunks).toBe(10);
    expect(error.meanAbsolute).toBeCloseTo(meanAbsoluteByHand(), 12);
    expect(textsOf(svg, 'text').some((text) => text.startsWith('The estimate is off by 0.0021 on average (10 analysis chunks; largest 0.0049, chunk 2)'))).toBe(true);
    expect(svg.querySelectorAll('.ac-chunk')[15]!.textContent).toContain('estimate − realized: 0.00104');
  });
  it('marks provisional values, and shows how many targets have come under the axis', () => {
    const truth = makeSeries([{ value: 0.9 }, { value: 0.8, final: false, targets: 40 }, { value: null, final: false, targets: 0 }], { calculator: 'realized_performance', metric: 'roc_auc' });
    const guess = makeSeries([{ value: 0.91 }, { value: 0.82, final: false, targets: 40 }, { value: 0.83, final: false, targets: 0 }], { calculator: 'estimated_performance', metric: 'roc_auc' });
    const svg = parse(drawComparison(guess, truth, { id: 'x' }));
    expect(svg.querySelectorAll('rect.ac-provisional').length - 1 /* the one in the legend */).toBe(1);
    expect(svg.querySelectorAll('rect.ac-cover-track')).toHaveLength(3);
    const covers = [...svg.querySelectorAll('rect.ac-cover')].map((rect) => Number(rect.getAttribute('height')));
    expect(covers).toHaveLength(2);
    expect(covers[1]! / covers[0]!).toBeCloseTo(0.4, 2);
    expect(svg.querySelectorAll('.ac-chunk')[1]!.textContent).toContain('targets: 40 of 100 rows (40%), provisional');
  });
  it('says so when nothing came true yet', () => {
    const svg = parse(drawComparison(estimated, { ...realized, points: [] }, { id: 'x' }));
    expect(textsOf(svg, 'text')).toContain('No realized values yet: the error of the estimate is not known.');
  });
});

function meanAbsoluteByHand(): number {
  const pick = (series: typeof estimated): number[] => series.points.filter((p) => p.period === 'analysis').map((p) => p.value!);
  const truths = pick(realized);
  return pick(estimated).reduce((sum, value, i) => sum + Math.abs(value - truths[i]!), 0) / truths.length;
}

describe('drawMeasured', () => {
  const line = (cells: Cell[]): string => parse(drawMeasured(makeSeries(cells), { id: 'x' })).querySelector('path.ac-line')?.getAttribute('d') ?? '';
  const parts = (d: string): number => d.split('M').length - 1;

  it('names the column and the method', () => {
    const svg = parse(drawMeasured(findSeries(all, 'univariate_drift', 'jensen_shannon', 'car_value')!, { id: 'x' }));
    expect(svg.querySelector('.ac-title')!.textContent).toBe('car_value: Jensen–Shannon distance');
    expect(svg.querySelectorAll('path.ac-alert').length - 1).toBe(6);
  });
  it('of targets is provisional until they have come, and shows how many have', () => {
    const series = makeSeries([{ value: 1, rows: 100, targets: 100, final: true }, { value: 2, rows: 100, targets: 40, final: false }]);
    const svg = parse(drawMeasured(series, { id: 'x' }, true));
    expect(svg.querySelectorAll('rect.ac-provisional').length - 1 /* the one in the legend */).toBe(1);
    expect(svg.querySelectorAll('.ac-chunk')[1]!.textContent).toContain('targets: 40 of 100 rows (40%), provisional');
    expect(parse(drawMeasured(series, { id: 'x' })).querySelector('.ac-provisional')).toBeNull();
  });
  it('breaks the line at a chunk without a value, marks it, and says why', () => {
    const cells = [{ value: 1 }, { value: null, alert: null, reason: 'no rows with a value' }, { value: 2 }];
    expect(parts(line(cells))).toBe(2);
    const svg = parse(drawMeasured(makeSeries(cells), { id: 'x' }));
    expect(svg.querySelectorAll('path.ac-unknown').length - 1).toBe(1);
    expect(svg.querySelectorAll('.ac-chunk')[1]!.textContent).toContain('cannot be known (no rows with a value)');
  });
  it('goes through where values follow each other', () => {
    expect(parts(line([{ value: 1 }, { value: 2 }, { value: 3 }]))).toBe(1);
  });
  it('hatches open chunks', () => {
    const svg = parse(drawMeasured(makeSeries([{ value: 1 }, { value: 2, complete: false }]), { id: 'open one' }));
    expect(svg.querySelectorAll('rect.ac-open')).toHaveLength(1);
    expect(svg.querySelector('rect.ac-open')!.getAttribute('fill')).toBe('url(#ac-open-one-hatch)');
    expect(svg.querySelector('#ac-open-one-hatch')).not.toBeNull();
    expect(svg.querySelectorAll('.ac-chunk')[1]!.textContent).toContain('still open');
  });
  it('never marks an alert in the reference', () => {
    const svg = parse(drawMeasured(makeSeries([{ value: 1, period: 'reference', alert: true }, { value: 1 }]), { id: 'x' }));
    expect(svg.querySelectorAll('path.ac-alert')).toHaveLength(0);
  });
  it('draws one chunk, and says so when there is none', () => {
    expect(line([{ value: 0.5 }])).toMatch(/^M/);
    expect(textsOf(parse(drawMeasured({ ...makeSeries([{ value: 1 }]), points: [] }, { id: 'x' })), 'text')).toContain('nothing computed yet');
  });
  it('carries its own colours when it stands alone, and none when a page has them', () => {
    const series = makeSeries([{ value: 1 }]);
    expect(parse(drawMeasured(series, { id: 'x' })).querySelectorAll('style')).toHaveLength(0);
    expect(parse(drawMeasured(series, { id: 'x', style: 'standalone' })).querySelector('style')!.textContent).toContain('prefers-color-scheme:dark');
    expect(parse(drawMeasured(series, { id: 'x', style: 'dark' })).querySelector('style')!.textContent).not.toContain('@media');
  });
  it('escapes names, and shortens long ones in the heading only', () => {
    const name = `<script>alert("x")</script>&${'n'.repeat(100)}`;
    const figure = drawMeasured(makeSeries([{ value: 1 }], { column: name }), { id: '<x onload="y">' });
    expect(figure.markup).not.toContain('<script');
    expect(figure.markup).not.toContain('onload="');
    const svg = parse(figure);
    expect(svg.querySelector('title')!.textContent).toContain(name);
    expect(svg.querySelector('.ac-title')!.textContent!.length).toBeLessThan(120);
  });
});

describe('drawRanking', () => {
  it('draws a bar per column in the given order, as long as its alerts', () => {
    const svg = parse(drawRanking([{ rank: 1, column: 'a', alerts: 10 }, { rank: 2, column: 'b', alerts: 5 }, { rank: 3, column: 'c', alerts: 0 }], 10, { id: 'r' }));
    const widths = [...svg.querySelectorAll('rect.ac-bar')].map((rect) => Number(rect.getAttribute('width')));
    expect(widths).toHaveLength(2);
    expect(widths[0]! / widths[1]!).toBeCloseTo(2, 3);
    expect(textsOf(svg, 'text')).toEqual(expect.arrayContaining(['10 of 10 chunks', '0 of 10 chunks']));
  });
  it('names how many more there are beyond thirty, and says when there are none', () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ rank: i + 1, column: `c${i}`, alerts: 1 }));
    expect(textsOf(parse(drawRanking(many, 1, { id: 'r' })), 'text')).toContain('and 70 more');
    expect(textsOf(parse(drawRanking([], 0, { id: 'r' })), 'text')).toContain('nothing ranked yet');
  });
});

describe('drawSpark', () => {
  it('draws line, thresholds and alerts, described in one sentence', () => {
    const svg = parse(drawSpark(findSeries(all, 'univariate_drift', 'jensen_shannon', 'car_value')!, { id: 's' }));
    expect(svg.querySelectorAll('path.ac-alert')).toHaveLength(6);
    expect(svg.querySelector('desc')!.textContent).toBe('6 alerts; newest value 0.4678, upper threshold 0.03526.');
  });
});
