/**
 * A confusion matrix as two grids: the reference's mean, and the newest analysis chunk with its change. The shade is the share within the true class;
 * right answers and mistakes have a colour each, so that a row that runs away from the diagonal is seen.
 */
import { viewOf, type ConfusionMatrix } from './confusion.js';
import { describePlace, describePoint } from './describe.js';
import { figure, frameOf, type FigureOptions } from './figure.js';
import { formatCount, formatDifference, formatShare, formatValue, shorten } from './format.js';
import { el, type Markup } from './markup.js';
import { diamond, text, textWidth } from './marks.js';
import { chunkId, type SeriesPoint } from './series.js';

/** More classes than this are a list in the results, not a picture. */
export const CLASSES_AT_MOST = 12;
const GAP = 34;
const LABELS = 118;

interface Panel {
  title: string;
  values: (number | null)[][];
  /** Of the newest chunk: alerts and thresholds. */
  points: (SeriesPoint | null)[][] | null;
  left: number;
}

export function drawConfusion(matrix: ConfusionMatrix, options: FigureOptions): Markup {
  const frame = frameOf(options);
  const view = viewOf(matrix);
  const k = matrix.classes.length;
  const width = (frame.width - 24 - GAP) / 2;
  const cell = { width: Math.min(130, (width - LABELS) / k), height: Math.max(24, Math.min(56, 300 / k)) };
  const top = frame.headingHeight + 52;
  const height = top + cell.height * k + 16;
  const panels: Panel[] = [];
  if (view.reference) panels.push({ title: `Reference: mean of ${formatCount(view.reference.chunks)} chunks`, values: view.reference.values, points: null, left: 12 });
  if (view.newest) panels.push({ title: newestTitle(view.newest.point), values: view.newest.points.map((row) => row.map((point) => point?.value ?? null)), points: view.newest.points, left: panels.length > 0 ? 12 + width + GAP : 12 });
  const name = matrix.calculator === 'realized_performance' ? 'Realized' : 'Estimated';
  return figure(options, height, `${name} confusion matrix`, '', describeConfusion(matrix), panels.length === 0 ? [text(frame.width / 2, top + 20, 'nothing computed yet', { class: 'ac-muted', 'text-anchor': 'middle' })] : panels.map((panel) => [
    text(panel.left, frame.headingHeight + 14, panel.title, { class: 'ac-strong' }),
    text(panel.left + LABELS - 8, top - 8, 'true ↓  predicted →', { class: 'ac-muted ac-small', 'text-anchor': 'end' }),
    matrix.classes.map((label, j) => text(panel.left + LABELS + (j + 0.5) * cell.width, top - 8, fitted(label, cell.width - 6), { class: 'ac-muted ac-small', 'text-anchor': 'middle' })),
    matrix.cells.map((row, i) => [
      text(panel.left + LABELS - 8, top + (i + 0.5) * cell.height + 4, fitted(matrix.classes[i]!, LABELS - 10), { class: 'ac-muted ac-small', 'text-anchor': 'end' }),
      row.map((_, j) => drawCell(matrix, panel, i, j, panel.points ? view.reference?.values[i]?.[j] ?? null : null, { x: panel.left + LABELS + j * cell.width, y: top + i * cell.height, ...cell }, frame.zone)),
    ]),
  ]));
}

function newestTitle({ chunk }: SeriesPoint): string {
  return `Analysis chunk ${chunk.index}${chunk.complete ? '' : ' (open)'}: ${formatCount(chunk.rows)} rows`;
}

function fitted(label: string, width: number): string {
  let length = Array.from(label).length;
  while (length > 2 && textWidth(shorten(label, length)) > width) length -= 1;
  return shorten(label, length);
}

interface Box { x: number; y: number; width: number; height: number }

