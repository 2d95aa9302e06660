/** A chunk's rows as metrics of one's own see them: outcomes without gaps, classes as places in a list, further columns by name. */
import { InvalidInput } from '../../domain/errors.js';
import { quoted } from '../../domain/schema.js';
import type { CalculatorColumns } from '../calculator.js';
import { categoricalOf, continuousOf, requireColumns, takeNumbers, type Frame } from '../frame.js';
import type { CustomMetric, EstimatedClassRows, FurtherColumns, LabelledClassRows, LabelledRows, PredictedRows } from './metric.js';

/** The columns that outcomes are in. */
export type OutcomeNames = Pick<CalculatorColumns, 'problemType' | 'target' | 'prediction' | 'probability' | 'classProbabilities'>;

/** Classes that outcomes can be of, in ascending order; none for a regression. */
export interface Outcomes extends OutcomeNames {
  classes: string[];
}

/** Row numbers; null: all of them. */
type Kept = Int32Array | null;

function keptRows(rowCount: number, isThere: readonly ((row: number) => boolean)[]): Kept {
  const kept: number[] = [];
  for (let row = 0; row < rowCount; row++) if (isThere.every((test) => test(row))) kept.push(row);
  return kept.length === rowCount ? null : Int32Array.from(kept);
}

/** Fresh memory, so that a metric may scribble in what it is given. */
function take(values: Float64Array, kept: Kept): Float64Array {
  return kept === null ? values.slice() : takeNumbers(values, kept);
}

function takeCodes(codes: Int32Array, kept: Kept): Int32Array {
  return kept === null ? codes.slice() : Int32Array.from(kept, (row) => codes[row]!);
}

/** Further columns are read when they are asked for. */
class DeclaredColumns implements FurtherColumns {
  readonly rowCount: number;

  constructor(private readonly frame: Frame, private readonly kept: Kept, private readonly metric: CustomMetric) {
    this.rowCount = kept === null ? frame.rowCount : kept.length;
  }

  numbers(column: string): Float64Array {
    this.check(column);
    return take(continuousOf(this.frame, column).values, this.kept);
  }

  texts(column: string): (string | null)[] {
    this.check(column);
    const found = this.frame.columns.get(column);
    const textAt = found?.kind === 'continuous' ? (row: number) => (Number.isNaN(found.values[row]) ? null : String(found.values[row])) : this.categoryAt(column);
    return Array.from({ length: this.rowCount }, (_, i) => textAt(this.kept === null ? i : this.kept[i]!));
  }

  private categoryAt(column: string): (row: number) => string | null {
    const { codes, categories } = categoricalOf(this.frame, column);
    return (row) => categories[codes[row]!] ?? null;
  }

  private check(column: string): void {
    if (!this.metric.columns?.includes(column)) throw new InvalidInput(`column ${quoted(column)} is read but not declared: name it in the metric's columns`);
    requireColumns(this.frame, [column], 'the chunk');
  }
}

/** Places of the rows' classes in `classes`; −1: missing. @throws InvalidInput when a row is of another class */
function classCodes(frame: Frame, name: string, { problemType, classes }: Outcomes): Int32Array {
  const codes = new Int32Array(frame.rowCount);
  if (problemType === 'classification_binary') {
    const { values } = continuousOf(frame, name);
    for (let i = 0; i < codes.length; i++) {
      const value = values[i]!;
      if (value !== 0 && value !== 1 && value === value) throw new InvalidInput(`column ${quoted(name)} holds ${value}, which is neither 0 nor 1`);
      codes[i] = value === value ? value : -1;
    }
    return codes;
  }
  const column = categoricalOf(frame, name);
  const placeOf = column.categories.map((category) => classes.indexOf(category));
  for (let i = 0; i < codes.length; i++) {
    const code = column.codes[i]!;
    codes[i] = code < 0 ? -1 : placeOf[code]!;
    if (code >= 0 && codes[i]! < 0) throw new InvalidInput(`column ${quoted(name)} holds the class '${column.categories[code]}', which the reference does not have`);
  }
  return codes;
}

