/**
 * The lifecycle's policy: when a run is due, up to which place of the ledger it sees, who is asked what. Pure: the workflow brings messages and the time,
 * these functions answer with the next state and the steps to begin. Nothing here waits, reads or sends.
 *
 * Exactness. Triggers are read off the ledger, entry by entry, and never off the moment at which it was looked at: a run by count is due at the very batch
 * with which the rows since the last horizon reach the number, a run by targets at the target batch itself. So a lifecycle that was away for a day queues
 * the same runs, with the same horizons, as one that was there all the time.
 */
import type { Answer, DecisionSubject } from './decision.js';
import type { AttendedIncident } from './incident.js';
import {
  addChallenger, beginLoop, challengeEnded, championChanged, countForChallenges, dueLoopSteps, markLoopBegun, nextTendAt, receiveAnswer, receiveIncidents, requestPromotion, requestRetraining,
  retrainingEnded, seeLoop, stopLoop, tended, type LoopState, type LoopStep, type LoopView,
} from './loop.js';
import type { Notice } from './notice.js';
import type { RetrainingRequest } from './retraining.js';
import type { RunState, RunTrigger } from './run.js';
import type { DecisionSettings, IncidentKind, RunSettings } from './settings.js';
import type { BatchKind } from './batch.js';

// ---- what comes in -----------------------------------------------------------------------------------------------------------------

/** A run that somebody or something asks for. */
export interface RunRequest {
  /** Equal keys are one request and get the same ticket. */
  key: string;
  trigger: Extract<RunTrigger, 'manual' | 'schedule' | 'settings' | 'promotion'>;
  by: string;
  /** Compute every chunk anew, touched or not. */
  full?: boolean;
}

/** A decision to ask for. */
export interface Question {
  decisionId: string;
  /** Absent: an incident. */
  subject?: DecisionSubject;
  /** Of an incident only, and so are the next three. */
  incidentId: number | null;
  kind?: IncidentKind;
  cause?: string;
  openingChunk?: string;
  text: string;
  /** Who may answer; absent or empty: anybody who is named. */
  approvers?: string[];
}

/** Who wants which version in charge. */
export interface PromotionRequest {
  /** Equal keys are one request. */
  key: string;
  mode: 'promotion' | 'rollback';
  /** The version that is to be in charge. */
  version: number;
  by: string;
  note?: string;
}

/** How long a question waits, and what counts when nobody answers. */
export interface Patience {
  remindAfterMs: number;
  escalateAfterMs: number;
  deadlineMs: number;
  fallback: Answer;
  notify: string[];
}

/** How a run ended. */
export interface RunReport {
  runNumber: number;
  state: RunState;
  horizon: number;
  /** Incidents that this run opened and that ask for a decision; and those that it withdrew or resolved. */
  questions: Question[];
  withdrawn: string[];
  /** Incidents that are to be attended, and attended ones that are over; absent in reports of earlier versions. */
  attended?: AttendedIncident[];
  ended?: { incident: string; state: 'resolved' | 'withdrawn' }[];
}

/** How a decision ended; null: nobody had to answer any more. */
export interface DecisionReport {
  decisionId: string;
  answer: Answer | null;
  by: string | null;
}

/** What a look at the ledger brings (activities/contract.ts LedgerView). */
export interface LedgerPage extends LoopView {
  state: 'active' | 'archived' | 'deleted';
  settingsRevision: number;
  runs: RunSettings;
  decisions: DecisionSettings;
  lastBatch: number;
  entries: LedgerEntry[];
  more: boolean;
}

/** A committed batch. */
export interface LedgerEntry {
  number: number;
  kind: BatchKind;
  rowsAccepted: number;
  /** Of a version that was not in charge: its number. */
  shadowOf?: number;
}

export type LifecycleMessage =
  | { kind: 'ring'; batchNumber: number }
  | { kind: 'settings-changed'; revision: number }
  | { kind: 'request'; request: RunRequest }
  | { kind: 'ledger'; page: LedgerPage }
  /** The look found no such model any more. */
  | { kind: 'model-gone' }
  | { kind: 'run-finished'; report: RunReport }
  /** The run's workflow is closed and has not reported: terminated by hand, say. */
  | { kind: 'run-lost'; runNumber: number }
  | { kind: 'decision-closed'; report: DecisionReport }
  | { kind: 'retraining-requested'; request: RetrainingRequest }
  | { kind: 'retraining-finished'; number: number; version: number | null }
  | { kind: 'challenger-added'; version: number; by: string }
  | { kind: 'promotion-requested'; request: PromotionRequest }
  | { kind: 'champion-changed'; number: number; champion: number; by: string }
  | { kind: 'challenge-finished'; number: number }
  | { kind: 'tend-soon' }
  | { kind: 'tended'; outcome: TendOutcome }
  | { kind: 'archive' };

