/**
 * An incident is one cause and its alerts: the longest row of consecutive complete chunks in which one series alerts.
 * A pure function of the current judgements, so that it is the same whatever happened on the way (a run more or less, a retry, a late row).
 */
import type { NoticeTopic, Severity } from './notice.js';
import { FAILURE_KINDS, type IncidentKind } from './settings.js';

/** snoozed: acknowledged until a moment, then open again. withdrawn: late data took it back. */
export type IncidentState = 'open' | 'acknowledged' | 'snoozed' | 'resolved' | 'withdrawn';

/** The resolutions that a person can take on an incident, as actions of a runbook. */
export const RESOLUTIONS = ['rebalance', 'engineer_features', 'retrain', 'fine_tune', 'anomaly_detection', 'ask_expert'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** What each of them means, in a sentence. */
export const RESOLUTION_MEANINGS: Record<Resolution, string> = {
  rebalance: 'weigh or sample the training rows anew, so that they are mixed as the rows of today are',
  engineer_features: 'build or mend features, so that the model sees what has changed',
  retrain: 'train the same model on newer rows',
  fine_tune: 'go on training the model in charge with rows of the changed part',
  anomaly_detection: 'find the rows that are unlike the others and treat them apart: set them aside, correct them, or let a person decide on them',
  ask_expert: 'ask somebody who knows the field whether the change is real, lasting and harmful',
};

/** loud: it fails to predict (silence, staleness, errors, schema); silent: it predicts, and badly perhaps. */
export function loudnessOf(kind: IncidentKind): 'loud' | 'silent' {
  return (FAILURE_KINDS as readonly IncidentKind[]).includes(kind) ? 'loud' : 'silent';
}

/** How urgent an incident of this kind is, where whoever opened it has not said otherwise. */
export function severityOf(kind: IncidentKind): Severity {
  if (loudnessOf(kind) === 'loud') return 'critical';
  return kind === 'estimated_performance' || kind === 'realized_performance' ? 'warning' : 'info';
}

/** Whom it concerns: operations where the pipeline fails, data science where the world changes. */
export function topicOf(kind: IncidentKind): NoticeTopic {
  if (kind === 'schema') return 'schema';
  if (loudnessOf(kind) === 'loud') return 'failure';
  if (kind === 'drift' || kind === 'data_quality') return kind;
  return 'performance';
}

/** One that is attended: a workflow tells people of it and waits to be acknowledged. */
export interface AttendedIncident {
  /** Its text, see names.ts incidentText: the same after any storm. */
  incident: string;
  incidentId: number;
  kind: IncidentKind;
  cause: string;
  segment: string;
  openingChunk: string;
  severity: Severity;
  /** One sentence. */
  text: string;
  /** How often its span came, 2 when it came back after it was over; absent: 1. */
  round?: number;
  /** Its version is on probation, and all that it shows was there when the version was put in charge. Absent: no. */
  old?: boolean;
}

/** One complete chunk of one series, in chunk order. */
export interface JudgedChunk {
  key: string;
  /** null (cannot be computed) neither opens nor ends an incident */
  alert: boolean | null;
}

/** Natural identity: (version, segment, kind, cause, openingChunk). */
export interface IncidentSpan {
  openingChunk: string;
  lastChunk: string;
  chunkCount: number;
  /** False once a complete chunk after it did not alert. */
  ongoing: boolean;
}

export function incidentSpans(chunks: readonly JudgedChunk[]): IncidentSpan[] {
  const spans: IncidentSpan[] = [];
  let current: IncidentSpan | null = null;
  for (const chunk of chunks) {
    if (chunk.alert === null) continue;
    if (!chunk.alert) {
      if (current) current.ongoing = false;
      current = null;
    } else if (current) {
      current.lastChunk = chunk.key;
      current.chunkCount += 1;
    } else {
      current = { openingChunk: chunk.key, lastChunk: chunk.key, chunkCount: 1, ongoing: true };
      spans.push(current);
    }
  }
  return spans;
}

export interface Incident {
  id: number;
  model: string;
  version: number;
  /** `column=value`; '' is all rows together. */
  segment: string;
  kind: IncidentKind;
  /** The metric (performance), the column, `reconstruction_error` or `domain_classifier` (drift), the column (data quality). */
  cause: string;
  openingChunk: string;
  lastChunk: string;
  chunkCount: number;
  ongoing: boolean;
  state: IncidentState;
  /** 0: not found by a run. */
  openedByRun: number;
  openedAt: string;
  /** Natural, within the model: see names.ts incidentText. */
  identity: string;
  /** One sentence for people; '' when nobody has written it yet. */
  text: string;
  severity: Severity;
  loudness: 'loud' | 'silent';
  acknowledgedBy: string | null;
  acknowledgedAt: string | null;
  snoozedUntil: string | null;
  escalatedAt: string | null;
  /** Who closed it by hand, or 'aftercare'; null: the data did, or nobody yet. */
  resolvedBy: string | null;
  resolvedAt: string | null;
  /** What was said with the last act. */
  note: string | null;
  /** People have been told of it, and a workflow waits. */
  attended: boolean;
}

/** One thing that was done about an incident, by a person or by time. */
export interface IncidentActRecord {
  at: string;
  act: 'opened' | 'acknowledged' | 'snoozed' | 'reopened' | 'escalated' | 'resolved' | 'ended' | 'resolution' | 'refused';
  by: string;
  note: string | null;
  until: string | null;
  resolution: Resolution | null;
  resolutionState: 'begun' | 'done' | 'failed' | null;
}
