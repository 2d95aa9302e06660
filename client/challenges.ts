/** `aftercare.challenges`: how versions compare with the one in charge, and who is put in charge. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Challenge, ChallengeState } from '../domain/challenge.js';
import { isFinalState } from '../domain/challenge-policy.js';
import { Conflict, InvalidInput, isFinal, NotFound } from '../domain/errors.js';
import { mayAnswer } from '../domain/decision.js';
import { lifecycleSettings } from '../domain/lifecycle-settings.js';
import { approvalText, challengeId } from '../domain/names.js';
import type { PromotionRequest } from '../domain/policy.js';
import { recordAudit } from '../store/audit.js';
import { nothingToGoBackTo, readChallenges, readReplaced } from '../store/challenges.js';
import { findModel, requireActive, type FoundModel } from '../store/find-model.js';
import { readVersions } from '../store/versions.js';
import { challengeStatus, promoteNow, requestPromotion, rollBackNow, type ChallengeStatus } from '../workflows/messages.js';
import type { WriteContext } from './append.js';
import type { Lifecycles } from './lifecycle.js';

export interface PromoteOptions {
  /** Default: the client's. */
  by?: string | undefined;
  /** Why. */
  note?: string | undefined;
  /** Equal keys are one request. Default: a new one. */
  key?: string | undefined;
}

export interface RequestedPromotion {
  /** Number of the challenge that carries it out. */
  challenge: number;
  version: number;
  workflowId: string;
  /** The question that others must answer first; null: it goes on by itself. */
  decision: string | null;
}

const MOST_NOTE = 1_000;

export class Challenges {
  readonly #context: WriteContext;
  readonly #lifecycles: Lifecycles;

  constructor(context: WriteContext, lifecycles: Lifecycles) {
    this.#context = context;
    this.#lifecycles = lifecycles;
  }

