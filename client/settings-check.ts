/** Settings that came from outside: merged, checked, and complete. */
import type { z } from 'zod';
import { InvalidInput } from '../domain/errors.js';
import type { ModelSchema } from '../domain/schema.js';
import type { ModelSettings } from '../domain/settings.js';
import { checkAgainstSchema } from './settings-by-problem.js';
import { settingsShape } from './settings-shape.js';

/** A part of the settings: what is given changes, null takes away, everything else stays (JSON Merge Patch, RFC 7396). */
export type SettingsPatch = { [Key in keyof ModelSettings]?: DeepPartial<ModelSettings[Key]> };
type DeepPartial<T> = T extends readonly unknown[] ? T : T extends object ? { [Key in keyof T]?: DeepPartial<T[Key]> | null } : T;

/**
 * @param schema where given, what the settings name (columns, metrics, classes) must be there
 * @throws InvalidInput naming every setting that is wrong
 */
export function checkSettings(value: unknown, schema?: ModelSchema): ModelSettings {
  const parsed = settingsShape.safeParse(value);
  if (!parsed.success) throw new InvalidInput(`settings: ${parsed.error.issues.map(explain).join('; ')}`);
  const settings = parsed.data as ModelSettings;
  if (schema) checkAgainstSchema(settings, schema);
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
  'summary_statistics', 'domain_classifier', 'segments',
  'silenceAfterMs', 'staleAfterMs', 'errorRate', 'quarantineAbove', 'quietHours', 'except', 'training', 'switch', 'maxWidth', 'errorRateSurplus', 'responseTimeRatio', 'segmentLoss',
]);

function isWhole(name: string, patch: Record<string, unknown>): boolean {
  return name === 'chunking' || name === 'schedule' || name === 'training' || name === 'switch' || typeof patch.type === 'string';
}

function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, cell]) => cell !== undefined));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Issue = z.core.$ZodIssue;

/** `runs.everyRows: expected number, received string` */
function explain(issue: Issue): string {
  const place = issue.path.join('.') || 'the whole';
  if (issue.code === 'unrecognized_keys') return `${issue.keys.map((key) => [...issue.path, key].join('.')).join(', ')}: no such setting`;
  const message = issue.message.replace(/^Invalid input: /, '');
  return `${place}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}
