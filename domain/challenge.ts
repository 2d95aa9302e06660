/** A challenge: a version that answers beside the champion, compared with it on the same rows until something is known; and what follows from that. */

export type Judgement = 'better' | 'worse' | 'equivalent' | 'not yet';

/** One metric of both versions on the same rows. Always stated so that a positive difference is good for the challenger. */
export interface MetricComparison {
  metric: string;
  /** Rows that both versions answered and that count here. */
  pairs: number;
  /** realized: with their targets; estimated: without. */
  basis: 'realized' | 'estimated';
  champion: number | null;
  challenger: number | null;
  /** Posterior of the difference in the metric's own unit, challenger against champion, positive is better. */
  difference: { mean: number; lower: number; upper: number } | null;
  /** Half the width of the region of practical equivalence that it was judged by, in the metric's unit; null where nothing can be said. */
  rope: number | null;
  /** Of the posterior: above, below and within the region of practical equivalence. */
  probability: { better: number; worse: number; equivalent: number } | null;
  judgement: Judgement;
  /** Why nothing can be said, or why it is not said yet. */
  reason: string | null;
}

/** A limit that a challenger must keep whatever its metric says. */
export interface GuardrailCheck {
  guardrail: 'error_rate' | 'response_time' | 'worst_segment';
  /** true: kept; null: nothing to judge it by. */
  kept: boolean | null;
  text: string;
}

export interface Verdict {
  model: string;
  challenge: number;
  champion: number;
  challenger: number;
  /** Ledger number up to which rows and targets were seen: the same again gives the same. */
  horizon: number;
  judgement: Judgement;
  /** One sentence with its numbers. */
  text: string;
  comparison: MetricComparison;
  /** Key: `column=value`. */
  segments: Record<string, MetricComparison>;
  guardrails: GuardrailCheck[];
}

/**
 * shadow: compares; deciding: waits for an approval; switching: the user's switch is called; probation: promoted and watched;
 * kept, rolled_back: how a promotion ended; closed: no promotion.
 */
export type ChallengeState = 'shadow' | 'deciding' | 'switching' | 'probation' | 'kept' | 'rolled_back' | 'closed' | 'failed' | 'cancelled';
/** challenge: by verdict; promotion and rollback: a person says which version is to be in charge. */
export type ChallengeMode = 'challenge' | 'promotion' | 'rollback';

export interface Challenge {
  model: string;
  number: number;
  mode: ChallengeMode;
  state: ChallengeState;
  /** The version that would be, or is, promoted, and the one that it would replace. */
  version: number;
  against: number;
  judgement: Judgement | null;
  /** How it ended, or what it waits for; one sentence. */
  note: string | null;
  startedAt: string;
  promotedAt: string | null;
  finishedAt: string | null;
}

/** What the user's switch is given. `compensate` undoes a promotion whose switch failed half way; it may be called for one that was never made. */
export interface SwitchOrder {
  model: string;
  modelId: number;
  challenge: number;
  action: 'promote' | 'rollback' | 'compensate';
  from: number;
  to: number;
  by: string;
}
