/** A decision: a question to people, answered once. */

export const ANSWERS = ['acknowledge', 'retrain', 'ignore'] as const;
export type Answer = (typeof ANSWERS)[number];

export type DecisionState = 'waiting' | 'answered' | 'defaulted' | 'withdrawn';

export interface Decision {
  /** Stable text for people and commands: `<model>/<kind>/<cause>/<openingChunk>/<n>` with the segment before the kind (domain/names.ts decisionText), also the tail of the workflow's id. */
  id: string;
  model: string;
  incidentId: number;
  question: string;
  options: Answer[];
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
