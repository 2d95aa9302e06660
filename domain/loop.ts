/**
 * The loop after the alert, as the lifecycle drives it: which incidents are attended, when the model is trained anew, which challenges run and at which places
 * of the ledger they are judged, when somebody looks after what time alone ends. Pure, like domain/policy.ts, of whose state this is a part.
 */
import type { ChallengeMode } from './challenge.js';
import type { DecisionReport, LedgerEntry, PromotionRequest } from './policy.js';
import type { AttendedIncident } from './incident.js';
import type { LoopSettings } from './lifecycle-settings.js';
import type { Notice } from './notice.js';
import type { RetrainingRequest } from './retraining.js';

export interface ActiveChallenge {
  number: number;
  mode: ChallengeMode;
  version: number;
  by: string;
  reason: string;
  approvedBy: string | null;
  /** Rows of its version and targets since its last checkpoint; null before its first rows. */
  newRows: number | null;
  /** Its last checkpoints; absent: none yet. */
  told?: number[];
  /** Its version is in charge: probation. */
  promoted: boolean;
  /** It has been told to end. */
  stopping: boolean;
  /** A look has found its version among the challengers: a later one that does not means that it was removed. One that began before the version was registered means nothing. */
  seen?: boolean;
}

export interface LoopState {
  settings: LoopSettings | null;
  /** Incidents that have a workflow. */
  attended: string[];
  attends: AttendedIncident[];
  changes: { incident: string; state: 'open' | 'resolved' | 'withdrawn' }[];
  lastRetraining: number;
  lastRetrainingAtMs: number | null;
  retraining: { number: number; request: RetrainingRequest; begun: boolean } | null;
  /** Requests that wait for settings. */
  retrainingRequests: RetrainingRequest[];
  /** What became of requests, by key: its retraining's or challenge's number, or why there is none. */
  retrainingTickets: Ticket[];
  promotionTickets: Ticket[];
  lastChallenge: number;
  challenges: ActiveChallenge[];
  /** Those that are to be begun, by number. */
  begins: number[];
  /** Versions that have had their challenge. */
  challenged: number[];
  checkpoints: Checkpoint[];
  probationIncidents: { number: number; incident: string; text: string }[];
  stops: { kind: 'retraining' | 'challenge'; number: number; reason: string }[];
  notices: Notice[];
  tendAtMs: number | null;
  tendWanted: boolean;
  tending: boolean;
  lastTendAtMs: number;
}

/** A place of the ledger at which a challenge is judged, with those before it: signals that are sent at once may overtake each other. */
export interface Checkpoint {
  number: number;
  horizon: number;
  before: number[];
}

export type Ticket = { key: string; number: number } | { key: string; refusal: string };

/** Between two looks after what is watched, however often somebody asks for one. */
const TEND_GAP_MS = 1_000;
const TICKETS_MAX = 100;
/** Checkpoints by which one may be overtaken. */
const TOLD_MAX = 10;
const CHALLENGED_MAX = 500;

export function beginLoop(start: { lastRetraining?: number; lastChallenge?: number } = {}): LoopState {
  return {
    settings: null, attended: [], attends: [], changes: [],
    lastRetraining: start.lastRetraining ?? 0, lastRetrainingAtMs: null, retraining: null, retrainingRequests: [], retrainingTickets: [], promotionTickets: [],
    lastChallenge: start.lastChallenge ?? 0, challenges: [], begins: [], challenged: [], checkpoints: [], probationIncidents: [], stops: [], notices: [],
    tendAtMs: null, tendWanted: false, tending: false, lastTendAtMs: 0,
  };
}

// ---- receiving -----------------------------------------------------------------------------------------------------------------------

/** What a look at the ledger says of the loop. */
export interface LoopView {
  lifecycle?: LoopSettings;
  tendAtMs?: number | null;
  /** Versions that are challengers, and the one in charge. */
  challengers?: number[];
  champion?: number;
  /** The last numbers that the store knows of: a lifecycle that was begun anew goes on from there. */
  lastRetraining?: number;
  lastChallenge?: number;
}

