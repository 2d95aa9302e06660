/** `aftercare.retraining`: ask for a retraining, follow it, bring its outcome, stop it. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { mayAnswer } from '../domain/decision.js';
import { Conflict, InvalidInput, isFinal, NotFound } from '../domain/errors.js';
import { lifecycleSettings } from '../domain/lifecycle-settings.js';
import { approvalText, retrainingId } from '../domain/names.js';
import type { Retraining, TrainingOutcome } from '../domain/retraining.js';
import { outcomeFault } from '../domain/training-outcome.js';
import { recordAudit } from '../store/audit.js';
import { findModel, requireActive, type FoundModel } from '../store/find-model.js';
import { readRetraining, readRetrainings } from '../store/retrainings.js';
import { requestRetraining, stopRetraining, trainingFinished } from '../workflows/messages.js';
import type { WriteContext } from './append.js';
import type { Lifecycles } from './lifecycle.js';

export interface RetrainingRequestOptions {
  /** One sentence. */
  reason?: string | undefined;
  /** Default: the client's. */
  by?: string | undefined;
  /** Equal keys are one request. Default: a new one. */
  key?: string | undefined;
  /** The incident that it answers, by its text. */
  incident?: string | undefined;
}

export interface RequestedRetraining {
  number: number;
  workflowId: string;
  /** The question that others must answer first; null: it goes on by itself. */
  decision: string | null;
}

const ENDED = new Set<Retraining['state']>(['completed', 'rejected', 'failed', 'cancelled']);
const MOST_REASON = 1_000;

export class Retrainings {
  readonly #context: WriteContext;
  readonly #lifecycles: Lifecycles;

  constructor(context: WriteContext, lifecycles: Lifecycles) {
    this.#context = context;
    this.#lifecycles = lifecycles;
  }

