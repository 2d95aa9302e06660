/** What stands in for missing cells where a method cannot do without a value. Strategies of scikit-learn's SimpleImputer. */
import { InvalidInput } from '../../domain/errors.js';
import { quoted } from '../../domain/schema.js';
import { compareText, type CategoricalColumn } from '../frame.js';
import { medianOf } from '../stats/rank.js';
import { mean, withoutNaN } from '../stats/sum.js';

/** How a missing number is filled. */
export type ContinuousImputation = { strategy: 'mean' | 'median' | 'most_frequent' } | { strategy: 'constant'; fillValue: number };
/** How a missing category is filled. */
export type CategoricalImputation = { strategy: 'most_frequent' } | { strategy: 'constant'; fillValue: string };

/** @throws InvalidInput when the column has no values to learn from */
export function continuousFill(name: string, values: Float64Array, imputation: ContinuousImputation): number {
  if (imputation.strategy === 'constant') return imputation.fillValue;
  const known = withoutNaN(values);
  if (known.length === 0) throw new InvalidInput(`column ${quoted(name)} of the reference has no values in ${values.length} rows: leave it out of the reconstruction error`);
  switch (imputation.strategy) {
    case 'mean': return mean(known);
    case 'median': return medianOf(known);
    case 'most_frequent': return mostFrequentNumber(Float64Array.from(known).sort());
  }
}

/** Ties go to the smallest. */
function mostFrequentNumber(sorted: Float64Array): number {
  let best = sorted[0]!;
  let bestRun = 0;
  let run = 0;
  for (let i = 0; i < sorted.length; i++) {
    run = i > 0 && sorted[i] === sorted[i - 1] ? run + 1 : 1;
    if (run > bestRun) {
      best = sorted[i]!;
      bestRun = run;
    }
  }
  return best;
}

/** @throws InvalidInput when the column has no values to learn from */
export function categoricalFill(name: string, column: CategoricalColumn, imputation: CategoricalImputation): string {
  if (imputation.strategy === 'constant') return imputation.fillValue;
  const counts = new Float64Array(column.categories.length);
  for (let i = 0; i < column.codes.length; i++) if (column.codes[i]! >= 0) counts[column.codes[i]!]! += 1;
  let best = -1;
  counts.forEach((count, code) => {
    if (count === 0) return;
    if (best < 0 || count > counts[best]! || (count === counts[best] && compareText(column.categories[code]!, column.categories[best]!) < 0)) best = code;
  });
  if (best < 0) throw new InvalidInput(`column ${quoted(name)} of the reference has no values in ${column.codes.length} rows: leave it out of the reconstruction error`);
  return column.categories[best]!;
}