export function seeLoop(loop: LoopState, view: LoopView, nowMs: number): LoopState {
  let next: LoopState = {
    ...loop,
    settings: view.lifecycle ?? loop.settings,
    tendAtMs: view.tendAtMs === undefined ? loop.tendAtMs : view.tendAtMs,
    lastRetraining: Math.max(loop.lastRetraining, view.lastRetraining ?? 0),
    lastChallenge: Math.max(loop.lastChallenge, view.lastChallenge ?? 0),
  };
  // A version that is, or was, in charge is no challenger: late rows of it begin nothing.
  if (view.champion !== undefined && !next.challenged.includes(view.champion)) next = { ...next, challenged: [...next.challenged, view.champion].slice(-CHALLENGED_MAX) };
  for (const request of next.retrainingRequests) next = decideRetraining({ ...next, retrainingRequests: next.retrainingRequests.filter((other) => other !== request) }, request, nowMs);
  if (!view.challengers) return next;
  for (const version of view.challengers) next = addChallenger(next, version, 'aftercare', 'registered as a challenger');
  const { challengers } = view;
  next = { ...next, challenges: next.challenges.map((challenge) => (challengers.includes(challenge.version) && !challenge.seen ? { ...challenge, seen: true } : challenge)) };
  for (const { number, version, mode, promoted, stopping, seen } of next.challenges) {
    const gone = mode === 'challenge' && !promoted && version !== view.champion && seen && !challengers.includes(version);
    if (gone && !stopping) next = stopChallenge(next, number, `version ${version} is no challenger any more`);
  }
  return next;
}

/** One entry of the ledger: this alone decides at which places challenges are judged, however late it is read. */
export function countForChallenges(loop: LoopState, entry: LedgerEntry): LoopState {
  const next = entry.shadowOf === undefined ? loop : addChallenger(loop, entry.shadowOf, 'aftercare', 'its rows came');
  const everyRows = next.settings?.challenge.everyRows;
  const isTarget = entry.kind === 'target';
  if (everyRows === undefined || (entry.shadowOf === undefined && !isTarget)) return next;
  const checkpoints = [...next.checkpoints];
  const challenges = next.challenges.map((challenge): ActiveChallenge => {
    if (challenge.mode !== 'challenge' || challenge.promoted) return challenge;
    const own = entry.shadowOf === challenge.version && entry.kind === 'analysis';   // its reference is a batch as well
    if (!own && !(isTarget && challenge.newRows !== null)) return challenge;
    const newRows = (challenge.newRows ?? 0) + entry.rowsAccepted;
    if (newRows < everyRows) return { ...challenge, newRows };
    const before = challenge.told ?? [];
    checkpoints.push({ number: challenge.number, horizon: entry.number, before });
    return { ...challenge, newRows: 0, told: [...before, entry.number].slice(-TOLD_MAX) };
  });
  return { ...next, challenges, checkpoints };
}

/** A challenge for a version that has had none. */
export function addChallenger(loop: LoopState, version: number, by: string, reason: string): LoopState {
  if (loop.challenged.includes(version)) return loop;
  return beginChallenge(loop, { mode: 'challenge', version, by, reason, approvedBy: null });
}

function beginChallenge(loop: LoopState, what: Pick<ActiveChallenge, 'mode' | 'version' | 'by' | 'reason' | 'approvedBy'>): LoopState {
  const number = loop.lastChallenge + 1;
  return {
    ...loop, lastChallenge: number, begins: [...loop.begins, number],
    challenges: [...loop.challenges, { ...what, number, newRows: null, promoted: false, stopping: false }],
    challenged: [...loop.challenged.filter((version) => version !== what.version), what.version].slice(-CHALLENGED_MAX),
  };
}

/** A person puts a version in charge: one such change at a time. */
export function requestPromotion(loop: LoopState, { key, mode, version, by, note }: PromotionRequest): LoopState {
  if (ticketOf(loop.promotionTickets, key)) return loop;
  const busy = loop.challenges.find((challenge) => challenge.mode !== 'challenge' && !challenge.promoted);
  if (busy) return { ...loop, promotionTickets: keep(loop.promotionTickets, { key, refusal: `challenge ${busy.number} puts version ${busy.version} in charge just now` }) };
  const next = beginChallenge(loop, { mode, version, by, reason: note ?? `${mode} by hand`, approvedBy: by });
  return { ...next, promotionTickets: keep(next.promotionTickets, { key, number: next.lastChallenge }) };
}

/** Asked for; decided as soon as the settings are known. */
export function requestRetraining(loop: LoopState, request: RetrainingRequest, nowMs: number): LoopState {
  if (ticketOf(loop.retrainingTickets, request.key) || loop.retrainingRequests.some(({ key }) => key === request.key)) return loop;
  return loop.settings ? decideRetraining(loop, request, nowMs) : { ...loop, retrainingRequests: [...loop.retrainingRequests, request] };
}

/** One retraining at a time: who asks during one gets that one. */
function decideRetraining(loop: LoopState, request: RetrainingRequest, nowMs: number): LoopState {
  const answer = (ticket: Ticket): LoopState => ({ ...loop, retrainingTickets: keep(loop.retrainingTickets, ticket) });
  const settings = loop.settings?.retraining;
  if (!settings?.training) return answer({ key: request.key, refusal: 'nothing can be trained: the setting retraining.training names neither a workflow nor an address' });
  if (loop.retraining) return answer({ key: request.key, number: loop.retraining.number });
  const rests = request.trigger === 'policy' && loop.lastRetrainingAtMs !== null && nowMs < loop.lastRetrainingAtMs + settings.restMs;
  if (rests) return answer({ key: request.key, refusal: `the last retraining began less than ${settings.restMs} ms ago` });
  const number = loop.lastRetraining + 1;
  return { ...answer({ key: request.key, number }), lastRetraining: number, lastRetrainingAtMs: nowMs, retraining: { number, request, begun: false } };
}

