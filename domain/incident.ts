/**
 * An incident is one cause and its alerts: the longest row of consecutive complete chunks in which one series alerts.
 * A pure function of the current judgements, so that it is the same whatever happened on the way (a run more or less, a retry, a late row).
 */
import type { Severity } from './notice.js';
import type { IncidentKind } from './settings.js';

/** snoozed: acknowledged until a moment, then open again. withdrawn: late data took it back. */
export type IncidentState = 'open' | 'acknowledged' | 'snoozed' | 'resolved' | 'withdrawn';

/** The resolutions that a person can take on an incident, as actions of a runbook. */
export const RESOLUTIONS = ['rebalance', 'engineer_features', 'retrain', 'fine_tune', 'anomaly_detection', 'ask_expert'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

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
  openedByRun: number;
  openedAt: string;
}