/** What a look after time brings (activities/contracts/tending.ts). */
export interface TendOutcome {
  opened: AttendedIncident[];
  closed: string[];
  notices: Notice[];
  settled: boolean;
  nextAtMs: number | null;
}

// ---- state -------------------------------------------------------------------------------------------------------------------------

/** A run that is due, or active. */
export interface DueRun {
  runNumber: number;
  /** Ledger number up to which it sees batches. */
  horizon: number;
  trigger: RunTrigger;
  by: string;
  full: boolean;
}

/** How often the lifecycle looks at the ledger. Production values are the defaults; a test brings its own. */
export interface Pace {
  /** Between two looks while rings pour in. */
  lookGapMs: number;
  /** Without any ring; doubled while nothing new is found, because rings and the worker's sweeper are the usual way. */
  lookEveryMs: number;
  /** How often it is doubled at most; absent: 4, as in executions of earlier versions. */
  idleDoublings?: number;
}

export const DEFAULT_PACE: Pace = { lookGapMs: 250, lookEveryMs: 60_000, idleDoublings: 8 };

export interface LifecycleState {
  schemaVersion: 2;
  modelId: number;
  phase: 'active' | 'archiving' | 'archived';
  pace: Pace;
  /** As of the last look; null before the first. */
  settings: { revision: number; runs: RunSettings; decisions: DecisionSettings } | null;
  /** Horizon of the last completed run: the next one computes what came after. */
  horizon: number;
  /** Horizon of the last run that was queued: triggers count from here. */
  queuedHorizon: number;
  /** The ledger has been read up to here, and is known to reach at least as far as `known`. */
  scanned: number;
  known: number;
  /** Accepted analysis rows, and whether anything at all came, after queuedHorizon and up to scanned. */
  rowsSince: number;
  newSince: boolean;
  /** The last run number that was given out. */
  lastRun: number;
  lastBegunAtMs: number;
  queue: DueRun[];
  active: DueRun | null;
  /** The active run's workflow is gone; it must be recorded as failed. */
  lost: boolean;
  /** Requests that wait for a look that begins after them. */
  requests: RunRequest[];
  tickets: { key: string; runNumber: number }[];
  asks: Question[];
  withdrawals: { decisionId: string; reason: string }[];
  openDecisions: string[];
  /** Those of them that have been told that nobody needs to answer any more, and have not reported yet. */
  withdrawing: string[];
  /** The look that is under way, and how many of `requests` it covers. */
  looking: { covers: number } | null;
  lookWanted: boolean;
  lastLookAtMs: number;
  idleLooks: number;
  /** What follows from alerts: domain/loop.ts. */
  loop: LoopState;
}

/** Runs that are queued at most; the ledger is read on when they have been worked off. */
const QUEUE_MAX = 500;
/** Keys of requests that are remembered. A repeat comes within minutes, not after this many others. */
const TICKETS_MAX = 200;
const IDLE_DOUBLINGS = 4;

/** @param nowMs when the lifecycle begins: "since the last run" counts from here until there is one */
export function beginLifecycle(start: { modelId: number; lastRun: number; horizon: number; pace: Pace; lastRetraining?: number; lastChallenge?: number }, nowMs: number): LifecycleState {
  return {
    schemaVersion: 2, modelId: start.modelId, phase: 'active', pace: start.pace, settings: null,
    horizon: start.horizon, queuedHorizon: start.horizon, scanned: start.horizon, known: start.horizon, rowsSince: 0, newSince: false,
    lastRun: start.lastRun, lastBegunAtMs: nowMs, queue: [], active: null, lost: false,
    requests: [], tickets: [], asks: [], withdrawals: [], openDecisions: [], withdrawing: [],
    looking: null, lookWanted: true, lastLookAtMs: 0, idleLooks: 0,
    loop: beginLoop(start),
  };
}

/** A state that an earlier version of this code handed on, as this one needs it. What came later gets the value that it had in effect before. */
export function migrateState(state: LifecycleState): LifecycleState {
  const { withdrawing = [], loop = beginLoop() } = state as Partial<LifecycleState>;
  return { ...state, schemaVersion: 2, withdrawing, loop };
}

// ---- receiving ---------------------------------------------------------------------------------------------------------------------

