/** What a client asks of a model's lifecycle: start, ring, run, decide, archive, schedule. Each is one message to a workflow; answers survive its restarts. */
import { WithStartWorkflowOperation, WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { DataConverter, QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, DecisionAnswer } from '../domain/decision.js';
import { Conflict, NotFound } from '../domain/errors.js';
import { decisionTextOf, lifecycleId, MAIN_QUEUE, runId, WORKFLOW } from '../domain/names.js';
import type { RunRequest } from '../domain/policy.js';
import type { RunSummary } from '../domain/run.js';
import type { ModelSettings } from '../domain/settings.js';
import { readDecision } from '../store/decisions.js';
import { markLifecycleStarted, readLifecycleBeginning, type LifecycleBeginning } from '../store/lifecycle-care.js';
import type { Pool } from '../store/pool.js';
import { readRunByNumber } from '../store/runs.js';
import { answerDecision, archive, lifecycleStatus, requestRun, ring, settingsChanged, tendSoon, type LifecycleInput, type LifecycleStatus, type Pace, type RunTicket } from '../workflows/messages.js';
import { ensureSearchAttributes, lifecycleStart } from '../workflows/starting.js';
import { createRings, type Rings } from './rings.js';
import { ensureSchedule, removeSchedule, SCHEDULE_PURPOSES } from './schedules.js';
import { asOurs, isUnreachable, openTemporal, type TemporalLink, type TemporalOptions } from './temporal-link.js';

export type { TemporalOptions } from './temporal-link.js';

export interface LifecyclesOptions {
  pool: Pool;
  /** Who asks, where a call does not say. */
  by: string;
  temporal?: TemporalOptions | undefined;
  /** Instead of the one in `temporal`. */
  dataConverter?: DataConverter | undefined;
  /** Task queue of the workers that run our workflows; default MAIN_QUEUE. A team that runs them in its own worker names its own. */
  mainQueue?: string | undefined;
  numericQueue?: string | undefined;
  pace?: Pace | undefined;
  /** One line when something keeps a caller waiting. */
  onNotice?: (line: string) => void;
}

export interface WaitOptions {
  onProgress?: ((progress: RunSummary['progress']) => void) | undefined;
  signal?: AbortSignal | undefined;
}

const RING_PATIENCE_MS = 2_000;
/** Telemetry of a failing service comes every second: it is looked at at once, and then every half minute. */
const TEND_GAPS = { minMs: 2_000, maxMs: 30_000 };
const CALL_PATIENCE_MS = 15_000;
/** A Temporal server that is started again is there by then. */
const ANSWER_PATIENCE_MS = 30_000;
const FINAL_STATES = new Set(['completed', 'failed', 'cancelled']);

export class Lifecycles {
  readonly #pool: Pool;
  readonly #options: LifecyclesOptions;
  readonly #rings: Rings;
  readonly #tends: Rings;
  #tendsAsked = 0;
  readonly #telling = new Set<Promise<void>>();
  #link: TemporalLink | null = null;
  #tagged: boolean | null = null;

  /** Nothing is connected yet: that comes with the first call. */
  static connect(options: LifecyclesOptions): Promise<Lifecycles> {
    return Promise.resolve(new Lifecycles(options));
  }

  private constructor(options: LifecyclesOptions) {
    this.#pool = options.pool;
    this.#options = options;
    this.#rings = createRings((modelId, batchNumber) => this.temporal.within(RING_PATIENCE_MS, () => this.#lifecycle(modelId).signal(ring, { batchNumber })));
    this.#tends = createRings((modelId) => this.temporal.within(RING_PATIENCE_MS, () => this.#lifecycle(modelId).signal(tendSoon)), TEND_GAPS);
  }

  /** The way to Temporal, opened when it is first needed. */
  get temporal(): TemporalLink {
    const { temporal, dataConverter } = this.#options;
    return this.#link ??= openTemporal({ ...temporal, ...(dataConverter ? { dataConverter } : {}) });
  }

  /** Starts the lifecycle of a model that has just been created; a second start is the first one. The store is told. */
  async start(modelId: number): Promise<void> {
    const beginning = await readLifecycleBeginning(this.#pool, modelId);
    if (!beginning) throw new NotFound(`there is no model with id ${modelId}`);
    await this.#start(beginning);
  }

  /** Tells the lifecycle that the ledger has grown: fire and forget, coalesced, may be lost. */
  ring(modelId: number, batchNumber: number): void {
    this.#rings.ring(modelId, batchNumber);
  }

  /** Tells the lifecycle to look after what it watches: fire and forget, coalesced, may be lost, because its next look at the ledger finds that something is due. */
  tendSoon(modelId: number): void {
    this.#tends.ring(modelId, ++this.#tendsAsked);
  }

  /** Delivers rings that wait. Takes 2 s at most. */
  async flush(): Promise<void> {
    await Promise.all([this.#rings.flush(), this.#tends.flush()]);
  }

  /** A message that may be lost: what it says stands in the store as well, and the lifecycle finds it there later. */
  tell<Args extends unknown[]>(modelId: number, message: SignalDefinition<Args>, ...args: Args): Promise<void> {
    const told = this.temporal.within(RING_PATIENCE_MS, () => this.#lifecycle(modelId).signal(message, ...args)).catch(() => undefined).finally(() => this.#telling.delete(told));
    this.#telling.add(told);
    return told;
  }

  /** The lifecycle reads its settings with every look anyway; this makes it look now. A failure is no harm. */
  async settingsChanged(modelId: number, revision: number): Promise<void> {
    await this.tell(modelId, settingsChanged, { revision });
  }

  /**
   * A run that will see everything that was committed before this call. Equal keys are one request.
   *
   * @throws Conflict archived; NotFound no such model; Error when Temporal does not answer
   */
  async requestRun(modelId: number, request: Partial<RunRequest> = {}): Promise<RunTicket> {
    const whole: RunRequest = { key: request.key ?? randomUUID(), trigger: request.trigger ?? 'manual', by: request.by ?? this.#options.by, ...(request.full ? { full: true } : {}) };
    return this.ask(modelId, requestRun, whole, `run:${whole.key}`);
  }

  /** An update of a model's lifecycle, which is started where it is missing. @param updateId equal ones are one @throws what the lifecycle refuses with; Error when Temporal does not answer */
  async ask<Result, Argument>(modelId: number, update: UpdateDefinition<Result, [Argument]>, argument: Argument, updateId: string): Promise<Result> {
    const warning = this.#warnWithoutWorker();
    try {
      return await this.#ours(() => this.#reviving(modelId, (handle) => untilAnswered(() => handle.executeUpdate(update, { args: [argument], updateId }))));
    } finally {
      clearTimeout(warning);
    }
  }

  /** The same of another workflow of ours. @throws WorkflowNotFoundError when it has ended or never was */
  async askWorkflow<Result, Argument>(workflowId: string, update: UpdateDefinition<Result, [Argument]>, argument: Argument, updateId: string): Promise<Result> {
    const warning = this.#warnWithoutWorker();
    try {
      return await this.#ours(() => untilAnswered(() => this.temporal.client.workflow.getHandle(workflowId).executeUpdate(update, { args: [argument], updateId })));
    } finally {
      clearTimeout(warning);
    }
  }

  /** Starts another workflow of ours; one of the same id that is under way is that one. */
  async startWorkflow(type: string, workflowId: string, input: unknown, summary: string): Promise<void> {
    await this.#ours(() => this.temporal.within(CALL_PATIENCE_MS, () => this.temporal.client.workflow.start(type, {
      workflowId, taskQueue: this.#mainQueue, args: [input], workflowIdConflictPolicy: 'USE_EXISTING', staticSummary: summary.slice(0, 120),
    })));
  }

  /** An update of a workflow of ours, which is started where it does not run. @param updateId equal ones are one */
  async askStarting<Result, Argument>(
    start: { type: string; workflowId: string; input: unknown; summary: string }, update: UpdateDefinition<Result, [Argument]>, argument: Argument, updateId: string,
  ): Promise<Result> {
    const warning = this.#warnWithoutWorker();
    const operation = () => new WithStartWorkflowOperation(start.type, {
      workflowId: start.workflowId, taskQueue: this.#mainQueue, args: [start.input], staticSummary: start.summary.slice(0, 120),
      workflowIdConflictPolicy: 'USE_EXISTING', workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    try {
      return await this.#ours(() => untilAnswered(() => this.temporal.client.workflow.executeUpdateWithStart(update, { args: [argument], updateId, startWorkflowOperation: operation() })));
    } finally {
      clearTimeout(warning);
    }
  }

  /** A query of another workflow of ours. Needs a worker. @throws WorkflowNotFoundError when it never was, or is kept no longer */
  async queryWorkflow<Result>(workflowId: string, query: QueryDefinition<Result>): Promise<Result> {
    return this.#ours(() => this.temporal.within(CALL_PATIENCE_MS, () => this.temporal.client.workflow.getHandle(workflowId).query(query)));
  }

  /** A signal to another workflow of ours, again while the server is away for a moment. @throws WorkflowNotFoundError when it has ended or never was */
  async signalWorkflow<Args extends unknown[]>(workflowId: string, message: SignalDefinition<Args>, ...args: Args): Promise<void> {
    await this.#ours(() => this.temporal.within(CALL_PATIENCE_MS, () => this.temporal.client.workflow.getHandle(workflowId).signal(message, ...args)));
  }

  /** Follows a run in the store until it has ended, whatever restarts meanwhile. @throws NotFound when it neither began nor will */
  async waitForRun(modelId: number, runNumber: number, { onProgress, signal }: WaitOptions = {}): Promise<RunSummary> {
    const warning = this.#warnWithoutWorker();
    let shown = '';
    try {
      for (let pauseMs = 30, turn = 0; ; pauseMs = Math.min(pauseMs * 1.3, 500), turn++) {
        signal?.throwIfAborted();
        const run = await passing(() => readRunByNumber(this.#pool, modelId, runNumber), null);
        const progress = run ? JSON.stringify(run.progress) : '';
        if (run && progress !== shown) {
          shown = progress;
          clearTimeout(warning);
          onProgress?.(run.progress);
        }
        if (run && FINAL_STATES.has(run.state)) return run;
        if (!run && turn % 20 === 19) await this.#mustBeComing(modelId, runNumber);
        await delay(pauseMs, undefined, signal ? { signal } : {});
      }
    } finally {
      clearTimeout(warning);
    }
  }

  /** Resolves when the lifecycle has seen the whole ledger, no run is active or due, and every decision that followed is asked or closed. */
  async waitUntilIdle(modelId: number, { signal }: Pick<WaitOptions, 'signal'> = {}): Promise<LifecycleStatus> {
    const warning = this.#warnWithoutWorker();
    try {
      for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.3, 500)) {
        signal?.throwIfAborted();
        const lastBatch = await passing(() => this.#lastBatch(modelId), null);
        const status = lastBatch === null ? null : await passing(() => this.status(modelId), null);
        if (status && lastBatch !== null) {
          if (status.phase !== 'active') return status;
          if (status.scannedBatch < lastBatch) this.ring(modelId, lastBatch);
          else if (isAtRest(status) && await passing(() => this.#areAsked(status.openDecisions), false)) return status;
        }
        await delay(pauseMs, undefined, signal ? { signal } : {});
      }
    } finally {
      clearTimeout(warning);
    }
  }

  /** Asks an active run to stop; chunks that it has computed stay. @throws Conflict when it has ended or not begun */
  async cancelRun(modelId: number, runNumber: number): Promise<void> {
    // A server may say yes to cancelling what has ended; the store knows better.
    const run = await readRunByNumber(this.#pool, modelId, runNumber);
    if (run && FINAL_STATES.has(run.state)) throw new Conflict(`run ${runNumber} is ${run.state}: it cannot be cancelled any more`);
    for (const giveUpAt = Date.now() + CALL_PATIENCE_MS; ;) {
      try {
        await this.#ours(() => this.temporal.within(CALL_PATIENCE_MS, () => this.temporal.client.workflow.getHandle(runId(modelId, runNumber)).cancel()));
        return;
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        if (run) throw new Conflict(`run ${runNumber} has just ended: it cannot be cancelled any more`);
        // Its ticket was given out, its workflow is about to be started: that moment is waited for. One that stands behind others is not active yet.
        const status = await passing(() => this.status(modelId), null);
        if (status?.activeRun !== runNumber || Date.now() > giveUpAt) throw new NotFound(`run ${runNumber} has not begun: only an active run can be cancelled`);
        await delay(50);
      }
    }
  }

  /**
   * Answers a decision, once; resolves when the answer is recorded.
   *
   * @param workflowId the decision's, see domain/names.ts decisionWorkflowId
   * @throws Conflict it came too late; InvalidInput it is none of the options; NotFound no such decision
   */
  async answerDecision(workflowId: string, answer: DecisionAnswer, options: { key?: string } = {}): Promise<{ decisionId: string; answer: Answer }> {
    const handle = this.temporal.client.workflow.getHandle(workflowId);
    const warning = this.#warnWithoutWorker();
    try {
      return await this.#ours(() => untilAnswered(() => handle.executeUpdate(answerDecision, { args: [answer], updateId: `answer:${options.key ?? randomUUID()}` })));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      throw await this.#whyNotAnswered(workflowId, answer);
    } finally {
      clearTimeout(warning);
    }
  }

  /** After a model was archived or deleted: no more runs, open decisions are withdrawn. A lifecycle that is gone already is no error. */
  async end(modelId: number, by = this.#options.by): Promise<void> {
    await this.#ours(async () => {
      await this.temporal.within(CALL_PATIENCE_MS, () => this.#lifecycle(modelId).signal(archive, { by })).catch(ignoreMissing);
      for (const purpose of SCHEDULE_PURPOSES) await this.temporal.within(CALL_PATIENCE_MS, () => removeSchedule(this.temporal, modelId, purpose));
    });
  }

  /** Makes the model's Temporal Schedules agree with its settings: there, changed, or gone. While no retraining may be wanted but by hand there is none of it. @throws InvalidInput */
  async applySchedules(modelId: number, { runs, zone, retraining }: Pick<ModelSettings, 'runs' | 'zone' | 'retraining'>): Promise<void> {
    const name = (await readLifecycleBeginning(this.#pool, modelId))?.name ?? `model ${modelId}`;
    const wanted = { run: runs.schedule, retraining: (retraining?.mode ?? 'off') === 'off' ? null : retraining?.schedule ?? null };
    for (const purpose of SCHEDULE_PURPOSES) {
      await this.#ours(() => this.temporal.within(CALL_PATIENCE_MS, () => ensureSchedule(this.temporal, { modelId, name, purpose, schedule: wanted[purpose], zone }, this.#mainQueue)));
    }
  }

  /** What the lifecycle knows and does. Needs a worker. @throws WorkflowNotFoundError when it is not there */
  async status(modelId: number): Promise<LifecycleStatus> {
    return this.#ours(() => this.temporal.within(CALL_PATIENCE_MS, () => this.#lifecycle(modelId).query(lifecycleStatus)));
  }

  /** Registers our search attributes where they are missing. @returns false when they may not be added here: everything works without */
  async ensureSearchAttributes(): Promise<boolean> {
    const { connection, namespace } = this.temporal;
    return this.#tagged ??= await this.#ours(() => this.temporal.within(CALL_PATIENCE_MS, () => ensureSearchAttributes(connection, namespace)));
  }

  /** Delivers what rings wait and closes the connection. */
  async close(): Promise<void> {
    await this.flush();
    this.#rings.stop();
    this.#tends.stop();
    await Promise.all(this.#telling);
    await this.#link?.close();
    this.#link = null;
  }

  /** Task queues of the workers that this client's workflows are for. */
  get queues(): { main: string; numeric?: string } {
    const { numericQueue } = this.#options;
    return { main: this.#mainQueue, ...(numericQueue ? { numeric: numericQueue } : {}) };
  }

  get #mainQueue(): string {
    return this.#options.mainQueue ?? MAIN_QUEUE;
  }

  #lifecycle(modelId: number): WorkflowHandle {
    return this.temporal.client.workflow.getHandle(lifecycleId(modelId));
  }

  async #start(beginning: LifecycleBeginning): Promise<void> {
    const { modelId, name, lastRun, horizon, state } = beginning;
    if (state !== 'active') throw new Conflict(`model '${name}' is ${state}: it has no lifecycle`);
    const { numericQueue, pace } = this.#options;
    const input: LifecycleInput = { modelId, name, lastRun, horizon, ...(numericQueue ? { numericQueue } : {}), ...(pace ? { pace } : {}) };
    const startWith = (tagged: boolean) => this.temporal.within(CALL_PATIENCE_MS, () => this.temporal.client.workflow.start(WORKFLOW.lifecycle, lifecycleStart({ ...input, tagged }, this.#mainQueue)));
    await this.#ours(async () => {
      const tagged = await this.ensureSearchAttributes();
      try {
        await startWith(tagged);
      } catch (error) {
        // Attributes that were registered a moment ago may not be known to every part of the server yet.
        if (!tagged || isUnreachable(error)) throw error;
        await startWith(false);
      }
    });
    await markLifecycleStarted(this.#pool, modelId);
  }

  /** A lifecycle that the store expects and Temporal does not have (an interrupted creation, a lost server) is started and asked again. */
  async #reviving<T>(modelId: number, ask: (handle: WorkflowHandle) => Promise<T>): Promise<T> {
    try {
      return await ask(this.#lifecycle(modelId));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      await this.start(modelId);
      return ask(this.#lifecycle(modelId));
    }
  }

  async #mustBeComing(modelId: number, runNumber: number): Promise<void> {
    const status = await passing(() => this.status(modelId), null);
    if (!status || runNumber > status.lastRun) return;
    if (status.phase === 'active' && (status.activeRun === runNumber || status.queue.some((due) => due.runNumber === runNumber))) return;
    if (await readRunByNumber(this.#pool, modelId, runNumber)) return;
    throw new NotFound(`run ${runNumber} will not come: its model was archived or deleted`);
  }

  async #whyNotAnswered(workflowId: string, { answer, by }: DecisionAnswer): Promise<Error> {
    const decisionId = decisionTextOf(workflowId);
    const decision = await readDecision(this.#pool, decisionId);
    if (!decision) return new NotFound(`there is no decision '${decisionId}'`);
    if (decision.state === 'waiting') return new Conflict(`decision '${decisionId}' waits in the store, but Temporal does not have its workflow: '${answer}' by ${by} was not recorded`);
    return new Conflict(`decision '${decisionId}' is closed: ${decision.state}${decision.answer ? `, ${decision.answer}` : ''}${decision.answeredBy ? ` by ${decision.answeredBy}` : ''}`);
  }

  async #lastBatch(modelId: number): Promise<number | null> {
    const { rows } = await this.#pool.query<{ lastBatch: number }>('select last_batch as "lastBatch" from aftercare.model where id = $1', [modelId]);
    return rows[0]?.lastBatch ?? null;
  }

  async #areAsked(decisionIds: readonly string[]): Promise<boolean> {
    if (decisionIds.length === 0) return true;
    const { rows } = await this.#pool.query<{ asked: number }>('select count(*) as asked from aftercare.decision where id = any ($1)', [decisionIds]);
    return rows[0]!.asked === decisionIds.length;
  }

  async #ours<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw error;
      throw asOurs(error, this.temporal);
    }
  }

  /** Says after a while why nothing happens, if the reason is that nobody works. */
  #warnWithoutWorker(): NodeJS.Timeout {
    return setTimeout(() => {
      void this.#hasWorker().then((has) => {
        if (!has) this.#options.onNotice?.(`no worker polls task queue '${this.#mainQueue}': start one with 'aftercare worker', or wait`);
      }, () => undefined);
    }, 4_000).unref();
  }

  async #hasWorker(): Promise<boolean> {
    const { connection, namespace } = this.temporal;
    const { pollers } = await this.temporal.within(CALL_PATIENCE_MS, () => connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: this.#mainQueue }, taskQueueType: 1 }));
    return (pollers ?? []).length > 0;
  }
}

function isAtRest(status: LifecycleStatus): boolean {
  return status.activeRun === null && status.queue.length === 0 && status.queuedRequests === 0 && status.unsettledDecisions.length === 0 && status.unsettledSteps === 0;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

/** A server or worker that restarts in the middle of the question is asked again; the update's id makes the repeat harmless. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  const giveUpAtMs = Date.now() + ANSWER_PATIENCE_MS;
  for (let pauseMs = 200; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnreachable(error) || Date.now() > giveUpAtMs) throw error;
      await delay(pauseMs);
    }
  }
}

/** While one waits, a server that is away for a moment is no reason to give up. */
async function passing<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch {
    return otherwise;
  }
}
