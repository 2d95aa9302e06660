/** Which calculators a model's settings ask for, and the columns they work on. */
import { createHash } from 'node:crypto';
import { performanceLack } from '../domain/performance-lacks.js';
import { InvalidInput } from '../domain/errors.js';
import type { CalculatorKind } from '../domain/measurement.js';
import type { CalculatorFailure } from '../domain/run.js';
import { columnOf, columnsOf, quoted, type ModelSchema } from '../domain/schema.js';
import { segmentText, settingsOf, type Segment } from '../domain/segment.js';
import { enabledCalculators, type CalculatorSettings, type ModelSettings, type PerformanceSettings, type ThresholdOverride } from '../domain/settings.js';
import { worseSideOf, type WorseSide } from '../domain/metrics.js';
import { overridesOf } from '../domain/threshold-overrides.js';
import { ENGINE_VERSION, type CalculatorRequest } from '../engine/catalogue.js';
import { NO_COLUMNS, type CalculatorColumns } from '../engine/calculator.js';
import { inClassOrder } from '../engine/class-order.js';
import { customMetricColumns, customMetricVersions } from '../engine/custom-metrics/fitted.js';
import type { EngineContext } from '../engine/custom-metrics/metric.js';
import { storedScheme, type ModelState } from '../store/model-state.js';

export interface WantedCalculator {
  kind: CalculatorKind;
  request: CalculatorRequest;
  /** What it learns: content hash of segment, reference, parameters without thresholds, columns, chunking and engine version. */
  key: string;
  /** How its values are judged: content hash of `key` and the threshold rules. */
  thresholdKey: string;
  /** Those that speak of this calculator in this segment. */
  overrides: ThresholdOverride[];
  /** Its values depend on targets that come late. */
  onTargets: boolean;
  /** Where its metrics get worse, the user's own included. */
  worseSideOf: (metric: string) => WorseSide;
}

/**
 * Calculators that are switched on and have something to work on; those that lack a column come as failures with the reason.
 *
 * @param segment null: all rows. A segment's own column is left out of what is measured in it: it is constant there
 * @param context metrics of the user's own; one that the settings name and the worker does not know is a failure
 */
export function wantedCalculators(model: Pick<ModelState, 'versionId' | 'referenceRevision' | 'schema'>, settings: ModelSettings, segment: Segment | null = null, context: EngineContext = {}): { wanted: WantedCalculator[]; failures: CalculatorFailure[] } {
  const wanted: WantedCalculator[] = [];
  const failures: CalculatorFailure[] = [];
  for (const kind of enabledCalculators(settings.calculators).sort()) {
    if (kind === 'realized_performance' && settings.targets.arrival === 'absent') continue;
    try {
      const columns = columnsFor(kind, model.schema, settings.calculators[kind], segment);
      if (columns) wanted.push(withKeys(model, settings, kind, withFurther(columns, kind, model.schema, settings, context), segment, context));
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      failures.push({ calculator: kind, stage: 'fit', chunkKeys: [], message: error.message });
    }
  }
  return { wanted, failures };
}

/** @throws InvalidInput when a metric of the user's own is not known, or reads a column that is not kept */
function withFurther(columns: CalculatorColumns, kind: CalculatorKind, schema: ModelSchema, settings: ModelSettings, context: EngineContext): CalculatorColumns {
  const further = customMetricColumns(kind, settings.calculators[kind]!, columns, context);
  if (further.length === 0) return columns;
  const kept = schema.columns.filter((column) => column.role !== 'ignored' && (column.kind === 'continuous' || column.kind === 'categorical')).map(({ name }) => name);
  const unknown = further.filter((name) => !kept.includes(name));
  if (unknown.length > 0) throw new InvalidInput(`${kind}: metrics of your own read ${unknown.map(quoted).join(', ')}, which the schema does not keep; it keeps ${kept.map(quoted).join(', ')}`);
  return { ...columns, further };
}

/** The errors of a regression are learnt from its features in the order chosen, else in that of the schema: of equal splits the first counts. */
function ordered(settings: object, kind: CalculatorKind, columns: CalculatorColumns, schema: ModelSchema): object {
  if (kind !== 'estimated_performance' || schema.problemType !== 'regression') return settings;
  const chosen = (settings as PerformanceSettings).columns ?? columnsOf(schema, 'feature').map(({ name }) => name);
  return { ...settings, columns: chosen.filter((name) => columns.continuous.includes(name) || columns.categorical.includes(name)) };
}

