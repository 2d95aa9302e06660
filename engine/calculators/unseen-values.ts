/** Share or number of cells whose category the reference does not have, per categorical column and chunk. */
import type { MetricPoint } from '../../domain/measurement.js';
import type { DataQualitySettings } from '../../domain/settings.js';
import type { ThresholdRule } from '../../domain/threshold.js';
import { plainPoint, columnPieces, type Calculator, type CalculatorColumns } from '../calculator.js';
import { categoricalOf, compareText, type CategoricalColumn, type Frame } from '../frame.js';
import type { Limits } from '../threshold.js';

/** What was learnt. */
export interface FittedUnseenValues {
  normalize: boolean;
  columns: { column: string; seen: string[]; seenMissing: boolean }[];
}

/** Any unseen value at all is worth an alert. */
export const NONE_ALLOWED: ThresholdRule = { type: 'constant', lower: null, upper: 0 };

/** Learns which categories the reference has. */
export function fitUnseenValues(settings: DataQualitySettings, columns: CalculatorColumns, reference: Frame): FittedUnseenValues {
  return { normalize: settings.normalize, columns: columns.categorical.map((column) => ({ column, ...seenIn(categoricalOf(reference, column)) })) };
}

function seenIn({ codes, categories }: CategoricalColumn): { seen: string[]; seenMissing: boolean } {
  // Missing cells (code −1) come first.
  const has = new Uint8Array(categories.length + 1);
  mark(codes, has);
  return { seen: categories.filter((_, code) => has[code + 1] === 1).sort(compareText), seenMissing: has[0] === 1 };
}

function mark(codes: Int32Array, has: Uint8Array): void {
  for (let i = 0; i < codes.length; i++) has[codes[i]! + 1] = 1;
}

/** A missing cell counts as unseen, unless the reference has missing cells as well. */
export function calculateUnseenValues(fitted: FittedUnseenValues, chunk: Frame): MetricPoint[] {
  const rows = chunk.rowCount;
  const metric = fitted.normalize ? 'unseen_values_rate' : 'unseen_values_count';
  return fitted.columns.map(({ column, seen, seenMissing }) => {
    const { codes, categories } = categoricalOf(chunk, column);
    const known = new Set(seen);
    const isUnseen = Uint8Array.from([!seenMissing, ...categories.map((category) => !known.has(category))], Number);
    const unseen = countMarked(codes, isUnseen);
    return plainPoint(metric, column, rows === 0 ? NaN : fitted.normalize ? unseen / rows : unseen, 'the chunk has no rows');
  });
}

/** @param isMarked 1 for marked codes: of missing cells (−1), of category 0, 1, … */
function countMarked(codes: Int32Array, isMarked: Uint8Array): number {
  let marked = 0;
  for (let i = 0; i < codes.length; i++) marked += isMarked[codes[i]! + 1]!;
  return marked;
}

/** Its entry in the catalogue. */
export const unseenValues: Calculator<DataQualitySettings, FittedUnseenValues> = {
  kind: 'unseen_values',
  requiredColumns: (_settings, columns) => ({ reference: columns.categorical, chunk: columns.categorical }),
  fit: fitUnseenValues,
  pieces: () => columnPieces(fitUnseenValues, ({ categorical }) => categorical, (states) => ({ ...states[0]!, columns: states.flatMap(({ columns }) => columns) })),
  calculate: calculateUnseenValues,
  ruleOf: (settings) => settings.threshold ?? NONE_ALLOWED,
  limitsOf: (state): Limits => ({ lower: 0, upper: state.normalize ? 1 : null }),
  alertsOnBound: false,
};
