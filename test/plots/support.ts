/** Making results for figures, and reading figures back. */
import { expect } from 'vitest';
import { DOMParser } from 'linkedom';
import type { CalculatorKind, PeriodName, Result } from '../../domain/measurement.js';
import type { Markup } from '../../plots/markup.js';
import { seriesOf, type Series } from '../../plots/series.js';

/** As much of the DOM as tests read. */
export interface ParsedElement {
  textContent: string | null;
  getAttribute(name: string): string | null;
  querySelector(selector: string): ParsedElement | null;
  querySelectorAll(selector: string): ArrayLike<ParsedElement> & Iterable<ParsedElement>;
}

export interface Cell {
  value: number | null;
  period?: PeriodName;
  alert?: boolean | null;
  lower?: number | null;
  upper?: number | null;
  band?: [number, number] | null;
  complete?: boolean;
  final?: boolean;
  targets?: number;
  rows?: number;
  startDate?: string | null;
  endDate?: string | null;
  reason?: string | null;
}

const DAY_MS = 86_400_000;
const BEGIN_MS = Date.UTC(2024, 0, 1);

/** Chunks of one day each, one after the other, numbered per period. */
export function makeResults(cells: readonly Cell[], of: { calculator?: CalculatorKind; metric?: string; column?: string } = {}): Result[] {
  const next = { reference: 0, analysis: 0 };
  return cells.map((cell, i) => {
    const period = cell.period ?? 'analysis';
    const index = next[period];
    next[period] += 1;
    const rows = cell.rows ?? 100;
    return {
      model: 'loans', version: 1, calculator: of.calculator ?? 'univariate_drift', metric: of.metric ?? 'jensen_shannon', column: of.column ?? '', segment: '', period,
      chunk: {
        key: String(index).padStart(6, '0'), index, startIndex: index * rows, endIndex: (index + 1) * rows - 1,
        startDate: cell.startDate === undefined ? new Date(BEGIN_MS + i * DAY_MS).toISOString() : cell.startDate,
        endDate: cell.endDate === undefined ? new Date(BEGIN_MS + (i + 1) * DAY_MS - 1).toISOString() : cell.endDate,
        rows, complete: cell.complete ?? true, final: cell.final ?? true, targets: cell.targets ?? rows,
      },
      value: cell.value, samplingError: null, bandLower: cell.band?.[0] ?? null, bandUpper: cell.band?.[1] ?? null,
      lowerThreshold: cell.lower ?? null, upperThreshold: cell.upper ?? null, alert: cell.alert === undefined ? false : cell.alert, reason: cell.reason ?? null,
      engineVersion: '1', dataRevision: 1, revision: 1, tags: [],
    };
  });
}

export function makeSeries(cells: readonly Cell[], of: Parameters<typeof makeResults>[1] = {}): Series {
  return seriesOf(makeResults(cells, of))[0]!;
}

/** A parsed figure, after `expectSound`. */
export function parse(figure: Markup): ParsedElement {
  expectSound(figure.markup);
  return new DOMParser().parseFromString(figure.markup, 'image/svg+xml').documentElement as unknown as ParsedElement;
}

export function textsOf(svg: ParsedElement, selector: string): string[] {
  return [...svg.querySelectorAll(selector)].map((element) => element.textContent ?? '');
}

/** Well-formed, and no attribute says NaN, undefined, null or Infinity as a number or path would. */
export function expectSound(markup: string): void {
  const open: string[] = [];
  for (const [whole, closing, name, attributes] of markup.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[\w:-]+="[^"<]*")*)\s*>/g)) {
    if (closing) expect(open.pop(), `${whole} closes`).toBe(name);
    else open.push(name!);
    for (const [, key, value] of (attributes ?? '').matchAll(/([\w:-]+)="([^"]*)"/g)) {
      if (key === 'aria-label' || key === 'content') continue;
      expect(/\bNaN\b|undefined|Infinity|\bnull\b/.test(value!), `${name} ${key}="${value!.slice(0, 80)}"`).toBe(false);
    }
  }
  expect(open).toEqual([]);
  // Every '<' that is left belongs to a tag of ours: data cannot open one.
  expect(markup.replace(/<\/?[a-zA-Z][a-zA-Z0-9]*(?:\s+[\w:-]+="[^"<]*")*\s*>/g, '').includes('<')).toBe(false);
}
