/**
 * The policy of a challenge: what is to be done next, and what follows from what was done. Pure: the workflow brings messages, outcomes and the time.
 *
 * A challenge compares at places of the ledger that it is told, in their order and each exactly, and stops at the first judgement. So it comes to the same
 * verdict however late it looks. A version that is put in charge is watched for a while, and the one before comes back when a limit is not kept.
 */
import { mayAnswer, type Answer } from './decision.js';
import { formatDuration } from './duration.js';
import type { ChallengeMode, ChallengeState, GuardrailCheck, Judgement } from './challenge.js';
import type { ChallengeSettings, PromotionSettings } from './lifecycle-settings.js';

export interface ChallengeTerms {
  mode: ChallengeMode;
  version: number;
  settings: ChallengeSettings;
  promotion: PromotionSettings;
  by: string;
  reason: string;
  approvedBy: string | null;
}

/** A person, or `policy`. */
export interface Wish {
  by: string;
  note: string | null;
}

/** Plain data: handed on when the history is begun anew. */
export interface ChallengeProgress {
  schemaVersion: 1;
  state: ChallengeState;
  /** null: it is not recorded yet. */
  against: number | null;
  /** It could begin. */
  begun: boolean;
  startedAtMs: number;
  /** Places of the ledger that wait for their verdict, in order. */
  checkpoints: number[];
  /** The last place that was judged. */
  horizon: number;
  judgement: Judgement | null;
  /** What it waits for, or how it ended. */
  note: string | null;
  /** Better, and a person is to promote it by hand. */
  ready: boolean;
  /** Questions that were asked about it: an answer counts for the comparison that it was asked after. */
  asked: number;
  /** Who put it in charge, or is about to. */
  promoter: Wish | null;
  /** A person wants it whatever the verdict: then it does not matter which version it replaces. */
  byHand: boolean;
  promotedAtMs: number | null;
  checkedAtMs: number;
  rollback: Wish | null;
  stop: Wish | null;
}

export const FINAL_CHALLENGE_STATES = ['kept', 'rolled_back', 'closed', 'failed', 'cancelled'] as const;
export type FinalChallengeState = (typeof FINAL_CHALLENGE_STATES)[number];

export function isFinalState(state: ChallengeState): state is FinalChallengeState {
  return (FINAL_CHALLENGE_STATES as readonly ChallengeState[]).includes(state);
}

export function beginChallenge({ mode, by, reason, approvedBy, promotion }: ChallengeTerms, nowMs: number): ChallengeProgress {
  // Approval holds only of somebody who may give it; going back is everybody's right.
  const approver = mode === 'rollback' ? by : approvedBy !== null && mayAnswer(promotion.approval.approvers, approvedBy) ? approvedBy : null;
  const state = mode === 'challenge' ? 'shadow' : approver === null ? 'deciding' : 'switching';
  return {
    schemaVersion: 1, state, against: null, begun: false, startedAtMs: nowMs,
    checkpoints: [], horizon: 0, judgement: null, note: null, ready: false, asked: state === 'deciding' ? 1 : 0,
    promoter: mode === 'challenge' || approver === null ? null : { by: approver, note: reason }, byHand: mode !== 'challenge',
    promotedAtMs: null, checkedAtMs: 0, rollback: null, stop: null,
  };
}

// ---- receiving -----------------------------------------------------------------------------------------------------------------------

export type ChallengeMessage =
  // From outside.
  | { kind: 'checkpoint'; horizon: number; before?: readonly number[] }
  | { kind: 'promote'; by: string; note: string | null }
  | { kind: 'roll-back'; by: string; note: string | null }
  | { kind: 'incident'; text: string }
  | { kind: 'stop'; by: string; reason: string }
  // What came of a step.
  | { kind: 'opened'; against: number; state: ChallengeState; judgement: Judgement | null; note: string | null; approvedBy: string | null; startedAtMs: number; promotedAtMs: number | null }
  | { kind: 'refused'; reason: string }
  | { kind: 'judged'; horizon: number; judgement: Judgement; text: string; guardrails: readonly GuardrailCheck[]; champion: number }
  | { kind: 'unjudged'; horizon: number; reason: string }
  | { kind: 'decided'; answer: Answer | null; by: string | null }
  /** Another version is in charge by now than the one that it was compared with. */
  | { kind: 'overtaken'; champion: number }
  /** The same, and a person wants this one nevertheless. */
  | { kind: 'against'; champion: number }
  | { kind: 'promoted'; atMs: number }
  | { kind: 'checked'; atMs: number; fault: string | null; champion: number }
  | { kind: 'rolled-back' }
  | { kind: 'failed'; reason: string };

