/** What a schema's columns allow to be computed of performance. */
import { needsScores } from './metrics.js';
import { columnOf, columnsOf, type ModelSchema } from './schema.js';

export type PerformanceKind = 'estimated_performance' | 'realized_performance';

/** True: every row says how probable its classes are. */
export function hasScores(schema: ModelSchema): boolean {
  return columnsOf(schema, 'predicted_probability').length >= (schema.problemType === 'classification_multiclass' ? 2 : 1);
}

/** Why performance cannot be computed in this way at all, e.g. `the schema has no target column`; null: it can. */
export function performanceLack(kind: PerformanceKind, schema: ModelSchema): string | null {
  const { problemType } = schema;
  const predicted = columnOf(schema, 'prediction') !== null;
  if (!columnOf(schema, 'target')) return 'the schema has no target column, which performance is computed from';
  if (problemType === 'regression') {
    if (!predicted) return 'the schema has no prediction column, which performance is computed from';
    return kind === 'estimated_performance' && columnsOf(schema, 'feature').length === 0 ? 'the schema has no feature, which the errors of a regression are estimated from' : null;
  }
  if (hasScores(schema)) return null;
  const scores = problemType === 'classification_multiclass' ? 'predicted probability columns of at least two classes' : 'predicted probability column';
  if (kind === 'estimated_performance') return `the schema has no ${scores}, which performance is estimated from`;
  return predicted ? null : `the schema has neither a prediction column nor a ${scores}, which performance is computed from`;
}

/** Why a metric of the problem type cannot be computed although others can; null: it can. */
export function metricLack(metric: string, schema: ModelSchema): string | null {
  if (schema.problemType === 'regression') return null;
  if (needsScores(metric)) return hasScores(schema) ? null : `${metric} needs predicted probabilities, the schema has none`;
  return columnOf(schema, 'prediction') ? null : `${metric} needs a prediction column, the schema has none`;
}
