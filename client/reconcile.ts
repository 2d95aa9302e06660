/**
 * Makes Temporal agree with the store after one of them, or both, were restored from a backup. What was acknowledged and is in the store stays; nothing is invented.
 * Safe to repeat, and harmless while everything works: what only is on its way is looked at a second time before it counts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { lifecycleId, runId } from '../domain/names.js';
import { recordAudit } from '../store/audit.js';
import { markLifecycleStarted } from '../store/lifecycle-care.js';
import { readKnownModels, readStoreView, type StoreView } from '../store/reconcile.js';
import { compareModel, unknownModel, type Finding, type Mend } from './reconcile-compare.js';
import { awaitRemoval, beginLifecycle, mend, orderOf, type Beginning, type MendContext } from './reconcile-mend.js';
import { each, readTemporal, type TemporalView } from './reconcile-view.js';

export interface ReconcileOptions {
  /** Only name. */
  dryRun?: boolean | undefined;
  /** Between the two looks of which both must find a difference, ms. Default 3000. */
  settleMs?: number | undefined;
  onFinding?: ((finding: Reconciled) => void) | undefined;
}

export interface Reconciled {
  /** A model's name; of one that the store does not know, its id. */
  model: string;
  what: Finding['what'];
  where: string;
  found: string;
  /** What was done; in a dry run null. */
  done: string | null;
  /** What a person is to do, or why it could not be done; null: nothing is left. */
  left: string | null;
}

export interface Reconciliation {
  /** Nothing is left to be done. */
  ok: boolean;
  models: number;
  findings: Reconciled[];
  /** false: the Temporal server cannot list workflows; only ids that the store knows, and the next few, were looked for. */
  listed: boolean;
}

interface Difference {
  modelId: number;
  store: StoreView | null;
  seen: TemporalView;
  findings: Finding[];
}

const SETTLE_MS = 3_000;
/** What is mended may bring something else to light: looked at this often at most. */
const ROUNDS = 4;

/** @throws Error when PostgreSQL or Temporal do not answer */
export async function reconcile(context: MendContext, { dryRun = false, settleMs = SETTLE_MS, onFinding }: ReconcileOptions = {}): Promise<Reconciliation> {
  const findings: Reconciled[] = [];
  const tell = (finding: Reconciled): void => {
    findings.push(finding);
    onFinding?.(finding);
  };
  let ok = true;
  for (let round = 1; ; round++) {
    const { differences, models, listed } = await settled(context, settleMs);
    const unfinished = differences.some((one) => one.findings.some(({ mends }) => mends.length > 0));
    if (dryRun || differences.length === 0 || round > ROUNDS) {
      for (const { modelId, store, findings: found } of differences) {
        for (const finding of found) tell({ ...plain(modelId, store, finding), done: null, left: finding.mends.length === 0 ? finding.remedy : dryRun ? `--reconcile without --dry-run: ${finding.remedy}` : `not mended in ${ROUNDS} rounds` });
      }
      return { ok: ok && differences.length === 0, models, findings, listed };
    }
    // Lifecycles first: they would begin again what is being ended.
    for (const { modelId, findings: found } of differences) {
      if (found.some(begins)) await mend(context, modelId, null, { do: 'end', workflowId: lifecycleId(modelId), forget: false });
    }
    const removals = differences.flatMap((one) => one.findings.flatMap(({ mends }) => mends.flatMap((step) => (step.do === 'end' && step.forget ? [step.workflowId] : []))));
    for (const difference of differences) if (!(await mendModel(context, difference, tell))) ok = false;
    // Until then their ids are taken. What is left is found in the next round.
    await awaitRemoval(context.lifecycles, removals);
    if (!unfinished) return { ok: false, models, findings, listed };
  }
}

/** Differences that both of two looks find. */
async function settled(context: MendContext, settleMs: number): Promise<{ differences: Difference[]; models: number; listed: boolean }> {
  const first = await look(context);
  if (first.differences.length === 0) return first;
  await delay(settleMs);
  const second = await look(context);
  const key = (modelId: number, { what, where }: Finding): string => `${modelId} ${what} ${where}`;
  const before = new Set(first.differences.flatMap(({ modelId, findings }) => findings.map((finding) => key(modelId, finding))));
  const differences = second.differences.map((one) => ({ ...one, findings: one.findings.filter((finding) => before.has(key(one.modelId, finding))) })).filter(({ findings }) => findings.length > 0);
  return { ...second, differences };
}

