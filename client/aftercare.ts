/** The typed client: everything that the command line does is one call here. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataConverter } from '@temporalio/common';
import type { Receipt } from '../domain/batch.js';
import { ANSWERS, type Answer, type Decision } from '../domain/decision.js';
import { Conflict, InvalidInput, NotFound } from '../domain/errors.js';
import type { Incident } from '../domain/incident.js';
import type { CalculatorKind, Result } from '../domain/measurement.js';
import type { RunSummary } from '../domain/run.js';
import { renderReport } from '../plots/report.js';
import { readDecision, readDecisions } from '../store/decisions.js';
import { findModel } from '../store/find-model.js';
import { readIncidents } from '../store/incidents.js';
import { openPool, type Pool } from '../store/pool.js';
import { alertCountRanking, canonicalResults, readCoverage, readEstimationErrors, readResults, streamResults, type ChunkCoverage, type EstimationError, type RankedColumn, type ResultFilter } from '../store/results.js';
import { readRunByNumber, readRuns } from '../store/runs.js';
import { waitingDecisions } from '../store/waiting-decisions.js';
import type { LifecycleStatus, RunTicket } from '../workflows/messages.js';
import { appendInferences, appendTruths, removeByIdentifier, type AppendAnalysisOptions, type AppendInputOptions, type RemoveOptions, type RowInput, type WriteContext } from './append.js';
import { defaultActor, resolveServers } from './connect.js';
import { Lifecycles, type TemporalOptions } from './lifecycle.js';
import { PredictionLog, type PredictionLogOptions } from './log.js';
import { Models } from './models-door.js';
import { gatherReport } from './report.js';
import type { Row } from './sources/index.js';

export interface ConnectOptions {
  /** postgres://… ; default: DATABASE_URL, else the stack that `aftercare up` runs */
  databaseUrl?: string;
  /** Default: Temporal's standard environment, else the stack that `aftercare up` runs. */
  temporal?: TemporalOptions;
  /** For a payload codec; the same as the workers'. */
  dataConverter?: DataConverter;
  /** Data folder of the stack to use, when it is not the usual one. */
  data?: string;
  /** Who acts, for the audit trail. Default: the process's user. */
  by?: string;
  log?: PredictionLogOptions;
}

export interface RunOptions {
  /** Equal keys are one request. Default: a new one. */
  key?: string;
  /** Compute every chunk anew, touched or not. */
  full?: boolean;
}

export interface RunProgressReport {
  step: RunSummary['progress']['step'];
  done: number;
  of: number;
}

const POLL_MS = 100;

export class Aftercare {
  readonly models: Models;
  readonly #pool: Pool;
  readonly #context: WriteContext;
  readonly #connectLifecycles: () => Promise<Lifecycles>;
  readonly #logOptions: PredictionLogOptions;
  #lifecycles: Promise<Lifecycles> | null = null;
  #log: PredictionLog | null = null;

  /**
   * Opens the database and finds Temporal; connects to either when first needed. Appending works while Temporal is away.
   *
   * @throws InvalidInput when no database is to be found
   */
  static async connect(options: ConnectOptions = {}): Promise<Aftercare> {
    const servers = resolveServers(options);
    const pool = openPool(servers.databaseUrl, { applicationName: 'aftercare-client' });
    const by = options.by ?? defaultActor();
    return Promise.resolve(new Aftercare(pool, by, options.log ?? {}, async () => {
      if (!servers.temporal && !options.temporal?.connection) throw new InvalidInput("found no Temporal server: give temporal.address, set TEMPORAL_ADDRESS, or start a stack with 'aftercare up'");
      return Lifecycles.connect({ pool, by, temporal: { ...options.temporal, ...servers.temporal }, dataConverter: options.dataConverter });
    }));
  }

