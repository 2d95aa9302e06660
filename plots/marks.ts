/** The small drawings that figures are made of. Pixels in, markup out. */
import { area, line } from 'd3';
import type { ChunkSpan } from './chunk-axis.js';
import { el, type Attributes, type Markup } from './markup.js';

interface Corner {
  x: number;
  low: number;
  high: number;
  drawn: boolean;
}

const drawLine = line<Corner>((corner) => corner.x, (corner) => corner.low).defined((corner) => corner.drawn).digits(2);
const drawArea = area<Corner>((corner) => corner.x, (corner) => corner.low, (corner) => corner.high).defined((corner) => corner.drawn).digits(2);

/** A level line through every chunk with a value, going up and down at the borders; gaps where there is none. null when nothing is drawn. */
export function stepLine(spans: readonly ChunkSpan[], heights: readonly (number | null)[]): string | null {
  return drawLine(corners(spans, heights, heights)) || null;
}

/** The room between two step lines. */
export function stepBand(spans: readonly ChunkSpan[], lows: readonly (number | null)[], highs: readonly (number | null)[]): string | null {
  return drawArea(corners(spans, lows, highs)) || null;
}

function corners(spans: readonly ChunkSpan[], lows: readonly (number | null)[], highs: readonly (number | null)[]): Corner[] {
  const all: Corner[] = [];
  spans.forEach((span, i) => {
    const low = lows[i] ?? null;
    const high = highs[i] ?? null;
    const drawn = low !== null && high !== null;
    if (!span.joined || !drawn) all.push({ x: span.x0, low: 0, high: 0, drawn: false });
    if (!drawn) return;
    all.push({ x: span.x0, low, high, drawn }, { x: span.x1, low, high, drawn });
  });
  return all;
}

export function path(className: string, d: string | null): Markup | null {
  return d === null ? null : el('path', { class: className, d });
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): Markup {
  return el('text', { x, y, ...attributes }, content);
}

export function diamond(x: number, y: number, size: number, className: string): Markup {
  return el('path', { class: className, d: `M${fixed(x)},${fixed(y - size)}L${fixed(x + size)},${fixed(y)}L${fixed(x)},${fixed(y + size)}L${fixed(x - size)},${fixed(y)}Z` });
}

/** Estimated values are round, realized and measured ones square. */
export function dot(x: number, y: number, size: number, role: 'estimated' | 'realized', provisional = false): Markup {
  if (role === 'estimated') return el('circle', { class: 'ac-dot-estimated', cx: x, cy: y, r: size });
  return el('rect', { class: `ac-dot-realized${provisional ? ' ac-provisional' : ''}`, x: x - size * 0.9, y: y - size * 0.9, width: size * 1.8, height: size * 1.8 });
}

/** A small cross: here is no value. */
export function cross(x: number, y: number, size: number): Markup {
  return el('path', { class: 'ac-unknown', d: `M${fixed(x - size)},${fixed(y - size)}L${fixed(x + size)},${fixed(y + size)}M${fixed(x - size)},${fixed(y + size)}L${fixed(x + size)},${fixed(y - size)}` });
}

/** The pattern that marks open chunks; ids are unique to a figure. */
export function hatch(id: string): Markup {
  return el('pattern', { id, width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, el('line', { class: 'ac-hatch', x1: 0, y1: 0, x2: 0, y2: 7 }));
}

/**
 * A chunk that can be pointed at and focused, and says what it holds. `role="img"` makes its title the accessible name;
 * the report's script shows the same words beside it.
 */
export function chunkTarget(span: { x0: number; x1: number }, top: number, height: number, words: string): Markup {
  return el('g', { class: 'ac-chunk', tabindex: '0', role: 'img' }, el('title', {}, words), el('rect', { class: 'ac-hit', x: span.x0, y: top, width: Math.max(1, span.x1 - span.x0), height }));
}

/** Rough width of a text in a sans-serif face, in pixels; errs on the wide side. */
export function textWidth(content: string, size = 11): number {
  let units = 0;
  for (const character of content) {
    const code = character.codePointAt(0)!;
    units += code > 0x2e80 ? 1 : /[ilj.,:;'|!1 ]/.test(character) ? 0.36 : /[mwMW%@—]/.test(character) ? 0.88 : 0.58;
  }
  return units * size;
}

/** Heights moved apart to at least `distance`, order kept, within top … bottom as far as there is room. */
export function spreadLabels(heights: readonly number[], distance: number, top: number, bottom: number): number[] {
  const order = heights.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y || a.i - b.i);
  for (let k = 1; k < order.length; k += 1) order[k]!.y = Math.max(order[k]!.y, order[k - 1]!.y + distance);
  const over = order.length > 0 ? order.at(-1)!.y - bottom : 0;
  if (over > 0) {
    order.at(-1)!.y -= over;
    for (let k = order.length - 2; k >= 0; k -= 1) order[k]!.y = Math.min(order[k]!.y, order[k + 1]!.y - distance);
  }
  const placed = new Array<number>(heights.length);
  for (const { y, i } of order) placed[i] = Math.max(top, y);
  return placed;
}

function fixed(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`a drawing was given ${value}`);
  return String(Math.round(value * 100) / 100);
}
