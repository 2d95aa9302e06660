/** What the incident's workflow has written down. */
import type { IncidentActRecord, IncidentState, Resolution } from '../../domain/incident.js';

export interface IncidentNote {
  modelId: number;
  incidentId: number;
  /** Stable: the same note again changes nothing. */
  key: string;
  /** ended: the data did it; resolved: a person, or the end of the model. */
  act: IncidentActRecord['act'];
  by: string;
  note: string | null;
  /** Only of `snoozed`. */
  untilMs: number | null;
  resolution?: { resolution: Resolution; state: 'begun' | 'done' | 'failed' };
  atMs: number;
}

/** How it stands after that; the judgements may have moved on meanwhile. */
export interface NotedIncident {
  state: IncidentState;
  /** Questions about it that wait for an answer. */
  waiting: string[];
}

export interface IncidentActivities {
  /** @throws NotFound when the incident is gone with its model */
  noteIncident(note: IncidentNote): Promise<NotedIncident>;
}