function withKeys(model: Pick<ModelState, 'versionId' | 'referenceRevision' | 'schema'>, settings: ModelSettings, kind: CalculatorKind, columns: CalculatorColumns, segment: Segment | null, context: EngineContext): WantedCalculator {
  const own = settings.calculators[kind];
  const versions = customMetricVersions(kind, own!, columns, context);
  const { thresholds, threshold, ...parameters } = { thresholds: null, threshold: null, ...own };
  const text = segmentText(segment);
  const key = contentHash([model.versionId, text, model.referenceRevision, kind, parameters, columns, storedScheme(settingsOf(settings, segment)), ENGINE_VERSION, ...versions]);
  const overrides = overridesOf(settings.thresholds ?? [], kind, text);
  return {
    kind, key, overrides,
    // The catalogue pairs each kind with its settings; `own` is what stands under that kind.
    request: { kind, settings: ordered(own!, kind, columns, model.schema), columns } as CalculatorRequest,
    thresholdKey: contentHash([key, thresholds, threshold, ...overrides]),
    worseSideOf: (metric) => {
      const own = context.customMetrics?.get(metric);
      return own ? (own.betterWhen === 'higher' ? 'lower' : 'upper') : worseSideOf(kind, metric);
    },
    onTargets: kind === 'realized_performance' || (kind === 'univariate_drift' && columns.target !== null),
  };
}

/** @returns null where there is nothing to measure. @throws InvalidInput where a column is asked for that cannot be had */
function columnsFor(kind: CalculatorKind, schema: ModelSchema, settings: CalculatorSettings[CalculatorKind], segment: Segment | null): CalculatorColumns | null {
  const target = columnOf(schema, 'target')?.name ?? null;
  const prediction = columnOf(schema, 'prediction')?.name ?? null;
  const scores = columnsOf(schema, 'predicted_probability');
  const probabilities = scores.map(({ name }) => name);
  const features = columnsOf(schema, 'feature').filter(({ name }) => name !== segment?.column);
  const { problemType } = schema;
  const none: CalculatorColumns = { ...NO_COLUMNS, problemType };
  const chosen = settings && 'columns' in settings ? settings.columns : undefined;
  const choose = (columns: CalculatorColumns): CalculatorColumns | null => chooseColumns(kind, columns, chosen, segment);
  const continuous = features.filter((column) => column.kind === 'continuous').map(({ name }) => name);
  const categorical = features.filter((column) => column.kind === 'categorical').map(({ name }) => name);
  switch (kind) {
    case 'univariate_drift': {
      // Classes are categories, a regression's outcome is a number.
      const outcomes = [prediction, target].filter((name) => name !== null && name !== segment?.column) as string[];
      const columns = problemType === 'regression'
        ? choose({ ...none, continuous: [...continuous, ...probabilities, ...outcomes], categorical })
        : choose({ ...none, continuous: [...continuous, ...probabilities], categorical: [...categorical, ...outcomes] });
      return columns && { ...columns, target: target !== null && [...columns.continuous, ...columns.categorical].includes(target) ? target : null };
    }
    case 'reconstruction_error':
    case 'domain_classifier':
      return choose({ ...none, continuous, categorical });
    case 'missing_values': {
      const outcome = prediction === null || prediction === segment?.column ? [] : [prediction];
      return problemType === 'classification_multiclass'
        ? choose({ ...none, continuous: [...continuous, ...probabilities], categorical: [...categorical, ...outcome] })
        : choose({ ...none, continuous: [...continuous, ...probabilities, ...outcome], categorical });
    }
    case 'unseen_values':
      return choose({ ...none, categorical });
    case 'numerical_range':
      return choose({ ...none, continuous });
    case 'summary_statistics':
      return choose({ ...none, continuous: [...continuous, ...probabilities, ...(problemType === 'regression' && prediction !== null ? [prediction] : [])] });
    case 'estimated_performance':
    case 'realized_performance': {
      const lack = performanceLack(kind, schema);
      if (lack !== null) throw new InvalidInput(`${kind}: ${lack}`);
      if (problemType === 'classification_binary') return { ...none, target, prediction, probability: probabilities[0] ?? null };
      if (problemType === 'classification_multiclass') {
        return { ...none, target, prediction, classProbabilities: inClassOrder(scores.map((column) => ({ class: column.class ?? column.name, column: column.name })), (one) => one.class) };
      }
      // The errors of a regression are learnt from its features.
      if (kind === 'realized_performance') return { ...none, target, prediction };
      const from = choose({ ...none, continuous, categorical });
      if (!from) throw new InvalidInput(`${kind}: there is no feature from which the errors could be estimated`);
      return { ...from, target, prediction };
    }
  }
}

function chooseColumns(kind: CalculatorKind, columns: CalculatorColumns, chosen: string[] | undefined, segment: Segment | null): CalculatorColumns | null {
  const possible = [...columns.continuous, ...columns.categorical];
  const unknown = chosen?.filter((name) => !possible.includes(name) && name !== segment?.column) ?? [];
  if (unknown.length > 0) throw new InvalidInput(`${kind} cannot take ${unknown.map(quoted).join(', ')}: it can take ${possible.map(quoted).join(', ') || 'no column of this schema'}`);
  const take = (names: string[]): string[] => (chosen ? names.filter((name) => chosen.includes(name)) : names);
  const taken = { ...columns, continuous: take(columns.continuous), categorical: take(columns.categorical) };
  return taken.continuous.length + taken.categorical.length > 0 ? taken : null;
}

/** Same content, same text: keys of objects in order, whatever order they were written in. */
function contentHash(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content, (_key, value: unknown) => (isPlainObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value))).digest('hex').slice(0, 40);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
