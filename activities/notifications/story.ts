/** What there is to tell, before it is put into the words of a mail, a request, or a chat. Plain data. */
import type { Verdict } from '../../domain/challenge.js';
import type { Answer } from '../../domain/decision.js';
import type { Series } from '../../plots/series.js';

export interface Story {
  model: string;
  /** Stands in the subject line after the model's name. */
  headline: string;
  /** One sentence. */
  sentence: string;
  facts: { label: string; value: string }[];
  tables: StoryTable[];
  /** How it ended, what it waits for. */
  closing: string | null;
  question: StoryQuestion | null;
  /** Other commands that help, each with what it is for. */
  commands: { purpose: string; command: string }[];
  chart: StoryChart | null;
  /** For machines: what stands in a webhook's body beside the notice. */
  details: Record<string, unknown>;
  /** Why nobody needs to be told any more; null: it still holds. */
  obsolete: string | null;
}

export interface StoryTable {
  caption: string;
  columns: string[];
  rows: string[][];
}

export interface StoryQuestion {
  decisionId: string;
  workflowId: string;
  options: readonly Answer[];
  approvers: readonly string[];
  deadlineAt: Date;
}

export type StoryChart = { title: string; series: Series } | { verdict: Verdict };

/** A story of the sentence alone. */
export function plainStory(model: string, sentence: string): Story {
  return { model, headline: sentence, sentence, facts: [], tables: [], closing: null, question: null, commands: [], chart: null, details: {}, obsolete: null };
}
