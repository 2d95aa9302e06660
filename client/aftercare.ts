/** The typed client: everything that the command line does is one call here. */
import type { Receipt } from '../domain/batch.js';
import type { Decision } from '../domain/decision.js';
import { NotFound } from '../domain/errors.js';
import type { Verdict } from '../domain/challenge.js';
import type { Gate, GateRule } from '../domain/gate.js';
import type { Incident } from '../domain/incident.js';
import type { CalculatorKind, Result } from '../domain/measurement.js';
import type { RunSummary } from '../domain/run.js';
import type { TargetCoverage } from '../domain/target-wait.js';
import type { SchemaViolation } from '../domain/violations.js';
import type { DataEvent } from '../domain/data-event.js';
import { readDataEvents, type DataEventFilter } from '../store/data-events.js';
import { readAudit, type AuditFilter, type AuditRecord } from '../store/audit.js';
import { readDecisions } from '../store/decisions.js';
import { findModel } from '../store/find-model.js';
import { migrate } from '../store/migrate.js';
import { readIncidents } from '../store/incidents.js';
import { openPool, type Pool } from '../store/pool.js';
import { alertCountRanking, canonicalResults, readCoverage, readEstimationErrors, readResults, readSegments, streamResults, type ChunkCoverage, type EstimationError, type RankedColumn, type ResultFilter, type SegmentOverview } from '../store/results.js';
import { readRevisions, type RevisionFilter, type ValueRevision } from '../store/revisions.js';
import { readRuns } from '../store/runs.js';
import { readViolations } from '../store/violations.js';
import { waitingDecisions } from '../store/waiting-decisions.js';
import type { LifecycleStatus, RunTicket } from '../workflows/messages.js';
import { answerQuestion, type GivenAnswer } from './answer.js';
import { appendInferences, appendTruths, removeByIdentifier, type AppendAnalysisOptions, type AppendInputOptions, type RemoveOptions, type RowInput, type WriteContext } from './append.js';
import { Challengers } from './challengers.js';
import { Challenges, type PromoteOptions, type RequestedPromotion } from './challenges.js';
import { Retrainings } from './retraining.js';
import type { ExportedRow, ExportOptions } from './rows.js';
import { Secrets } from './secrets.js';
import { askGate, listGates, readGate, waitForGate } from './gates.js';
import { giveVerdict, listVerdicts, type VerdictOptions } from './verdicts.js';
import type { CompareOptions, Comparison, RowsWanted } from './compare.js';
import { defaultActor, resolveServers } from './connect.js';
import { Lifecycles, type WaitOptions } from './lifecycle.js';
import { PredictionLog, type PredictionLogOptions } from './log.js';
import { Models } from './models-door.js';
import { Notifications } from './notifications-door.js';
import type { Ranking, RankOptions } from './rank.js';
import type { Reconciliation, ReconcileOptions } from './reconcile.js';
import { gatherReport } from './report.js';
import { Runbook } from './runbook.js';
import { requireRevision } from './settings-consent.js';
import type { Row } from './sources/index.js';
import { readTargetCoverage } from './target-coverage.js';
import { Telemetry } from './telemetry.js';
import type { TemporalOptions } from './temporal-link.js';

const VIOLATIONS_SHOWN = 1_000;

export interface ConnectOptions {
  /** postgres://… ; default: DATABASE_URL, else the stack that `aftercare up` runs */
  databaseUrl?: string;
  /** Default: Temporal's standard environment, else the stack that `aftercare up` runs. A payload codec goes into `dataConverter`. */
  temporal?: TemporalOptions;
  /** Task queues of the workers, where a team runs our workflows in its own worker. */
  mainQueue?: string;
  numericQueue?: string;
  /** Data folder of the stack to use, when it is not the usual one. */
  data?: string;
  /** Who acts, for the audit trail. Default: the process's user. */
  by?: string;
  log?: PredictionLogOptions;
  /** One line when something keeps a caller waiting, e.g. that no worker is there. */
  onNotice?: (line: string) => void;
}

export interface RunOptions {
  /** Equal keys are one request. Default: a new one. */
  key?: string;
  /** Compute every chunk anew, touched or not. */
  full?: boolean;
}