async function look({ pool, lifecycles }: MendContext): Promise<{ differences: Difference[]; models: number; listed: boolean }> {
  const known = await readKnownModels(pool);
  const stores: StoreView[] = [];
  // One that is being created has no champion, and no lifecycle yet.
  await each(known.filter(({ champion, state }) => champion !== null || state !== 'active'), async (model) => void stores.push(await readStoreView(pool, model)));
  const { models, listed } = await readTemporal(lifecycles, stores);
  const byId = new Map(stores.map((store) => [store.modelId, store]));
  const incomplete = new Set(known.map(({ modelId }) => modelId).filter((modelId) => !byId.has(modelId)));
  const differences = [...models].sort(([a], [b]) => a - b).filter(([modelId]) => !incomplete.has(modelId)).map(([modelId, seen]): Difference => {
    const store = byId.get(modelId) ?? null;
    return { modelId, store, seen, findings: store === null ? unknownModel(modelId, seen) : compareModel(store, seen) };
  });
  return { differences: differences.filter(({ findings }) => findings.length > 0), models: known.filter(({ state }) => state !== 'deleted').length, listed };
}

const begins = ({ mends }: Finding): boolean => mends.some((one) => one.do === 'begin-lifecycle');

function plain(modelId: number, store: StoreView | null, { what, where, found }: Finding): Pick<Reconciled, 'model' | 'what' | 'where' | 'found'> {
  return { model: store?.name ?? String(modelId), what, where, found };
}

/** @returns whether nothing of it is left */
async function mendModel(context: MendContext, difference: Difference, tell: (finding: Reconciled) => void): Promise<boolean> {
  const { modelId, store, seen, findings } = difference;
  const failures = new Map<Finding, string>();
  const steps = findings.flatMap((finding) => finding.mends.map((what) => ({ finding, what }))).sort((a, b) => orderOf(a.what) - orderOf(b.what));
  for (const { finding, what } of steps) {
    if (failures.has(finding)) continue;
    try {
      if (what.do !== 'begin-lifecycle') await mend(context, modelId, store, what);
      else if (store) await begin(context, store, seen, findings, what);
    } catch (error) {
      failures.set(finding, (error as Error).message);
    }
  }
  for (const finding of findings) {
    const failure = failures.get(finding);
    const byHand = finding.mends.length === 0;
    const entry: Reconciled = { ...plain(modelId, store, finding), done: failure === undefined && !byHand ? finding.remedy : null, left: byHand ? finding.remedy : failure ?? null };
    await recordAudit(context.pool, { modelId: store?.modelId ?? null, by: context.by, action: entry.left === null ? 'reconciled' : 'reconciliation left to a person', detail: { ...entry } });
    tell(entry);
  }
  return failures.size === 0 && findings.every(({ mends }) => mends.length > 0);
}

async function begin(context: MendContext, store: StoreView, seen: TemporalView, findings: readonly Finding[], { runs }: Extract<Mend, { do: 'begin-lifecycle' }>): Promise<void> {
  const mends = findings.flatMap((finding) => finding.mends);
  const lostRuns = new Set(mends.flatMap((one) => (one.do === 'abandon-run' ? [one.run] : [])));
  const lost = mends.flatMap((one) => (one.do === 'close-challenge' ? [one.challenge] : []));
  const endedIds = new Set(mends.flatMap((one) => (one.do === 'end' ? [one.workflowId] : [])));
  const goesOn = (state: string): boolean => state === 'asked' || state === 'training';
  const closedRetrainings = new Set(mends.flatMap((one) => (one.do === 'close-retraining' ? [one.retraining] : [])));
  const final = new Set(['kept', 'rolled_back', 'closed', 'failed', 'cancelled']);
  const beginning: Beginning = {
    runs: store.openRuns.map(({ number }) => number).filter((number) => !lostRuns.has(number) && !endedIds.has(runId(store.modelId, number))),
    attended: [...store.incidents.values()].filter(({ waits, state }) => waits && state !== 'resolved' && state !== 'withdrawn').map(({ attended }) => attended.incident),
    retrainings: [...store.retrainings.values()].filter(({ number, state }) => goesOn(state) && !closedRetrainings.has(number)).map(({ number }) => number),
    challenges: [...store.challenges.values()].filter(({ number, state }) => !final.has(state) && !lost.includes(number)).map(({ number }) => number),
    lost, askForRun: runs || (typeof seen.lifecycle === 'object' && seen.lifecycle !== null && seen.lifecycle.activeRun !== null && seen.lifecycle.activeRun > store.lastRun),
  };
  await beginLifecycle(context, store, beginning);
  await markLifecycleStarted(context.pool, store.modelId);
}
