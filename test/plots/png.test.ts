import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { MetricComparison, Verdict } from '../../domain/challenge.js';
import { createCanvas } from '../../plots/png/canvas.js';
import { encodePng } from '../../plots/png/encode.js';
import { seriesChart } from '../../plots/png/series-chart.js';
import { verdictChart } from '../../plots/png/verdict-chart.js';
import { LIGHT } from '../../plots/theme.js';
import { makeSeries, type Cell } from './support.js';

/** Pixels of a PNG as this house writes it: true colour, each row as its difference to the one above. */
function decode(png: Buffer): { width: number; height: number; at(x: number, y: number): string; count(colour: string): number } {
  expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  expect([...png.subarray(24, 29)]).toEqual([8, 2, 0, 0, 0]);
  const raw = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
  const rgb = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) for (let i = 0; i < width * 3; i += 1) rgb[y * width * 3 + i] = raw[y * (width * 3 + 1) + 1 + i]! + (y > 0 ? rgb[(y - 1) * width * 3 + i]! : 0);
  const at = (x: number, y: number): string => `#${rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3).toString('hex')}`;
  return { width, height, at, count: (colour) => Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width))).filter((found) => found === colour).length };
}

describe('canvas', () => {
  it('paints whole pixels whole and the edges by how much they cover', () => {
    const canvas = createCanvas(4, 2, 1, '#000000');
    canvas.rectangle(1, 0, 2.5, 1, '#c8c8c8');
    const picture = decode(encodePng(canvas.rgb, canvas.width, canvas.height));
    expect([picture.width, picture.height]).toEqual([4, 2]);
    expect([0, 1, 2, 3].map((x) => picture.at(x, 0))).toEqual(['#000000', '#c8c8c8', '#646464', '#000000']);
    expect(picture.at(1, 1)).toBe('#000000');
  });

  it('keeps what leaves the sheet out of it', () => {
    const canvas = createCanvas(3, 3, 2, '#ffffff');
    canvas.line([[-50, 1], [50, 1]], { colour: '#000000', width: 1 });
    canvas.disc(-9, -9, 2, '#000000');
    const picture = decode(encodePng(canvas.rgb, canvas.width, canvas.height));
    expect([0, 5].map((x) => picture.at(x, 1))).toEqual(['#000000', '#000000']);
    expect(picture.at(3, 5)).toBe('#ffffff');
  });

  it('leaves a gap where a dash ends and where a point is missing', () => {
    const canvas = createCanvas(30, 5, 1, '#ffffff');
    canvas.line([[2, 2.5], [12, 2.5], null, [20, 2.5], [28, 2.5]], { colour: '#000000', width: 1 });
    const picture = decode(encodePng(canvas.rgb, canvas.width, canvas.height));
    expect([6, 16, 24].map((x) => picture.at(x, 2))).toEqual(['#000000', '#ffffff', '#000000']);
  });
});

describe('a series as a picture', () => {
  const cells = (n: number, value: (i: number) => number | null): Cell[] => Array.from({ length: n }, (_, i): Cell => ({ value: value(i), period: i < n / 2 ? 'reference' : 'analysis', lower: 0.7, upper: 0.9, alert: i >= n / 2 && (value(i) ?? 1) < 0.7 }));

  it('shows alerts and thresholds in their colours, at twice the size in pixels', () => {
    const { png, width, height } = seriesChart(makeSeries(cells(20, (i) => (i > 15 ? 0.6 : 0.8))));
    const picture = decode(png);
    expect([picture.width, picture.height]).toEqual([width * 2, height * 2]);
    expect(picture.count(LIGHT.alert)).toBeGreaterThan(100);
    expect(picture.count(LIGHT.threshold)).toBeGreaterThan(200);
    expect(png.length).toBeLessThan(60_000);
    const calm = decode(seriesChart(makeSeries(cells(20, () => 0.8))).png);
    expect(calm.count(LIGHT.alert)).toBe(0);
  });

  it('draws chunks without values, a single chunk, none, and a thousand', () => {
    for (const n of [0, 1, 2, 1_000]) {
      const series = { ...makeSeries(cells(2, () => null)), points: n === 0 ? [] : makeSeries(cells(n, (i) => (i % 3 === 0 ? null : Math.sin(i)))).points };
      expect(decode(seriesChart(series).png).width).toBe(1_184);
    }
  });
});

describe('verdictChart', () => {
  const part = (mean: number | null, judgement: MetricComparison['judgement']): MetricComparison => ({
    metric: 'roc_auc', pairs: 1_000, basis: 'realized', champion: null, challenger: null, judgement, reason: null, rope: 0.01, probability: null,
    difference: mean === null ? null : { mean, lower: mean - 0.01, upper: mean + 0.01 },
  });
  const verdict = (segments: Verdict['segments']): Verdict => ({ model: 'loans', challenge: 1, champion: 1, challenger: 2, horizon: 9, judgement: 'better', comparison: part(0.03, 'better'), segments, guardrails: [], text: 'Version 2 is better.' });

  it('has a line for all rows and each segment, says the worse one in red, and nothing where nothing can be said', () => {
    const alone = verdictChart(verdict({}));
    const both = verdictChart(verdict({ 'state=north': part(-0.03, 'worse'), 'state=south': part(null, 'not yet') }));
    expect(both.height - alone.height).toBe(44);
    const [few, more] = [decode(alone.png), decode(both.png)];
    expect([few.width, few.height]).toEqual([2 * alone.width, 2 * alone.height]);
    expect(few.count(LIGHT.alert)).toBe(0);
    expect(more.count(LIGHT.alert)).toBeGreaterThan(20);
    expect(more.count(LIGHT.realized)).toBeGreaterThan(1.7 * few.count(LIGHT.realized));
    expect(verdictChart(verdict({})).png.equals(alone.png)).toBe(true);
  });
});