export class Aftercare {
  readonly models: Models;
  readonly notifications: Notifications;
  readonly challengers: Challengers;
  readonly challenges: Challenges;
  readonly retraining: Retrainings;
  readonly runbook: Runbook;
  readonly secrets: Secrets;
  readonly telemetry: Telemetry;
  readonly #pool: Pool;
  readonly #context: WriteContext;
  readonly #lifecycles: Lifecycles;
  readonly #log: PredictionLog;

  /**
   * Opens the database; connects to Temporal when first needed. Appending and reading work while Temporal is away.
   *
   * @throws InvalidInput when no database is to be found
   */
  static async connect(options: ConnectOptions = {}): Promise<Aftercare> {
    const { databaseUrl, temporal } = resolveServers(options);
    const pool = openPool(databaseUrl, { applicationName: 'aftercare-client' });
    await migrate(pool).catch(async (error: unknown) => {
      await pool.end();
      throw error;
    });
    const { mainQueue, numericQueue, onNotice, by = defaultActor() } = options;
    const lifecycles = await Lifecycles.connect({ pool, by, temporal: { ...temporal, ...options.temporal }, mainQueue, numericQueue, ...(onNotice ? { onNotice } : {}) });
    return new Aftercare(pool, lifecycles, by, options.log);
  }

