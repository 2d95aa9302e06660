/** A ledger in memory and activities that only record, for tests whose subject is a workflow. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { CloseDecision, LedgerEntry, LedgerView, LightActivities, NumericActivities, OpenDecision, PlanRequest, RunOutcome } from '../../../activities/contract.js';
import type { Notice } from '../../../domain/notice.js';
import { defaultSettings, type ModelSettings } from '../../../domain/settings.js';

type Registered<T> = { [K in keyof T & string as `aftercare${Capitalize<K>}`]: T[K] };

let stores = 0;

export class FakeStore {
  /** Task queue of the worker over this store: what an earlier test left behind must not come here. */
  readonly queue = `stage-${++stores}`;
  readonly ledger: LedgerEntry[] = [];
  readonly settings: ModelSettings = { ...defaultSettings('classification_binary', { kind: 'size', size: 100 }) };
  settingsRevision = 1;
  state: LedgerView['state'] = 'active';
  looks = 0;
  readonly plans: PlanRequest[] = [];
  readonly computed: { runId: number; part: number }[] = [];
  readonly fits: number[] = [];
  readonly abandoned: { runNumber: number; state: string; reason: string }[] = [];
  readonly opened: OpenDecision[] = [];
  readonly closed: CloseDecision[] = [];
  readonly notices: Notice[] = [];
  readonly audited: { action: string; by: string; key: string }[] = [];
  readonly buried: { id: string; reason: string }[] = [];
  deliverAfterMs = 0;
  giveUpAfterMs = 86_400_000;
  parts = 2;
  needsFit = false;

  /** Hooks: what a test changes about an activity. */
  onPlan: (request: PlanRequest) => Promise<void> | void = () => undefined;
  onCompute: (part: number, signal: AbortSignal) => Promise<void> | void = () => undefined;
  onFinish: (plan: PlanRequest) => Partial<RunOutcome> = () => ({});
  onOpen: (request: OpenDecision) => Promise<void> | void = () => undefined;
  /** Each attempt of a delivery, by its id. */
  onDeliver: (id: string) => Promise<void> | void = () => undefined;

  /** @returns the batch's ledger number */
  append(kind: LedgerEntry['kind'], rowsAccepted: number): number {
    const number = this.ledger.length + 1;
    this.ledger.push({ number, kind, rowsAccepted });
    return number;
  }

  get lastBatch(): number {
    return this.ledger.length;
  }

  activities(): Partial<Registered<LightActivities> & Registered<NumericActivities>> {
    return {
      aftercareReadLedger: async ({ after }) => {
        this.looks += 1;
        if (this.state === 'deleted') throw ApplicationFailure.nonRetryable('model 1 does not exist', 'NotFound');
        const rest = this.ledger.filter((entry) => entry.number > after);
        return {
          state: this.state, settingsRevision: this.settingsRevision, runs: this.settings.runs, decisions: this.settings.decisions,
          lastBatch: this.lastBatch, entries: rest.slice(0, 1_000), more: rest.length > 1_000,
        };
      },
      aftercarePlanRun: async (request) => {
        await this.onPlan(request);
        if (!this.plans.some((plan) => plan.runNumber === request.runNumber)) this.plans.push(request);
        return { runId: request.runNumber, needsFit: this.needsFit, parts: this.parts, chunks: this.parts * 2, rows: 1_000 };
      },
      aftercareFitReference: async ({ runId }) => {
        this.fits.push(runId);
        return { fitted: 1, failures: 0 };
      },
      aftercareComputeChunks: async ({ runId, part }) => {
        const beating = setInterval(() => Context.current().heartbeat(), 100);
        try {
          await this.onCompute(part, Context.current().cancellationSignal);
        } finally {
          clearInterval(beating);
        }
        this.computed.push({ runId, part });
        return { chunks: 2, rowsRead: 500, failures: 0 };
      },
      aftercareFinishRun: async ({ runId }) => {
        const plan = this.plans.find((candidate) => candidate.runNumber === runId)!;
        return { state: 'completed', alerts: 0, questions: [], withdrawn: [], ...this.onFinish(plan) };
      },
      aftercareAbandonRun: async ({ runNumber, state, reason }) => void this.abandoned.push({ runNumber, state, reason }),
      aftercareOpenDecision: async (request) => {
        await this.onOpen(request);
        this.opened.push(request);
      },
      aftercareCloseDecision: async (request) => void this.closed.push(request),
      aftercarePlanNotification: async ({ notice, atMs }) => {
        if (!this.notices.some(({ id }) => id === notice.id)) this.notices.push(notice);
        const dueAtMs = notice.atMs + this.deliverAfterMs;
        return { deliveries: (notice.recipients ?? []).map((recipient) => ({ id: `${notice.id}/${recipient}`, dueAtMs, giveUpAtMs: Math.max(dueAtMs, atMs!) + this.giveUpAfterMs, digest: null })) };
      },
      aftercareDeliverNotification: async ({ id }) => {
        await this.onDeliver(id);
        return { state: 'sent' };
      },
      aftercareRecordAudit: async ({ action, by, key }) => void this.audited.push({ action, by, key }),
      aftercareBuryNotification: async ({ id, reason }) => void this.buried.push({ id, reason }),
    };
  }

  /** Runs as (trigger, previous horizon, horizon), in order. */
  get runs(): string[] {
    return this.plans.map((plan) => `${plan.trigger} ${plan.previousHorizon}..${plan.horizon}`);
  }
}
