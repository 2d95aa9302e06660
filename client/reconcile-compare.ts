/**
 * Where the store and Temporal disagree about one model, and what mends it. Pure. The store is the truth: what it does not know is ended in Temporal, what it has
 * under way and Temporal has not is started again, or ended where that cannot be done honestly.
 */
import { isFinalState } from '../domain/challenge-policy.js';
import { lifecycleSettings } from '../domain/lifecycle-settings.js';
import { approvalText, challengeId, decisionWorkflowId, gateId, incidentWorkflowId, lifecycleId, notificationId, retrainingId, runId } from '../domain/names.js';
import type { KnownChallenge, KnownDecision, StoreView } from '../store/reconcile.js';
import type { ChallengeStatus, LifecycleStatus } from '../workflows/messages.js';
import type { SeenWorkflow, TemporalView } from './reconcile-view.js';

export type Mend =
  /** Ends a workflow, if it runs. `forget`: also removes it, so that its id can be given again. */
  | { do: 'end'; workflowId: string; forget: boolean }
  | { do: 'abandon-run'; run: number }
  | { do: 'ask-run'; run: number }
  | { do: 'close-retraining'; retraining: number }
  | { do: 'close-challenge'; challenge: number; note: string }
  | { do: 'continue-challenge'; challenge: number }
  | { do: 'withdraw'; decisionId: string }
  | { do: 'ask'; decisionId: string }
  /** The stored answer is given to a question that waits again. */
  | { do: 'answer'; decisionId: string }
  | { do: 'attend'; incidentId: number }
  | { do: 'hold'; batch: string }
  | { do: 'deliver'; notice: string }
  | { do: 'begin-lifecycle'; runs: boolean }
  | { do: 'archive' }
  | { do: 'schedules' };

export interface Finding {
  what: 'lifecycle' | 'run' | 'decision' | 'incident' | 'retraining' | 'challenge' | 'gate' | 'notification' | 'schedule' | 'promotion';
  /** A workflow's id, or what people call it. */
  where: string;
  /** What is found, one sentence. */
  found: string;
  /** What mends it, in the past tense: it is said when it was done. Of a promotion: what a person is to do. */
  remedy: string;
  /** Empty: only a person can. */
  mends: Mend[];
}

/** Why a challenge, a retraining or a question ended. */
export const LOST = 'lost in a restore';

export function compareModel(store: StoreView, seen: TemporalView): Finding[] {
  const running = (id: string): boolean => seen.workflows.get(id)?.running ?? false;
  if (store.state === 'deleted') return [...seen.workflows.values()].filter((one) => one.running && !isEnding(one, seen)).map((one) => ended(one, `runs, and model '${store.name}' was deleted`, false));
  const active = store.state === 'active';
  const challenges = compareChallenges(store, seen, running);
  const retrainings = compareRetrainings(store, seen, running);
  const findings = [
    ...strangers(store, seen), ...compareRuns(store, seen, running), ...retrainings.findings, ...challenges.findings, ...compareGates(store, seen, running),
    ...compareDecisions(store, running, askers(store, running, retrainings.healthy, challenges.healthy)),
    ...compareIncidents(store, seen, running), ...(active ? compareNotices(store, seen, running) : []), ...compareSchedules(store, seen),
  ];
  return [...findings, ...compareLifecycle(store, seen, retrainings.healthy, challenges.healthy)];
}

/** Of a model of which the store knows nothing. */
export function unknownModel(modelId: number, seen: TemporalView): Finding[] {
  const findings = [...seen.workflows.values()].map((one) => ended(one, `${one.running ? 'runs, and ' : ''}the store has no model ${modelId}`, isGivenOnce(one)));
  const { run, retraining } = seen.schedules;
  return run || retraining ? [...findings, { what: 'schedule', where: lifecycleId(modelId), found: `a schedule is there, and the store has no model ${modelId}`, remedy: 'removed', mends: [{ do: 'schedules' }] }] : findings;
}

const WORDS: Record<SeenWorkflow['kind'], Finding['what']> = { lifecycle: 'lifecycle', run: 'run', decision: 'decision', incident: 'incident', retraining: 'retraining', challenge: 'challenge', gate: 'gate', notify: 'notification', other: 'schedule' };

