/**
 * Reconstruction error: drift of the columns together. Rows are squeezed into the reference's principal components and back; what gets lost
 * grows when columns no longer hang together as they did. Categories count as their frequency in the reference.
 */
import type { MetricPoint } from '../../domain/measurement.js';
import type { ReconstructionErrorSettings } from '../../domain/settings.js';
import { bandedPoint, requireFinite, type Calculator, type CalculatorColumns } from '../calculator.js';
import { categoricalOf, continuousOf, type CategoricalColumn, type ContinuousColumn, type Frame } from '../frame.js';
import type { ComponentChoice } from '../learn/component-count.js';
import { categoricalFill, continuousFill, type CategoricalImputation, type ContinuousImputation } from '../learn/impute.js';
import type { ColumnSource } from '../kernels/residuals.js';
import { errorsOfSources, fitPrincipalComponents, type PrincipalComponents } from '../learn/principal-components.js';
import { mean, standardDeviation } from '../stats/sum.js';
import { STANDARD_RULE, type Limits } from '../threshold.js';

/** What one may choose. */
export interface ReconstructionErrorOptions extends Omit<ReconstructionErrorSettings, 'components'> {
  /** Also Minka's estimate ('mle') and all (null). */
  components: ComponentChoice;
  /** Absent: the mean. */
  imputeContinuous?: ContinuousImputation;
  /** Absent: the most frequent category. */
  imputeCategorical?: CategoricalImputation;
}

type FittedEncoding =
  | { kind: 'continuous'; column: string; fill: number }
  /** Share of each category of the reference, missing cells filled. */
  | { kind: 'categorical'; column: string; fill: string; frequencies: { category: string; share: number }[] };

/** What was learnt. */
export interface FittedReconstructionError {
  encodings: FittedEncoding[];
  components: PrincipalComponents;
}

const LIMITS: Limits = { lower: 0, upper: null, dropAtLimit: true };

/** @throws InvalidInput when a column has no values or ±∞, or there are fewer columns than components. Cost O(rows · columns²) and O(columns³). */
export function fitReconstructionError(settings: ReconstructionErrorOptions, columns: CalculatorColumns, reference: Frame): FittedReconstructionError {
  const encodings: FittedEncoding[] = [
    ...columns.continuous.map((name) => learnContinuous(name, continuousOf(reference, name), settings.imputeContinuous ?? { strategy: 'mean' })),
    ...columns.categorical.map((name) => learnCategorical(name, categoricalOf(reference, name), settings.imputeCategorical ?? { strategy: 'most_frequent' })),
  ];
  return { encodings, components: fitPrincipalComponents(encodings.map((encoding) => encode(sourceOf(encoding, reference))), settings.components) };
}

function learnContinuous(name: string, column: ContinuousColumn, imputation: ContinuousImputation): FittedEncoding {
  requireFinite(column, name);
  return { kind: 'continuous', column: name, fill: continuousFill(name, column.values, imputation) };
}

function learnCategorical(name: string, column: CategoricalColumn, imputation: CategoricalImputation): FittedEncoding {
  const fill = categoricalFill(name, column, imputation);
  const counts = new Map<string, number>();
  for (let i = 0; i < column.codes.length; i++) {
    const code = column.codes[i]!;
    const category = code < 0 ? fill : column.categories[code]!;
    counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  const frequencies = [...counts].map(([category, count]) => ({ category, share: count / column.codes.length }));
  return { kind: 'categorical', column: name, fill, frequencies };
}

/** A column as numbers. */
function sourceOf(encoding: FittedEncoding, frame: Frame): ColumnSource {
  if (encoding.kind === 'continuous') return { kind: 'numbers', values: continuousOf(frame, encoding.column).values, fill: encoding.fill };
  const { codes, categories } = categoricalOf(frame, encoding.column);
  const shareOf = new Map(encoding.frequencies.map(({ category, share }) => [category, share]));
  // A category that the reference does not have has frequency 0.
  return { kind: 'codes', codes, values: Float64Array.from(categories, (category) => shareOf.get(category) ?? 0), fill: shareOf.get(encoding.fill) ?? 0 };
}

/** A column's numbers, written out. */
function encode(source: ColumnSource): Float64Array {
  const encoded = new Float64Array(source.kind === 'numbers' ? source.values.length : source.codes.length);
  for (let i = 0; i < encoded.length; i++) {
    const value = source.kind === 'numbers' ? source.values[i]! : (source.values[source.codes[i]!] ?? NaN);
    encoded[i] = value === value ? value : source.fill;
  }
  return encoded;
}

/** One point. The sampling error is the standard error of the mean over the chunk's rows; unknown for a single row. */
export function calculateReconstructionError(fitted: FittedReconstructionError, chunk: Frame): MetricPoint[] {
  const errors = errorsOfSources(fitted.components, fitted.encodings.map((encoding) => sourceOf(encoding, chunk)), chunk.rowCount);
  const samplingError = standardDeviation(errors, 1) / Math.sqrt(errors.length);
  return [bandedPoint('reconstruction_error', '', mean(errors), samplingError, LIMITS, 'the chunk has no rows')];
}

/** Its entry in the catalogue. */
export const reconstructionError: Calculator<ReconstructionErrorOptions, FittedReconstructionError> = {
  kind: 'reconstruction_error',
  requiredColumns(_settings, columns) {
    const names = [...columns.continuous, ...columns.categorical];
    return { reference: names, chunk: names };
  },
  fit: fitReconstructionError,
  calculate: calculateReconstructionError,
  ruleOf: (settings) => settings.threshold ?? STANDARD_RULE,
  limitsOf: () => LIMITS,
  alertsOnBound: true,
};