  private constructor(pool: Pool, by: string, logOptions: PredictionLogOptions, connectLifecycles: () => Promise<Lifecycles>) {
    this.#pool = pool;
    this.#logOptions = logOptions;
    this.#connectLifecycles = connectLifecycles;
    // A ring must neither fail nor delay what was committed: it may be lost, the worker's sweeper and the lifecycle look at the ledger as well.
    this.#context = { pool, by, onCommitted: (modelId, batchNumber) => void this.#temporal().then((lifecycles) => lifecycles.ring(modelId, batchNumber)).catch(() => undefined) };
    this.models = new Models(this.#context, () => this.#temporal());
  }

  // ---- rows ----------------------------------------------------------------------------------------------------------------------------

  /** Appends inferences from a file, a stream, or code. Commit = acknowledged. @throws InvalidInput, NotFound, Conflict */
  append(model: string, input: RowInput, options: AppendAnalysisOptions = {}): Promise<Receipt> {
    return appendInferences(this.#context, model, input, options);
  }

  /** Appends targets, matched by identifier; one that comes before its inference waits for it. @throws InvalidInput, NotFound, Conflict */
  targets(model: string, input: RowInput, options: AppendInputOptions = {}): Promise<Receipt> {
    return appendTruths(this.#context, model, input, options);
  }

  /** Removes inferences (or only targets) by identifier; the ledger remembers. @throws InvalidInput, NotFound, Conflict */
  remove(model: string, input: RowInput, options: RemoveOptions = {}): Promise<Receipt> {
    return removeByIdentifier(this.#context, model, input, options);
  }

  /**
   * One prediction. Calls at the same time share a transaction; each resolves on its group's receipt: then the row is kept. Awaiting it is the back-pressure.
   *
   * @throws InvalidInput why this row was quarantined
   */
  log(model: string, row: Row): Promise<Receipt> {
    this.#log ??= new PredictionLog(this.#context, this.#logOptions);
    return this.#log.log(model, row);
  }

  // ---- runs ----------------------------------------------------------------------------------------------------------------------------

  /** Asks for a run and returns as soon as it is accepted. It will have seen everything committed before. @throws NotFound, Conflict */
  async requestRun(model: string, options: RunOptions = {}): Promise<RunTicket> {
    const { modelId } = await findModel(this.#pool, model);
    return (await this.#temporal()).requestRun(modelId, { key: options.key ?? randomUUID(), ...(options.full === undefined ? {} : { full: options.full }) });
  }

  /** Asks for a run and waits until it has ended; survives restarts of everything meanwhile. @throws NotFound, Conflict; InvalidInput when the signal aborts */
  async run(model: string, options: RunOptions & { onProgress?: (progress: RunProgressReport) => void; signal?: AbortSignal } = {}): Promise<RunSummary> {
    const ticket = await this.requestRun(model, options);
    const { modelId } = await findModel(this.#pool, model);
    for (;;) {
      options.signal?.throwIfAborted();
      const run = await readRunByNumber(this.#pool, modelId, ticket.runNumber);
      if (run) options.onProgress?.(run.progress);
      if (run && (run.state === 'completed' || run.state === 'failed' || run.state === 'cancelled')) return run;
      await delay(POLL_MS);
    }
  }

  /** Newest first. */
  async runs(model: string, options: { limit?: number } = {}): Promise<RunSummary[]> {
    const { modelId } = await findModel(this.#pool, model);
    return (await readRuns(this.#pool, modelId, options.limit)).reverse();
  }

  /** Asks an active run to stop; what it computed is kept and the next run goes on from there. @throws NotFound */
  async cancelRun(model: string, runNumber: number): Promise<void> {
    const { modelId } = await findModel(this.#pool, model);
    if (!Number.isInteger(runNumber) || !(await readRunByNumber(this.#pool, modelId, runNumber))) throw new NotFound(`model '${model}' has no run ${runNumber}`);
    await (await this.#temporal()).cancelRun(modelId, runNumber);
  }

  /** Waits until the lifecycle has looked at everything committed so far and no run is active or due. */
  async idle(model: string, options: { signal?: AbortSignal } = {}): Promise<LifecycleStatus> {
    const lifecycles = await this.#temporal();
    for (;;) {
      options.signal?.throwIfAborted();
      const { modelId, lastBatch } = await this.models.get(model);
      await lifecycles.ring(modelId, lastBatch);
      const status = await lifecycles.status(modelId);
      if (status.scannedBatch >= lastBatch && status.activeRun === null && status.queue.length === 0 && status.queuedRequests === 0) return status;
      await delay(POLL_MS);
    }
  }

  /** What the lifecycle workflow says of itself. @throws NotFound */
  async status(model: string): Promise<LifecycleStatus> {
    const { modelId } = await findModel(this.#pool, model);
    return (await this.#temporal()).status(modelId);
  }

  // ---- results -------------------------------------------------------------------------------------------------------------------------

  /** Measurements with their chunks, thresholds and alerts. @throws NotFound */
  async results(model: string, filter: ResultFilter = {}): Promise<Result[]> {
    return readResults(this.#pool, (await findModel(this.#pool, model)).modelId, filter);
  }

  /** The same in blocks: memory does not grow with their number. @throws NotFound */
  async *resultBlocks(model: string, filter: ResultFilter = {}): AsyncGenerator<Result[]> {
    yield* streamResults(this.#pool, (await findModel(this.#pool, model)).modelId, filter);
  }

  /** Sorted lines without run ids, wall-clock times and revisions: equal results, equal lines. @throws NotFound */
  async canonicalResults(model: string): Promise<string[]> {
    return canonicalResults(this.#pool, (await findModel(this.#pool, model)).modelId);
  }

  /** Features by number of alerts in the analysis. @throws NotFound */
  async ranking(model: string, options: { calculator?: CalculatorKind } = {}): Promise<RankedColumn[]> {
    return alertCountRanking(this.#pool, (await findModel(this.#pool, model)).modelId, options);
  }

  /** Estimated beside realized performance, where both are known. @throws NotFound */
  async estimationErrors(model: string): Promise<EstimationError[]> {
    return readEstimationErrors(this.#pool, (await findModel(this.#pool, model)).modelId);
  }

  /** How many rows of each chunk have their target. @throws NotFound */
  async coverage(model: string): Promise<ChunkCoverage[]> {
    return readCoverage(this.#pool, (await findModel(this.#pool, model)).modelId);
  }

  /** One cause and its alerts in consecutive complete chunks; also those that are over. @throws NotFound */
  async incidents(model: string): Promise<Incident[]> {
    return readIncidents(this.#pool, (await findModel(this.#pool, model)).modelId);
  }

  /** One self-contained HTML file. @throws NotFound */
  async report(model: string): Promise<string> {
    return renderReport(await gatherReport(this.#pool, model, new Date()));
  }

  // ---- decisions -----------------------------------------------------------------------------------------------------------------------

  /** Questions to people, in the order in which they were asked: those that wait, or all. @throws NotFound */
  async decisions(options: { model?: string | undefined; all?: boolean } = {}): Promise<Decision[]> {
    const states = options.all ? undefined : (['waiting'] as const);
    if (options.model !== undefined) return readDecisions(this.#pool, (await findModel(this.#pool, options.model)).modelId, states);
    return waitingDecisions(this.#pool, states);
  }

  /**
   * Answers a decision, once.
   *
   * @throws NotFound no such decision
   * @throws Conflict it was answered before, or nobody needs to any more
   */
  async decide(decisionId: string, given: { answer: Answer; note?: string | undefined; by?: string }): Promise<Decision> {
    if (!ANSWERS.includes(given.answer)) throw new InvalidInput(`answer '${String(given.answer)}' is none of ${ANSWERS.join(', ')}`);
    const decision = await readDecision(this.#pool, decisionId);
    if (!decision) throw new NotFound(`there is no decision '${decisionId}': aftercare decisions shows those that wait`);
    if (decision.state !== 'waiting') throw new Conflict(`decision '${decisionId}' was ${decision.state}${decision.answer ? ` (${decision.answer}${decision.answeredBy ? ` by ${decision.answeredBy}` : ''})` : ''}: it is answered once`);
    await (await this.#temporal()).answerDecision(decision.workflowId, { answer: given.answer, by: given.by ?? this.#context.by, ...(given.note === undefined ? {} : { note: given.note }) });
    for (;;) {
      const recorded = await readDecision(this.#pool, decisionId);
      if (!recorded) throw new NotFound(`decision '${decisionId}' went with its model`);
      if (recorded.state !== 'waiting') return recorded;
      await delay(POLL_MS);
    }
  }

  // ---- the end -------------------------------------------------------------------------------------------------------------------------

  /** Answers every `log` that was called, sends the last rings, closes the connections. */
  async close(): Promise<void> {
    await this.#log?.close();
    const lifecycles = await this.#lifecycles?.catch(() => null);
    await lifecycles?.close();
    await this.#pool.end();
  }

  #temporal(): Promise<Lifecycles> {
    this.#lifecycles ??= this.#connectLifecycles().catch((error: unknown) => {
      this.#lifecycles = null;   // the server may be there the next time
      throw error;
    });
    return this.#lifecycles;
  }
}
