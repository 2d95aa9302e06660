/** A notice: something that people are told of. What is told to whom by which channel, routing decides (activities/notifications). */

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Whom it concerns: a pipeline's fault goes to operations, a change of the world to data science. */
export const TOPICS = ['failure', 'schema', 'performance', 'drift', 'data_quality', 'targets', 'decision', 'retraining', 'challenge', 'promotion', 'gate', 'test'] as const;
export type NoticeTopic = (typeof TOPICS)[number];

/** What the notice is about, so that its words, numbers and plot can be looked up when it is written. */
export interface NoticeSubject {
  type: 'incident' | 'decision' | 'targets' | 'retraining' | 'challenge' | 'gate' | 'none';
  /** incident: its text id; decision: its id; retraining, challenge: the number; gate: its key; targets: the chunk's key. */
  id: string;
}

export interface Notice {
  /** Stable and natural: the same event always gives the same id, whatever was restarted. */
  id: string;
  modelId: number;
  /** e.g. `incident-opened`, `decision-reminder`, `targets-escalated`, `promotion-done`: past or present of one event, in kebab case. */
  kind: string;
  topic: NoticeTopic;
  severity: Severity;
  subject: NoticeSubject;
  /** One sentence for people. */
  text: string;
  atMs: number;
  /** E-mail addresses that are told besides those that the routes name, at once and never in a digest. */
  recipients?: string[];
}
