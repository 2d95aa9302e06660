/** A decision: a question to people, answered once. */

/** What an incident's question, an approval and a gate may be answered with. Which of them a question takes, it says itself. */
export const ANSWERS = ['acknowledge', 'retrain', 'ignore', 'approve', 'reject', 'release'] as const;
export type Answer = (typeof ANSWERS)[number];

/** What is asked about. `incident`: something was found; the others are approvals. */
export type DecisionSubject = 'incident' | 'retraining' | 'promotion' | 'gate';

/** The answers that a question about this takes; the first one is the one that changes least for an incident, and the one that goes on for an approval. */
export const ANSWERS_ON: Record<DecisionSubject, readonly Answer[]> = {
  incident: ['acknowledge', 'retrain', 'ignore'],
  retraining: ['approve', 'reject'],
  promotion: ['approve', 'reject'],
  gate: ['release', 'reject'],
};

export type DecisionState = 'waiting' | 'answered' | 'defaulted' | 'withdrawn';

export interface Decision {
  /** Stable text for people and commands: `<model>/<kind>/<cause>/<openingChunk>/<n>` with the segment before the kind (domain/names.ts decisionText), also the tail of the workflow's id. */
  id: string;
  model: string;
  subject: DecisionSubject;
  /** Only of an incident's question. */
  incidentId: number | null;
  question: string;
  options: Answer[];
  /** Who may answer; empty: anybody who is named. */
  approvers: string[];
  state: DecisionState;
  answer: Answer | null;
  answeredBy: string | null;
  note: string | null;
  askedAt: string;
  deadlineAt: string;
  answeredAt: string | null;
  workflowId: string;
}

/** What a person sends. `key` makes a repeat of the same answer harmless. */
export interface DecisionAnswer {
  answer: Answer;
  by: string;
  note?: string;
}

/** Names are compared as people write them: without regard to case and to spaces around them. Empty: anybody may. */
export function mayAnswer(approvers: readonly string[], by: string): boolean {
  const name = by.trim().toLowerCase();
  return approvers.length === 0 || approvers.some((one) => one.trim().toLowerCase() === name);
}
