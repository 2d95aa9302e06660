/** What Temporal has of ours: every workflow by its id, and what lifecycles, retrainings and challenges answer when they are asked. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { approvalText, challengeId, decisionWorkflowId, gateId, incidentWorkflowId, lifecycleId, notificationId, retrainingId, retrainingScheduleId, runId, scheduleId, WORKFLOW } from '../domain/names.js';
import { isFinalState } from '../domain/challenge-policy.js';
import type { StoreView } from '../store/reconcile.js';
import { challengeStatus, lifecycleStatus, retrainingStatus, type ChallengeStatus, type LifecycleStatus, type RetrainingStatus } from '../workflows/messages.js';
import type { Lifecycles } from './lifecycle.js';

export type SeenKind = 'lifecycle' | 'run' | 'decision' | 'incident' | 'retraining' | 'challenge' | 'gate' | 'notify' | 'other';

export interface SeenWorkflow {
  id: string;
  modelId: number;
  kind: SeenKind;
  /** What is behind the kind: a number, a text; '' of a lifecycle. */
  key: string;
  running: boolean;
}

/** Temporal's side of one model. */
export interface TemporalView {
  /** By id. Of those that have ended only kinds whose ids are not given twice, and only where the server can list. */
  workflows: Map<string, SeenWorkflow>;
  /** null: it does not run; a text: it runs, and why it does not answer. */
  lifecycle: LifecycleStatus | null | string;
  /** Of those that the store has as under way, or does not have. */
  retrainings: Map<number, RetrainingStatus>;
  challenges: Map<number, ChallengeStatus>;
  schedules: { run: boolean; retraining: boolean };
}

export interface WholeTemporalView {
  models: Map<number, TemporalView>;
  /** false: this server cannot list; only ids that the store knows, and the next few, were looked for. */
  listed: boolean;
}

const PREFIX = 'aftercare/model/';
/** Ids of these are given once: one that has ended keeps its id. */
const ONCE = [WORKFLOW.run, WORKFLOW.decision, WORKFLOW.retraining, WORKFLOW.challenge];
/** Without a list: so many numbers after the last known one are looked for. */
const PROBED = 5;
const AT_ONCE = 8;

const KINDS = new Set<string>(['run', 'decision', 'incident', 'retraining', 'challenge', 'gate', 'notify']);

/** null: none of ours. */
export function parseWorkflowId(id: string): Pick<SeenWorkflow, 'modelId' | 'kind' | 'key'> | null {
  const match = /^aftercare\/model\/(\d+)(?:\/([a-z-]+)(?:\/(.+))?)?$/s.exec(id);
  if (!match) return null;
  const [, modelId, kind, key = ''] = match;
  const numbered = kind === 'run' || kind === 'retraining' || kind === 'challenge';
  const known = kind !== undefined && KINDS.has(kind) && (!numbered || /^\d+$/.test(key));
  return { modelId: Number(modelId), kind: kind === undefined ? 'lifecycle' : known ? kind as SeenKind : 'other', key };
}

export async function readTemporal(lifecycles: Lifecycles, stores: readonly StoreView[]): Promise<WholeTemporalView> {
  const models = new Map<number, TemporalView>();
  const viewOf = (modelId: number): TemporalView => {
    const there = models.get(modelId);
    if (there) return there;
    const fresh: TemporalView = { workflows: new Map(), lifecycle: null, retrainings: new Map(), challenges: new Map(), schedules: { run: false, retraining: false } };
    models.set(modelId, fresh);
    return fresh;
  };
  const note = (id: string, running: boolean): void => {
    const parsed = parseWorkflowId(id);
    if (parsed) viewOf(parsed.modelId).workflows.set(id, { id, ...parsed, running });
  };
  for (const { modelId } of stores) viewOf(modelId);
  const names = await list(lifecycles);
  for (const id of names?.ended ?? []) note(id, false);
  // A list may lag behind, and may come from another backup: what runs, and what is to be there, is asked for by name.
  const wanted = stores.flatMap((store) => [...expectedIds(store), ...(names === null ? nextIds(store) : [])]);
  await each([...new Set([...names?.running ?? [], ...wanted])], async (id) => {
    const running = await isRunning(lifecycles, id);
    if (running !== null) note(id, running);
  });
  await each(stores, (store) => ask(lifecycles, store, viewOf(store.modelId)));
  await readSchedules(lifecycles, stores, viewOf);
  return { models, listed: names !== null };
}

/** Names of ours, as the server lists them. @returns null when this server cannot */
async function list({ temporal: { client } }: Lifecycles): Promise<{ running: string[]; ended: string[] } | null> {
  const named = async (condition: string): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query: `WorkflowId STARTS_WITH '${PREFIX}' AND ${condition}` })) ids.push(workflowId);
    return ids;
  };
  try {
    return { running: await named(`ExecutionStatus = 'Running'`), ended: await named(`ExecutionStatus != 'Running' AND WorkflowType IN (${ONCE.map((type) => `'${type}'`).join(', ')})`) };
  } catch (error) {
    if (!cannotList(error)) throw error;
    return null;
  }
}