/** The state after one message that came at this time. Never writes to `state`. */
export function receive(state: LifecycleState, message: LifecycleMessage, nowMs: number): LifecycleState {
  const loop = (next: LoopState): LifecycleState => ({ ...state, loop: next });
  const active = state.phase === 'active';
  switch (message.kind) {
    case 'ring': return { ...state, known: Math.max(state.known, message.batchNumber), idleLooks: 0 };
    case 'settings-changed': return { ...state, lookWanted: state.lookWanted || message.revision > (state.settings?.revision ?? 0) };
    case 'request': return isKnownRequest(state, message.request.key) || !active ? state : { ...state, requests: [...state.requests, message.request] };
    case 'ledger': return receiveLedger(state, message.page, nowMs);
    case 'model-gone': return stop({ ...state, looking: null }, 'the model was deleted');
    case 'run-finished': return receiveReport(state, message.report, nowMs);
    case 'run-lost': return state.active?.runNumber === message.runNumber ? { ...state, lost: true } : state;
    case 'decision-closed': return {
      ...state, openDecisions: without(state.openDecisions, message.report.decisionId), withdrawing: without(state.withdrawing, message.report.decisionId),
      loop: active && state.openDecisions.includes(message.report.decisionId) ? receiveAnswer(state.loop, message.report, nowMs) : state.loop,
    };
    case 'retraining-requested': return active ? loop(requestRetraining(state.loop, message.request, nowMs)) : state;
    case 'retraining-finished': return { ...loop(retrainingEnded(state.loop, message)), lookWanted: active };
    case 'challenger-added': return active ? loop(addChallenger(state.loop, message.version, message.by, 'registered as a challenger')) : state;
    case 'promotion-requested': return active ? loop(requestPromotion(state.loop, message.request)) : state;
    case 'champion-changed': return receiveChampion(loop(championChanged(state.loop, message.number, message.champion)), message);
    case 'challenge-finished': return loop(challengeEnded(state.loop, message.number));
    case 'tend-soon': return active ? loop({ ...state.loop, tendWanted: true }) : state;
    case 'tended': return receiveTended(state, message.outcome, nowMs);
    case 'archive': return stop(state, 'the model was archived');
  }
}

/** The run that a request got, once the ledger has been looked at. */
export function ticketOf(state: LifecycleState, key: string): number | null {
  return state.tickets.find((ticket) => ticket.key === key)?.runNumber ?? null;
}

function isKnownRequest(state: LifecycleState, key: string): boolean {
  return ticketOf(state, key) !== null || state.requests.some((request) => request.key === key);
}

/** No more runs, and nobody needs to answer any more. A run that is active may end by itself. */
function stop(state: LifecycleState, reason: string): LifecycleState {
  if (state.phase !== 'active') return state;
  const withdrawals = state.openDecisions.map((decisionId) => ({ decisionId, reason }));
  return { ...state, loop: stopLoop(state.loop, reason), phase: 'archiving', queue: [], requests: [], asks: [], openDecisions: [], withdrawing: [], withdrawals: [...state.withdrawals, ...withdrawals], lookWanted: false };
}

function receiveLedger(state: LifecycleState, page: LedgerPage, nowMs: number): LifecycleState {
  if (page.state !== 'active') return stop({ ...state, looking: null }, `the model was ${page.state}`);
  const covers = state.looking?.covers ?? 0;
  let next: LifecycleState = {
    ...state,
    settings: { revision: page.settingsRevision, runs: page.runs, decisions: page.decisions },
    known: Math.max(state.known, page.lastBatch),
    idleLooks: page.entries.length > 0 ? 0 : Math.min(state.idleLooks + 1, state.pace.idleDoublings ?? IDLE_DOUBLINGS),
    looking: null,
    lookWanted: false,
    loop: seeLoop(state.loop, page, nowMs),
  };
  // A lower number may have been reached before it was set: then the run is due where the ledger was read to.
  if (page.runs.everyRows && next.rowsSince >= page.runs.everyRows) next = enqueue(next, { horizon: next.scanned, trigger: 'count', by: 'policy', full: false });
  for (const entry of page.entries) {
    if (entry.number <= next.scanned) continue;
    if (next.queue.length >= QUEUE_MAX) break;
    next = readEntry(next, entry);
  }
  const reachedTheEnd = !page.more && next.scanned >= page.lastBatch;
  if (!reachedTheEnd) return next;
  for (const request of next.requests.slice(0, covers)) next = grantRequest(next, request);
  return { ...next, requests: next.requests.slice(covers) };
}