/** Where a workflow has ended, its id is not given again. */
const isGivenOnce = ({ kind }: SeenWorkflow): boolean => kind === 'run' || kind === 'decision' || kind === 'retraining' || kind === 'challenge';

function ended({ id, kind, running }: SeenWorkflow, why: string, forget: boolean): Finding {
  return { what: WORDS[kind], where: id, found: `its workflow ${running ? '' : 'has ended, and '}${why}`, remedy: forget ? `its ${running ? 'workflow' : 'history'} was removed, so that its id can be given again` : 'its workflow was terminated', mends: [{ do: 'end', workflowId: id, forget }] };
}

/** An archived model's workflows end by themselves. */
function isEnding({ kind }: SeenWorkflow, { lifecycle }: TemporalView): boolean {
  return kind === 'lifecycle' && typeof lifecycle === 'object' && lifecycle !== null && lifecycle.phase !== 'active';
}

/** Workflows of runs, questions, retrainings, challenges, incidents and gates that the store does not know: they come from a moment after its backup. */
function strangers(store: StoreView, { workflows, challenges }: TemporalView): Finding[] {
  const findings: Finding[] = [];
  const unknown: string[] = [];
  for (const one of workflows.values()) {
    const number = Number(one.key);
    const strange = one.kind === 'run' ? number > store.lastRun : one.kind === 'retraining' ? !store.retrainings.has(number) : one.kind === 'challenge' ? !store.challenges.has(number)
      : one.kind === 'decision' ? !store.decisions.has(`${store.modelId}/${one.key}`) : one.running && (one.kind === 'incident' ? !store.incidents.has(one.key) : one.kind === 'gate' ? !store.gates.has(one.key) : false);
    if (!strange) continue;
    findings.push(ended(one, `${one.running ? 'runs, and ' : ''}the store does not know it`, isGivenOnce(one)));
    if (one.kind !== 'run') unknown.push(one.kind === 'decision' ? `${store.modelId}/${one.key}/` : one.kind === 'incident' ? one.key : `${one.kind}/${one.key}/`);
    const status = one.kind === 'challenge' ? challenges.get(number) : undefined;
    if (status) findings.push(...switched(store, number, status));
  }
  const notices = [...workflows.values()].filter(({ kind, key, running }) => kind === 'notify' && running && unknown.some((text) => key.includes(text)));
  return [...findings, ...notices.map((one) => ended(one, 'tells of something that the store does not know', false))];
}

const isCalled = (state: ChallengeStatus['state']): boolean => state === 'switching' || state === 'probation' || state === 'kept';

/** The user's switch was called, or may have been, for a promotion that the store does not have. */
function switched({ name, champion, settings }: StoreView, number: number, { state, version }: Pick<ChallengeStatus, 'state' | 'version'>): Finding[] {
  if (!isCalled(state) || version === champion || lifecycleSettings(settings).promotion.switch === null) return [];
  return [{
    what: 'promotion', where: `${name}, challenge ${number}`, mends: [],
    found: `your switch ${state === 'switching' ? 'may have been' : 'was'} called for version ${version}, and the store has version ${champion} in charge`,
    remedy: `look at what serves; then either roll on (add version ${version} again where the store lacks it, and: aftercare promote ${name} ${version}; your switch is called again) or go back (put version ${champion} in service by hand)`,
  }];
}

function compareRuns({ modelId, openRuns, lastRun, state }: StoreView, { workflows }: TemporalView, running: (id: string) => boolean): Finding[] {
  const open = new Set(openRuns.map(({ number }) => number));
  const lost = openRuns.filter(({ number }) => !running(runId(modelId, number))).map(({ number }): Finding => ({
    what: 'run', where: runId(modelId, number), found: 'the store has it as running, and there is no workflow', 
    ...(state === 'active' ? { remedy: 'recorded as failed, and asked for again', mends: [{ do: 'abandon-run', run: number }, { do: 'ask-run', run: number }] } : { remedy: 'recorded as failed', mends: [{ do: 'abandon-run', run: number }] }),
  }));
  const over = [...workflows.values()].filter((one) => one.kind === 'run' && one.running && Number(one.key) <= lastRun && !open.has(Number(one.key)));
  return [...lost, ...over.map((one) => ended(one, 'runs, and the store has it as ended', false))];
}

