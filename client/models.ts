/** Creating and changing models: schema inferred, settings completed and checked, everything else is the store's. */
import { isDeepStrictEqual } from 'node:util';
import { schemeOf, type Chunking } from '../domain/chunking.js';
import type { Receipt } from '../domain/batch.js';
import { columnOf, columnsOf, type ModelSchema } from '../domain/schema.js';
import { KEY_METRIC_WITHOUT_SCORES, type PerformanceMetric } from '../domain/metrics.js';
import { defaultSettings, SEGMENT_DEFAULTS, type ModelSettings, type PerformanceSettings } from '../domain/settings.js';
import { checkProvenance, type Provenance } from '../domain/version.js';
import { checkModelName } from '../store/check-create.js';
import { createModel } from '../store/create-model.js';
import { findModel, type ModelRef } from '../store/find-model.js';
import { updateSettings } from '../store/models.js';
import { keepTrying, openInput, type RowInput, type WriteContext } from './append.js';
import { inferSchema, type SchemaOverrides } from './infer.js';
import { metricLacks } from './settings-by-problem.js';
import { forInference, rereadable } from './rereadable.js';
import { ConsentNeeded, countStale } from './settings-consent.js';
import { changeSettings, checkSettings, mergePatch, type SettingsPatch } from './settings-check.js';
import type { SourceFormat } from './sources/index.js';

