/** A worker for retrainings over fake activities, a second one that plays the user's own, and the beginning of a retraining. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { RetrainingEnd } from '../../../activities/contracts/retraining.js';
import { lifecycleSettings, type LifecycleSections, type UserCall } from '../../../domain/lifecycle-settings.js';
import { approvalText, decisionWorkflowId, retrainingId, WORKFLOW } from '../../../domain/names.js';
import type { Notice } from '../../../domain/notice.js';
import type { RetrainingRequest, TrainingOrder } from '../../../domain/retraining.js';
import { answerDecision, type RetrainingInput } from '../../../workflows/messages.js';
import { bundleOf } from './bundle.js';
import { FakeStore } from './fake-store.js';
import type { Stage } from './stage.js';

export const USER_QUEUE = 'their-queue';
export const byWorkflow = (workflowType: string): UserCall => ({ kind: 'workflow', taskQueue: USER_QUEUE, workflowType });
export const OVER_HTTP: UserCall = { kind: 'webhook', url: 'http://127.0.0.1:1/train' };

export class RetrainingStory {
  readonly store = new FakeStore();
  readonly began: { number: number; approvedBy: string | null }[] = [];
  readonly ends: RetrainingEnd[] = [];
  readonly notices: Notice[] = [];
  readonly calls: { order: TrainingOrder; untilMs: number }[] = [];
  readonly audited: Record<string, unknown>[] = [];
  /** By retraining: what the request does; absent: it goes well. */
  readonly onCall = new Map<number, (signal: AbortSignal) => Promise<void>>();
  /** By retraining: what happens between the end's being written down and its workflow's hearing so. */
  readonly onClosed = new Map<number, () => Promise<void>>();
  /** Retrainings whose version is not there. */
  readonly absent = new Set<number>();
  readonly #stage: Stage;
  #release: () => void = () => undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Both workers work until `close`. */
  async open(): Promise<void> {
    const until = new Promise<void>((resolve) => { this.#release = resolve; });
    const theirs = new FakeStore();
    const bundle = await bundleOf(new URL('./user-workflows.ts', import.meta.url));
    this.#running = Promise.all([
      this.#stage.perform(this.store, () => until, { activities: { ...this.store.activities(), ...this.#activities() } }),
      this.#stage.perform(theirs, () => until, { taskQueue: USER_QUEUE, workflowBundle: bundle, activities: {} }),
    ]);
  }

  async close(): Promise<void> {
    this.#release();
    await this.#running;
  }

  begin(number: number, retraining: LifecycleSections['retraining'], request: Partial<RetrainingRequest> = {}, modelId = 1): Promise<WorkflowHandle> {
    const input: RetrainingInput = {
      modelId, name: 'loans', number, settings: lifecycleSettings({ retraining }).retraining,
      request: { key: `key-${number}`, trigger: 'policy', by: 'policy', reason: 'ROC AUC fell below its threshold.', ...request },
    };
    return this.#stage.client.workflow.start(WORKFLOW.retraining, { workflowId: retrainingId(modelId, number), taskQueue: this.store.queue, args: [input] });
  }

  answer(number: number, answer: 'approve' | 'reject', by: string): Promise<unknown> {
    return this.#stage.client.workflow.getHandle(decisionWorkflowId(approvalText(1, 'retraining', number))).executeUpdate(answerDecision, { args: [{ answer, by }] });
  }

  /** Kinds of what people were told of one retraining. */
  told(number: number): string[] {
    return this.notices.filter(({ id }) => id.startsWith(`retraining/${number}/`)).map(({ kind }) => kind);
  }

  end(number: number): RetrainingEnd | undefined {
    return this.ends.find((end) => end.number === number);
  }

  #activities() {
    return {
      aftercareOpenRetraining: () => Promise.resolve(),
      aftercareBeginTraining: ({ number, approvedBy }: { number: number; approvedBy: string | null }): Promise<{ order: TrainingOrder }> => {
        this.began.push({ number, approvedBy });
        return Promise.resolve({ order: { model: 'loans', modelId: 1, retraining: number, reason: 'ROC AUC fell below its threshold.', trigger: 'policy', champion: 1, approvedBy } });
      },
      aftercareCallTraining: async ({ order, untilMs }: { order: TrainingOrder; untilMs: number }): Promise<void> => {
        this.calls.push({ order, untilMs });
        const beating = setInterval(() => Context.current().heartbeat(), 100);
        try {
          await this.onCall.get(order.retraining)?.(Context.current().cancellationSignal);
        } finally {
          clearInterval(beating);
        }
      },
      aftercareCloseRetraining: async (end: RetrainingEnd): Promise<Pick<RetrainingEnd, 'state' | 'version' | 'reason'>> => {
        if (end.state === 'completed' && this.absent.has(end.number)) throw ApplicationFailure.nonRetryable(`the training answered with version ${end.version}, and the model has none of that number`, 'NotFound');
        this.ends.push(end);
        await this.onClosed.get(end.number)?.();
        return { state: end.state, version: end.version, reason: end.reason };
      },
      aftercarePlanNotification: ({ notice }: { notice: Notice }): Promise<{ deliveries: [] }> => {
        this.notices.push(notice);
        return Promise.resolve({ deliveries: [] });
      },
      aftercareRecordAudit: (entry: Record<string, unknown>): Promise<void> => {
        this.audited.push(entry);
        return Promise.resolve();
      },
    };
  }
}
