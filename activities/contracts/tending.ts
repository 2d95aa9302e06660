/** Waits that time alone ends: targets that do not come, a model that falls silent. */
import type { AttendedIncident } from '../../domain/incident.js';
import type { Notice } from '../../domain/notice.js';

export interface TendRequest {
  modelId: number;
  /** The lifecycle's present: the database's clock is never asked. */
  nowMs: number;
}

export interface TendOutcome {
  /** Attended incidents that opened, and texts of those that are over. */
  opened: AttendedIncident[];
  closed: string[];
  notices: Notice[];
  /** Chunks became final (their wait has ended): a run is worth while. */
  settled: boolean;
  /** When something is due again; null: not by time alone. */
  nextAtMs: number | null;
}

export interface TendingActivities {
  /** Idempotent: what was noted once is not noted again, so a repeat gives the same notices until they are acknowledged by the next call's later `nowMs`. */
  tend(request: TendRequest): Promise<TendOutcome>;
}
