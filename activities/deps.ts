/** What activities are bound to: servers and threads, never values of one request. */
import type { Verdict } from '../domain/challenge.js';
import type { Gate } from '../domain/gate.js';
import type { CalculatorFailure } from '../domain/run.js';
import type { EngineContext } from '../engine/custom-metrics/metric.js';
import type { Pool } from '../store/pool.js';
import type { VerdictActivities } from './contracts/challenge.js';
import type { GateEstimates } from './contracts/gate.js';

/** What a worker's own module brings along: metrics of the user's own. */
export interface LightDeps extends EngineContext {
  pool: Pool;
  /** Where our HTTP server is reached from outside: links and callbacks begin with it. Absent: there are none. */
  publicUrl?: string | undefined;
}

/** @property population only this one of the plan's populations, by its place; absent: all of them, one after another, and the outcome is recorded */
export interface FitTask {
  kind: 'fit';
  runId: number;
  population?: number;
}

/** What a comparison of two versions needs to know. */
export interface VerdictTask {
  kind: 'verdict';
  request: Parameters<VerdictActivities['computeVerdict']>[0];
}

/** A batch's quality is asked for before its predictions are used. */
export interface GateTask {
  kind: 'gate';
  request: Parameters<GateEstimates['askGate']>[0];
}

/** Long work, done off the main thread so that heartbeats and cancellation get through meanwhile. */
export type NumericTask = FitTask | { kind: 'compute'; runId: number; part: number } | VerdictTask | GateTask;
export type NumericResult = FitResult | PartDone | Verdict | Gate;

export interface FitResult {
  fitted: number;
  failures: CalculatorFailure[];
  referenceRowsRead: number;
}

export interface PartDone {
  chunks: number;
  rowsRead: number;
  failures: number;
}

/** How the work gets on. */
export interface TaskProgress {
  done: number;
  of: number;
}

export interface TaskOptions {
  /** Aborted: the work ends at once and nothing of it is kept. */
  signal?: AbortSignal;
  onProgress?: (progress: TaskProgress) => void;
}

/** Of a task where it is worked on. */
export type WorkOptions = TaskOptions & EngineContext;

/** Runs a task in a thread of its own (worker/numeric-pool.ts), or in this one where a program is small (activities/numeric-work.ts). */
export interface NumericThreads {
  run(task: FitTask, options?: TaskOptions): Promise<FitResult>;
  run(task: { kind: 'compute'; runId: number; part: number }, options?: TaskOptions): Promise<PartDone>;
  run(task: VerdictTask, options?: TaskOptions): Promise<Verdict>;
  run(task: GateTask, options?: TaskOptions): Promise<Gate>;
}

export interface NumericDeps {
  pool: Pool;
  threads: NumericThreads;
}
