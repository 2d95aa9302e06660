/** A worker for challenges over a store in memory, a second one that plays the user's own, and the beginning of a challenge. Every test has a model of its own. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { ChallengeNote, OpenedChallenge, Promotion, VerdictSummary } from '../../../activities/contracts/challenge.js';
import type { Judgement, SwitchOrder } from '../../../domain/challenge.js';
import { lifecycleSettings, type LifecycleSections, type UserCall } from '../../../domain/lifecycle-settings.js';
import { approvalText, challengeId, decisionWorkflowId, WORKFLOW } from '../../../domain/names.js';
import type { Notice } from '../../../domain/notice.js';
import { answerDecision, type ChallengeInput, type ChallengeReport } from '../../../workflows/messages.js';
import { bundleOf } from './bundle.js';
import { FakeStore } from './fake-store.js';
import type { Stage } from './stage.js';

export const USER_QUEUE = 'their-switches';
export const byWorkflow = (workflowType: string): UserCall => ({ kind: 'workflow', taskQueue: USER_QUEUE, workflowType });
export const OVER_HTTP: UserCall = { kind: 'webhook', url: 'http://127.0.0.1:1/switch' };

export const verdict = (judgement: Judgement, more: Partial<VerdictSummary> = {}): VerdictSummary => ({ judgement, text: `roc_auc: ${judgement}.`, guardrails: [], ...more });
export const refusing = (message: string, type = 'Conflict'): Error => ApplicationFailure.nonRetryable(message, type);

/** What the fakes know of a model, and what a test changes about it. */
export class FakeModel {
  champion = 1;
  readonly horizons: { horizon: number; champion: number }[] = [];
  readonly notes: ChallengeNote[] = [];
  readonly promotions: Promotion[] = [];
  readonly served: SwitchOrder[] = [];
  readonly notices: Notice[] = [];
  checks = 0;
  opened: Partial<OpenedChallenge> = {};
  onVerdict: (horizon: number, signal: AbortSignal) => VerdictSummary | Promise<VerdictSummary> = () => verdict('not yet');
  onNote: (note: ChallengeNote) => void = () => undefined;
  onCall: (order: SwitchOrder) => void = () => undefined;
  onPromote: (promotion: Promotion) => string | null = () => null;
  onCheck: () => string | null = () => null;

  get told(): string[] {
    return this.notices.map(({ kind }) => kind);
  }
}

export class ChallengeStory {
  readonly store = new FakeStore();
  readonly #models = new Map<number, FakeModel>();
  readonly #stage: Stage;
  #release: () => void = () => undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Both workers work until `close`. */
  async open(): Promise<void> {
    const until = new Promise<void>((resolve) => { this.#release = resolve; });
    const bundle = await bundleOf(new URL('./user-workflows.ts', import.meta.url));
    const serve = (order: SwitchOrder): Promise<void> => Promise.resolve(void this.model(order.modelId).served.push(order));
    this.#running = Promise.all([
      this.#stage.perform(this.store, () => until, { activities: { ...this.store.activities(), ...this.#activities() } }),
      this.#stage.perform(new FakeStore(), () => until, { taskQueue: USER_QUEUE, workflowBundle: bundle, activities: { serve } }),
    ]);
  }

  async close(): Promise<void> {
    this.#release();
    await this.#running;
  }

  model(modelId: number): FakeModel {
    const model = this.#models.get(modelId) ?? new FakeModel();
    this.#models.set(modelId, model);
    return model;
  }

  async begin(modelId: number, sections: LifecycleSections, input: Partial<ChallengeInput> = {}): Promise<WorkflowHandle> {
    const { challenge, promotion } = lifecycleSettings(sections);
    const whole: ChallengeInput = {
      modelId, name: 'loans', number: 1, mode: 'challenge', version: 2, settings: challenge, promotion, by: 'trainer', reason: 'made by retraining 1', approvedBy: null, numericQueue: this.store.queue, ...input,
    };
    return this.#stage.client.workflow.start(WORKFLOW.challenge, { workflowId: challengeId(modelId, whole.number), taskQueue: this.store.queue, args: [whole] });
  }

  result(handle: WorkflowHandle): Promise<ChallengeReport> {
    return handle.result() as Promise<ChallengeReport>;
  }

  answer(modelId: number, answer: 'approve' | 'reject', by: string, n = 1): Promise<unknown> {
    return this.#stage.client.workflow.getHandle(decisionWorkflowId(approvalText(modelId, 'promotion', 1, n))).executeUpdate(answerDecision, { args: [{ answer, by }] });
  }

  asked(modelId: number, n = 1): boolean {
    return this.store.opened.some(({ decisionId }) => decisionId === approvalText(modelId, 'promotion', 1, n));
  }

  #activities() {
    return {
      aftercareOpenChallenge: async ({ modelId, atMs }: { modelId: number; atMs: number }): Promise<OpenedChallenge> => {
        const model = this.model(modelId);
        return Promise.resolve({ against: model.champion, state: 'shadow', judgement: null, note: null, approvedBy: null, startedAtMs: atMs, promotedAtMs: null, ...model.opened });
      },
      aftercareNoteChallenge: async (note: ChallengeNote): Promise<{ champion: number }> => {
        const model = this.model(note.modelId);
        model.onNote(note);
        model.notes.push(note);
        return Promise.resolve({ champion: model.champion });
      },
      aftercareComputeVerdict: async ({ modelId, champion, horizon }: { modelId: number; champion: number; horizon: number }): Promise<VerdictSummary> => {
        const model = this.model(modelId);
        model.horizons.push({ horizon, champion });
        const beating = setInterval(() => Context.current().heartbeat(), 100);
        try {
          return await model.onVerdict(horizon, Context.current().cancellationSignal);
        } finally {
          clearInterval(beating);
        }
      },
      aftercareCallSwitch: async ({ order }: { order: SwitchOrder }): Promise<void> => {
        const model = this.model(order.modelId);
        model.served.push(order);
        model.onCall(order);
        return Promise.resolve();
      },
      aftercarePromote: async (promotion: Promotion): Promise<{ refusal: string | null; champion: number }> => {
        const model = this.model(promotion.modelId);
        const refusal = model.onPromote(promotion);
        if (refusal === null) {
          model.promotions.push(promotion);
          model.champion = promotion.to;
        }
        return Promise.resolve({ refusal, champion: model.champion });
      },
      aftercareCheckProbation: async ({ modelId }: { modelId: number }): Promise<{ fault: string | null; champion: number }> => {
        const model = this.model(modelId);
        model.checks += 1;
        return Promise.resolve({ fault: model.onCheck(), champion: model.champion });
      },
      aftercarePlanNotification: async ({ notice }: { notice: Notice }): Promise<{ deliveries: [] }> => {
        this.model(notice.modelId).notices.push(notice);
        return Promise.resolve({ deliveries: [] });
      },
      aftercareRecordAudit: () => Promise.resolve(),
    };
  }
}
