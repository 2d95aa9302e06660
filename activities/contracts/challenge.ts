/** What a challenge computes, has written down, and switches. */
import type { ChallengeMode, ChallengeState, Judgement, SwitchOrder, Verdict } from '../../domain/challenge.js';
import type { ChallengeSettings, HttpEndpoint } from '../../domain/lifecycle-settings.js';

export interface ChallengeActivities {
  /** Records it, once. @returns the version in charge. @throws Conflict, NotFound when it cannot begin: archived, already in charge, no such version */
  openChallenge(request: { modelId: number; number: number; mode: ChallengeMode; version: number; by: string; reason: string; atMs: number }): Promise<{ against: number }>;
  noteChallenge(request: { modelId: number; number: number; state: ChallengeState; judgement?: Judgement | null; note?: string | null; by: string; atMs: number }): Promise<void>;
  callSwitch(request: { endpoint: HttpEndpoint; order: SwitchOrder }): Promise<void>;
  /** Changes the champion, atomically and once; roles, audit and the challenge's record with it. @throws Conflict when another one is in charge by now */
  promote(request: { modelId: number; number: number; from: number; to: number; action: 'promote' | 'rollback'; by: string; note: string | null; atMs: number }): Promise<void>;
  /** Guardrails of a probation from serving telemetry. @returns null: kept; else why it is not */
  checkProbation(request: { modelId: number; number: number; version: number; against: number; settings: ChallengeSettings; sinceMs: number; nowMs: number }): Promise<string | null>;
}

/** On the numeric queue. */
export interface VerdictActivities {
  /** Compares both versions on the rows that both answered, up to a ledger number; stores and returns what it found. The same again gives the same. */
  computeVerdict(request: { modelId: number; challenge: number; challenger: number; champion: number; horizon: number; settings: ChallengeSettings }): Promise<Verdict>;
}
