import { describe, expect, it } from 'vitest';
import { chunkAxis } from '../../plots/chunk-axis.js';
import { placesOf } from '../../plots/series.js';
import { makeSeries, type Cell } from './support.js';

const axisOf = (cells: Cell[], zone = 'UTC') => chunkAxis(placesOf([makeSeries(cells)]), 0, 600, zone);
const days = (n: number, period: 'reference' | 'analysis' = 'analysis'): Cell[] => Array.from({ length: n }, () => ({ value: 1, period }));

describe('chunkAxis', () => {
  it('lies along time when every chunk has dates, with the border between the periods', () => {
    const axis = axisOf([...days(4, 'reference'), ...days(2)]);
    expect(axis.kind).toBe('time');
    expect(axis.label).toBe('time (UTC)');
    expect(axis.boundary).toBeCloseTo(400, 0);
    expect(axis.spans.map((span) => span.joined)).toEqual([false, true, true, true, true, true]);
  });
  it('leaves a gap where a period is missing', () => {
    const cells = days(3);
    cells[1] = { value: 1, startDate: '2024-01-06T00:00:00Z', endDate: '2024-01-06T23:59:59Z' };
    cells[2] = { value: 1, startDate: '2024-01-07T00:00:00Z', endDate: '2024-01-07T23:59:59Z' };
    const { spans } = axisOf(cells);
    expect(spans[1]!.joined).toBe(false);
    expect(spans[1]!.x0 - spans[0]!.x1).toBeGreaterThan(100);
    expect(spans[2]!.joined).toBe(true);
  });
  it.each([
    ['dates are missing', [{ value: 1, startDate: null }, { value: 1 }]],
    ['a date does not parse', [{ value: 1, startDate: 'soon' }, { value: 1 }]],
    ['the periods overlap', [{ value: 1, period: 'reference', startDate: '2025-01-01T00:00:00Z', endDate: '2025-02-01T00:00:00Z' }, { value: 1 }]],
    ['all rows have one time', [{ value: 1, startDate: '2025-01-01T00:00:00Z', endDate: '2025-01-01T00:00:00Z' }]],
  ] as [string, Cell[]][])('lies along the index when %s', (_, cells) => {
    const axis = axisOf(cells);
    expect(axis.kind).toBe('index');
    expect(axis.spans.every((span) => Math.abs(span.x1 - span.x0 - 600 / cells.length) < 1e-9)).toBe(true);
  });
  it('gives every chunk room when time would make hairlines of a burst', () => {
    const burst = Array.from({ length: 20 }, (_, i) => ({ value: 1, startDate: new Date(Date.UTC(2024, 0, 1, 0, i)).toISOString(), endDate: new Date(Date.UTC(2024, 0, 1, 0, i + 1)).toISOString() }));
    const axis = axisOf([{ value: 1, startDate: '2023-01-01T00:00:00Z', endDate: '2023-12-31T00:00:00Z' }, ...burst]);
    expect(axis.kind).toBe('index');
  });
  it('has no border when there is only one period, and no spans for no chunks', () => {
    expect(axisOf(days(3)).boundary).toBeNull();
    expect(chunkAxis([], 0, 600, 'UTC')).toMatchObject({ spans: [], ticks: [], boundary: null });
  });
  it('keeps ticks apart for a thousand chunks', () => {
    const { ticks } = axisOf(Array.from({ length: 1000 }, () => ({ value: 1, startDate: null })));
    expect(ticks.length).toBeGreaterThan(3);
    expect(ticks.every((tick, i) => i === 0 || tick.x - ticks[i - 1]!.x > 15)).toBe(true);
  });
});