function compareRetrainings({ modelId, retrainings }: StoreView, seen: TemporalView, running: (id: string) => boolean): { findings: Finding[]; healthy: number[] } {
  const findings: Finding[] = [];
  const healthy: number[] = [];
  for (const { number, state } of retrainings.values()) {
    const id = retrainingId(modelId, number);
    const runs = running(id);
    const status = seen.retrainings.get(number);
    if (state !== 'asked' && state !== 'training') {
      if (runs) findings.push(ended(seen.workflows.get(id)!, `runs, and the store has it as ${state}`, false));
    } else if (runs && status?.state === state) healthy.push(number);
    else {
      const question = approvalText(modelId, 'retraining', number);
      findings.push({
        what: 'retraining', where: id, remedy: `recorded as failed: ${LOST}; whoever still needs it asks again`,
        found: `the store has it as ${state}, and ${runs ? `its workflow ${status ? `is ${status.state}` : 'does not answer'}` : 'there is no workflow'}`,
        mends: [{ do: 'end', workflowId: id, forget: false }, { do: 'end', workflowId: decisionWorkflowId(question), forget: false }, { do: 'withdraw', decisionId: question }, { do: 'close-retraining', retraining: number }],
      });
    }
  }
  return { findings, healthy };
}

function compareChallenges(store: StoreView, seen: TemporalView, running: (id: string) => boolean): { findings: Finding[]; healthy: number[] } {
  const findings: Finding[] = [];
  const healthy: number[] = [];
  for (const challenge of store.challenges.values()) {
    const { number, state, promoted, version, mode } = challenge;
    const id = challengeId(store.modelId, number);
    const runs = running(id);
    const status = seen.challenges.get(number);
    if (isFinalState(state)) {
      if (runs) findings.push(ended(seen.workflows.get(id)!, `runs, and the store has it as ${state.replace('_', ' ')}`, false));
      continue;
    }
    if (runs && status && agrees(challenge, status, store.lastBatch)) {
      healthy.push(number);
      continue;
    }
    const found = `the store has it as ${state}, and ${runs ? `its workflow ${status ? `is ${status.state}${status.horizon > store.lastBatch ? ` and has judged up to batch ${status.horizon}, where the ledger ends at ${store.lastBatch}` : ''}` : 'does not answer'}` : 'there is no workflow'}`;
    const end: Mend[] = [{ do: 'end', workflowId: id, forget: false }, ...questionsOf(store, number).flatMap(({ id: decisionId }): Mend[] => [{ do: 'end', workflowId: decisionWorkflowId(decisionId), forget: false }, { do: 'withdraw', decisionId }])];
    if (state === 'probation' && promoted) {
      findings.push({ what: 'challenge', where: id, found, remedy: 'its probation goes on', mends: [...end, { do: 'continue-challenge', challenge: number }] });
      healthy.push(number);
    } else {
      const next = mode === 'challenge' && store.challengers.includes(version) ? `; version ${version} gets a new challenge` : '';
      findings.push({ what: 'challenge', where: id, found, remedy: `recorded as failed: ${LOST}${next}`, mends: [...end, { do: 'close-challenge', challenge: number, note: LOST }] });
      findings.push(...(status && isCalled(status.state) ? switched(store, number, status) : switched(store, number, challenge)));
    }
  }
  return { findings, healthy };
}

function agrees({ state, version, against }: KnownChallenge, status: ChallengeStatus, lastBatch: number): boolean {
  return status.state === state && status.version === version && (status.against ?? against) === against && status.horizon <= lastBatch;
}

function questionsOf({ modelId, decisions }: StoreView, challenge: number): KnownDecision[] {
  const prefix = `${modelId}/promotion/${challenge}/`;
  return [...decisions.values()].filter(({ id, state }) => state === 'waiting' && id.startsWith(prefix));
}

/** Beginnings of the ids of questions whose asker goes on: it asks them itself. */
function askers({ modelId, gates }: StoreView, running: (id: string) => boolean, retrainings: readonly number[], challenges: readonly number[]): string[] {
  const held = [...gates.keys()].filter((batch) => running(gateId(modelId, batch)));
  return [...retrainings.map((n) => `${modelId}/retraining/${n}/`), ...challenges.map((n) => `${modelId}/promotion/${n}/`), ...held.map((batch) => `${modelId}/gate/${batch}/`)];
}