/** The state after one message. Never writes to `progress`. */
export function receiveChallenge(progress: ChallengeProgress, message: ChallengeMessage, terms: ChallengeTerms): ChallengeProgress {
  const end = (state: FinalChallengeState, note: string): ChallengeProgress => ({ ...progress, state, note, checkpoints: [] });
  if (isFinalState(progress.state)) return progress;
  switch (message.kind) {
    case 'checkpoint': return takesCheckpoints(progress) ? { ...progress, checkpoints: withCheckpoints(progress, [...(message.before ?? []), message.horizon]) } : progress;
    case 'promote': return progress.state === 'shadow' ? promotedByHand(progress, message, terms) : progress;
    case 'roll-back': return progress.state === 'probation' && progress.rollback === null ? { ...progress, rollback: { by: message.by, note: message.note } } : progress;
    case 'incident': return progress.state === 'probation' && progress.rollback === null ? { ...progress, rollback: { by: 'policy', note: message.text } } : progress;
    case 'stop': return { ...progress, stop: progress.stop ?? { by: message.by, note: message.reason } };
    case 'opened': return opened(progress, message);
    case 'refused': return end('closed', message.reason);
    case 'judged': return judged(progress, message, terms);
    case 'unjudged': return { ...progress, checkpoints: after(progress.checkpoints, message.horizon), horizon: message.horizon, note: message.reason };
    case 'decided': {
      if (message.answer === null && progress.stop) return progress;   // it was withdrawn because of that
      if (message.answer === 'approve') return { ...progress, state: 'switching', promoter: { by: message.by ?? 'policy', note: progress.note } };
      const why = message.answer === null ? 'the question was withdrawn' : message.by === null ? 'nobody approved by the deadline' : `${message.by} rejected it`;
      const note = `version ${terms.version} was not promoted: ${why}`;
      // Somebody's wish was rejected, not the version: it goes on being compared.
      return terms.mode === 'challenge' && progress.byHand ? { ...progress, state: 'shadow', byHand: false, note } : end('closed', note);
    }
    case 'overtaken': return overtaken(progress, message.champion, terms);
    case 'against': return { ...progress, against: message.champion };
    case 'promoted': return { ...progress, state: 'probation', promotedAtMs: message.atMs, checkedAtMs: message.atMs, note: `in charge since ${new Date(message.atMs).toISOString()}, on probation` };
    case 'checked': {
      if (message.champion !== terms.version) return overtaken(progress, message.champion, terms);
      const rollback = progress.rollback ?? (message.fault === null ? null : { by: 'policy', note: message.fault });
      return { ...progress, checkedAtMs: message.atMs, rollback };
    }
    case 'rolled-back': {
      const back = terms.mode === 'rollback' ? terms.version : progress.against;
      const wish = progress.rollback ?? progress.promoter;
      return end('rolled_back', `version ${back} is in charge again, by ${wish?.by ?? 'policy'}${wish?.note ? `: ${wish.note}` : ''}`);
    }
    case 'failed': return end('failed', message.reason);
  }
}

/** Whoever may approve has approved by wanting it; anybody else's wish is put to those who may. */
function promotedByHand(progress: ChallengeProgress, { by, note }: Wish, { promotion }: ChallengeTerms): ChallengeProgress {
  const wanted = { ...progress, byHand: true, ready: false, checkpoints: [] };
  if (mayAnswer(promotion.approval.approvers, by)) return { ...wanted, state: 'switching', promoter: { by, note } };
  return { ...wanted, state: 'deciding', asked: progress.asked + 1, note: `${by} wants it${note ? `: ${note}` : ''}` };
}

function takesCheckpoints({ state, ready }: ChallengeProgress): boolean {
  return state === 'shadow' && !ready;
}

