/** What settings look like, whatever the model: names, types, ranges. What depends on the model is in settings-by-problem.ts. */
import { z } from 'zod';
import { checkChunking, type Chunking } from '../domain/chunking.js';
import { CALCULATORS } from '../domain/measurement.js';
import { SUMMARY_STATISTICS } from '../domain/settings.js';
import { ADDRESS, duration, MAX_MS, runSchedule, whole } from './settings-parts.js';
import { lifecycleShape } from './settings-shape-lifecycle.js';

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
/** Which metrics there are depends on the problem type: settings-by-problem.ts. */
const performance = z.strictObject({
  ...columns,
  metrics: z.array(z.string()).min(1),
  customMetrics: z.array(z.string().min(1)).optional(),
  hyperparameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])).optional(),
  thresholds: z.record(z.string(), threshold).optional(),
  normalizeConfusionMatrix: z.enum(['all', 'true', 'pred']).nullable().optional(),
  businessValueMatrix: z.array(z.array(z.number())).optional(),
  normalizeBusinessValue: z.literal('per_prediction').nullable().optional(),
});

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
  summary_statistics: z.strictObject({
    ...columns, statistics: z.array(z.enum(SUMMARY_STATISTICS)).min(1), threshold: threshold.optional(), thresholds: z.partialRecord(z.enum(SUMMARY_STATISTICS), threshold).optional(),
  }).nullable().optional(),
  domain_classifier: z.strictObject({
    ...columns, folds: whole.min(2).max(100).optional(), hyperparameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])).optional(), threshold: threshold.optional(),
  }).nullable().optional(),
});

const chunking = z.custom<Chunking>((value) => {
  try {
    checkChunking(value as Chunking);
    return true;
  } catch {
    return false;
  }
}, 'is none of {kind: "size", size}, {kind: "count", count}, {kind: "period", period: "h" | "D" | "W" | "M" | "Q" | "Y"}');

/** Every value of these columns is a population of its own. */
const segments = z.strictObject({
  by: z.array(z.string()).min(1).refine((names) => new Set(names).size === names.length, 'names a column twice'),
  maxValues: whole.min(1).max(1_000).optional(),
  minReferenceRows: whole.min(1).optional(),
  chunking: chunking.optional(),
});

/** A rule for some series; the most specific one that fits counts. */
const override = z.strictObject({
  calculator: z.enum(CALCULATORS), metric: z.string().min(1).optional(), column: z.string().optional(), segment: z.string().optional(),
  rule: threshold.optional(), alertOn: z.enum(['both', 'worse']).optional(),
}).refine(({ rule, alertOn }) => rule !== undefined || alertOn !== undefined, 'says neither rule nor alertOn: it would change nothing');

/** Settings as a whole: what stands where, and of which type. */
export const settingsShape = z.strictObject({
  chunking,
  zone: z.string().refine(isZone, 'is no time zone that this machine knows (an IANA name such as Europe/Brussels)'),
  allowedLatenessMs: duration,
  targets: z.strictObject({
    arrival: z.enum(['instant', 'delayed', 'absent']), expectedDelayMs: duration.optional(), completeAt: z.number().gt(0).max(1).optional(),
    remindAfterMs: duration.optional(), escalateAfterMs: duration.optional(), absentAfterMs: duration.min(1).optional(),
  }),
  keyMetric: z.string().min(1),
  calculators,
  segments: segments.nullable().optional(),
  thresholds: z.array(override).optional(),
  runs: z.strictObject({ everyRows: whole.min(1).nullable(), onTargets: z.boolean(), everyMs: whole.min(1).max(MAX_MS).nullable(), schedule: runSchedule.nullable() }),
  decisions: z.strictObject({
    on: z.array(z.enum(['estimated_performance', 'realized_performance', 'drift', 'data_quality'])),
    remindAfterMs: duration, escalateAfterMs: duration, deadlineMs: duration.min(1),
    fallback: z.enum(['acknowledge', 'ignore']),
    notify: z.array(z.string().regex(ADDRESS, 'is no e-mail address')),
    segments: z.boolean().optional(),
  }),
  ...lifecycleShape,
});

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