  /** In the order in which they began. @param version only those of this one @throws NotFound */
  async list(model: string, { version }: { version?: number | undefined } = {}): Promise<Challenge[]> {
    return readChallenges(this.#context.pool, (await findModel(this.#context.pool, model)).modelId, { version });
  }

  /** @throws NotFound */
  async get(model: string, number: number): Promise<Challenge> {
    const found = await findModel(this.#context.pool, model);
    const challenge = await this.#read(found.modelId, number);
    if (!challenge) throw new NotFound(`model '${model}' has no challenge ${number}`);
    return challenge;
  }

  /** What the challenge's workflow says of itself; needs a worker. @throws NotFound when it has ended */
  async status(model: string, number: number): Promise<ChallengeStatus> {
    const { modelId } = await this.get(model, number).then(() => findModel(this.#context.pool, model));
    try {
      return await this.#lifecycles.queryWorkflow(challengeId(modelId, number), challengeStatus);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw new NotFound(`the workflow of challenge ${number} of model '${model}' is not there any more`);
      throw error;
    }
  }

  /**
   * Puts a version in charge, by the user's own switch and then at once for all batches. Whoever may approve has approved with this; anybody else's wish is put
   * to those who may. Comes back as soon as it is begun: see `wait`.
   *
   * @throws NotFound no such model or version
   * @throws Conflict it is in charge already, is archived, is being promoted or waits for an answer; each is in the audit trail
   */
  async promote(model: string, version: number, options: PromoteOptions = {}): Promise<RequestedPromotion> {
    const { by, note, key } = this.#whole(options);
    const found = await findModel(this.#context.pool, model);
    return this.#audited(found, by, 'promotion refused', { version, note: note ?? null }, async () => {
      requireActive(found);
      await this.#mustBePromotable(found, version);
      const shadow = (await readChallenges(this.#context.pool, found.modelId, { version })).findLast(({ state }) => !isFinalState(state));
      if (shadow) {
        const workflowId = challengeId(found.modelId, shadow.number);
        const status = await unlessGone(this.#lifecycles.askWorkflow(workflowId, promoteNow, { by, ...(note === undefined ? {} : { note }) }, `promote:${key}`));
        if (status) return { challenge: shadow.number, version, workflowId, decision: status.decisionId };
      }
      const begun = await this.#request(found, { key, mode: 'promotion', version, by, ...(note === undefined ? {} : { note }) });
      const approves = mayAnswer(lifecycleSettings(found.settings).promotion.approval.approvers, by);
      return { ...begun, decision: approves ? null : approvalText(found.modelId, 'promotion', begun.challenge) };
    });
  }

  /**
   * Puts the version in charge that the last promotion replaced: in its probation, or after it.
   *
   * @throws NotFound; Conflict when there is nothing to go back to, or it is being done; each is in the audit trail
   */
  async rollback(model: string, options: PromoteOptions = {}): Promise<RequestedPromotion> {
    const { by, note, key } = this.#whole(options);
    const found = await findModel(this.#context.pool, model);
    return this.#audited(found, by, 'rollback refused', { note: note ?? null }, async () => {
      requireActive(found);
      const previous = await readReplaced(this.#context.pool, found.modelId);
      if (previous === null) throw new Conflict(nothingToGoBackTo({ name: found.name, number: found.versionNumber }));
      const probation = (await readChallenges(this.#context.pool, found.modelId, { version: found.versionNumber })).findLast(({ state }) => state === 'probation');
      if (probation) {
        const workflowId = challengeId(found.modelId, probation.number);
        const status = await unlessGone(this.#lifecycles.askWorkflow(workflowId, rollBackNow, { by, ...(note === undefined ? {} : { note }) }, `rollback:${key}`));
        if (status) return { challenge: probation.number, version: previous, workflowId, decision: null };
      }
      return this.#request(found, { key, mode: 'rollback', version: previous, by, ...(note === undefined ? {} : { note }) });
    });
  }

  /**
   * Follows a challenge in the store until it is in one of these states, or has ended, whatever restarts meanwhile.
   *
   * @param states default: none, so until it has ended
   */
  async wait(model: string, number: number, { states = [], signal, onState }: { states?: readonly ChallengeState[] | undefined; signal?: AbortSignal | undefined; onState?: ((challenge: Challenge) => void) | undefined } = {}): Promise<Challenge> {
    const { modelId } = await findModel(this.#context.pool, model);
    let shown = '';
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.3, 1_000)) {
      signal?.throwIfAborted();
      const now = await this.#read(modelId, number).catch((error: unknown) => {
        if (isFinal(error)) throw error;
        return undefined;   // a database that is away for a moment
      });
      if (now && now.state !== shown) {
        shown = now.state;
        onState?.(now);
      }
      if (now && (isFinalState(now.state) || states.includes(now.state))) return now;
      await delay(pauseMs, undefined, signal ? { signal } : {});
    }
  }

  async #read(modelId: number, number: number): Promise<Challenge | undefined> {
    if (!Number.isInteger(number) || number < 1 || number > 2_147_483_647) throw new NotFound(`${String(number).slice(0, 40)} is no number of a challenge`);
    return (await readChallenges(this.#context.pool, modelId, { number }))[0];
  }

  #whole({ by = this.#context.by, note, key = randomUUID() }: PromoteOptions): { by: string; note: string | undefined; key: string } {
    if (by.trim() === '') throw new InvalidInput('whoever changes the version in charge is named (by)');
    return { by, note: note?.slice(0, MOST_NOTE), key };
  }

  async #mustBePromotable(found: FoundModel, version: number): Promise<void> {
    const versions = await readVersions(this.#context.pool, found.modelId);
    const wanted = versions.find(({ number }) => number === version);
    if (!wanted) throw new NotFound(`model '${found.name}' has no version ${version}: its versions are ${versions.map(({ number }) => number).join(', ')}`);
    if (wanted.role === 'champion') throw new Conflict(`version ${version} of model '${found.name}' is in charge already`);
    if (wanted.role === 'archived') throw new Conflict(`version ${version} of model '${found.name}' is archived: it cannot be put in charge`);
  }

  async #request({ modelId }: FoundModel, request: PromotionRequest): Promise<RequestedPromotion> {
    const { number, workflowId } = await this.#lifecycles.ask(modelId, requestPromotion, request, `${request.mode}:${request.key}`);
    return { challenge: number, version: request.version, workflowId, decision: null };
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
}

/** @returns null when the workflow has ended meanwhile: then the lifecycle is asked */
async function unlessGone<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