/** In the ledger's order, each once, without what was judged. */
function withCheckpoints({ checkpoints, horizon }: ChallengeProgress, more: readonly number[]): number[] {
  return [...new Set([...checkpoints, ...after(more, horizon)])].sort((a, b) => a - b);
}

const after = (checkpoints: readonly number[], horizon: number): number[] => checkpoints.filter((one) => one > horizon);

/** One whose record says that it had come further goes on from there. */
function opened(progress: ChallengeProgress, { against, state, judgement, note, approvedBy, startedAtMs, promotedAtMs }: Extract<ChallengeMessage, { kind: 'opened' }>): ChallengeProgress {
  const known = { ...progress, against, judgement, startedAtMs, begun: true };
  if (isFinalState(state)) return { ...known, state, note, begun: judgement !== null || promotedAtMs !== null };
  if (promotedAtMs !== null) return { ...known, state, promotedAtMs, checkedAtMs: promotedAtMs, promoter: { by: approvedBy ?? 'policy', note: null } };
  if (state === 'switching' && progress.state === 'shadow') return { ...known, state, promoter: { by: approvedBy ?? 'policy', note: null } };
  return known;
}

function judged(progress: ChallengeProgress, { horizon, judgement, text, guardrails, champion }: Extract<ChallengeMessage, { kind: 'judged' }>, terms: ChallengeTerms): ChallengeProgress {
  const known: ChallengeProgress = { ...progress, checkpoints: after(progress.checkpoints, horizon), horizon };
  if (progress.state !== 'shadow') return known;
  if (champion !== progress.against) return overtaken(known, champion, terms);
  const seen = { ...known, judgement, note: text };
  if (judgement === 'worse' || judgement === 'equivalent') return { ...seen, state: 'closed', checkpoints: [] };
  if (judgement === 'not yet') return seen;
  const broken = guardrails.filter(({ kept }) => kept === false);
  if (broken.length > 0) return { ...seen, note: `${text} Not promoted while a guardrail is not kept: ${broken.map((check) => check.text).join('; ')}` };
  switch (terms.promotion.mode) {
    case 'automatic': return { ...seen, state: 'switching', checkpoints: [], promoter: { by: 'policy', note: text } };
    case 'ask': return { ...seen, state: 'deciding', checkpoints: [], asked: progress.asked + 1 };
    case 'manual': return { ...seen, ready: true, checkpoints: [] };
  }
}

/** What was found about another champion says nothing of this one: the comparison begins anew, with the version that is in charge. A probation is over. */
function overtaken(progress: ChallengeProgress, champion: number, { version, mode }: ChallengeTerms): ChallengeProgress {
  if (progress.state === 'probation') return { ...progress, state: 'kept', note: `version ${champion} was put in charge before the probation of version ${version} was over` };
  if (champion === version) return { ...progress, state: 'closed', checkpoints: [], note: `version ${version} is in charge already` };
  const note = `version ${champion} was put in charge meanwhile`;
  if (mode !== 'challenge') return { ...progress, state: 'closed', checkpoints: [], note };
  return { ...progress, state: 'shadow', against: champion, judgement: null, ready: false, promoter: null, note: `${note}: version ${version} is compared with it from here on` };
}

// ---- refusing ------------------------------------------------------------------------------------------------------------------------

export interface Refusal {
  kind: 'InvalidInput' | 'Conflict';
  message: string;
}

/** Why it cannot be promoted by hand now; null: it can. */
export function refusePromotion(progress: ChallengeProgress, given: { by: string } | undefined, { version }: ChallengeTerms, decisionId: string | null): Refusal | null {
  const by = given?.by;
  if (typeof by !== 'string' || by.trim() === '') return { kind: 'InvalidInput', message: 'a promotion says who wants it (by)' };
  if (progress.state === 'deciding') return { kind: 'Conflict', message: `the promotion of version ${version} waits for an answer: decide ${decisionId ?? 'it'}` };
  if (progress.state !== 'shadow' || progress.stop) return { kind: 'Conflict', message: `version ${version} cannot be promoted: its challenge is ${progress.stop ? 'being stopped' : progress.state.replace('_', ' ')}` };
  return null;
}

