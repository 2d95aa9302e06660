import { describe, expect, it } from 'vitest';
import { compareRows, fitCalculator, inClassOrder, NO_COLUMNS, type Frame } from '../../engine/index.js';

describe('inClassOrder', () => {
  it('orders numbers as numbers, anything else as text, and leaves its input', () => {
    const labels = ['10', '2', '1.5'];
    expect(inClassOrder(labels, (label) => label)).toEqual(['1.5', '2', '10']);
    expect(labels).toEqual(['10', '2', '1.5']);
    expect(inClassOrder(['10', '2', 'none'], (label) => label)).toEqual(['10', '2', 'none']);
    expect(inClassOrder(['b', 'B', 'a'], (label) => label)).toEqual(['B', 'a', 'b']);
  });
});

describe('columns that reach from one end of the numbers to the other', () => {
  const frameOf = (...values: number[]): Frame => ({ rowCount: values.length, columns: new Map([['x', { kind: 'continuous', values: Float64Array.from(values) }]]) });

  it('are refused as a reference, by name', () => {
    const request = { kind: 'univariate_drift' as const, columns: { ...NO_COLUMNS, continuous: ['x'] }, settings: { continuousMethods: ['jensen_shannon' as const], categoricalMethods: [] } };
    expect(() => fitCalculator(request, frameOf(-1e308, 0, 1e308), [])).toThrow("column 'x' of the reference reaches from -1e+308 to 1e+308");
    expect(() => fitCalculator(request, frameOf(0, Infinity, 1), [])).toThrow("column 'x' of the reference has 1 infinite value in 3 rows");
  });

  it('are compared without a common histogram', () => {
    const [comparison] = compareRows(frameOf(1, 2, 3), frameOf(-1e308, 0, 1e308), { continuous: ['x'], categorical: [] });
    expect(comparison).toMatchObject({ column: 'x', outOfRange: { count: 3 }, distribution: { edges: [] } });
  });
});
