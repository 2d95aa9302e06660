/** A monitoring run: which chunks were touched, what was computed, how it ended. */
import type { CalculatorKind } from './measurement.js';

export type RunState = 'scheduled' | 'running' | 'completed' | 'failed' | 'cancelled';
export type RunTrigger = 'manual' | 'schedule' | 'count' | 'time' | 'targets' | 'settings' | 'promotion';

/** A calculator that could not do its work does not take the others down; its reason is kept. */
export interface CalculatorFailure {
  calculator: CalculatorKind;
  /** Absent: all rows together. */
  segment?: string;
  stage: 'fit' | 'calculate';
  /** Chunks that it failed on; empty for a failed fit. */
  chunkKeys: string[];
  message: string;
}

export interface RunSummary {
  model: string;
  number: number;
  state: RunState;
  trigger: RunTrigger;
  requestedBy: string;
  /** Ledger numbers: this run saw all batches up to `horizon`; the one before had seen those up to `previousHorizon`. */
  previousHorizon: number;
  horizon: number;
  /** Chunks of the model after this run, those of its segments included, and how many of them this run computed. */
  chunks: number;
  chunksComputed: number;
  /** Analysis rows read from the tables by this run. */
  rowsRead: number;
  /** Reference rows read, when something had to be fitted anew. */
  referenceRowsRead: number;
  measurements: number;
  /** Alerts in complete chunks of the analysis, of all rows and of every segment. */
  alerts: number;
  failures: CalculatorFailure[];
  /** What else is to be known: values without a segment, values that the reference does not have. One sentence each. */
  notes: string[];
  progress: { step: 'plan' | 'fit' | 'compute' | 'finish' | 'done'; done: number; of: number };
  startedAt: string | null;
  finishedAt: string | null;
  elapsedMs: number | null;
}
