/** What all calculators share: the columns they are given, points, and the values that thresholds are learnt from. */
import { InvalidInput } from '../domain/errors.js';
import type { CalculatorKind, MetricPoint } from '../domain/measurement.js';
import { quoted, type ProblemType } from '../domain/schema.js';
import type { ThresholdRule } from '../domain/threshold.js';
import { scanOf } from './column-scan.js';
import type { ContinuousColumn, Frame, RowRange } from './frame.js';
import type { Limits } from './threshold.js';

/** What the engine can calculate: the product's calculators, and those that only `aftercare calculate` offers so far. */
export type EngineKind = CalculatorKind | 'summary_statistics' | 'domain_classifier';

/** The columns that a calculator works on, chosen by the caller. */
export interface CalculatorColumns {
  problemType: ProblemType;
  continuous: string[];
  categorical: string[];
  target: string | null;
  prediction: string | null;
  /** Of a binary classification: the probability of class 1. */
  probability: string | null;
  /** Of a multiclass classification: each class and its column, in ascending order of the class; else empty. */
  classProbabilities: ClassProbability[];
  /** Columns that only metrics of the user's own read. */
  further?: string[];
}

/** A column of predicted probabilities of one class. */
export interface ClassProbability {
  class: string;
  column: string;
}

/** No column at all, to be filled in. */
export const NO_COLUMNS: CalculatorColumns = { problemType: 'classification_binary', continuous: [], categorical: [], target: null, prediction: null, probability: null, classProbabilities: [] };

/** The values of one series on the reference chunks, in chunk order; NaN where they could not be computed. */
export interface ReferenceSeries {
  metric: string;
  column: string;
  values: Float64Array;
}

/** A fit that falls into pieces which know nothing of each other, so that threads can share it: joined they are what `fit` gives, to the last bit. */
export interface FitPieces<Settings, State> {
  /** Names of the pieces; they depend on the request alone. */
  split(settings: Settings, columns: CalculatorColumns): string[];
  /** Plain data. */
  learn(settings: Settings, columns: CalculatorColumns, reference: Frame, piece: string): Partial<State>;
  /** @param parts in the order of the pieces, one at least */
  join(settings: Settings, columns: CalculatorColumns, parts: Partial<State>[]): State;
}

/**
 * One entry of the catalogue. `Settings` is what one may choose, `State` is what was learnt: plain data.
 * All functions are pure and leave their inputs as they are.
 */
export interface Calculator<Settings, State> {
  kind: EngineKind;
  /** Columns that the reference must have, and those that every chunk must have. */
  requiredColumns(settings: Settings, columns: CalculatorColumns): { reference: string[]; chunk: string[] };
  fit(settings: Settings, columns: CalculatorColumns, reference: Frame): State;
  /** Absent or null: the fit is one piece. */
  pieces?(settings: Settings, columns: CalculatorColumns): FitPieces<Settings, State> | null;
  /** One point per series; NaN with a reason where there is too little data. */
  calculate(state: State, chunk: Frame): MetricPoint[];
  /** Absent: the reference's chunks are calculated as any other. Else for a calculator that must know where in the reference a chunk lies. */
  calculateReference?(state: State, reference: Frame, chunk: RowRange): MetricPoint[];
  /** Absent or null: the thresholds are learnt from the points of the reference chunks. */
  thresholdValues?(state: State, reference: Frame, chunks: readonly RowRange[]): ReferenceSeries[] | null;
  ruleOf(settings: Settings, metric: string): ThresholdRule;
  limitsOf(state: State, metric: string): Limits;
  /** True: a value on a bound alerts. */
  alertsOnBound: boolean;
}

/** Pieces of a calculator that learns each column by itself: `fit` sees one column at a time. */
export function columnPieces<Settings, State>(fit: Calculator<Settings, State>['fit'], names: (columns: CalculatorColumns) => string[], join: (states: State[]) => State): FitPieces<Settings, State> {
  return {
    split: (_settings, columns) => names(columns),
    learn(settings, columns, reference, piece) {
      const only = (list: string[]) => list.filter((name) => name === piece);
      return fit(settings, { ...columns, continuous: only(columns.continuous), categorical: only(columns.categorical) }, reference);
    },
    join: (_settings, _columns, parts) => join(parts as State[]),
  };
}

/** A point of a method without sampling error. */
export function plainPoint(metric: string, column: string, value: number, reason: string): MetricPoint {
  const point: MetricPoint = { metric, column, value, samplingError: NaN, bandLower: NaN, bandUpper: NaN };
  if (value !== value) point.reason = reason;
  return point;
}

/** A point with the band value ± 3 sampling errors, clipped to the metric's limits. */
export function bandedPoint(metric: string, column: string, value: number, samplingError: number, limits: Limits, reason: string): MetricPoint {
  const point: MetricPoint = {
    metric,
    column,
    value,
    samplingError,
    bandLower: Math.max(limits.lower ?? -Infinity, value - 3 * samplingError),
    bandUpper: Math.min(limits.upper ?? Infinity, value + 3 * samplingError),
  };
  if (value !== value) point.reason = reason;
  return point;
}

/** @throws InvalidInput when a reference column holds ±∞, or reaches so far that its width is no number: nothing can be learnt on it */
export function requireFinite(column: ContinuousColumn, name: string): void {
  const { min, max } = scanOf(column);
  if (min === -Infinity || max === Infinity) {
    let infinite = 0;
    for (const value of column.values) if (value === Infinity || value === -Infinity) infinite += 1;
    throw new InvalidInput(`column ${quoted(name)} of the reference has ${infinite} infinite ${infinite === 1 ? 'value' : 'values'} in ${column.values.length} rows`);
  }
  if (max - min === Infinity) throw new InvalidInput(`column ${quoted(name)} of the reference reaches from ${min} to ${max}: the width between them is no number any more`);
}

/** Series out of the points of the reference chunks. */
export function seriesOf(points: readonly MetricPoint[][]): ReferenceSeries[] {
  const series = new Map<string, ReferenceSeries>();
  points.forEach((ofChunk, index) => {
    for (const { metric, column, value } of ofChunk) {
      const key = `${metric}\u0000${column}`;
      let found = series.get(key);
      if (!found) {
        found = { metric, column, values: new Float64Array(points.length).fill(NaN) };
        series.set(key, found);
      }
      found.values[index] = value;
    }
  });
  return [...series.values()];
}
