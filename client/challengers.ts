/** `aftercare.challengers`: versions that answer beside the champion, unseen, until they are compared with it. */
import { randomUUID } from 'node:crypto';
import { InvalidInput } from '../domain/errors.js';
import { columnsOf, storedColumns, type ModelSchema } from '../domain/schema.js';
import { missingColumn, newColumn, schemaDifferences } from '../domain/schema-differences.js';
import { checkProvenance, type ModelVersion, type Provenance } from '../domain/version.js';
import { addChallenger, removeChallenger, type AddedChallenger } from '../store/add-challenger.js';
import { findModel, requireActive, type FoundModel } from '../store/find-model.js';
import type { Pool } from '../store/pool.js';
import { columnsWithTexts, readVersions } from '../store/versions.js';
import { challengerAdded, ring } from '../workflows/messages.js';
import { keepTrying, openInput, type RowInput, type WriteContext } from './append.js';
import { inferSchema, type InferredSchema, type SchemaOverrides } from './infer.js';
import type { Lifecycles } from './lifecycle.js';
import { forInference, rereadable } from './rereadable.js';
import type { SourceFormat } from './sources/index.js';

export interface AddChallengerInput {
  /** Rows that the new version is known to do well on, with its predictions and their targets: what its results are measured against. Every row must be right. */
  reference: RowInput;
  format?: string | undefined;
  /** What it is made of. */
  provenance?: Provenance | undefined;
  /** Number of the retraining that made it. */
  retraining?: number | undefined;
  /** The same key registers one version. Default: `retraining:<n>` where it is of one, else a new one. */
  key?: string | undefined;
  tags?: readonly string[] | undefined;
  /** Columns of the reference that the champion's does not have and that are left out. Others of this kind refuse it. */
  ignore?: readonly string[] | undefined;
  /** Its schema, where somebody states it: it must be the champion's, in any order. Default: told by the reference. */
  schema?: ModelSchema | undefined;
  /** Default: the client's. */
  by?: string | undefined;
  onProgress?: ((rows: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface ChallengerAdded extends AddedChallenger {
  /** Sentences for people. */
  notes: string[];
}

export class Challengers {
  readonly #context: WriteContext;
  readonly #lifecycles: Lifecycles;

  constructor(context: WriteContext, lifecycles: Lifecycles) {
    this.#context = context;
    this.#lifecycles = lifecycles;
  }

  /**
   * Registers a version beside the champion, all or nothing, and tells the lifecycle, which begins its challenge.
   *
   * @throws InvalidInput when problem type, target or schema differ from the champion's (every difference is named), or a cell of the reference is wrong
   * @throws NotFound; Conflict when the model is archived
   */
  async add(model: string, input: AddChallengerInput): Promise<ChallengerAdded> {
    const by = input.by ?? this.#context.by;
    const added = await addFromInput({ ...this.#context, by }, model, input);
    await this.#lifecycles.tell(added.modelId, challengerAdded, { version: added.version, by, ...(input.retraining === undefined ? {} : { retraining: input.retraining }) });
    return added;
  }

  /** All versions, by number. @throws NotFound */
  async list(model: string): Promise<ModelVersion[]> {
    return readVersions(this.#context.pool, (await findModel(this.#context.pool, model)).modelId);
  }

  /** It takes no more rows and is not compared any more; what there is stays readable. Twice is harmless. @throws NotFound; Conflict when it is in charge */
  async remove(model: string, version: number): Promise<void> {
    const found = await findModel(this.#context.pool, model, version);
    await removeChallenger(this.#context.pool, found, this.#context.by);
    await this.#lifecycles.tell(found.modelId, ring, { batchNumber: found.lastBatch });
  }
}

/** The registration without the lifecycle. */
export async function addFromInput(context: WriteContext, model: string, input: AddChallengerInput): Promise<ChallengerAdded> {
  const found = await findModel(context.pool, model);
  requireActive(found);
  const key = input.key ?? (input.retraining === undefined ? randomUUID() : `retraining:${input.retraining}`);
  const provenance: Provenance = { ...checkProvenance(input.provenance), ...(input.retraining === undefined ? {} : { retraining: input.retraining }) };
  const reference = await rereadable(input.reference);
  const leftOut = await checkSameSchema(context.pool, found, reference, input);
  const added = await keepTrying(true, { signal: input.signal }, async () => {
    const source = await openInput(reference(), input.format);
    try {
      return await addChallenger(context.pool, {
        found, reference: source, provenance, tags: input.tags ?? [], by: context.by, key, signal: input.signal,
        onProgress: input.onProgress && (({ rowsRead }) => input.onProgress?.(rowsRead)),
      });
    } finally {
      await source.close();
    }
  });
  const notes = [
    ...(added.existed ? [`version ${added.version} was registered before under the key '${key}': nothing was added`] : []),
    ...(found.schema.columns.some(({ role }) => role === 'identifier') ? [] : [`model '${found.name}' has no identifier: rows of two versions cannot be paired, so there will be no verdict; promote it by hand, or create the model anew with an identifier`]),
    ...(leftOut.length > 0 ? [`left out: ${leftOut.join(', ')}`] : []),
  ];
  return { ...added, notes };
}

/** @returns columns of the reference that are left out. @throws InvalidInput with every difference */
async function checkSameSchema(pool: Pool, found: FoundModel, reference: () => RowInput, { ignore = [], schema, format }: AddChallengerInput): Promise<string[]> {
  const champion = found.schema;
  refuse(found, schema ? schemaDifferences(champion, schema) : []);
  const source = await openInput(reference(), format);
  const { columnNames, label } = source;
  await source.close();
  if (columnNames.length === 0) throw new InvalidInput(`the reference (${label}) has no rows: there is nothing to learn from`);
  const known = new Set(champion.columns.map(({ name }) => name));
  const leftOut = columnNames.filter((name) => !known.has(name));
  refuse(found, [
    ...storedColumns(champion).filter(({ name }) => !columnNames.includes(name)).map((column) => missingColumn(column, columnNames)),
    ...leftOut.filter((name) => !ignore.includes(name)).map((name) => `${newColumn(name)}: leave it out, or name it to be ignored`),
  ]);
  const inferred = await told(found, reference, columnNames, format);
  if (typeof inferred === 'string') return refuse(found, [inferred]);
  // Whole numbers may be codes of categories, and a column without values is of any kind: only texts tell.
  const numbers = inferred.schema.columns.filter(({ name, kind }) => kind === 'continuous' && champion.columns.some((column) => column.name === name && column.role !== 'ignored' && column.kind === 'categorical'));
  const texts = await columnsWithTexts(pool, found.modelId, found.versionId, found.columns.filter(({ name, physical }) => /^c\d+$/.test(physical) && numbers.some((column) => column.name === name)));
  refuse(found, schemaDifferences(champion, { ...inferred.schema, columns: inferred.schema.columns.map((column) => likeChampion(column, champion, inferred, texts)) }));
  return leftOut;
}

function likeChampion(column: ModelSchema['columns'][number], champion: ModelSchema, { distinct }: InferredSchema, texts: ReadonlySet<string>): ModelSchema['columns'][number] {
  const theirs = champion.columns.find(({ name }) => name === column.name);
  if (!theirs) return { ...column, role: 'ignored' };
  const couldBe = column.kind === 'continuous' ? theirs.kind === 'categorical' && !texts.has(column.name) : (distinct.get(column.name) ?? 0) === 0;
  return couldBe ? { ...column, kind: theirs.kind } : column;
}

/** What the reference's values say of itself when its columns have the champion's roles; a sentence when they contradict them. */
async function told({ schema }: FoundModel, reference: () => RowInput, columnNames: readonly string[], format: string | undefined): Promise<InferredSchema | string> {
  const one = (role: 'target' | 'prediction' | 'timestamp' | 'identifier'): string | undefined => columnsOf(schema, role)[0]?.name;
  const probabilities = columnsOf(schema, 'predicted_probability');
  const ignored = columnsOf(schema, 'ignored').map(({ name }) => name).filter((name) => columnNames.includes(name));
  const roles: SchemaOverrides = {
    ...defined({ target: one('target'), prediction: one('prediction'), timestamp: one('timestamp'), identifier: one('identifier') }),
    ...(probabilities.length === 0 ? {} : { predictedProbability: probabilities[0]!.class === undefined ? probabilities[0]!.name : Object.fromEntries(probabilities.map(({ name, class: of }) => [of!, name])) }),
    segments: columnsOf(schema, 'segment').map(({ name }) => name), features: columnsOf(schema, 'feature').map(({ name }) => name), ignore: ignored,
  };
  const infer = (overrides: SchemaOverrides): Promise<InferredSchema> => inferSchema(forInference(reference()), overrides, format === undefined ? {} : { format: format as SourceFormat });
  try {
    const inferred = await infer(roles);
    // A reference of several classes may by chance hold two of them.
    if (schema.problemType === 'classification_multiclass' && inferred.schema.problemType === 'classification_binary') return await infer({ ...roles, problemType: schema.problemType });
    return inferred;
  } catch (error) {
    if (error instanceof InvalidInput) return error.message;
    throw error;
  }
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function refuse(found: FoundModel, differences: readonly string[]): never[] {
  if (differences.length === 0) return [];
  throw new InvalidInput(`this version cannot be compared with version ${found.versionNumber} of model '${found.name}': ${differences.join('; ')}`);
}
