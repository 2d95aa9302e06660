/** Settings that came from outside: merged, checked, and complete. */
import { z } from 'zod';
import { checkChunking, type Chunking } from '../domain/chunking.js';
import { InvalidInput } from '../domain/errors.js';
import { BINARY_METRICS, type ModelSettings } from '../domain/settings.js';
import type { ModelSchema } from '../domain/schema.js';
import { didYouMean } from '../domain/near-names.js';

/** A part of the settings: what is given changes, null takes away, everything else stays (JSON Merge Patch, RFC 7396). */
export type SettingsPatch = { [Key in keyof ModelSettings]?: DeepPartial<ModelSettings[Key]> };
type DeepPartial<T> = T extends readonly unknown[] ? T : T extends object ? { [Key in keyof T]?: DeepPartial<T[Key]> | null } : T;

const whole = z.number().int();
const MAX_MS = 10 * 366 * 86_400_000;
const duration = whole.min(0).max(MAX_MS);
const bound = z.number().nullable();

const threshold = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('constant'), lower: bound, upper: bound }).refine(({ lower, upper }) => lower === null || upper === null || lower < upper, 'the lower bound is not below the upper one'),
  z.strictObject({
    type: z.literal('standard_deviation'), lowerMultiplier: z.number().min(0).nullable(), upperMultiplier: z.number().min(0).nullable(), offsetFrom: z.enum(['mean', 'median', 'min', 'max']).optional(),
  }),
  z.strictObject({ type: z.literal('none') }),
]);

const columns = { columns: z.array(z.string()).min(1).optional() };
const quality = z.strictObject({ ...columns, normalize: z.boolean(), threshold: threshold.optional() });
const performance = z.strictObject({
  metrics: z.array(z.enum(BINARY_METRICS)).min(1),
  thresholds: z.record(z.string(), threshold).optional(),
  normalizeConfusionMatrix: z.enum(['all', 'true', 'pred']).nullable().optional(),
  businessValueMatrix: z.array(z.array(z.number()).length(2)).length(2).optional(),
  normalizeBusinessValue: z.literal('per_prediction').nullable().optional(),
}).refine(({ metrics, businessValueMatrix }) => !metrics.includes('business_value') || businessValueMatrix !== undefined, 'the metric business_value needs businessValueMatrix');

const CONTINUOUS = ['jensen_shannon', 'kolmogorov_smirnov', 'wasserstein', 'hellinger'] as const;
const CATEGORICAL = ['jensen_shannon', 'chi2', 'hellinger', 'l_infinity'] as const;

const calculators = z.strictObject({
  univariate_drift: z.strictObject({
    ...columns, continuousMethods: z.array(z.enum(CONTINUOUS)), categoricalMethods: z.array(z.enum(CATEGORICAL)),
    thresholds: z.partialRecord(z.enum([...new Set([...CONTINUOUS, ...CATEGORICAL])] as [string, ...string[]]), threshold).optional(),
  }).nullable().optional(),
  reconstruction_error: z.strictObject({
    ...columns, threshold: threshold.optional(),
    components: z.number().positive().refine((n) => n < 1 || Number.isInteger(n), 'is neither a share below 1 nor a whole number of components'),
  }).nullable().optional(),
  missing_values: quality.nullable().optional(),
  unseen_values: quality.nullable().optional(),
  numerical_range: quality.nullable().optional(),
  estimated_performance: performance.nullable().optional(),
  realized_performance: performance.nullable().optional(),
});

const chunking = z.custom<Chunking>((value) => {
  try {
    checkChunking(value as Chunking);
    return true;
  } catch {
    return false;
  }
}, 'is none of {kind: "size", size}, {kind: "count", count}, {kind: "period", period: "h" | "D" | "W" | "M" | "Q" | "Y"}');

const schedule = z.strictObject({
  every: whole.min(1).max(1_000), unit: z.enum(['hour', 'day', 'week', 'month']),
  at: z.strictObject({ hour: whole.min(0).max(23), minute: whole.min(0).max(59) }).optional(),
  day: whole.min(0).max(28).optional(),
}).refine(({ unit, day }) => day === undefined || (unit === 'week' ? day <= 6 : unit === 'month' && day >= 1), 'day is 0 (Sunday) … 6 for week, 1 … 28 for month, and stands for these only');