/** Reads one entry of the ledger: this alone decides which runs are due by count and by targets, and at which horizon. */
function readEntry(state: LifecycleState, entry: LedgerPage['entries'][number]): LifecycleState {
  const runs = state.settings?.runs;
  const next: LifecycleState = {
    ...state,
    scanned: entry.number,
    newSince: state.newSince || (entry.kind !== 'reference' && entry.shadowOf === undefined),
    // Rows of a challenger are not monitored, they are compared.
    rowsSince: state.rowsSince + (entry.kind === 'analysis' && entry.shadowOf === undefined ? entry.rowsAccepted : 0),
    loop: countForChallenges(state.loop, entry),
  };
  if (entry.kind === 'target' && entry.rowsAccepted > 0 && runs?.onTargets) return enqueue(next, { horizon: entry.number, trigger: 'targets', by: 'policy', full: false });
  if (runs?.everyRows && next.rowsSince >= runs.everyRows) return enqueue(next, { horizon: entry.number, trigger: 'count', by: 'policy', full: false });
  return next;
}

function enqueue(state: LifecycleState, due: Omit<DueRun, 'runNumber'>): LifecycleState {
  const runNumber = state.lastRun + 1;
  return { ...state, lastRun: runNumber, queue: [...state.queue, { runNumber, ...due }], queuedHorizon: due.horizon, rowsSince: 0, newSince: false };
}

/** A request gets the run that waits at the end of the ledger anyway, or a new one there. */
function grantRequest(state: LifecycleState, request: RunRequest): LifecycleState {
  const last = state.queue.at(-1);
  let next = state;
  if (last && last.horizon === state.scanned) {
    next = { ...state, queue: [...state.queue.slice(0, -1), { ...last, full: last.full || (request.full ?? false) }] };
  } else {
    next = enqueue(state, { horizon: state.scanned, trigger: request.trigger, by: request.by, full: request.full ?? false });
  }
  const tickets = [...next.tickets, { key: request.key, runNumber: next.lastRun }];
  return { ...next, tickets: tickets.slice(-TICKETS_MAX) };
}

function receiveReport(state: LifecycleState, report: RunReport, nowMs: number): LifecycleState {
  if (state.active?.runNumber !== report.runNumber) return state;
  const active = { ...state, active: null, lost: false, horizon: report.state === 'completed' ? Math.max(state.horizon, report.horizon) : state.horizon };
  if (state.phase !== 'active') return active;
  const asked = new Set([...state.openDecisions, ...state.asks.map((ask) => ask.decisionId)]);
  return {
    ...active,
    asks: [...state.asks, ...report.questions.filter((question) => !asked.has(question.decisionId))],
    withdrawals: [...state.withdrawals, ...report.withdrawn.map((decisionId) => ({ decisionId, reason: `run ${report.runNumber} found that its incident no longer holds` }))],
    lookWanted: true,
    loop: receiveIncidents(state.loop, report.attended ?? [], report.ended ?? [], nowMs),
  };
}

/** The version in charge is another one: its results are computed, and questions about the one before need no answer. */
function receiveChampion(state: LifecycleState, { number, champion, by }: { number: number; champion: number; by: string }): LifecycleState {
  if (state.phase !== 'active') return state;
  const request: RunRequest = { key: `promotion:${number}:${champion}`, trigger: 'promotion', by };
  const asked = [...state.openDecisions];
  return {
    ...state,
    requests: isKnownRequest(state, request.key) ? state.requests : [...state.requests, request],
    withdrawals: [...state.withdrawals, ...asked.map((decisionId) => ({ decisionId, reason: `version ${champion} is in charge now` }))],
  };
}

function receiveTended(state: LifecycleState, outcome: TendOutcome, nowMs: number): LifecycleState {
  if (state.phase !== 'active') return { ...state, loop: { ...state.loop, tending: false } };
  const next = { ...state, loop: tended(state.loop, outcome, nowMs) };
  // Chunks whose wait has ended are judged as final.
  return outcome.settled && next.settings ? enqueue(next, { horizon: next.scanned, trigger: 'targets', by: 'policy', full: false }) : next;
}

// ---- deciding ----------------------------------------------------------------------------------------------------------------------

export type LifecycleStep =
  | { kind: 'look'; after: number }
  | { kind: 'run'; run: DueRun; previousHorizon: number }
  | { kind: 'abandon'; runNumber: number; horizon: number }
  | { kind: 'ask'; question: Question; settings: DecisionSettings }
  | { kind: 'withdraw'; decisionId: string; reason: string }
  | { kind: 'loop'; step: LoopStep };

