/** Principal components of standardized columns, and how far rows lie from the space that they span. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { residualLengths, type ColumnSource } from '../kernels/residuals.js';
import { pairwiseSum } from '../stats/sum.js';
import { checkComponentChoice, componentCount, type ComponentChoice } from './component-count.js';

/** z = (value − mean) / scale */
export interface Standardization {
  mean: number;
  /** Population standard deviation; 1 for a constant. */
  scale: number;
}

/** What was learnt. */
export interface PrincipalComponents {
  columns: Standardization[];
  /** Components kept. */
  kept: number;
  /** Share of the variance that each component explains, descending; sums to 1. */
  explained: number[];
  /** The components left out, each a unit vector over the columns: a row's distance from the kept space is the length of its projection on these. */
  discarded: number[][];
}

/** @param values no missing value */
export function standardizationOf(values: Float64Array): Standardization {
  const n = values.length;
  const mean = pairwiseSum(values) / n;
  const squares = new Float64Array(n);
  for (let i = 0; i < n; i++) squares[i] = (values[i]! - mean) ** 2;
  const variance = pairwiseSum(squares) / n;
  // Rounding leaves a constant a little variance.
  const isConstant = variance <= n * Number.EPSILON * variance + (n * mean * Number.EPSILON) ** 2;
  return { mean, scale: isConstant ? 1 : Math.sqrt(variance) };
}

/**
 * @param columns values per column, all of the same length, no missing value
 * @param components see ComponentChoice
 * @throws InvalidInput when that many components do not exist
 * Cost O(rows · columns²) and O(columns³). Agrees with scikit-learn's StandardScaler and PCA to 1e-9 (test/oracles).
 */
export function fitPrincipalComponents(columns: Float64Array[], components: ComponentChoice): PrincipalComponents {
  const width = columns.length;
  const rows = columns[0]?.length ?? 0;
  checkComponentChoice(components, width, rows);
  const standardizations = columns.map(standardizationOf);
  const { values, vectors } = eigenOf(covariance(columns, standardizations));
  const total = values.reduce((sum, value) => sum + value, 0);
  const explained = values.map((value) => (total > 0 ? value / total : 0));
  // The covariance is divided by the rows, a sample's variance by one less.
  const kept = componentCount(components, Float64Array.from(values, (value) => (value * rows) / Math.max(1, rows - 1)), rows);
  return { columns: standardizations, kept, explained, discarded: vectors.slice(kept) };
}

/** Covariance of the standardized columns, up to a factor. */
function covariance(columns: Float64Array[], standardizations: Standardization[]): number[][] {
  const width = columns.length;
  const rows = columns[0]?.length ?? 0;
  const sums = Array.from({ length: width }, () => new Float64Array(width));
  const row = new Float64Array(width);
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < width; a++) row[a] = (columns[a]![i]! - standardizations[a]!.mean) / standardizations[a]!.scale;
    for (let a = 0; a < width; a++) {
      const x = row[a]!;
      const target = sums[a]!;
      for (let b = 0; b <= a; b++) target[b]! += x * row[b]!;
    }
  }
  return sums.map((_, a) => Array.from({ length: width }, (__, b) => sums[Math.max(a, b)]![Math.min(a, b)]! / rows));
}

/** Eigenvalues descending, none below 0, and their unit vectors. */
function eigenOf(symmetric: number[][]): { values: number[]; vectors: number[][] } {
  if (symmetric.length === 0) return { values: [], vectors: [] };
  const decomposition = new EigenvalueDecomposition(new Matrix(symmetric), { assumeSymmetric: true });
  const vectors = decomposition.eigenvectorMatrix;
  const order = decomposition.realEigenvalues.map((value, index) => ({ value, index })).sort((a, b) => b.value - a.value);
  return { values: order.map(({ value }) => Math.max(0, value)), vectors: order.map(({ index }) => vectors.getColumn(index)) };
}

/**
 * Distance of each row from the kept space, in standard deviations of the columns.
 *
 * @param columns as in the fit
 * Cost O(rows · columns · components left out).
 */
export function reconstructionErrors(fitted: PrincipalComponents, columns: readonly Float64Array[]): Float64Array {
  return errorsOfSources(fitted, columns.map((values) => ({ kind: 'numbers', values, fill: NaN })), columns[0]?.length ?? 0);
}

/** The same for columns as they are kept, missing values filled on the way. */
export function errorsOfSources(fitted: PrincipalComponents, columns: readonly ColumnSource[], rows: number): Float64Array {
  return residualLengths({ columns, scalings: fitted.columns, vectors: fitted.discarded }, rows);
}
