/** Verdicts: the newest one that was given, or one of now. */
import type { Verdict } from '../domain/challenge.js';
import { InvalidInput, isFinal, NotFound } from '../domain/errors.js';
import { lifecycleSettings, type ChallengeSettings } from '../domain/lifecycle-settings.js';
import { verdictId, WORKFLOW } from '../domain/names.js';
import { recordAudit } from '../store/audit.js';
import { findModel, type FoundModel } from '../store/find-model.js';
import { findVerdict, readVerdicts } from '../store/verdicts.js';
import { readVersionFacts } from '../store/version-facts.js';
import type { VerdictInput } from '../workflows/messages.js';
import type { WriteContext } from './append.js';
import type { Lifecycles } from './lifecycle.js';
import { asOurs } from './temporal-link.js';

export interface VerdictOptions {
  /** Whose; default: the newest challenger. */
  version?: number | undefined;
  /** Against whom; default: the version in charge. Only where it is computed. */
  against?: number | undefined;
  /** Compute one now, of everything that was committed; else the newest one that there is. */
  compute?: boolean | undefined;
  /** Instead of the model's own, for this verdict alone. Only where it is computed. */
  settings?: Partial<ChallengeSettings> | undefined;
  /** Default: the client's. */
  by?: string | undefined;
}

/** @throws NotFound no such model or version, or no verdict yet; InvalidInput when the versions have no row in common (in the audit trail as well) */
export async function giveVerdict(context: WriteContext, lifecycles: Lifecycles, model: string, options: VerdictOptions = {}): Promise<Verdict> {
  const found = await findModel(context.pool, model);
  const challenger = await chosenVersion(context, found, options);
  if (!options.compute) {
    const [newest] = await readVerdicts(context.pool, found.modelId, { challenger, limit: 1 });
    if (!newest) throw new NotFound(`there is no verdict of version ${challenger} of model '${model}' yet: its challenge gives one after every ${lifecycleSettings(found.settings).challenge.everyRows.toLocaleString('en')} rows, or compute one now`);
    return newest;
  }
  const settings = { ...lifecycleSettings(found.settings).challenge, ...withoutUndefined(options.settings ?? {}) };
  try {
    return await computeNow(context, lifecycles, { modelId: found.modelId, champion: options.against ?? found.versionNumber, challenger, horizon: found.lastBatch, settings });
  } catch (error) {
    const ours = asOurs(error, lifecycles.temporal);
    if (isFinal(ours)) await recordAudit(context.pool, { modelId: found.modelId, by: options.by ?? context.by, action: 'verdict refused', detail: { version: challenger, why: ours.message.slice(0, 500) } });
    throw ours;
  }
}

/** Newest first. @throws NotFound */
export async function listVerdicts(context: WriteContext, model: string, { version, limit }: { version?: number | undefined; limit?: number | undefined } = {}): Promise<Verdict[]> {
  const { modelId } = await findModel(context.pool, model);
  return readVerdicts(context.pool, modelId, { challenger: version, ...(limit === undefined ? {} : { limit }) });
}

async function chosenVersion({ pool }: WriteContext, found: FoundModel, { version }: VerdictOptions): Promise<number> {
  const versions = await readVersionFacts(pool, found.modelId);
  if (version !== undefined) {
    if (!versions.some(({ number }) => number === version)) throw new NotFound(`model '${found.name}' has no version ${version}: its versions are ${versions.map(({ number }) => number).join(', ')}`);
    return version;
  }
  const newest = versions.findLast(({ role }) => role === 'challenger');
  if (!newest) throw new InvalidInput(`model '${found.name}' has no challenger: register one, or name the version`);
  return newest.number;
}

/** Two callers at the same place of the ledger share one computation. */
async function computeNow({ pool }: WriteContext, lifecycles: Lifecycles, input: VerdictInput): Promise<Verdict> {
  const { main, numeric } = lifecycles.queues;
  const { client } = lifecycles.temporal;
  const handle = await client.workflow.start(WORKFLOW.verdict, {
    workflowId: verdictId(input.modelId, input.challenger, input.horizon), taskQueue: main, args: [{ ...input, ...(numeric ? { numericQueue: numeric } : {}) } satisfies VerdictInput],
    workflowIdConflictPolicy: 'USE_EXISTING', staticSummary: `Verdict on version ${input.challenger} against version ${input.champion}`,
  });
  await handle.result();
  const verdict = await findVerdict(pool, { ...input, challenge: 0 });
  if (!verdict) throw new Error(`the verdict on version ${input.challenger} was computed and is not in the store`);
  return verdict;
}

function withoutUndefined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
