/** Creating and changing models: schema inferred, settings completed and checked, everything else is the store's. */
import { schemeOf, type Chunking } from '../domain/chunking.js';
import type { Receipt } from '../domain/batch.js';
import { columnOf, type ModelSchema } from '../domain/schema.js';
import { defaultSettings, type ModelSettings } from '../domain/settings.js';
import { checkModelName } from '../store/check-create.js';
import { createModel } from '../store/create-model.js';
import type { ModelRef } from '../store/find-model.js';
import { updateSettings } from '../store/models.js';
import { keepTrying, openInput, type RowInput, type WriteContext } from './append.js';
import { inferSchema, type SchemaOverrides } from './infer.js';
import { changeSettings, checkSettings, mergePatch, type SettingsPatch } from './settings-check.js';
import type { SourceFormat, SourceInput } from './sources/index.js';

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
    ? { schema: input.schema, notes: [], rowCount: 0 }
    : await inferSchema(forInference(reference()), input.columns, input.format === undefined ? {} : { format: input.format as SourceFormat });
  const notes = [...inferred.notes];
  const settings = completeSettings(inferred.schema, input.settings ?? {}, inferred.rowCount, notes);
  const analysis = input.analysis === undefined ? undefined : await rereadable(input.analysis);
  const targets = input.targets === undefined ? undefined : await rereadable(input.targets);
  const created = await keepTrying(input.creationKey !== undefined, { signal: input.signal }, async () => {
    const sources = [await openInput(reference(), input.format)];
    try {
      if (analysis) sources.push(await openInput(analysis()));
      if (targets) sources.push(await openInput(targets()));
      return await createModel(context.pool, {
        name: input.name, schema: inferred.schema, settings, by: context.by, creationKey: input.creationKey, signal: input.signal,
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

/** Defaults that fit the schema, and what the caller wants different. @param referenceRows 0: not known */
export function completeSettings(schema: ModelSchema, patch: SettingsPatch, referenceRows: number, notes: string[]): ModelSettings {
  const chunking: Chunking = (patch.chunking as Chunking | undefined) ?? (referenceRows > 0 ? { kind: 'size', size: Math.max(1, Math.ceil(referenceRows / DEFAULT_CHUNKS)) } : { kind: 'count', count: DEFAULT_CHUNKS });
  const defaults = defaultSettings(chunking);
  const lacking = performanceLacks(schema);
  if (lacking !== null) {
    defaults.calculators.estimated_performance = null;
    defaults.calculators.realized_performance = null;
    if (!patch.calculators?.estimated_performance && !patch.calculators?.realized_performance) notes.push(`performance is neither estimated nor computed: ${lacking}`);
  }
  if (!columnOf(schema, 'target')) defaults.targets = { arrival: 'absent' };
  return checkSettings(mergePatch(defaults, patch), schema);
}

function performanceLacks(schema: ModelSchema): string | null {
  if (schema.problemType !== 'classification_binary') return 'that is there for binary models only so far';
  for (const role of ['target', 'prediction', 'predicted_probability'] as const) if (!columnOf(schema, role)) return `the schema has no ${role.replaceAll('_', ' ')} column`;
  return null;
}

export interface ChangedModelSettings {
  modelId: number;
  settings: ModelSettings;
  settingsRevision: number;
  /** Names of the calculators (and `chunks`) that the next run computes anew. */
  stale: string[];
}

/** @throws InvalidInput, NotFound, Conflict; nothing changes then */
export async function changeModelSettings(context: WriteContext, model: ModelRef, patch: SettingsPatch): Promise<ChangedModelSettings> {
  const { modelId, settings, settingsRevision, previous } = await updateSettings(context.pool, model, (current, schema) => changeSettings(current, patch, schema), context.by);
  return { modelId, settings, settingsRevision, stale: staleAfter(previous, settings) };
}

/** What a change of settings makes stale: thresholds alone make nothing stale, they only judge anew. */
export function staleAfter(before: ModelSettings, after: ModelSettings): string[] {
  if (schemeOf(before.chunking) !== schemeOf(after.chunking) || before.zone !== after.zone) return ['chunks'];
  const kinds = Object.keys(after.calculators) as (keyof ModelSettings['calculators'])[];
  return kinds.filter((kind) => after.calculators[kind] && what(before, kind) !== what(after, kind));
}

function what({ calculators }: ModelSettings, kind: keyof ModelSettings['calculators']): string {
  const { threshold: _one, thresholds: _all, ...measured } = (calculators[kind] ?? {}) as Record<string, unknown>;
  return JSON.stringify([Boolean(calculators[kind]), Object.entries(measured).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function forInference(input: RowInput): SourceInput {
  return input instanceof Uint8Array ? again([input]) : input;
}

/** The reference is read twice: for its schema, and for its rows. What can be read only once is kept. */
async function rereadable(input: RowInput): Promise<() => RowInput> {
  if (typeof input === 'string' && input !== '-') return () => input;
  if (input instanceof Uint8Array || Array.isArray(input)) return () => input;
  if (typeof input !== 'string' && Symbol.iterator in input) {
    const rows = [...input];
    return () => rows;
  }
  const pieces: unknown[] = [];
  for await (const piece of typeof input === 'string' ? process.stdin : input) pieces.push(piece);
  return () => again(pieces);
}

async function* again(pieces: readonly unknown[]): AsyncGenerator<unknown> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}
