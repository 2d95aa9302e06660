/** What a challenge computes, has written down, and switches. */
import type { ChallengeMode, ChallengeState, Judgement, SwitchOrder, Verdict } from '../../domain/challenge.js';
import type { ChallengeSettings, HttpEndpoint } from '../../domain/lifecycle-settings.js';

export interface OpenedChallenge {
  /** The version in charge, which it would replace; of one that was promoted, the one that it replaced. */
  against: number;
  /** Where it stands: one that is opened again (its workflow was lost) goes on from there. */
  state: ChallengeState;
  judgement: Judgement | null;
  /** Of a closed one: why it could not begin, or how it ended. */
  note: string | null;
  approvedBy: string | null;
  startedAtMs: number;
  promotedAtMs: number | null;
}

export interface ChallengeNote {
  modelId: number;
  number: number;
  state: ChallengeState;
  judgement?: Judgement | null;
  note?: string | null;
  /** With state `switching`: who or what approved. */
  approvedBy?: string | null;
  /** The version that it is compared with from now on. */
  against?: number;
  by: string;
  atMs: number;
}

export interface Promotion {
  modelId: number;
  number: number;
  from: number;
  to: number;
  action: 'promote' | 'rollback';
  by: string;
  note: string | null;
  atMs: number;
}

export interface ChallengeActivities {
  /** Records it, once; as closed when it cannot begin: archived, or in charge already. @throws NotFound no such version or model */
  openChallenge(request: { modelId: number; number: number; mode: ChallengeMode; version: number; by: string; reason: string; atMs: number }): Promise<OpenedChallenge>;
  /** @returns the version in charge at this moment @throws Conflict with state `switching` when the version may not be put in charge any more */
  noteChallenge(note: ChallengeNote): Promise<{ champion: number }>;
  callSwitch(request: { endpoint: HttpEndpoint; order: SwitchOrder }): Promise<void>;
  /**
   * Changes the champion, atomically and once; roles, audit and the challenge's record with it.
   *
   * @property refusal null: done; else why not: another one is in charge by now, the version or the model was archived
   * @property champion the version in charge at the end
   */
  promote(promotion: Promotion): Promise<{ refusal: string | null; champion: number }>;
  /** Guardrails of a probation from serving telemetry. @property fault null: kept; else why it is not */
  checkProbation(request: { modelId: number; number: number; version: number; against: number; settings: ChallengeSettings; sinceMs: number; nowMs: number }): Promise<{ fault: string | null; champion: number }>;
}

/** Of a verdict, what a challenge decides by; the whole stands in the store. Histories stay small by it. */
export type VerdictSummary = Pick<Verdict, 'judgement' | 'text' | 'guardrails'>;

/** On the numeric queue. */
export interface VerdictActivities {
  /** Compares both versions on the rows that both answered, up to a ledger number; stores what it found. The same again gives the same. */
  computeVerdict(request: { modelId: number; challenge: number; challenger: number; champion: number; horizon: number; settings: ChallengeSettings }): Promise<VerdictSummary>;
}