/** gRPC: unimplemented, invalid (a visibility store without these queries), permission denied. */
function cannotList(error: unknown): boolean {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if ('code' in current && (current.code === 12 || current.code === 3 || current.code === 7)) return true;
  }
  return false;
}

/** Workflows that the store wants to be running. */
export function expectedIds(store: StoreView): string[] {
  const { modelId } = store;
  if (store.state === 'deleted') return [];
  return [
    ...(store.state === 'active' ? [lifecycleId(modelId)] : []),
    ...store.openRuns.map(({ number }) => runId(modelId, number)),
    ...[...store.decisions.values()].filter(({ state }) => state === 'waiting').map(({ id }) => decisionWorkflowId(id)),
    ...[...store.incidents.values()].filter(({ waits, state }) => waits && state !== 'resolved' && state !== 'withdrawn').map(({ attended }) => incidentWorkflowId(modelId, attended.incident)),
    ...[...store.retrainings.values()].filter(({ state }) => state === 'asked' || state === 'training').map(({ number }) => retrainingId(modelId, number)),
    ...[...store.challenges.values()].filter(({ state }) => !isFinalState(state)).map(({ number }) => challengeId(modelId, number)),
    ...[...store.gates.values()].filter(({ state }) => state === 'held').map(({ batch }) => gateId(modelId, batch)),
    ...store.intended.map(({ id }) => notificationId(modelId, id)),
  ];
}

/** Numbers that a newer Temporal may have given out. */
function nextIds(store: StoreView): string[] {
  const { modelId, lastRun, retrainings, challenges } = store;
  return Array.from({ length: PROBED }, (_, i) => i + 1).flatMap((n) => [
    runId(modelId, lastRun + n), retrainingId(modelId, Math.max(0, ...retrainings.keys()) + n), challengeId(modelId, Math.max(0, ...challenges.keys()) + n),
    decisionWorkflowId(approvalText(modelId, 'retraining', Math.max(0, ...retrainings.keys()) + n)),
  ]);
}

/** null: there is none. */
async function isRunning(lifecycles: Lifecycles, id: string): Promise<boolean | null> {
  try {
    const { status } = await lifecycles.temporal.within(15_000, () => lifecycles.temporal.client.workflow.getHandle(id).describe());
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

async function ask(lifecycles: Lifecycles, store: StoreView, view: TemporalView): Promise<void> {
  const { modelId } = store;
  const numbered = (kind: SeenKind): { number: number; id: string }[] => [...view.workflows.values()].filter((one) => one.kind === kind).map(({ id, key }) => ({ id, number: Number(key) }));
  if (view.workflows.get(lifecycleId(modelId))?.running) {
    view.lifecycle = await lifecycles.queryWorkflow(lifecycleId(modelId), lifecycleStatus).catch((error: unknown) => (error instanceof WorkflowNotFoundError ? null : (error as Error).message));
  }
  // What the store has as ended needs no answer; what it does not have may have gone on to call the user's switch.
  for (const { number, id } of numbered('retraining')) {
    if (!isUnderWay(store.retrainings.get(number)?.state)) continue;
    const status = await lifecycles.queryWorkflow(id, retrainingStatus).catch(() => null);
    if (status) view.retrainings.set(number, status);
  }
  for (const { number, id } of numbered('challenge')) {
    const known = store.challenges.get(number);
    if (known && isFinalState(known.state)) continue;
    const status = await lifecycles.queryWorkflow(id, challengeStatus).catch(() => null);
    if (status) view.challenges.set(number, status);
  }
}

const isUnderWay = (state: string | undefined): boolean => state === 'asked' || state === 'training';

async function readSchedules(lifecycles: Lifecycles, stores: readonly StoreView[], viewOf: (modelId: number) => TemporalView): Promise<void> {
  const { client } = lifecycles.temporal;
  const note = (id: string): void => {
    const modelId = parseWorkflowId(id)?.modelId;
    if (modelId === undefined) return;
    if (id === scheduleId(modelId)) viewOf(modelId).schedules.run = true;
    if (id === retrainingScheduleId(modelId)) viewOf(modelId).schedules.retraining = true;
  };
  try {
    for await (const { scheduleId: id } of client.schedule.list()) note(id);
  } catch (error) {
    if (!cannotList(error)) throw error;
    await each(stores.flatMap(({ modelId }) => [scheduleId(modelId), retrainingScheduleId(modelId)]), async (id) => {
      const there = await client.schedule.getHandle(id).describe().then(() => true, () => false);
      if (there) note(id);
    });
  }
}

/** A few at a time. */
export async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, rest.length) }, async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  }));
}
