/** A verdict as a PNG picture, as verdict-figure.ts draws it: the difference with its 95 % interval for all rows and each segment, against the region of practical equivalence. */
import { ticks as niceTicks } from 'd3';
import type { Verdict } from '../../domain/challenge.js';
import { formatCount, formatDifference, formatValue, shorten, tickFormat } from '../format.js';
import { LIGHT } from '../theme.js';
import { reachOf, rowsOf } from '../verdict-figure.js';
import { createCanvas, textLength } from './canvas.js';
import { encodePng } from './encode.js';
import type { SeriesChart } from './series-chart.js';

const SCALE = 2;
const SIZE = 8;
const TOP = 24;
const ROW = 22;
const BELOW = 26;
const NAMES = 196;
const SAID = 108;
/** Of the region of practical equivalence: seen on a screen that is not good as well. */
const SHADE = 0.28;

export function verdictChart(verdict: Verdict, { width = 592 }: { width?: number } = {}): SeriesChart {
  const rows = rowsOf(verdict);
  const rope = verdict.comparison.rope ?? 0;
  const bottom = TOP + rows.length * ROW;
  const height = bottom + BELOW;
  const [left, right] = [NAMES, width - SAID];
  const reach = reachOf(rows, rope);
  const x = (value: number): number => left + ((value / reach + 1) / 2) * (right - left);
  const ticks = niceTicks(-reach, reach, 5);
  const write = tickFormat(ticks);
  const canvas = createCanvas(width, height, SCALE, LIGHT.paper);
  const muted = { colour: LIGHT.muted, size: SIZE };

  canvas.rectangle(x(-rope), TOP, x(rope), bottom, LIGHT.rest, SHADE);
  for (const tick of ticks) {
    canvas.line([[x(tick), TOP], [x(tick), bottom]], { colour: LIGHT.grid, width: 0.75 });
    canvas.text(x(tick), bottom + 11, tick > 0 ? `+${write(tick)}` : write(tick), { ...muted, anchor: 'middle' });
  }
  canvas.line([[x(0), TOP], [x(0), bottom]], { colour: LIGHT.muted, width: 1 });
  canvas.text(left, TOP - 11, 'worse', muted);
  canvas.text(right, TOP - 11, 'better', { ...muted, anchor: 'end' });
  const key = `equivalent: within ${formatValue(rope)}`;
  canvas.rectangle((left + right - textLength(key, SIZE)) / 2 - 16, TOP - 15, (left + right - textLength(key, SIZE)) / 2 - 4, TOP - 7, LIGHT.rest, SHADE);
  canvas.text((left + right) / 2, TOP - 11, key, { ...muted, anchor: 'middle' });
  rows.forEach(([name, { pairs, difference, judgement }], i) => {
    const y = TOP + (i + 0.5) * ROW;
    canvas.text(8, y, shorten(name.replace('=', ': '), 22).replace('…', '...'), { colour: LIGHT.ink, size: SIZE });
    canvas.text(left - 8, y, formatCount(pairs), { ...muted, anchor: 'end' });
    if (difference === null) {
      canvas.text((left + right) / 2, y, 'nothing can be said', { ...muted, anchor: 'middle' });
      canvas.text(right + 8, y, judgement, muted);
      return;
    }
    canvas.line([[x(difference.lower), y], [x(difference.upper), y]], { colour: LIGHT.realized, width: 1.75 });
    canvas.disc(x(difference.mean), y, 3.2, LIGHT.realized);
    canvas.text(right + 8, y, `${formatDifference(difference.mean)} ${judgement}`, { colour: judgement === 'worse' ? LIGHT.alert : LIGHT.ink, size: SIZE });
  });
  return { png: encodePng(canvas.rgb, canvas.width, canvas.height), width, height };
}