function compareDecisions(store: StoreView, running: (id: string) => boolean, asking: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  for (const { id, subject, state, answer, answeredBy } of store.decisions.values()) {
    const workflowId = decisionWorkflowId(id);
    const runs = running(workflowId);
    const asker = asking.some((beginning) => id.startsWith(beginning));
    if (state !== 'waiting') {
      if (!runs) continue;
      const tell = asker && state === 'answered' && answer !== null && answeredBy !== null;
      findings.push({
        what: 'decision', where: id, found: `the store has it as ${state}${answer ? `: ${answer}` : ''}${answeredBy ? ` by ${answeredBy}` : ''}, and its workflow still asks`,
        remedy: tell ? 'its workflow was told the answer that stands' : 'its workflow was terminated: the answer in the store stands',
        mends: [tell ? { do: 'answer', decisionId: id } : { do: 'end', workflowId, forget: false }],
      });
    } else if (!runs && subject === 'incident' && store.state === 'active') {
      findings.push({ what: 'decision', where: id, found: 'it waits in the store, and there is no workflow', remedy: 'it is asked again, for the rest of its time', mends: [{ do: 'ask', decisionId: id }] });
    } else if (!runs && subject !== 'gate' && !asker) {
      findings.push({ what: 'decision', where: id, found: 'it waits in the store, and nobody asks any more', remedy: 'withdrawn', mends: [{ do: 'withdraw', decisionId: id }] });
    }
  }
  return findings;
}

function compareIncidents(store: StoreView, seen: TemporalView, running: (id: string) => boolean): Finding[] {
  const findings: Finding[] = [];
  for (const { attended, state, waits, closed } of store.incidents.values()) {
    const id = incidentWorkflowId(store.modelId, attended.incident);
    const over = state === 'resolved' || state === 'withdrawn';
    if (running(id)) {
      if (over && closed) findings.push(ended(seen.workflows.get(id)!, `runs, and the store has it as ${state}`, false));
    } else if (waits && !over && store.state === 'active') {
      findings.push({ what: 'incident', where: attended.incident, found: `it is ${state}, and nobody attends it`, remedy: 'it is attended again', mends: [{ do: 'attend', incidentId: attended.incidentId }] });
    }
  }
  return findings;
}

function compareGates({ modelId, gates }: StoreView, seen: TemporalView, running: (id: string) => boolean): Finding[] {
  const findings: Finding[] = [];
  for (const { batch, state } of gates.values()) {
    const id = gateId(modelId, batch);
    const runs = running(id);
    if (state === 'held' && !runs) findings.push({ what: 'gate', where: id, found: 'the batch is held, and there is no workflow', remedy: 'it is asked again', mends: [{ do: 'hold', batch }] });
    if (state !== 'held' && runs) findings.push(ended(seen.workflows.get(id)!, `runs, and the store has it as ${state}`, false));
  }
  return findings;
}

function compareNotices({ modelId, intended }: StoreView, { workflows }: TemporalView, running: (id: string) => boolean): Finding[] {
  const again = [...workflows.values()].filter(({ kind, key, running: runs }) => kind === 'notify' && runs && key.startsWith('again/'));
  return intended.filter(({ id }) => !running(notificationId(modelId, id)) && !again.some(({ key }) => key.includes(id))).map(({ id }): Finding => ({
    what: 'notification', where: id, found: 'it is still to be sent, and there is no workflow', remedy: 'it is on its way', mends: [{ do: 'deliver', notice: id }],
  }));
}

function compareSchedules(store: StoreView, { schedules }: TemporalView): Finding[] {
  const { runs, retraining } = store.settings;
  const active = store.state === 'active';
  const wanted = { run: active && runs.schedule !== null && runs.schedule !== undefined, retraining: active && (retraining?.mode ?? 'off') !== 'off' && !!retraining?.schedule };
  return (['run', 'retraining'] as const).filter((purpose) => wanted[purpose] !== schedules[purpose]).map((purpose): Finding => ({
    what: 'schedule', where: `${store.name}, ${purpose}s`, found: wanted[purpose] ? 'it is in the settings, and Temporal does not have it' : 'Temporal has it, and it is not in the settings',
    remedy: wanted[purpose] ? 'made' : 'removed', mends: [{ do: 'schedules' }],
  }));
}

