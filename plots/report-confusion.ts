/** The report's section on the confusion matrix: who is taken for whom, and each cell over time. */
import { confusionMatrices, type ConfusionMatrix } from './confusion.js';
import { CLASSES_AT_MOST, describeConfusion, drawConfusion } from './confusion-figure.js';
import { formatCount, shorten } from './format.js';
import { el, type Markup } from './markup.js';
import type { ReportInput } from './report-input.js';
import { figureCard, section } from './report-parts.js';
import { countAlerts, type Series } from './series.js';
import { drawSpark } from './spark-figure.js';

const CELLS_AT_MOST = 36;

export function confusion(input: ReportInput, all: readonly Series[]): Markup | null {
  const matrices = confusionMatrices(all, input.schema);
  // Realized where it is known; an estimate where it is not.
  const matrix = matrices.find(hasAnalysis) ?? matrices[0];
  if (!matrix) return null;
  const realized = matrix.calculator === 'realized_performance';
  return section('confusion', 'Confusion matrix', 'Rows are the true classes, columns the predicted ones; the shade is the share within the true class, ◆ marks a cell outside its thresholds.',
    matrix.classes.length <= CLASSES_AT_MOST
      ? figureCard(realized ? 'Realized' : 'Estimated, without targets', describeConfusion(matrix), drawConfusion(matrix, { id: 'confusion-matrix', heading: false, zone: input.settings.zone }))
      : el('p', { class: 'muted small' }, `${formatCount(matrix.classes.length)} classes are too many for a picture. ${describeConfusion(matrix)} aftercare results has every cell.`),
    cellsOverTime(matrix, input.settings.zone));
}

function hasAnalysis(matrix: ConfusionMatrix): boolean {
  return matrix.cells.flat().some(({ series }) => series.points.some((point) => point.period === 'analysis' && point.value !== null));
}

/** Cells as small multiples, those that alert most first. */
function cellsOverTime(matrix: ConfusionMatrix, zone: string): Markup {
  const cells = matrix.cells.flat().map((cell) => ({ ...cell, alerts: countAlerts(cell.series) })).sort((a, b) => b.alerts - a.alerts);
  return el('div', {}, el('h3', {}, 'Cells over time'),
    el('div', { class: 'many' }, cells.slice(0, CELLS_AT_MOST).map(({ truth, predicted, series, alerts }, i) => el('div', { class: 'panel' },
      el('div', { class: 'head' }, el('b', {}, shorten(truth, 60)), el('span', { class: alerts > 0 ? 'mark' : 'calm' }, alerts > 0 ? `◆ ${formatCount(alerts)}` : 'calm')),
      el('div', { class: 'muted small' }, truth === predicted ? 'predicted right' : `taken for ${shorten(predicted, 40)}`),
      drawSpark(series, { id: `cell-${i}`, zone })))),
    cells.length > CELLS_AT_MOST ? el('p', { class: 'muted small' }, `${formatCount(cells.length - CELLS_AT_MOST)} more are not drawn here; aftercare results has them all.`) : null);
}