  private constructor(pool: Pool, lifecycles: Lifecycles, by: string, log: PredictionLogOptions = {}) {
    this.#pool = pool;
    this.#lifecycles = lifecycles;
    this.#context = {
      pool, by, onCommitted: (modelId, batchNumber) => lifecycles.ring(modelId, batchNumber), onIncident: (modelId) => lifecycles.tendSoon(modelId),
    };
    this.#log = new PredictionLog(this.#context, log);
    this.models = new Models(this.#context, lifecycles);
    this.notifications = new Notifications(this.#context, lifecycles);
    this.telemetry = new Telemetry(this.#context, (modelId) => lifecycles.tendSoon(modelId));
    this.challengers = new Challengers(this.#context, lifecycles);
    this.challenges = new Challenges(this.#context, lifecycles);
    this.retraining = new Retrainings(this.#context, lifecycles);
    this.runbook = new Runbook(this.#context, lifecycles, this.retraining);
    this.secrets = new Secrets(this.#context);
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
    return this.#log.log(model, row);
  }

  /** Rows out again, in blocks, with the targets that are known: for a training. @throws NotFound, InvalidInput */
  async *rows(model: string, options: ExportOptions = {}): AsyncGenerator<ExportedRow[]> {
    const { readModelRows } = await import('./rows.js');
    yield* readModelRows(this.#pool, model, options);
  }

  /** What happened to the data: created, added, updated, removed; rows, when, by whom. Newest first. @throws NotFound */
  async events(model: string, filter: DataEventFilter = {}): Promise<DataEvent[]> {
    return readDataEvents(this.#pool, (await findModel(this.#pool, model)).modelId, filter);
  }

  /** Columns and values of batches that were not what the schema says, and who should look at them. Newest first. @throws NotFound */
  async violations(model: string, options: { limit?: number } = {}): Promise<SchemaViolation[]> {
    return readViolations(this.#pool, (await findModel(this.#pool, model)).modelId, options.limit ?? VIOLATIONS_SHOWN);
  }

  // ---- runs ----------------------------------------------------------------------------------------------------------------------------

  /** Asks for a run and returns as soon as it is accepted. It will see everything that was committed before. @throws NotFound, Conflict */
  async requestRun(model: string, options: RunOptions = {}): Promise<RunTicket> {
    const { modelId } = await findModel(this.#pool, model);
    return this.#lifecycles.requestRun(modelId, options);
  }

  /** Asks for a run and waits until it has ended, whatever restarts meanwhile. @throws NotFound, Conflict */
  async run(model: string, options: RunOptions & WaitOptions = {}): Promise<RunSummary> {
    const { key, full, ...waiting } = options;
    const ticket = await this.requestRun(model, { ...(key === undefined ? {} : { key }), ...(full === undefined ? {} : { full }) });
    const { modelId } = await findModel(this.#pool, model);
    return this.#lifecycles.waitForRun(modelId, ticket.runNumber, waiting);
  }

  /** Newest first. */
  async runs(model: string, options: { limit?: number } = {}): Promise<RunSummary[]> {
    const { modelId } = await findModel(this.#pool, model);
    return (await readRuns(this.#pool, modelId, options.limit)).reverse();
  }

  /** Asks an active run to stop; what it computed is kept and the next run goes on from there. @throws NotFound; Conflict when it has ended */
  async cancelRun(model: string, runNumber: number): Promise<void> {
    const { modelId } = await findModel(this.#pool, model);
    if (!Number.isInteger(runNumber) || runNumber < 1) throw new NotFound(`model '${model}' has no run ${runNumber}`);
    await this.#lifecycles.cancelRun(modelId, runNumber);
  }

  /** Waits until the lifecycle has looked at everything committed so far, and no run is active or due. @throws NotFound */
  async idle(model: string, options: Pick<WaitOptions, 'signal'> = {}): Promise<LifecycleStatus> {
    const { modelId } = await findModel(this.#pool, model);
    return this.#lifecycles.waitUntilIdle(modelId, options);
  }

  /** What the lifecycle workflow says of itself. @throws NotFound */
  async status(model: string): Promise<LifecycleStatus> {
    const { modelId } = await findModel(this.#pool, model);
    return this.#lifecycles.status(modelId);
  }

  // ---- results -------------------------------------------------------------------------------------------------------------------------

  /** Measurements with their chunks, thresholds and alerts. @throws NotFound */
  async results(model: string, filter: ResultFilter = {}): Promise<Result[]> {
    if (filter.settingsRevision !== undefined) await requireRevision(this.#pool, model, filter.settingsRevision);
    return readResults(this.#pool, (await findModel(this.#pool, model)).modelId, filter);
  }

  /** The same in blocks: memory does not grow with their number. @throws NotFound */
  async *resultBlocks(model: string, filter: ResultFilter = {}): AsyncGenerator<Result[]> {
    if (filter.settingsRevision !== undefined) await requireRevision(this.#pool, model, filter.settingsRevision);
    yield* streamResults(this.#pool, (await findModel(this.#pool, model)).modelId, filter);
  }

  /** Sorted lines without run ids, wall-clock times and revisions: equal results, equal lines. @throws NotFound */
  async canonicalResults(model: string): Promise<string[]> {
    return canonicalResults(this.#pool, (await findModel(this.#pool, model)).modelId);
  }

  /** Segments that results are there for, with their rows and alerts. @throws NotFound */
  async segments(model: string): Promise<SegmentOverview[]> {
    return readSegments(this.#pool, (await findModel(this.#pool, model)).modelId);
  }

  /** Columns to look at first, on any filter: by alerts, by correlation with performance, by impact × drift. @throws NotFound, InvalidInput when nothing is left to rank */
  async rank(model: string, options: RankOptions = {}): Promise<Ranking> {
    const { rankColumns } = await import('./rank.js');   // the numerics are loaded when something is counted here
    return rankColumns(this.#pool, model, options);
  }

  /** Any two sets of rows side by side, b against a: periods, times, chunks, segments, versions. @throws NotFound, InvalidInput when a side has no rows */
  async compare(model: string, a: RowsWanted, b: RowsWanted, options: CompareOptions = {}): Promise<Comparison> {
    const { compareModelRows } = await import('./compare.js');
    return compareModelRows(this.#pool, model, a, b, options);
  }

  /** Features by number of alerts in the analysis. @throws NotFound */
  async ranking(model: string, options: { calculator?: CalculatorKind; segment?: string } = {}): Promise<RankedColumn[]> {
    return alertCountRanking(this.#pool, (await findModel(this.#pool, model)).modelId, options);
  }

  /** Estimated beside realized performance, where both are known. @throws NotFound */
  async estimationErrors(model: string, options: { segment?: string } = {}): Promise<EstimationError[]> {
    return readEstimationErrors(this.#pool, (await findModel(this.#pool, model)).modelId, options.segment);
  }

  /** How many rows of each chunk have their target. @throws NotFound */
  async coverage(model: string, options: { segment?: string } = {}): Promise<ChunkCoverage[]> {
    return readCoverage(this.#pool, (await findModel(this.#pool, model)).modelId, options.segment);
  }

  /** How many targets have come, by how long their chunks have waited for them, and what is due next; null where none are expected. @throws NotFound */
  targetCoverage(model: string): Promise<TargetCoverage | null> {
    return readTargetCoverage(this.#pool, model);
  }

  /** Every value that chunks of the analysis ever had: provisional ones, final ones, and what corrections made of them. @throws NotFound */
  async revisions(model: string, filter: RevisionFilter = {}): Promise<ValueRevision[]> {
    return readRevisions(this.#pool, (await findModel(this.#pool, model)).modelId, filter);
  }

  /** One cause and its alerts in consecutive complete chunks; also those that are over. @throws NotFound */
  async incidents(model: string): Promise<Incident[]> {
    return readIncidents(this.#pool, (await findModel(this.#pool, model)).modelId);
  }

  /** One self-contained HTML file: of all rows with the segments at a glance, or of one segment. @throws NotFound */
  async report(model: string, options: { segment?: string | undefined } = {}): Promise<string> {
    const { renderReport } = await import('../plots/report.js');   // the drawing library is loaded when something is drawn
    return renderReport(await gatherReport(this.#pool, model, new Date(), options.segment));
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
  async decide(decisionId: string, given: GivenAnswer): Promise<Decision> {
    return answerQuestion(this.#context, this.#lifecycles, decisionId, given);
  }

  /** Who did what, and what was refused: newest first, 200 at most unless said otherwise. @param model absent: all @throws NotFound */
  async audit(model?: string, filter: Omit<AuditFilter, 'modelId'> = {}): Promise<AuditRecord[]> {
    return readAudit(this.#pool, { ...filter, ...(model === undefined ? {} : { modelId: (await findModel(this.#pool, model)).modelId }) });
  }

  // ---- the version in charge -----------------------------------------------------------------------------------------------------------

  /** Puts a version in charge: your switch is called, then the champion changes for all later batches, then it is on probation. @throws NotFound, Conflict */
  promote(model: string, version: number, options: PromoteOptions = {}): Promise<RequestedPromotion> {
    return this.challenges.promote(model, version, options);
  }

  /** Puts the version back in charge that the last promotion replaced. @throws NotFound; Conflict when there is none */
  rollback(model: string, options: PromoteOptions = {}): Promise<RequestedPromotion> {
    return this.challenges.rollback(model, options);
  }

  // ---- verdicts and gates --------------------------------------------------------------------------------------------------------------

  /** How a challenger compares with the version in charge on the rows that both answered: the newest verdict, or one of now. @throws NotFound; InvalidInput when they have no row in common */
  verdict(model: string, options: VerdictOptions = {}): Promise<Verdict> {
    return giveVerdict(this.#context, this.#lifecycles, model, options);
  }

  /** Newest first. @throws NotFound */
  verdicts(model: string, options: { version?: number | undefined; limit?: number | undefined } = {}): Promise<Verdict[]> {
    return listVerdicts(this.#context, model, options);
  }

  /** May a batch's predictions be used? Answers by its estimated quality at once; one that is held waits for a person. @throws NotFound, InvalidInput, Conflict */
  gate(model: string, batch: string, rule: GateRule): Promise<Gate> {
    return askGate(this.#context, this.#lifecycles, model, batch, rule);
  }

  /** As it stands now, or when it is no longer held. @throws NotFound */
  gateState(model: string, batch: string, options: { wait?: boolean; signal?: AbortSignal } = {}): Promise<Gate> {
    return options.wait ? waitForGate(this.#context, model, batch, options) : readGate(this.#context, model, batch);
  }

  /** Newest first. @param options.held only those that wait for a person @throws NotFound */
  gates(model: string, options: { held?: boolean | undefined } = {}): Promise<Gate[]> {
    return listGates(this.#context, model, options);
  }

  // ---- the end -------------------------------------------------------------------------------------------------------------------------

  /** Answers every `log` that was called, sends the last rings, closes the connections. */
  /**
   * After a restore: names and mends every difference between PostgreSQL and Temporal. Needs a worker, of whatever kind, on the main queue. Safe to repeat.
   *
   * @throws Error when PostgreSQL or Temporal do not answer
   */
  async reconcile(options: ReconcileOptions = {}): Promise<Reconciliation> {
    const { reconcile } = await import('./reconcile.js');
    return reconcile({ pool: this.#pool, lifecycles: this.#lifecycles, by: this.#context.by }, options);
  }

  async close(): Promise<void> {
    await Promise.all([this.#log.close(), this.telemetry.close()]);
    await this.#lifecycles.close();
    await this.#pool.end();
  }
}