/** Lets time pass: a run by time becomes due, an archived lifecycle comes to its end. */
export function advance(state: LifecycleState, nowMs: number): LifecycleState {
  const timeDueAt = timeTriggerAt(state);
  if (timeDueAt !== null && nowMs >= timeDueAt) return enqueue(state, { horizon: state.scanned, trigger: 'time', by: 'policy', full: false });
  const restful = state.active === null && state.looking === null && state.withdrawals.length === 0 && !state.loop.tending && dueLoopSteps(state.loop, nowMs).length === 0;
  return state.phase === 'archiving' && restful ? { ...state, phase: 'archived' } : state;
}

/** What is to be begun now. Every step is begun once: `markBegun` takes it off. */
export function dueSteps(state: LifecycleState, nowMs: number): LifecycleStep[] {
  const steps: LifecycleStep[] = [];
  for (const { decisionId, reason } of state.withdrawals) steps.push({ kind: 'withdraw', decisionId, reason });
  if (state.settings) for (const question of state.asks) steps.push({ kind: 'ask', question, settings: state.settings.decisions });
  if (state.active && state.lost) steps.push({ kind: 'abandon', runNumber: state.active.runNumber, horizon: state.active.horizon });
  const next = state.queue[0];
  if (next && !state.active && state.phase === 'active') steps.push({ kind: 'run', run: next, previousHorizon: state.horizon });
  for (const step of dueLoopSteps(state.loop, nowMs)) steps.push({ kind: 'loop', step });
  const lookAt = nextLookAt(state);
  if (lookAt !== null && nowMs >= lookAt) steps.push({ kind: 'look', after: state.scanned });
  return steps;
}

export function markBegun(state: LifecycleState, step: LifecycleStep, nowMs: number): LifecycleState {
  switch (step.kind) {
    case 'look': return { ...state, looking: { covers: state.requests.length }, lastLookAtMs: nowMs };
    case 'run': return { ...state, queue: state.queue.slice(1), active: step.run, lost: false, lastBegunAtMs: nowMs };
    case 'loop': return { ...state, loop: markLoopBegun(state.loop, step.step, nowMs) };
    case 'abandon': return { ...state, lost: false };
    case 'ask': return { ...state, asks: state.asks.filter((ask) => ask !== step.question), openDecisions: [...state.openDecisions, step.question.decisionId] };
    case 'withdraw': return {
      ...state,
      withdrawals: state.withdrawals.filter((item) => item.decisionId !== step.decisionId),
      withdrawing: state.openDecisions.includes(step.decisionId) ? [...without(state.withdrawing, step.decisionId), step.decisionId] : state.withdrawing,
    };
  }
}

/** When something becomes due without any message (ms since 1970); null: never. */
export function nextDeadline(state: LifecycleState): number | null {
  const moments = [nextLookAt(state), timeTriggerAt(state), state.phase === 'active' ? nextTendAt(state.loop) : null].filter((moment) => moment !== null);
  return moments.length === 0 ? null : Math.min(...moments);
}

const without = (ids: readonly string[], id: string): string[] => ids.filter((other) => other !== id);

/** Nothing is under way that this execution alone knows of: its state can go on in a new one. */
export function isQuiet(state: LifecycleState): boolean {
  return state.looking === null && state.requests.length === 0 && !state.lost && !state.loop.tending && state.loop.retrainingRequests.length === 0;
}

function timeTriggerAt(state: LifecycleState): number | null {
  const everyMs = state.settings?.runs.everyMs ?? null;
  const waits = state.phase === 'active' && state.newSince && state.active === null && state.queue.length === 0 && state.looking === null;
  return everyMs !== null && waits ? state.lastBegunAtMs + everyMs : null;
}

/**
 * While a run is active or others wait their turn, a ring alone is no reason to look: nothing could be begun, and the look after the run finds everything.
 * That keeps a long run's history short however many batches come in meanwhile. A request is always looked up: its caller waits for the ticket.
 */
function nextLookAt(state: LifecycleState): number | null {
  if (state.phase !== 'active' || state.looking !== null) return null;
  const soonest = state.lastLookAtMs + state.pace.lookGapMs;
  if (state.queue.length >= QUEUE_MAX) return null;
  // At once: somebody waits for the ticket, looks come one after the other anyway, and a timer of 50 ms takes a second on a Temporal server.
  if (state.requests.length > 0 || state.settings === null) return state.lastLookAtMs;
  if (state.active !== null || state.queue.length > 0) return null;
  if (state.lookWanted || state.known > state.scanned) return soonest;
  return state.lastLookAtMs + state.pace.lookEveryMs * 2 ** state.idleLooks;
}
