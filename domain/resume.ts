/** A lifecycle that is begun anew from what the store knows: after a restore, when what Temporal has disagrees with the store. Pure. */
import { beginLoop, countForChallenges, type ActiveChallenge, type LoopState } from './loop.js';
import type { LoopSettings } from './lifecycle-settings.js';
import { beginLifecycle, DEFAULT_PACE, type DueRun, type LedgerEntry, type LifecycleState, type Pace } from './policy.js';
import type { RetrainingRequest } from './retraining.js';

/** A challenge that goes on: its workflow is there, or is started again. */
export interface ResumedChallenge extends Pick<ActiveChallenge, 'number' | 'mode' | 'version' | 'by' | 'reason' | 'approvedBy' | 'promoted'> {
  /** The last place of the ledger that was judged; 0: none. */
  judged: number;
}

/** What the store knows, and what of it has a workflow. */
export interface KnownLifecycle {
  modelId: number;
  lastRun: number;
  horizon: number;
  lastRetraining: number;
  lastRetrainingAtMs: number | null;
  lastChallenge: number;
  /** The run that is under way. */
  active: DueRun | null;
  openDecisions: string[];
  attended: string[];
  retraining: { number: number; request: RetrainingRequest } | null;
  challenges: ResumedChallenge[];
  /** Challengers whose challenge was lost: each gets a new one. */
  again: { version: number; reason: string }[];
  /** Versions that have had their challenge. */
  challenged: number[];
  settings: LoopSettings;
  /** The ledger in order; needed only where there are challenges. */
  entries: LedgerEntry[];
  pace?: Pace;
}

/** The state of a lifecycle that has read the ledger as far as its runs have, and knows what is under way. */
export function resumeLifecycle(known: KnownLifecycle, nowMs: number): LifecycleState {
  const { active, openDecisions, attended, retraining } = known;
  const begun = beginLifecycle({ ...known, pace: known.pace ?? DEFAULT_PACE }, nowMs);
  const scanned = Math.max(begun.scanned, active?.horizon ?? 0);
  const loop: LoopState = {
    ...begun.loop, attended, lastRetrainingAtMs: known.lastRetrainingAtMs,
    retraining: retraining && { ...retraining, begun: true },
    challenged: [...new Set([...known.challenged, ...known.challenges.filter(({ mode }) => mode === 'challenge').map(({ version }) => version)])],
  };
  return { ...begun, active, openDecisions, scanned, known: scanned, queuedHorizon: scanned, loop: withChallenges(loop, known, scanned) };
}

function withChallenges(loop: LoopState, { challenges, again, entries, settings }: KnownLifecycle, scanned: number): LoopState {
  let next = loop;
  for (const { judged, ...challenge } of challenges) next = join(next, count({ ...challenge, newRows: judged > 0 ? 0 : null, stopping: false }, judged, entries, settings, scanned));
  for (const { version, reason } of again) {
    const number = next.lastChallenge + 1;
    const challenge: ActiveChallenge = { number, mode: 'challenge', version, by: 'aftercare', reason, approvedBy: null, promoted: false, newRows: null, stopping: false };
    next = join({ ...next, lastChallenge: number, begins: [...next.begins, number], challenged: [...new Set([...next.challenged, version])] }, count(challenge, 0, entries, settings, scanned));
  }
  return next;
}

function join(loop: LoopState, { challenges, checkpoints }: Pick<LoopState, 'challenges' | 'checkpoints'>): LoopState {
  return { ...loop, challenges: [...loop.challenges, ...challenges], checkpoints: [...loop.checkpoints, ...checkpoints] };
}

/**
 * Counts a challenge's rows as if its lifecycle had read the ledger from the last verdict to `scanned`, so that the next verdict is due where it would have been.
 * A verdict beyond that place is owed the rows up to it: they are read once more, and must not count again.
 */
function count(challenge: ActiveChallenge, judged: number, entries: readonly LedgerEntry[], settings: LoopSettings, scanned: number): Pick<LoopState, 'challenges' | 'checkpoints'> {
  const alone: LoopState = { ...beginLoop(), settings, challenged: entries.flatMap(({ shadowOf }) => (shadowOf === undefined ? [] : [shadowOf])), challenges: [challenge] };
  const read = (from: number, to: number, loop: LoopState): LoopState => entries.filter(({ number }) => number > from && number <= to).reduce(countForChallenges, loop);
  if (judged <= scanned) return read(judged, scanned, alone);
  const everything: LoopState = { ...alone, settings: { ...settings, challenge: { ...settings.challenge, everyRows: Infinity } } };
  const owed = read(scanned, judged, everything).challenges[0]?.newRows ?? 0;
  return { challenges: [{ ...challenge, newRows: -owed }], checkpoints: [] };
}
