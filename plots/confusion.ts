/** A confusion matrix put together from its cells, which are series of their own. */
import type { CalculatorKind } from '../domain/measurement.js';
import type { ModelSchema } from '../domain/schema.js';
import type { Series, SeriesPoint } from './series.js';

export interface ConfusionCell {
  truth: string;
  predicted: string;
  series: Series;
}

/** Every cell of the classes, by row (true class) and column (predicted class). */
export interface ConfusionMatrix {
  calculator: CalculatorKind;
  classes: string[];
  cells: ConfusionCell[][];
}

const BINARY: [metric: string, truth: string, predicted: string][] = [
  ['true_negative', '0', '0'], ['false_positive', '0', '1'], ['false_negative', '1', '0'], ['true_positive', '1', '1'],
];
const CELL = /^true_(.+?)_pred_(.+)$/;

/** True for the metric of one cell. */
export function isConfusionCell(metric: string): boolean {
  return BINARY.some(([name]) => name === metric) || CELL.test(metric);
}

/** The matrices that are whole: realized, then estimated. */
export function confusionMatrices(all: readonly Series[], schema: ModelSchema): ConfusionMatrix[] {
  return (['realized_performance', 'estimated_performance'] as const).flatMap((calculator) => {
    const own = all.filter((series) => series.calculator === calculator && isConfusionCell(series.metric));
    if (own.length === 0) return [];
    const named = placeCells(own, schema);
    const classes = [...new Set(named.flatMap(({ truth, predicted }) => [truth, predicted]))].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const rows = classes.map((truth) => classes.map((predicted) => named.find((cell) => cell.truth === truth && cell.predicted === predicted)));
    const cells = rows.map((row) => row.filter((cell) => cell !== undefined));
    return cells.every((row) => row.length === classes.length) ? [{ calculator, classes, cells }] : [];
  });
}

/** A class may hold `_pred_` in its name: those of the schema tell where one ends. */
function placeCells(own: readonly Series[], schema: ModelSchema): ConfusionCell[] {
  const labels = schema.columns.flatMap((column) => (column.class === undefined ? [] : [column.class]));
  const known = new Map(labels.flatMap((truth) => labels.map((predicted): [string, [string, string]] => [`true_${truth}_pred_${predicted}`, [truth, predicted]])));
  return own.flatMap((series) => {
    const binary = BINARY.find(([name]) => name === series.metric);
    const found = binary ? [binary[1], binary[2]] : known.get(series.metric) ?? CELL.exec(series.metric)?.slice(1);
    return found ? [{ truth: found[0]!, predicted: found[1]!, series }] : [];
  });
}

/** What a matrix shows: the mean of the reference chunks, and the newest chunk of the analysis in which cells have values, complete ones first. */
export interface ConfusionView {
  reference: { chunks: number; values: (number | null)[][] } | null;
  newest: { point: SeriesPoint; points: (SeriesPoint | null)[][] } | null;
}

export function viewOf(matrix: ConfusionMatrix): ConfusionView {
  const known = (cell: ConfusionCell): SeriesPoint[] => cell.series.points.filter((point) => point.value !== null);
  const analysis = matrix.cells.flat().flatMap(known).filter((point) => point.period === 'analysis').sort((a, b) => Number(a.chunk.complete) - Number(b.chunk.complete) || a.chunk.index - b.chunk.index);
  const newest = analysis.at(-1) ?? null;
  const chunks = new Set(matrix.cells.flat().flatMap(known).filter((point) => point.period === 'reference').map((point) => point.chunk.key)).size;
  return {
    reference: chunks === 0 ? null : { chunks, values: matrix.cells.map((row) => row.map((cell) => meanOf(known(cell).filter((point) => point.period === 'reference')))) },
    newest: newest && { point: newest, points: matrix.cells.map((row) => row.map((cell) => cell.series.points.find((point) => point.period === 'analysis' && point.chunk.key === newest.chunk.key) ?? null)) },
  };
}

function meanOf(points: readonly SeriesPoint[]): number | null {
  return points.length === 0 ? null : points.reduce((sum, point) => sum + point.value! / points.length, 0);
}