/** What a run, or a look after time, found: incidents to attend, and those that are over. */
export function receiveIncidents(loop: LoopState, opened: readonly AttendedIncident[], ended: readonly { incident: string; state: 'resolved' | 'withdrawn' }[], nowMs: number): LoopState {
  const known = new Set([...loop.attended, ...loop.attends.map(({ incident }) => incident)]);
  const fresh = opened.filter(({ incident }) => !known.has(incident));
  const over = new Set(ended.map(({ incident }) => incident));
  const open = opened.filter(({ incident }) => loop.attended.includes(incident)).map(({ incident }) => ({ incident, state: 'open' as const }));
  let next: LoopState = { ...loop, attends: [...loop.attends, ...fresh], changes: [...loop.changes, ...open, ...ended], attended: loop.attended.filter((incident) => !over.has(incident)) };
  for (const incident of fresh) next = consider(next, incident, nowMs);
  return next;
}

/** What a new incident leads to by policy: a retraining, or the end of a probation. */
function consider(loop: LoopState, { incident, kind, segment, text, old = false }: AttendedIncident, nowMs: number): LoopState {
  const { retraining, promotion } = loop.settings ?? {};
  let next = loop;
  if (retraining && retraining.mode !== 'off' && segment === '' && retraining.on.includes(kind)) {
    next = requestRetraining(next, { key: `incident:${incident}`, trigger: 'policy', by: 'policy', reason: text, incident }, nowMs);
  }
  const probation = loop.challenges.find((challenge) => challenge.promoted && versionOf(incident) === challenge.version);
  if (probation && !old && segment === '' && promotion?.rollbackOn.includes(kind)) next = { ...next, probationIncidents: [...next.probationIncidents, { number: probation.number, incident, text }] };
  return next;
}

