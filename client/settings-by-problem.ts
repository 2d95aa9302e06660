/** What settings may say of one model: metrics of its problem type, columns of its schema, matrices of its classes. */
import { InvalidInput } from '../domain/errors.js';
import { didYouMean } from '../domain/near-names.js';
import { keyMetricsOf, METRICS_OF, needsScores, type PerformanceMetric } from '../domain/metrics.js';
import { columnOf, columnsOf, quoted, type ModelSchema, type ProblemType } from '../domain/schema.js';
import { segmentColumns } from '../domain/segment.js';
import { inClassOrder } from '../engine/class-order.js';
import type { ModelSettings, PerformanceSettings } from '../domain/settings.js';

const PROBLEMS: Record<ProblemType, string> = { classification_binary: 'binary classification', classification_multiclass: 'multiclass classification', regression: 'regression' };

const BINARY_CELLS: readonly string[] = ['true_positive', 'true_negative', 'false_positive', 'false_negative'];

/** Why the schema cannot feed this metric; null when it can. @param estimated without targets */
export function metricLacks(metric: string, schema: ModelSchema, estimated: boolean): string | null {
  const lacks = (role: 'target' | 'prediction' | 'predicted_probability'): string | null => (columnOf(schema, role) ? null : `the schema has no ${role.replaceAll('_', ' ')} column`);
  const target = lacks('target');
  if (target !== null) return target;
  if (schema.problemType === 'regression') return lacks('prediction');
  if (estimated || needsScores(metric)) {
    const probability = lacks('predicted_probability');
    if (probability !== null) return probability;
  }
  return needsScores(metric) && schema.problemType === 'classification_binary' ? null : lacks('prediction');
}

/** @throws InvalidInput naming the setting, what stands there and what may */
export function checkAgainstSchema(settings: ModelSettings, schema: ModelSchema): void {
  checkColumns(settings, schema);
  for (const calculator of ['estimated_performance', 'realized_performance'] as const) {
    const chosen = settings.calculators[calculator];
    if (chosen) checkPerformance(`calculators.${calculator}`, chosen, schema, calculator === 'estimated_performance');
  }
  checkKeyMetric(settings, schema);
  checkSegments(settings, schema);
  checkOverrides(settings, schema);
}

function checkPerformance(place: string, chosen: PerformanceSettings, schema: ModelSchema, estimated: boolean): void {
  const known = METRICS_OF[schema.problemType];
  const problem = PROBLEMS[schema.problemType];
  for (const metric of chosen.metrics) {
    if (!known.includes(metric)) throw refusal(`${place}.metrics: ${quoted(metric)} is no metric of a ${problem}; there are ${known.join(', ')}${didYouMean(metric, known)}`);
    const lacks = metricLacks(metric, schema, estimated);
    if (lacks !== null) throw refusal(`${place}.metrics: ${metric} cannot be ${estimated ? 'estimated' : 'computed'}: ${lacks}`);
  }
  for (const metric of Object.keys(chosen.thresholds ?? {})) {
    if (known.includes(metric as PerformanceMetric) || isCell(metric, schema) || customMetrics(chosen).includes(metric)) continue;
    throw refusal(`${place}.thresholds: ${quoted(metric)} is no metric of a ${problem}; there are ${known.join(', ')}${didYouMean(metric, known)}`);
  }
  if (schema.problemType === 'regression') {
    for (const name of ['normalizeConfusionMatrix', 'businessValueMatrix', 'normalizeBusinessValue'] as const) if (chosen[name] !== undefined && chosen[name] !== null) throw refusal(`${place}.${name}: a regression has no classes`);
  } else if (chosen.hyperparameters !== undefined) {
    throw refusal(`${place}.hyperparameters: they belong to the estimate of a regression, this is a ${problem}`);
  }
  if (!estimated && chosen.hyperparameters !== undefined) throw refusal(`${place}.hyperparameters: realized performance learns nothing, they belong to estimated_performance`);
  checkMatrix(place, chosen, schema);
}

function checkMatrix(place: string, { metrics, businessValueMatrix: matrix }: PerformanceSettings, schema: ModelSchema): void {
  if (!matrix) {
    if (metrics.includes('business_value')) throw refusal(`${place}: the metric business_value needs businessValueMatrix, rows by true and columns by predicted class`);
    return;
  }
  const classes = classesOf(schema);
  const wanted = classes?.length ?? matrix.length;
  const shape = matrix.every((row) => row.length === matrix[0]!.length) ? `${matrix.length} × ${matrix[0]?.length ?? 0}` : 'uneven';
  if (matrix.length === wanted && matrix.every((row) => row.length === wanted)) return;
  const order = classes ? `one row and one column for each class in ascending order (${classes.join(', ')})` : 'as many rows as columns';
  throw refusal(`${place}.businessValueMatrix is ${shape}, it must be ${wanted} × ${wanted}: ${order}`);
}

