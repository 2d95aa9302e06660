/**
 * Everything that a report shows, as plain data: the client assembles it from the store, tests write it by hand.
 * Nothing here is computed from a clock; the moments that appear were all handed in.
 */
import type { Verdict } from '../domain/challenge.js';
import type { Decision } from '../domain/decision.js';
import type { Incident } from '../domain/incident.js';
import type { CalculatorKind, PeriodName, Result } from '../domain/measurement.js';
import type { RunSummary } from '../domain/run.js';
import type { ModelSchema, ProblemType } from '../domain/schema.js';
import type { ModelSettings } from '../domain/settings.js';
import type { ModelVersion, VersionChange } from '../domain/version.js';

export interface ReportInput {
  model: ReportModel;
  counts: ReportCounts;
  settings: ModelSettings;
  schema: ModelSchema;
  /** What the report is about: '' for all rows together, else `column=value`. */
  segment: string;
  /** Current results of one version and of that segment, in any order, both periods. Empty: nothing was computed yet. */
  results: Result[];
  /** The other segments at a glance; empty in the report of one segment. */
  segments: SegmentStanding[];
  /** Features by drift, most drifted first, in the order of their ranks. */
  ranking: RankedColumn[];
  /** At most one per column; a column without one is shown without its distribution. */
  distributions: Distribution[];
  /** Any order, any state; the report leads with the open ones. */
  incidents: ReportedIncident[];
  decisions: ReportDecision[];
  /** Any order; the report shows the newest first. */
  runs: RunSummary[];
  /** By number; a model of one version needs no words about versions. */
  versions: ReportedVersion[];
  /** In the order in which they happened. */
  changes: VersionChange[];
  /** The newest of each pair of versions, newest first. */
  verdicts: Verdict[];
  /** Version of aftercare that prepared the report. */
  aftercareVersion: string;
  /** ISO 8601 UTC, or null for a report that is the same whenever it is prepared. */
  preparedAt: string | null;
}

/** One segment beside the others. */
export interface SegmentStanding {
  /** `column=value` */
  segment: string;
  referenceRows: number;
  analysisRows: number;
  /** Alerts of the analysis by calculator; without those that have none. */
  alerts: Partial<Record<CalculatorKind, number>>;
  /** The key metric, estimated and realized, in any order. */
  results: Result[];
}

export interface ReportModel {
  name: string;
  /** From 1 within the model. */
  version: number;
  state: 'active' | 'archived';
  problemType: ProblemType;
  /** ISO 8601 UTC */
  createdAt: string | null;
  createdBy: string | null;
}

export interface ReportCounts {
  referenceRows: number;
  analysisRows: number;
  /** Targets that have found their inference, and those that wait for one. */
  targetsMatched: number;
  targetsWaiting: number;
  /** Appended batches of all kinds. */
  batches: number;
  rowsDuplicate: number;
  rowsQuarantined: number;
  /** Event time of the newest analysis row, ISO 8601 UTC; null without timestamps or rows. */
  dataEndsAt: string | null;
}

/** A waiting or answered decision, with the lines that answer it from a shell (shown only while it waits). */
export interface ReportDecision extends Decision {
  /** e.g. `npx aftercare decide 'loans/…' retrain --as NAME`, one per option or way; empty: the report writes the usual ones. */
  commands: string[];
}

export type ReportedVersion = Pick<ModelVersion, 'number' | 'role' | 'referenceRows' | 'provenance' | 'createdAt' | 'createdBy'>;

/** One line of the ranking by number of alerts. */
export interface RankedColumn {
  /** from 1 */
  rank: number;
  column: string;
  alerts: number;
}

/** How a column's values are spread, per chunk. Counts of one column use the same bins or values in every chunk. */
export type Distribution = ContinuousDistribution | CategoricalDistribution;

interface DistributionChunk {
  /** Key and period of the results' chunk that it belongs to. */
  key: string;
  period: PeriodName;
  missing: number;
  /** Univariate drift alerted for this column and chunk; null: it was not or could not be judged. */
  drifted: boolean | null;
}

export interface ContinuousDistribution {
  column: string;
  kind: 'continuous';
  /** Ascending and finite, length B + 1 (B ≥ 1). */
  edges: number[];
  chunks: ContinuousChunk[];
}

export interface ContinuousChunk extends DistributionChunk {
  /** Length B: values in [edge b, edge b+1), the last bin closed. Values outside the edges belong to the outer bins. */
  counts: number[];
}

export interface CategoricalDistribution {
  column: string;
  kind: 'categorical';
  /** The values that are told apart; '' never stands here (it is missing). */
  values: string[];
  chunks: CategoricalChunk[];
}

export interface CategoricalChunk extends DistributionChunk {
  /** Length of `values`. */
  counts: number[];
  /** Rows with any other value. */
  other: number;
}

/** What a report shows of an incident. */
export type ReportedIncident = Pick<Incident, 'id' | 'segment' | 'kind' | 'cause' | 'openingChunk' | 'lastChunk' | 'chunkCount' | 'ongoing' | 'state' | 'model' | 'version' | 'openedByRun' | 'openedAt'>;