/** Why it cannot be rolled back now; null: it can. */
export function refuseRollback(progress: ChallengeProgress, given: { by: string } | undefined, { version }: ChallengeTerms): Refusal | null {
  const by = given?.by;
  if (typeof by !== 'string' || by.trim() === '') return { kind: 'InvalidInput', message: 'a rollback says who wants it (by)' };
  if (progress.state !== 'probation') return { kind: 'Conflict', message: `version ${version} is not on probation: its challenge is ${progress.state.replace('_', ' ')}` };
  if (progress.rollback) return { kind: 'Conflict', message: `version ${version} is being rolled back already, by ${progress.rollback.by}` };
  return null;
}

// ---- deciding ------------------------------------------------------------------------------------------------------------------------

export type ChallengeStep =
  | { do: 'open' }
  | { do: 'judge'; horizon: number }
  | { do: 'ask' }
  | { do: 'promote'; promoter: Wish }
  | { do: 'check' }
  /** `to` is to be in charge again. */
  | { do: 'roll-back'; from: number; to: number; wish: Wish }
  /** Nothing is due before this time (ms since 1970), unless somebody says something. */
  | { do: 'wait'; untilMs: number }
  | { do: 'end'; state: FinalChallengeState; note: string | null };

/** Guardrails of a probation are looked at this often at least … */
const CHECK_EVERY_MS = 3_600_000;
/** … and so often in its course, but not more than once a second. */
const CHECKS = 20;
const CHECK_GAP_MS = 1_000;

export function nextChallengeStep(progress: ChallengeProgress, terms: ChallengeTerms, nowMs: number): ChallengeStep {
  const { state, against, stop, note } = progress;
  if (isFinalState(state)) return { do: 'end', state, note };
  if (stop) {
    const still = state === 'probation' ? `; version ${terms.version} stays in charge` : '';
    return { do: 'end', state: 'cancelled', note: `${stop.by}: ${stop.note}${still}` };
  }
  if (against === null) return { do: 'open' };
  switch (state) {
    case 'shadow': return shadowStep(progress, terms, nowMs);
    case 'deciding': return { do: 'ask' };
    case 'switching': {
      const promoter = progress.promoter ?? { by: 'policy', note: null };
      return terms.mode === 'rollback' ? { do: 'roll-back', from: against, to: terms.version, wish: promoter } : { do: 'promote', promoter };
    }
    case 'probation': return probationStep(progress, against, terms, nowMs);
  }
}

function shadowStep({ checkpoints, startedAtMs, ready, judgement, note }: ChallengeProgress, { version, settings }: ChallengeTerms, nowMs: number): ChallengeStep {
  const [horizon] = checkpoints;
  if (horizon !== undefined) return { do: 'judge', horizon };
  const untilMs = startedAtMs + settings.deadlineMs;
  if (nowMs < untilMs) return { do: 'wait', untilMs };
  const found = ready ? `version ${version} is better, and nobody promoted it by the deadline` : `no ${judgement === 'better' ? 'promotion' : 'verdict'} by the deadline`;
  return { do: 'end', state: 'closed', note: note === null ? found : `${found}. Last: ${note}` };
}

/** Checks stand at fixed distances, the last one at the end: what happened in a probation is seen however late anybody looks. */
function probationStep({ promotedAtMs, checkedAtMs, rollback }: ChallengeProgress, against: number, { version, promotion }: ChallengeTerms, nowMs: number): ChallengeStep {
  if (rollback) return { do: 'roll-back', from: version, to: against, wish: rollback };
  const endMs = promotedAtMs! + promotion.probationMs;
  if (checkedAtMs >= endMs) return { do: 'end', state: 'kept', note: `version ${version} kept its probation of ${formatDuration(promotion.probationMs)}` };
  const dueMs = Math.min(checkedAtMs + Math.min(CHECK_EVERY_MS, Math.max(promotion.probationMs / CHECKS, CHECK_GAP_MS)), endMs);
  return nowMs >= dueMs ? { do: 'check' } : { do: 'wait', untilMs: dueMs };
}

/** When the probation ends; null: it is on none. */
export function probationEndsAtMs({ state, promotedAtMs }: ChallengeProgress, { promotion }: ChallengeTerms): number | null {
  return state === 'probation' && promotedAtMs !== null ? promotedAtMs + promotion.probationMs : null;
}