function drawCell(matrix: ConfusionMatrix, panel: Panel, i: number, j: number, before: number | null, box: Box, zone: string): Markup {
  const value = panel.values[i]![j]!;
  const share = shareOf(panel.values[i]!, j);
  const point = panel.points?.[i]?.[j] ?? null;
  const alert = point?.alert === true && point.period === 'analysis';
  const middle = box.x + box.width / 2;
  const two = box.height >= 38 && before !== null && value !== null;
  const written = box.width >= 40;
  return el('g', { class: 'ac-chunk', tabindex: '0', role: 'img' },
    el('title', {}, describeCell(matrix, panel, i, j, before, zone)),
    el('rect', { class: i === j ? 'ac-heat' : 'ac-heat-wrong', x: box.x, y: box.y, width: box.width, height: box.height, 'fill-opacity': Math.round((share ?? 0) * 62) / 100 }),
    el('rect', { class: 'ac-cell', x: box.x, y: box.y, width: box.width, height: box.height }),
    written ? text(middle, box.y + box.height / 2 + (two ? -2 : 4), formatValue(value, 3), { class: i === j ? 'ac-strong' : null, 'text-anchor': 'middle' }) : null,
    written && two && box.width >= 52 ? text(middle, box.y + box.height / 2 + 14, formatDifference(value - before, 2), { class: 'ac-muted ac-small', 'text-anchor': 'middle' }) : null,
    alert ? diamond(box.x + box.width - 9, box.y + 9, 5, 'ac-alert') : null,
    el('rect', { class: 'ac-hit', x: box.x, y: box.y, width: box.width, height: box.height }));
}

/** Share of a value within its row; null where the row has nothing. */
function shareOf(row: readonly (number | null)[], j: number): number | null {
  const sum = row.reduce<number>((total, value) => total + (value ?? 0), 0);
  return sum > 0 ? (row[j] ?? 0) / sum : null;
}

function describeCell(matrix: ConfusionMatrix, panel: Panel, i: number, j: number, before: number | null, zone: string): string {
  const share = shareOf(panel.values[i]!, j);
  const point = panel.points?.[i]?.[j] ?? null;
  const lines = [`true ${matrix.classes[i]!}, predicted ${matrix.classes[j]!}${share === null ? '' : `: ${formatShare(share)} of the true class`}`];
  if (!panel.points) lines.push(`mean of the reference: ${formatValue(panel.values[i]![j]!)}`);
  else if (point) {
    lines.push(...describePlace({ id: chunkId(point), period: point.period, chunk: point.chunk }, zone), ...describePoint('value', point));
    if (before !== null && point.value !== null) lines.push(`reference ${formatValue(before)}, change ${formatDifference(point.value - before)}`);
  }
  return lines.join('\n');
}

/** One sentence: how many cells alert in the newest chunk, and the mistake that grew most within its true class. */
export function describeConfusion(matrix: ConfusionMatrix): string {
  const { reference, newest } = viewOf(matrix);
  if (!newest) return reference ? 'Only reference chunks so far.' : 'No chunk has values yet.';
  const values = newest.points.map((row) => row.map((point) => point?.value ?? null));
  const alerts = newest.points.flat().filter((point) => point?.alert === true).length;
  const words = `${formatCount(alerts)} of ${formatCount(matrix.classes.length ** 2)} cells alert in chunk ${newest.point.chunk.index}.`;
  if (!reference) return words;
  let grown: { i: number; j: number; by: number; share: number } | null = null;
  for (let i = 0; i < matrix.classes.length; i += 1) {
    for (let j = 0; j < matrix.classes.length; j += 1) {
      const [now, then] = [shareOf(values[i]!, j), shareOf(reference.values[i]!, j)];
      if (i !== j && now !== null && then !== null && now - then > (grown?.by ?? 0)) grown = { i, j, by: now - then, share: now };
    }
  }
  return grown === null ? words : `${words} The mistake that grew most: true ${matrix.classes[grown.i]!} predicted ${matrix.classes[grown.j]!}, now ${formatShare(grown.share)} of the class (${formatShare(grown.share - grown.by)} in the reference).`;
}