function compareLifecycle(store: StoreView, { lifecycle, workflows }: TemporalView, retrainings: readonly number[], challenges: readonly number[]): Finding[] {
  const where = lifecycleId(store.modelId);
  if (store.state === 'archived') {
    const works = typeof lifecycle === 'object' && lifecycle !== null && lifecycle.phase === 'active';
    return works ? [{ what: 'lifecycle', where, found: 'it works, and its model is archived', remedy: 'told that its model is archived', mends: [{ do: 'archive' }] }] : [];
  }
  const begin = (found: string, runs = false): Finding[] => [{ what: 'lifecycle', where, found, remedy: 'begun anew from what the store knows', mends: [{ do: 'begin-lifecycle', runs }] }];
  if (!workflows.get(where)?.running || lifecycle === null) return begin('the model is active, and there is no lifecycle');
  if (typeof lifecycle === 'string') return begin(`it does not answer: ${lifecycle}`);
  // What it is only about to begin has no workflow yet, and stands nowhere.
  const begun = {
    ...lifecycle,
    retraining: lifecycle.retraining === null || store.retrainings.has(lifecycle.retraining) || workflows.has(retrainingId(store.modelId, lifecycle.retraining)) ? lifecycle.retraining : null,
    challenges: lifecycle.challenges.filter(({ number }) => store.challenges.has(number) || workflows.has(challengeId(store.modelId, number))),
  };
  const faults = lifecycleFaults(store, begun, retrainings, challenges);
  return faults.length === 0 ? [] : begin(faults.join('; '), lifecycle.queue.length > 0 || lifecycle.queuedRequests > 0);
}

function lifecycleFaults(store: StoreView, status: LifecycleStatus, retrainings: readonly number[], challenges: readonly number[]): string[] {
  const faults: string[] = [];
  const { lastBatch, lastRun, horizon } = store;
  const reads = Math.max(status.knownBatch, status.scannedBatch);
  if (status.phase !== 'active') faults.push(`it is ${status.phase}, and its model is active`);
  if (reads > lastBatch) faults.push(`it has read the ledger up to batch ${reads}, which ends at ${lastBatch}`);
  if (status.horizon !== horizon) faults.push(`its last completed run saw batch ${status.horizon}, the store's saw ${horizon}`);
  const waiting = status.queue.length + (status.activeRun !== null && status.activeRun > lastRun ? 1 : 0);
  if (status.lastRun < lastRun || status.lastRun - waiting > lastRun) faults.push(`its last run is ${status.lastRun - waiting}, the store's is ${lastRun}`);
  const asked = [...store.decisions.values()].filter(({ subject, state }) => subject === 'incident' && state === 'waiting').map(({ id }) => id);
  const open = status.openDecisions.filter((id) => !status.unsettledDecisions.includes(id));
  if (open.some((id) => !asked.includes(id))) faults.push(`it waits for answers that the store does not wait for: ${open.filter((id) => !asked.includes(id)).join(', ')}`);
  if (asked.some((id) => !status.openDecisions.includes(id) && !status.unsettledDecisions.includes(id))) faults.push(`it does not know of questions that wait: ${asked.filter((id) => !status.openDecisions.includes(id)).join(', ')}`);
  const strange = status.attended.filter((incident) => !store.incidents.has(incident));
  if (strange.length > 0) faults.push(`it attends incidents that the store does not know: ${strange.join(', ')}`);
  if (status.retraining !== (retrainings[0] ?? null)) faults.push(`it ${status.retraining === null ? 'knows of no retraining' : `has retraining ${status.retraining} under way`}, the store has ${retrainings.length === 0 ? 'none' : retrainings.join(', ')}`);
  const theirs = status.challenges.map(({ number, promoted }) => `${number}${promoted ? ' (promoted)' : ''}`).sort().join(', ') || 'none';
  const ours = challenges.map((number) => `${number}${store.challenges.get(number)!.promoted ? ' (promoted)' : ''}`).sort().join(', ') || 'none';
  if (theirs !== ours) faults.push(`it has challenges ${theirs}, the store has ${ours}`);
  return faults;
}