  /**
   * Asks for a retraining by hand. Whoever asks has approved it as well, unless the settings name approvers and he is none of them: then they are asked. One that is under way is joined.
   *
   * @throws NotFound; Conflict when the model is archived, or nothing can be trained: that is in the audit trail as well
   */
  async request(model: string, { reason = 'asked for by hand', by = this.#context.by, key = randomUUID(), incident }: RetrainingRequestOptions = {}): Promise<RequestedRetraining> {
    const found = await findModel(this.#context.pool, model);
    if (by.trim() === '') throw new InvalidInput('a request for a retraining says who asks (by)');
    const { mode, approval } = lifecycleSettings(found.settings).retraining;
    const approves = mayAnswer(approval.approvers, by);
    return this.#audited(found, by, 'retraining refused', { wanted: reason.slice(0, MOST_REASON) }, async () => {
      requireActive(found);
      const ticket = await this.#lifecycles.ask(found.modelId, requestRetraining, {
        key, trigger: incident === undefined ? 'manual' : 'incident', by, reason: reason.slice(0, MOST_REASON), ...(incident === undefined ? {} : { incident }), ...(approves ? { approvedBy: by } : {}),
      }, `retraining:${key}`);
      return { ...ticket, decision: approves || mode === 'automatic' ? null : approvalText(found.modelId, 'retraining', ticket.number) };
    });
  }

  /** The last ones with their outcome, newest first. @throws NotFound */
  async list(model: string, { limit }: { limit?: number | undefined } = {}): Promise<Retraining[]> {
    return readRetrainings(this.#context.pool, (await findModel(this.#context.pool, model)).modelId, limit);
  }

  /** @throws NotFound */
  async get(model: string, number: number): Promise<Retraining> {
    return this.#mustBe(await findModel(this.#context.pool, model), number);
  }

  /** Follows a retraining until it has ended, whatever restarts meanwhile: days, where people are asked. @throws NotFound */
  async wait(model: string, number: number, { signal, onState }: { signal?: AbortSignal | undefined; onState?: ((state: Retraining['state']) => void) | undefined } = {}): Promise<Retraining> {
    const { modelId } = await findModel(this.#context.pool, model);
    let shown: Retraining['state'] | null = null;
    for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 1.3, 2_000)) {
      signal?.throwIfAborted();
      const now = await readRetraining(this.#context.pool, modelId, number).catch((error: unknown) => {
        if (isFinal(error)) throw error;
        return null;   // a database that is away for a moment
      });
      if (now && now.state !== shown) onState?.(shown = now.state);
      if (now && ENDED.has(now.state)) return now;
      await delay(pauseMs, undefined, signal ? { signal } : {});
    }
  }

  /**
   * Brings the outcome of a training that was asked for over HTTP, once. Resolves when it is recorded, with how the retraining ended: a version that is none of this retraining's makes it a failure.
   *
   * @throws InvalidInput it is no outcome; Conflict it is not waited for; NotFound no such retraining. Each is in the audit trail.
   */
  async finish(model: string, number: number, outcome: TrainingOutcome, { by = this.#context.by, key = randomUUID() }: { by?: string | undefined; key?: string | undefined } = {}): Promise<Retraining> {
    const found = await findModel(this.#context.pool, model);
    await this.#audited(found, by, 'training outcome refused', { retraining: number }, async () => {
      const fault = outcomeFault(outcome);
      if (fault !== null) throw new InvalidInput(`that is no outcome of retraining ${number} of model '${found.name}': ${fault}`);
      try {
        await this.#lifecycles.askWorkflow(retrainingId(found.modelId, whole(number)), trainingFinished, { retraining: number, outcome, by }, `outcome:${key}`);
      } catch (error) {
        throw error instanceof WorkflowNotFoundError ? await this.#whyNot(found, number, 'its outcome') : error;
      }
    });
    return this.#mustBe(found, number);
  }

  /** Stops a retraining: its question is withdrawn, or its training is cancelled. @throws NotFound; Conflict when it has ended */
  async cancel(model: string, number: number, { reason = '', by = this.#context.by }: { reason?: string | undefined; by?: string | undefined } = {}): Promise<void> {
    const found = await findModel(this.#context.pool, model);
    const known = await readRetraining(this.#context.pool, found.modelId, whole(number));
    if (known && ENDED.has(known.state)) throw new Conflict(`retraining ${number} of model '${found.name}' is ${known.state}: it cannot be stopped any more`);
    try {
      await this.#lifecycles.signalWorkflow(retrainingId(found.modelId, number), stopRetraining, { by, reason: reason.slice(0, MOST_REASON) });
    } catch (error) {
      throw error instanceof WorkflowNotFoundError ? await this.#whyNot(found, number, 'a stop') : error;
    }
  }

  async #mustBe({ modelId, name }: FoundModel, number: number): Promise<Retraining> {
    const found = await readRetraining(this.#context.pool, modelId, whole(number));
    if (!found) throw new NotFound(`model '${name}' has no retraining ${number}: aftercare retrainings ${name} shows them`);
    return found;
  }

  /** A refusal goes into the audit trail as well. */
  async #audited<T>({ modelId }: FoundModel, by: string, action: string, detail: Record<string, unknown>, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isFinal(error)) await recordAudit(this.#context.pool, { modelId, by, action, detail: { ...detail, why: (error as Error).message } });
      throw error;
    }
  }

  /** Temporal has no such workflow that runs: it has ended, or never was. */
  async #whyNot(model: FoundModel, number: number, what: string): Promise<Error> {
    try {
      const { state, version } = await this.#mustBe(model, number);
      if (!ENDED.has(state)) return new Conflict(`retraining ${number} of model '${model.name}' is ${state} in the store, but Temporal does not have its workflow: ${what} reaches nobody`);
      return new Conflict(`retraining ${number} of model '${model.name}' is ${state}${version === null ? '' : ` (version ${version})`}: ${what} comes too late`);
    } catch (error) {
      return error as Error;
    }
  }
}

/** Numbers of retrainings stand in workflow ids. */
function whole(number: number): number {
  if (!Number.isInteger(number) || number < 1 || number > 2_147_483_647) throw new NotFound(`${String(number).slice(0, 40)} is no number of a retraining`);
  return number;
}