const ADDRESS = /^[^\s@<>,;"()]+@[^\s@<>,;"()]+$/;

const settingsSchema = z.strictObject({
  chunking,
  zone: z.string().refine(isZone, 'is no time zone that this machine knows (an IANA name such as Europe/Brussels)'),
  allowedLatenessMs: duration,
  targets: z.strictObject({ arrival: z.enum(['instant', 'delayed', 'absent']), expectedDelayMs: duration.optional() }),
  keyMetric: z.string().min(1),
  calculators,
  runs: z.strictObject({ everyRows: whole.min(1).nullable(), onTargets: z.boolean(), everyMs: whole.min(1).max(MAX_MS).nullable(), schedule: schedule.nullable() }),
  decisions: z.strictObject({
    on: z.array(z.enum(['estimated_performance', 'realized_performance', 'drift', 'data_quality'])),
    remindAfterMs: duration, escalateAfterMs: duration, deadlineMs: duration.min(1),
    fallback: z.enum(['acknowledge', 'ignore']),
    notify: z.array(z.string().regex(ADDRESS, 'is no e-mail address')),
  }),
});

/** What the metric on which people judge a model may be: metrics that give one number. */
const KEY_METRICS = BINARY_METRICS.filter((metric) => metric !== 'confusion_matrix');

/**
 * @param schema where given, columns that the settings name must stand in it
 * @throws InvalidInput naming every setting that is wrong
 */
export function checkSettings(value: unknown, schema?: ModelSchema): ModelSettings {
  const parsed = settingsSchema.safeParse(value);
  if (!parsed.success) throw new InvalidInput(`settings: ${parsed.error.issues.map(explain).join('; ')}`);
  const settings = parsed.data as ModelSettings;
  if (!KEY_METRICS.includes(settings.keyMetric as (typeof KEY_METRICS)[number])) throw new InvalidInput(`settings: keyMetric '${settings.keyMetric}' is none of ${KEY_METRICS.join(', ')}`);
  if (schema) checkColumns(settings, schema);
  return settings;
}

/** @throws InvalidInput when the result is no settings */
export function changeSettings(current: ModelSettings, patch: SettingsPatch, schema?: ModelSchema): ModelSettings {
  return checkSettings(mergePatch(current, patch), schema);
}

/** RFC 7396, except that a chunking, a threshold rule and a schedule are replaced whole: their kinds have different fields. */
export function mergePatch(target: unknown, patch: unknown, name = ''): unknown {
  if (!isObject(patch)) return patch;
  if (isWhole(name, patch) || !isObject(target)) return withoutUndefined(patch);
  const merged: Record<string, unknown> = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (key === '__proto__' || value === undefined) continue;
    if (value === null && !NULLABLE.has(key)) delete merged[key];
    else merged[key] = mergePatch(merged[key], value, key);
  }
  return merged;
}

/** Settings in which null is a value of its own: "not", not "forget what was set". */
const NULLABLE = new Set([
  'everyRows', 'everyMs', 'schedule', 'normalizeConfusionMatrix', 'normalizeBusinessValue',
  'univariate_drift', 'reconstruction_error', 'missing_values', 'unseen_values', 'numerical_range', 'estimated_performance', 'realized_performance',
]);

function isWhole(name: string, patch: Record<string, unknown>): boolean {
  return name === 'chunking' || name === 'schedule' || typeof patch.type === 'string';
}

function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, cell]) => cell !== undefined));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function checkColumns(settings: ModelSettings, schema: ModelSchema): void {
  const names = schema.columns.map(({ name }) => name);
  for (const [calculator, chosen] of Object.entries(settings.calculators)) {
    const wanted = (chosen as { columns?: string[] } | null)?.columns ?? [];
    const unknown = wanted.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new InvalidInput(`settings: calculators.${calculator}.columns names '${unknown}', which is no column of the model${didYouMean(unknown, names)}`);
  }
}

type Issue = z.core.$ZodIssue;

/** `runs.everyRows: expected number, received string` */
function explain(issue: Issue): string {
  const place = issue.path.join('.') || 'the whole';
  if (issue.code === 'unrecognized_keys') return `${issue.keys.map((key) => [...issue.path, key].join('.')).join(', ')}: no such setting`;
  const message = issue.message.replace(/^Invalid input: /, '');
  return `${place}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}
