/** A gate: before a batch's predictions are used, its estimated quality is asked for. */

export interface GateRule {
  /** e.g. roc_auc: an estimated metric of the model. */
  metric: string;
  /** The estimate must not be below (or above) this; absent: the threshold in force of that metric. */
  atLeast?: number;
  atMost?: number;
  /** Rows that an estimate needs; fewer: cannot know. Absent: 100. */
  minRows?: number;
  /** Who may release; empty: anybody who is named. */
  approvers?: string[];
  /** How long a hold waits for a person; then the batch counts as rejected. */
  deadlineMs?: number;
}

export type GateAnswer = 'pass' | 'hold' | 'cannot know';
export type GateState = 'passed' | 'held' | 'released' | 'rejected' | 'unknown';

export interface Gate {
  model: string;
  /** The batch's key. */
  batch: string;
  answer: GateAnswer;
  state: GateState;
  rule: GateRule;
  /** The estimate, its sampling error and the bounds that it was held against. */
  value: number | null;
  samplingError: number | null;
  lower: number | null;
  upper: number | null;
  rows: number;
  /** One sentence. */
  text: string;
  decidedBy: string | null;
  /** The question that waits, when it is held. */
  decisionId: string | null;
}