/** Classes in ascending order; null where the schema does not name them. */
function classesOf(schema: ModelSchema): string[] | null {
  if (schema.problemType === 'classification_binary') return ['0', '1'];
  const named = columnsOf(schema, 'predicted_probability').flatMap((column) => (column.class === undefined ? [] : [column.class]));
  return named.length === 0 ? null : inClassOrder(named, (label) => label);
}

function isCell(metric: string, schema: ModelSchema): boolean {
  if (schema.problemType === 'classification_binary') return BINARY_CELLS.includes(metric);
  return schema.problemType === 'classification_multiclass' && /^true_.+_pred_.+$/.test(metric);
}

function customMetrics(chosen: PerformanceSettings | null | undefined): readonly string[] {
  return (chosen as { customMetrics?: string[] } | null | undefined)?.customMetrics ?? [];
}

/** The metric on which people judge a model gives one number. */
function checkKeyMetric({ keyMetric, calculators }: ModelSettings, schema: ModelSchema): void {
  const possible = keyMetricsOf(schema.problemType);
  const custom = [...customMetrics(calculators.estimated_performance), ...customMetrics(calculators.realized_performance)];
  if (possible.includes(keyMetric as PerformanceMetric) || custom.includes(keyMetric)) return;
  throw refusal(`keyMetric '${keyMetric}' is none of ${[...possible, ...new Set(custom)].join(', ')}`);
}

function checkColumns(settings: ModelSettings, schema: ModelSchema): void {
  const names = schema.columns.map(({ name }) => name);
  for (const [calculator, chosen] of Object.entries(settings.calculators)) {
    const wanted = (chosen as { columns?: string[] } | null)?.columns ?? [];
    const unknown = wanted.find((name) => !names.includes(name));
    if (unknown !== undefined) throw refusal(`calculators.${calculator}.columns names '${unknown}', which is no column of the model${didYouMean(unknown, names)}`);
  }
}

function checkSegments({ segments }: ModelSettings, schema: ModelSchema): void {
  const possible = segmentColumns(schema).map(({ name }) => name);
  for (const name of segments?.by ?? []) {
    const column = schema.columns.find((one) => one.name === name);
    if (!column) throw refusal(`segments.by names '${name}', which is no column of the model${didYouMean(name, possible)}`);
    if (possible.includes(name)) continue;
    const why = column.role === 'ignored' ? 'is not kept' : column.role === 'target' ? 'is the target, which comes late' : `holds ${column.kind === 'continuous' ? 'numbers' : `a ${column.kind}`}`;
    throw refusal(`segments.by: column '${name}' ${why}: segments are values of a categorical column (${possible.map(quoted).join(', ') || 'this model has none'}); where whole numbers are codes, create the model with that column as categorical`);
  }
}

function checkOverrides({ thresholds, segments }: ModelSettings, schema: ModelSchema): void {
  const names = schema.columns.map(({ name }) => name);
  (thresholds ?? []).forEach(({ column, metric, segment, calculator }, i) => {
    const place = `thresholds[${i}]`;
    if (column !== undefined && column !== '' && !names.includes(column)) throw refusal(`${place}.column: '${column}' is no column of the model${didYouMean(column, names)}`);
    if (metric !== undefined && (calculator === 'estimated_performance' || calculator === 'realized_performance')) {
      const known = METRICS_OF[schema.problemType];
      if (Object.values(METRICS_OF).flat().includes(metric as PerformanceMetric) && !known.includes(metric as PerformanceMetric)) throw refusal(`${place}.metric: ${quoted(metric)} is no metric of a ${PROBLEMS[schema.problemType]}; there are ${known.join(', ')}`);
    }
    if (segment === undefined || segment === '') return;
    const by = segments?.by ?? [];
    if (!by.some((name) => segment.startsWith(`${name}=`))) {
      throw refusal(`${place}.segment: '${segment}' is no segment of this model: ${by.length === 0 ? 'it has none (segments.by)' : `a segment is written column=value, of ${by.map(quoted).join(', ')}`}`);
    }
  });
}

function refusal(text: string): InvalidInput {
  return new InvalidInput(`settings: ${text}`);
}
