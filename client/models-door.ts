/** `aftercare.models`: create, list, get, change, archive, delete. */
import { randomUUID } from 'node:crypto';
import { isFinal } from '../domain/errors.js';
import { listModels, showModel, archiveModel, deleteModel, type ModelDetails, type ModelOverview } from '../store/models.js';
import { setTags, type ChangedTags } from '../store/tags.js';
import { readBatchTotals, type BatchTotals } from '../store/batch-totals.js';
import { findModel } from '../store/find-model.js';
import { readSettingsHistory, type SettingsRevision } from '../store/settings-history.js';
import type { WriteContext } from './append.js';
import { endGates } from './gates.js';
import type { Lifecycles } from './lifecycle.js';
import { changeModelSettings, createFromInput, type ChangedModelSettings, type ChangeSettingsOptions, type CreatedFromInput, type CreateModelInput } from './models.js';
import type { SettingsPreview } from './preview.js';
import type { SettingsPatch } from './settings-check.js';

/** A model with everything that is known of it without reading results. */
export interface Model extends Omit<ModelDetails, 'rows'> {
  rows: ModelDetails['rows'] & Omit<BatchTotals, 'rowsDuplicate' | 'rowsQuarantined'> & { duplicates: number };
}

export class Models {
  readonly #context: WriteContext;
  readonly #lifecycles: Lifecycles;

  constructor(context: WriteContext, lifecycles: Lifecycles) {
    this.#context = context;
    this.#lifecycles = lifecycles;
  }

  /**
   * Creates a model from its reference and starts its lifecycle. All or nothing: what is refused leaves no trace.
   * When Temporal is away after the model was created, the worker starts its lifecycle as soon as both are there.
   *
   * @throws InvalidInput naming column, count, first place and remedy
   * @throws Conflict when the name is taken
   */
  async create(input: CreateModelInput): Promise<CreatedFromInput> {
    const created = await createFromInput(this.#context, { ...input, creationKey: input.creationKey ?? randomUUID() });
    try {
      await this.#lifecycles.start(created.modelId);
      if (created.settings.runs.schedule || created.settings.retraining?.schedule) await this.#lifecycles.applySchedules(created.modelId, created.settings);
    } catch (error) {
      if (isFinal(error)) throw error;
      created.notes.push(`its lifecycle starts when Temporal answers and a worker is there (${(error as Error).message})`);
    }
    return created;
  }

  /** @param options.all archived ones as well @param options.tags only models that have all of these, by themselves or by their version in charge */
  list(options: { all?: boolean; tags?: readonly string[] } = {}): Promise<ModelOverview[]> {
    return listModels(this.#context.pool, options);
  }

  /** @throws NotFound */
  async get(name: string): Promise<Model> {
    const details = await showModel(this.#context.pool, name);
    const { batches, rowsDuplicate } = await readBatchTotals(this.#context.pool, details.modelId);
    return { ...details, rows: { ...details.rows, batches, duplicates: rowsDuplicate } };
  }

  /**
   * Changes what the patch names, and nothing else. The answer says what became stale; the next run computes that anew. What was computed before stays
   * readable: `results(name, { settingsRevision })`.
   *
   * @throws ConsentNeeded (a Conflict) when `consent` is required and results would become stale
   * @throws InvalidInput, NotFound, Conflict; nothing changes then
   */
  async settings(name: string, patch: SettingsPatch, options: ChangeSettingsOptions = {}): Promise<ChangedModelSettings> {
    const changed = await changeModelSettings(this.#context, name, patch, options);
    await this.#lifecycles.settingsChanged(changed.modelId, changed.settingsRevision);
    if (patch.runs?.schedule !== undefined || patch.retraining?.schedule !== undefined || patch.retraining?.mode !== undefined || patch.zone !== undefined) await this.#lifecycles.applySchedules(changed.modelId, changed.settings);
    return changed;
  }

  /** The settings that there were, oldest first, and which of them have results. @throws NotFound */
  async settingsHistory(name: string): Promise<SettingsRevision[]> {
    return readSettingsHistory(this.#context.pool, (await findModel(this.#context.pool, name)).modelId);
  }

  /**
   * What a change of settings would make of the values that are there: alerts and thresholds before and after, and what would have to be computed anew.
   * Nothing is written.
   *
   * @throws NotFound; InvalidInput when the result is no settings
   */
  async preview(name: string, patch: SettingsPatch): Promise<SettingsPreview> {
    const { previewSettings } = await import('./preview.js');   // the numerics are loaded when something is counted here
    return previewSettings(this.#context.pool, name, patch);
  }

  /**
   * Puts these tags in the place of those that are there; results carry them from then on.
   *
   * @param options.version of this version instead of the model
   * @throws NotFound; InvalidInput when a tag is empty, too long, or holds a comma
   */
  tag(name: string, tags: readonly string[], options: { version?: number | undefined } = {}): Promise<ChangedTags> {
    return setTags(this.#context.pool, name, tags, this.#context.by, options.version);
  }

  /** No more rows, no more runs; everything stays readable. @throws NotFound */
  async archive(name: string): Promise<void> {
    const { modelId } = await archiveModel(this.#context.pool, name, this.#context.by);
    await this.#lifecycles.end(modelId);
    await endGates(this.#context, this.#lifecycles, modelId, 'the model was archived');
  }

  /** The model, its rows and its results, for good. A late append does not bring it back. @throws NotFound */
  async delete(name: string): Promise<void> {
    const { modelId } = await deleteModel(this.#context.pool, name, this.#context.by);
    await this.#lifecycles.end(modelId);
    await endGates(this.#context, this.#lifecycles, modelId, 'the model was deleted');
  }
}