/** The model's own probabilities, one array per class; null: it has none. */
function modelProbabilities(frame: Frame, { problemType, probability, classProbabilities }: Outcomes): Float64Array[] | null {
  if (problemType === 'classification_multiclass') return classProbabilities.length === 0 ? null : classProbabilities.map(({ column }) => continuousOf(frame, column).values);
  if (probability === null) return null;
  const { values } = continuousOf(frame, probability);
  return [values.map((score) => 1 - score), values];
}

/** What labelled and estimated rows share. `more` must be there as well for a row to count. */
function classRows(frame: Frame, outcomes: Outcomes, metric: CustomMetric, more: readonly ((row: number) => boolean)[]): { rows: LabelledClassRows & EstimatedClassRows; kept: Kept } {
  const predicted = outcomes.prediction === null ? null : classCodes(frame, outcomes.prediction, outcomes);
  const scores = modelProbabilities(frame, outcomes);
  const kept = keptRows(frame.rowCount, [
    ...(predicted === null ? [] : [(row: number) => predicted[row]! >= 0]),
    ...(scores === null ? [] : [(row: number) => scores.every((values) => values[row] === values[row])]),
    ...more,
  ]);
  const further = new DeclaredColumns(frame, kept, metric);
  const lacking = (what: string): never => { throw new InvalidInput(`the model has no ${what}, which the metric reads`); };
  return {
    kept,
    rows: {
      rowCount: further.rowCount,
      classes: outcomes.classes,
      get predictions() { return predicted === null ? lacking('predicted classes') : takeCodes(predicted, kept); },
      get probabilities() { return scores === null ? lacking('predicted probabilities') : scores.map((values) => take(values, kept)); },
      targets: new Int32Array(0),
      targetProbabilities: [],
      numbers: (column) => further.numbers(column),
      texts: (column) => further.texts(column),
    },
  };
}

/** Rows that have a target. @throws InvalidInput when a column is not as the model's schema says */
export function labelledClassRows(frame: Frame, outcomes: Outcomes, metric: CustomMetric): LabelledClassRows {
  const targets = classCodes(frame, outcomes.target!, outcomes);
  const { rows, kept } = classRows(frame, outcomes, metric, [(row) => targets[row]! >= 0]);
  rows.targets = takeCodes(targets, kept);
  return rows;
}

/** @param targetProbabilities one array per class, as long as the frame; rows where one is NaN do not count */
export function estimatedClassRows(frame: Frame, outcomes: Outcomes, metric: CustomMetric, targetProbabilities: readonly Float64Array[]): EstimatedClassRows {
  const { rows, kept } = classRows(frame, outcomes, metric, [(row) => targetProbabilities.every((values) => values[row] === values[row])]);
  rows.targetProbabilities = targetProbabilities.map((values) => take(values, kept));
  return rows;
}

/** Rows of a regression, and which of the frame's they are. */
export interface RegressionSelection<Rows extends PredictedRows> {
  rows: Rows;
  kept: Kept;
}

/** Rows that have a prediction. */
export function predictedRows(frame: Frame, outcomes: Outcomes, metric: CustomMetric): RegressionSelection<PredictedRows> {
  const prediction = continuousOf(frame, outcomes.prediction!).values;
  return selectRows(frame, metric, keptRows(frame.rowCount, [(row) => prediction[row] === prediction[row]]), (kept) => ({ predictions: take(prediction, kept) }));
}

/** Rows that have a target as well. */
export function labelledRows(frame: Frame, outcomes: Outcomes, metric: CustomMetric): RegressionSelection<LabelledRows> {
  const prediction = continuousOf(frame, outcomes.prediction!).values;
  const target = continuousOf(frame, outcomes.target!).values;
  const kept = keptRows(frame.rowCount, [(row) => prediction[row] === prediction[row], (row) => target[row] === target[row]]);
  return selectRows(frame, metric, kept, (rows) => ({ predictions: take(prediction, rows), targets: take(target, rows) }));
}

function selectRows<Own extends object>(frame: Frame, metric: CustomMetric, kept: Kept, outcomesOf: (kept: Kept) => Own): { rows: Own & FurtherColumns; kept: Kept } {
  const further = new DeclaredColumns(frame, kept, metric);
  return { kept, rows: { ...outcomesOf(kept), rowCount: further.rowCount, numbers: (column) => further.numbers(column), texts: (column) => further.texts(column) } };
}
