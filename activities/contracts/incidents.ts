/** What the incident's workflow has written down. */
import type { IncidentState, Resolution } from '../../domain/incident.js';

export interface IncidentNote {
  modelId: number;
  incidentId: number;
  /** Stable: the same note again changes nothing. */
  key: string;
  state: IncidentState;
  by: string;
  /** Past tense, for the audit: `incident acknowledged`. */
  action: string;
  note: string | null;
  snoozedUntilMs: number | null;
  resolution?: { resolution: Resolution; state: 'begun' | 'done' | 'failed' };
  atMs: number;
}

export interface IncidentActivities {
  noteIncident(note: IncidentNote): Promise<void>;
}