/** Of an incident's text (names.ts incidentText). */
function versionOf(incident: string): number {
  return Number(/^v(\d+)\//.exec(incident)?.[1] ?? 1);
}

/** The answer `retrain` to an incident's question is its approval. */
export function receiveAnswer(loop: LoopState, { decisionId, answer, by }: DecisionReport, nowMs: number): LoopState {
  // Without settings this was begun by a version of the code for which the answer had no consequences.
  if (answer !== 'retrain' || by === null || !loop.settings) return loop;
  const incident = decisionId.split('/').slice(1, -1).join('/');
  return requestRetraining(loop, { key: `decision:${decisionId}`, trigger: 'incident', by, reason: `${by} answered 'retrain' to ${decisionId}`, incident, approvedBy: by }, nowMs);
}

export function retrainingEnded(loop: LoopState, { number, version }: { number: number; version: number | null }): LoopState {
  const next = loop.retraining?.number === number ? { ...loop, retraining: null } : loop;
  return version === null ? next : addChallenger(next, version, 'aftercare', `made by retraining ${number}`);
}

export function championChanged(before: LoopState, number: number, champion: number): LoopState {
  // Another request has put the same version in charge: there is nothing to compare any more.
  const others = before.challenges.filter((challenge) => challenge.number !== number && challenge.version === champion && !challenge.promoted && !challenge.stopping);
  const loop = others.reduce((left, other) => stopChallenge(left, other.number, `version ${champion} was put in charge by challenge ${number}`), before);
  return { ...loop, challenges: loop.challenges.map((challenge) => (challenge.number === number ? { ...challenge, promoted: challenge.version === champion } : challenge)) };
}

export function challengeEnded(loop: LoopState, number: number): LoopState {
  return { ...loop, challenges: loop.challenges.filter((challenge) => challenge.number !== number), checkpoints: loop.checkpoints.filter((one) => one.number !== number) };
}

export function tended(loop: LoopState, outcome: { opened: AttendedIncident[]; closed: string[]; notices: Notice[]; nextAtMs: number | null }, nowMs: number): LoopState {
  const next = receiveIncidents(loop, outcome.opened, outcome.closed.map((incident) => ({ incident, state: 'resolved' as const })), nowMs);
  return { ...next, notices: [...next.notices, ...outcome.notices], tending: false, tendAtMs: outcome.nextAtMs };
}

/** The model is archived or gone: what runs for it is told to end, what was not begun is not. */
export function stopLoop(loop: LoopState, reason: string): LoopState {
  const begun = loop.challenges.filter(({ number }) => !loop.begins.includes(number));
  return {
    ...loop, attends: [], retrainingRequests: [], begins: [], checkpoints: [], probationIncidents: [], notices: [], tendAtMs: null, tendWanted: false, retraining: null, challenges: [], attended: [],
    changes: loop.attended.map((incident) => ({ incident, state: 'resolved' as const })),
    stops: [...loop.stops, ...begun.map(({ number }) => ({ kind: 'challenge' as const, number, reason })), ...(loop.retraining?.begun ? [{ kind: 'retraining' as const, number: loop.retraining.number, reason }] : [])],
  };
}

function stopChallenge(loop: LoopState, number: number, reason: string): LoopState {
  const begun = !loop.begins.includes(number);
  return {
    ...loop, begins: loop.begins.filter((other) => other !== number), stops: begun ? [...loop.stops, { kind: 'challenge', number, reason }] : loop.stops,
    challenges: begun ? loop.challenges.map((one) => (one.number === number ? { ...one, stopping: true } : one)) : loop.challenges.filter((one) => one.number !== number),
  };
}

export function ticketOf(tickets: readonly Ticket[], key: string): Ticket | null {
  return tickets.find((ticket) => ticket.key === key) ?? null;
}

function keep(tickets: readonly Ticket[], ticket: Ticket): Ticket[] {
  return [...tickets, ticket].slice(-TICKETS_MAX);
}

// ---- deciding ------------------------------------------------------------------------------------------------------------------------

export type LoopStep =
  | { kind: 'attend'; incident: AttendedIncident }
  | { kind: 'tell-incident'; incident: string; state: 'open' | 'resolved' | 'withdrawn' }
  | { kind: 'retrain'; number: number; request: RetrainingRequest }
  | { kind: 'challenge'; challenge: ActiveChallenge }
  | ({ kind: 'checkpoint' } & Checkpoint)
  | { kind: 'probation-incident'; number: number; incident: string; text: string }
  | { kind: 'stop'; what: 'retraining' | 'challenge'; number: number; reason: string }
  | { kind: 'notice'; notice: Notice }
  | { kind: 'tend' };

export function dueLoopSteps(loop: LoopState, nowMs: number): LoopStep[] {
  const steps: LoopStep[] = [];
  for (const incident of loop.attends) steps.push({ kind: 'attend', incident });
  for (const { incident, state } of loop.changes) steps.push({ kind: 'tell-incident', incident, state });
  for (const notice of loop.notices) steps.push({ kind: 'notice', notice });
  if (loop.retraining && !loop.retraining.begun) steps.push({ kind: 'retrain', number: loop.retraining.number, request: loop.retraining.request });
  for (const challenge of loop.challenges) if (loop.begins.includes(challenge.number) && loop.settings) steps.push({ kind: 'challenge', challenge });
  // A challenge is told of its checkpoints only once it has begun: its steps stand before.
  for (const checkpoint of loop.checkpoints) if (!loop.begins.includes(checkpoint.number)) steps.push({ kind: 'checkpoint', ...checkpoint });
  for (const one of loop.probationIncidents) steps.push({ kind: 'probation-incident', ...one });
  for (const { kind, number, reason } of loop.stops) steps.push({ kind: 'stop', what: kind, number, reason });
  const at = nextTendAt(loop);
  if (at !== null && nowMs >= at) steps.push({ kind: 'tend' });
  return steps;
}

export function markLoopBegun(loop: LoopState, step: LoopStep, nowMs: number): LoopState {
  switch (step.kind) {
    case 'attend': return { ...loop, attends: loop.attends.filter((one) => one !== step.incident), attended: [...loop.attended, step.incident.incident] };
    case 'tell-incident': return { ...loop, changes: loop.changes.slice(1) };
    case 'notice': return { ...loop, notices: loop.notices.filter((one) => one !== step.notice) };
    case 'retrain': return { ...loop, retraining: loop.retraining && { ...loop.retraining, begun: true } };
    case 'challenge': return { ...loop, begins: loop.begins.filter((number) => number !== step.challenge.number) };
    case 'checkpoint': return { ...loop, checkpoints: loop.checkpoints.filter((one) => one.number !== step.number || one.horizon !== step.horizon) };
    case 'probation-incident': return { ...loop, probationIncidents: loop.probationIncidents.filter((one) => one.incident !== step.incident || one.number !== step.number) };
    case 'stop': return { ...loop, stops: loop.stops.filter((one) => one.number !== step.number || one.kind !== step.what) };
    case 'tend': return { ...loop, tending: true, tendWanted: false, tendAtMs: null, lastTendAtMs: nowMs };
  }
}

/** ms since 1970; null: nothing waits for time. */
export function nextTendAt(loop: LoopState): number | null {
  if (loop.tending) return null;
  const soonest = loop.lastTendAtMs + TEND_GAP_MS;
  if (loop.tendWanted) return soonest;
  return loop.tendAtMs === null ? null : Math.max(loop.tendAtMs, soonest);
}