export interface CreateModelInput {
  name: string;
  /** Rows that the model is known to do well on, with their targets. Every row must be right: one bad cell refuses the creation. */
  reference: RowInput;
  format?: string | undefined;
  /** What a person says about the columns; the rest is inferred from the reference. */
  columns?: SchemaOverrides | undefined;
  /** Given whole: nothing is inferred. */
  schema?: ModelSchema | undefined;
  /** What differs from the defaults. */
  settings?: SettingsPatch | undefined;
  /** Words by which the model and its results are found, e.g. `team:risk`. */
  tags?: readonly string[] | undefined;
  /** What its first version is made of. */
  provenance?: Omit<Provenance, 'retraining'> | undefined;
  /** First inferences and targets; part of the same all-or-nothing. */
  analysis?: RowInput | undefined;
  targets?: RowInput | undefined;
  /** A second call with the same key and name gives what the first one created. */
  creationKey?: string | undefined;
  onProgress?: ((rows: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface CreatedFromInput {
  modelId: number;
  versionId: number;
  name: string;
  schema: ModelSchema;
  settings: ModelSettings;
  referenceRows: number;
  /** e.g. `size:5000` */
  chunking: string;
  /** What was decided and why; sentences for people. */
  notes: string[];
  /** Of the reference, then of the first inferences and targets. */
  receipts: Receipt[];
  existed: boolean;
}

const DEFAULT_CHUNKS = 10;

/** @throws InvalidInput, Conflict as the store's createModel; nothing is left behind then */
export async function createFromInput(context: WriteContext, input: CreateModelInput): Promise<CreatedFromInput> {
  checkModelName(input.name);
  const reference = await rereadable(input.reference);
  const inferred = input.schema
    ? { schema: input.schema, notes: [], rowCount: 0, distinct: new Map<string, number>() }
    : await inferSchema(forInference(reference()), withSegmentKinds(input), input.format === undefined ? {} : { format: input.format as SourceFormat });
  const notes = [...inferred.notes];
  const settings = completeSettings(inferred.schema, input.settings ?? {}, inferred.rowCount, notes, inferred.distinct);
  const analysis = input.analysis === undefined ? undefined : await rereadable(input.analysis);
  const targets = input.targets === undefined ? undefined : await rereadable(input.targets);
  const created = await keepTrying(input.creationKey !== undefined, { signal: input.signal }, async () => {
    const sources = [await openInput(reference(), input.format)];
    try {
      if (analysis) sources.push(await openInput(analysis()));
      if (targets) sources.push(await openInput(targets()));
      return await createModel(context.pool, {
        name: input.name, schema: inferred.schema, settings, by: context.by, creationKey: input.creationKey, signal: input.signal, tags: input.tags, provenance: checkProvenance(input.provenance),
        reference: sources[0]!, analysis: analysis ? sources[1] : undefined, targets: targets ? sources.at(-1) : undefined,
        onProgress: input.onProgress && (({ rowsRead }) => input.onProgress?.(rowsRead)),
      });
    } finally {
      for (const source of sources) await source.close();
    }
  });
  return {
    ...created, name: input.name, schema: inferred.schema, settings, notes,
    referenceRows: created.receipts[0]!.rowsAccepted, chunking: schemeOf(settings.chunking),
  };
}

/** Columns that make segments are categories, also where they hold whole numbers, unless somebody says otherwise. */
function withSegmentKinds({ columns, settings }: CreateModelInput): SchemaOverrides {
  const by: readonly string[] = Array.isArray(settings?.segments?.by) ? settings.segments.by : [];
  return by.length === 0 ? columns ?? {} : { ...columns, kinds: { ...Object.fromEntries(by.map((name) => [name, 'categorical' as const])), ...columns?.kinds } };
}

/** Defaults that fit the schema, and what the caller wants different. @param referenceRows 0: not known @param distinct values per categorical column, where known */
export function completeSettings(schema: ModelSchema, patch: SettingsPatch, referenceRows: number, notes: string[], distinct: ReadonlyMap<string, number> = new Map()): ModelSettings {
  const chunking: Chunking = (patch.chunking as Chunking | undefined) ?? (referenceRows > 0 ? { kind: 'size', size: Math.max(1, Math.ceil(referenceRows / DEFAULT_CHUNKS)) } : { kind: 'count', count: DEFAULT_CHUNKS });
  const defaults = defaultSettings(schema.problemType, chunking);
  for (const kind of ['estimated_performance', 'realized_performance'] as const) defaults.calculators[kind] = metricsThatCanBe(schema, kind, defaults.calculators[kind]!, patch, notes);
  const key = keyMetricFor(schema, defaults);
  if (key !== null) defaults.keyMetric = key;
  if (!columnOf(schema, 'target')) defaults.targets = { arrival: 'absent' };
  const by = columnsOf(schema, 'segment').map(({ name }) => name);
  if (by.length > 0) defaults.segments = { by };
  const settings = checkSettings(mergePatch(defaults, patch), schema);
  return { ...settings, segments: withOwnChunks(settings, distinct, notes) };
}

const LEAST_SEGMENT_CHUNK = 300;

/** A segment has fewer rows than all: with chunks of the same size it would have one or two in the reference, and thresholds that mean nothing. */
function withOwnChunks({ segments, chunking }: ModelSettings, distinct: ReadonlyMap<string, number>, notes: string[]): ModelSettings['segments'] {
  if (!segments || segments.chunking !== undefined || chunking.kind !== 'size') return segments;
  const values = Math.max(1, ...segments.by.map((name) => Math.min(distinct.get(name) ?? 1, segments.maxValues ?? SEGMENT_DEFAULTS.maxValues)));
  const size = Math.min(chunking.size, Math.max(LEAST_SEGMENT_CHUNK, Math.ceil(chunking.size / values)));
  if (size === chunking.size) return segments;
  notes.push(`segments have chunks of ${size.toLocaleString('en')} rows: about as many chunks as all rows together (segments.chunking)`);
  return { ...segments, chunking: { kind: 'size', size } };
}

/** The default metrics that the schema's columns allow; null when there is none, which is said unless the caller chose for himself. */
function metricsThatCanBe(schema: ModelSchema, kind: 'estimated_performance' | 'realized_performance', chosen: PerformanceSettings, patch: SettingsPatch, notes: string[]): PerformanceSettings | null {
  const estimated = kind === 'estimated_performance';
  const lacks = chosen.metrics.map((metric) => metricLacks(metric, schema, estimated));
  const metrics = chosen.metrics.filter((_, i) => lacks[i] === null);
  const because = lacks.find((reason) => reason !== null);
  if (because !== undefined && patch.calculators?.[kind] === undefined) {
    const what = metrics.length === 0 ? 'performance is not' : `${chosen.metrics.filter((_, i) => lacks[i] !== null).join(', ')} ${chosen.metrics.length - metrics.length === 1 ? 'is' : 'are'} not`;
    notes.push(`${what} ${estimated ? 'estimated' : 'computed'}: ${because}`);
  }
  return metrics.length === 0 ? null : { ...chosen, metrics };
}

/** The default key metric, or another that is computed; null when none is. */
function keyMetricFor(schema: ModelSchema, { keyMetric, calculators }: ModelSettings): string | null {
  const there = [...(calculators.estimated_performance?.metrics ?? []), ...(calculators.realized_performance?.metrics ?? [])];
  return [keyMetric, schema.problemType === 'regression' ? keyMetric : KEY_METRIC_WITHOUT_SCORES, ...there].find((metric) => there.includes(metric as PerformanceMetric)) ?? null;
}

export interface ChangedModelSettings {
  modelId: number;
  settings: ModelSettings;
  settingsRevision: number;
  /** Names of the calculators (and `chunks`, `segments`) that the next run computes anew. */
  stale: string[];
  /** True: thresholds changed; the next run judges anew what was computed, and computes none of it again. */
  judgesAnew: boolean;
}

export interface ChangeSettingsOptions {
  /** `required`: a change that makes results stale is refused, with what it would make stale (ConsentNeeded). Default: whoever calls has consented. */
  consent?: 'given' | 'required' | undefined;
}

/** @throws InvalidInput, NotFound, Conflict; nothing changes then */
export async function changeModelSettings(context: WriteContext, model: ModelRef, patch: SettingsPatch, { consent = 'given' }: ChangeSettingsOptions = {}): Promise<ChangedModelSettings> {
  const found = await findModel(context.pool, model);
  const foreseen = await countStale(context.pool, found.versionId, consent === 'required' ? staleAfter(found.settings, changeSettings(found.settings, patch, found.schema)) : []);
  if (foreseen.values > 0) throw new ConsentNeeded(found.name, foreseen);
  const { modelId, settings, settingsRevision, previous } = await updateSettings(context.pool, found.modelId, (current, schema) => changeSettings(current, patch, schema), context.by);
  return { modelId, settings, settingsRevision, stale: staleAfter(previous, settings), judgesAnew: judgesAnew(previous, settings) };
}

/** What a change of settings makes stale: thresholds alone make nothing stale, they only judge anew. */
export function staleAfter(before: ModelSettings, after: ModelSettings): string[] {
  if (schemeOf(before.chunking) !== schemeOf(after.chunking) || before.zone !== after.zone) return ['chunks'];
  const kinds = Object.keys(after.calculators) as (keyof ModelSettings['calculators'])[];
  const stale: string[] = kinds.filter((kind) => after.calculators[kind] && what(before, kind) !== what(after, kind));
  return isDeepStrictEqual(before.segments ?? null, after.segments ?? null) ? stale : [...stale, 'segments'];
}

function what({ calculators }: ModelSettings, kind: keyof ModelSettings['calculators']): string {
  const { threshold: _one, thresholds: _all, ...measured } = (calculators[kind] ?? {}) as Record<string, unknown>;
  return JSON.stringify([Boolean(calculators[kind]), Object.entries(measured).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Whether a change only judges anew what was computed: thresholds, and the side that counts. */
export function judgesAnew(before: ModelSettings, after: ModelSettings): boolean {
  const rules = ({ calculators, thresholds }: ModelSettings): unknown => [
    Object.entries(calculators).map(([kind, chosen]) => {
      const { threshold, thresholds: own } = (chosen ?? {}) as { threshold?: unknown; thresholds?: unknown };
      return [kind, threshold ?? null, own ?? null];
    }).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    thresholds ?? [],
  ];
  return !isDeepStrictEqual(rules(before), rules(after));
}
