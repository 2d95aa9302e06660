/** A sheet of pixels with the few shapes that a chart needs, their edges smoothed by how much of a pixel they cover. Coordinates are in points; a point is `scale` pixels. */
import { GLYPHS, GLYPH_HEIGHT, SPACE_WIDTH } from './glyphs.js';

export interface Pen {
  /** `#rrggbb` */
  colour: string;
  width: number;
  /** Lengths of dash and gap; absent: a whole line. */
  dash?: readonly [number, number];
}

export interface Canvas {
  readonly rgb: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  rectangle(x0: number, y0: number, x1: number, y1: number, colour: string, opacity?: number): void;
  /** Through these points; null breaks the line. */
  line(points: readonly ([number, number] | null)[], pen: Pen): void;
  disc(x: number, y: number, radius: number, colour: string): void;
  diamond(x: number, y: number, radius: number, colour: string): void;
  /** @param y of the letters' middle */
  text(x: number, y: number, words: string, options: { colour: string; size: number; anchor?: 'start' | 'middle' | 'end' }): void;
}

/** @param width, height in points @param paper `#rrggbb` */
export function createCanvas(width: number, height: number, scale: number, paper: string): Canvas {
  const [columns, rows] = [Math.round(width * scale), Math.round(height * scale)];
  const rgb = new Uint8ClampedArray(columns * rows * 3);
  const ground = channels(paper);
  for (let i = 0; i < rgb.length; i += 3) rgb.set(ground, i);

  /** Blends each pixel of a box by its coverage (0 … 1), told for the pixel's centre in pixels. */
  function paint(x0: number, y0: number, x1: number, y1: number, colour: string, coverage: (x: number, y: number) => number): void {
    const ink = channels(colour);
    for (let y = Math.max(0, Math.floor(y0)); y < Math.min(rows, Math.ceil(y1)); y += 1) {
      for (let x = Math.max(0, Math.floor(x0)); x < Math.min(columns, Math.ceil(x1)); x += 1) {
        const alpha = Math.min(1, Math.max(0, coverage(x + 0.5, y + 0.5)));
        if (alpha === 0) continue;
        const at = (y * columns + x) * 3;
        for (let i = 0; i < 3; i += 1) rgb[at + i] = rgb[at + i]! + (ink[i]! - rgb[at + i]!) * alpha;
      }
    }
  }

  /** A stroke with round ends, in pixels. */
  function stroke(ax: number, ay: number, bx: number, by: number, radius: number, colour: string): void {
    const [dx, dy] = [bx - ax, by - ay];
    const length2 = dx * dx + dy * dy;
    paint(Math.min(ax, bx) - radius - 1, Math.min(ay, by) - radius - 1, Math.max(ax, bx) + radius + 1, Math.max(ay, by) + radius + 1, colour, (x, y) => {
      const along = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length2));
      return radius + 0.5 - Math.hypot(x - ax - along * dx, y - ay - along * dy);
    });
  }

  function line(points: readonly ([number, number] | null)[], { colour, width: wide, dash }: Pen): void {
    const [on, off] = (dash ?? [Infinity, 0]).map((length) => length * scale) as [number, number];
    let walked = 0;
    for (let i = 1; i < points.length; i += 1) {
      const [from, to] = [points[i - 1], points[i]];
      if (!from || !to) continue;
      const [ax, ay, bx, by] = [from[0] * scale, from[1] * scale, to[0] * scale, to[1] * scale];
      const length = Math.hypot(bx - ax, by - ay);
      if (on === Infinity || length === 0) {
        stroke(ax, ay, bx, by, (wide * scale) / 2, colour);
        continue;
      }
      for (let at = 0; at < length;) {
        const phase = (walked + at) % (on + off);
        const step = Math.min(length - at, phase < on ? on - phase : on + off - phase);
        if (phase < on) stroke(ax + ((bx - ax) * at) / length, ay + ((by - ay) * at) / length, ax + ((bx - ax) * (at + step)) / length, ay + ((by - ay) * (at + step)) / length, (wide * scale) / 2, colour);
        at += Math.max(step, 0.01);
      }
      walked += length;
    }
  }

  return {
    rgb, width: columns, height: rows, line,
    rectangle(x0, y0, x1, y1, colour, opacity = 1) {
      const [left, top, right, bottom] = [x0 * scale, y0 * scale, x1 * scale, y1 * scale];
      const covered = (middle: number, from: number, to: number): number => Math.max(0, Math.min(to, middle + 0.5) - Math.max(from, middle - 0.5));
      paint(left, top, right, bottom, colour, (x, y) => covered(x, left, right) * covered(y, top, bottom) * opacity);
    },
    disc: (x, y, radius, colour) => stroke(x * scale, y * scale, x * scale, y * scale, radius * scale, colour),
    diamond(x, y, radius, colour) {
      const [cx, cy, r] = [x * scale, y * scale, radius * scale];
      paint(cx - r - 1, cy - r - 1, cx + r + 1, cy + r + 1, colour, (px, py) => (r - Math.abs(px - cx) - Math.abs(py - cy)) / Math.SQRT2 + 0.5);
    },
    text(x, y, words, { colour, size, anchor = 'start' }) {
      const unit = size / GLYPH_HEIGHT;
      const whole = textLength(words, size);
      let left = anchor === 'start' ? x : anchor === 'middle' ? x - whole / 2 : x - whole;
      const top = y - (GLYPH_HEIGHT / 2) * unit;
      for (const character of words) {
        const glyph = GLYPHS[character];
        for (const polyline of glyph?.lines ?? []) {
          line(polyline.map(([gx, gy]): [number, number] => [left + gx * unit, top + gy * unit]), { colour, width: size / 8 });
        }
        left += ((glyph?.width ?? SPACE_WIDTH) + SPACING) * unit;
      }
    },
  };
}

/** Between two letters, in units of the glyphs. */
const SPACING = 1.6;

/** How wide the words become, in points. */
export function textLength(words: string, size: number): number {
  const units = Array.from(words).reduce((sum, character) => sum + (GLYPHS[character]?.width ?? SPACE_WIDTH) + SPACING, -SPACING);
  return Math.max(0, units) * (size / GLYPH_HEIGHT);
}

function channels(colour: string): [number, number, number] {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];
}
