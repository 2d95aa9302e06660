/** Two sets of rows as a page: drawn from what the engine's comparison gives. */
import { describe, expect, it } from 'vitest';
import { DOMParser } from 'linkedom';
import { compareRows, overallComparison } from '../../engine/compare.js';
import type { Frame } from '../../engine/frame.js';
import { describeCompared, drawCompared } from '../../plots/comparison-figure.js';
import type { ComparisonInput } from '../../plots/comparison-input.js';
import { renderComparison } from '../../plots/comparison-page.js';
import { expectSound, parse, textsOf, type ParsedElement } from './support.js';

function frame(numbers: number[], texts: (string | null)[]): Frame {
  const categories = [...new Set(texts.filter((one) => one !== null))];
  return {
    rowCount: numbers.length,
    columns: new Map([
      ['amount', { kind: 'continuous', values: Float64Array.from(numbers) }],
      ['colour <b>', { kind: 'categorical', codes: Int32Array.from(texts, (one) => (one === null ? -1 : categories.indexOf(one))), categories }],
    ]),
  };
}

const usual = frame(Array.from({ length: 200 }, (_, i) => i % 50), Array.from({ length: 200 }, (_, i) => ['red', 'green'][i % 2]!));
const moved = frame(Array.from({ length: 100 }, (_, i) => 20 + (i % 50)), Array.from({ length: 100 }, (_, i) => (i % 4 === 0 ? null : ['red', 'blue'][i % 2]!)));

function inputOf(a: Frame, b: Frame): ComparisonInput {
  const columns = compareRows(a, b, { continuous: ['amount'], categorical: ['colour <b>'] });
  const side = (name: string, rows: number): ComparisonInput['a'] => ({ name, rows, rowsInAll: rows * 2, firstAt: '2026-01-01T00:00:00Z', lastAt: null });
  return { model: 'loans & co', a: side('reference', a.rowCount), b: side('analysis', b.rowCount), columns, overall: overallComparison(columns) };
}

function figureOf(input: ComparisonInput, i: number): ParsedElement {
  return parse(drawCompared(input.columns[i]!, { a: 'reference', b: 'analysis' }, { id: `f-${i}` }));
}

describe('drawCompared', () => {
  const input = inputOf(usual, moved);

  it('numbers: two outlines over shared bins, a box of quartiles each, round ticks', () => {
    const svg = figureOf(input, 0);
    expect(svg.querySelectorAll('path.ac-shape-past')).toHaveLength(1);
    expect(svg.querySelectorAll('path.ac-shape')).toHaveLength(1);
    expect(svg.querySelectorAll('.ac-median')).toHaveLength(2);
    expect(textsOf(svg, 'text')).toEqual(expect.arrayContaining(['0', '20', '60']));
  });

  it('categories: a bar of each side per value, and what is new stands out', () => {
    const svg = figureOf(input, 1);
    expect(textsOf(svg, '.ac-text-alert')).toEqual(['0% → 66.7%']);
    expect(textsOf(svg, 'text')).toEqual(expect.arrayContaining(['red', 'green', 'blue']));
  });

  it('is told in words: distances, missing and new values', () => {
    expect(describeCompared(input.columns[0]!)).toMatch(/^Jensen–Shannon distance 0\.\d+; .*40 values of b out of a’s range\.$/);
    expect(describeCompared(input.columns[1]!)).toMatch(/missing 0% and 25%; 50 rows of b with blue, which a does not have\.$/);
  });

  it.each([['nothing', []], ['one value', [3, 3, 3]], ['huge values', [-1e150, 1e150]], ['only missing', [NaN, NaN]]])('draws %s', (_, numbers) => {
    const odd = inputOf(frame(numbers, numbers.map(() => null)), frame(numbers, numbers.map(() => null)));
    for (const i of [0, 1]) figureOf(odd, i);
    expectSound(renderComparison(odd, '1').replace('<!doctype html>', '').replace(/<(style|script)[^>]*>.*?<\/\1>/gs, '').replace(/<meta[^>]*>/g, ''));
  });
});

describe('renderComparison', () => {
  it('says which rows, how many were taken, and links from the table to the figures', () => {
    const html = renderComparison(inputOf(usual, moved), '0.2.0');
    expectSound(html.replace('<!doctype html>', '').replace(/<(style|script)[^>]*>.*?<\/\1>/gs, '').replace(/<meta[^>]*>/g, ''));
    const page = new DOMParser().parseFromString(html, 'text/html') as unknown as ParsedElement;
    expect(page.querySelector('h1')!.textContent).toBe('loans & co');
    expect(textsOf(page, '#sides tbody tr')[0]).toContain('200 of 400, taken evenly');
    expect([...page.querySelectorAll('#distances a')].map((link) => page.querySelector(link.getAttribute('href')!) !== null)).toEqual([true, true]);
    expect(renderComparison(inputOf(usual, moved), '0.2.0')).toBe(html);
  });
});
