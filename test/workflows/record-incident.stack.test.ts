/** Incidents and the questions about them, from their opening to every end. Their histories replay; with AFTERCARE_RECORD_HISTORIES they are kept. */
import { ApplicationFailure } from '@temporalio/activity';
import type { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerRequest, LedgerView, RunOutcome } from '../../activities/contract.js';
import type { IncidentNote, NotedIncident } from '../../activities/contracts/incidents.js';
import type { DecisionAnswer } from '../../domain/decision.js';
import type { AttendedIncident, IncidentState } from '../../domain/incident.js';
import { lifecycleSettings } from '../../domain/lifecycle-settings.js';
import { decisionWorkflowId, incidentWorkflowId, WORKFLOW } from '../../domain/names.js';
import { defaultSettings } from '../../domain/settings.js';
import { actOnIncident, actOnIncidentSignal, answerDecision, answerDecisionSignal, incidentChanged, incidentStatus, requestRun, type IncidentAct, type IncidentInput } from '../../workflows/messages.js';
import { FakeStore } from './support/fake-store.js';
import { replayAndKeep } from './support/record.js';
import { eventually, openStage, silenceWorkers, type Stage } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  silenceWorkers();
  stage = await openStage();
});
afterAll(() => stage?.close());

const DAY_MS = 86_400_000;

/** A store that keeps notes, and says of an incident what a test sets. */
class IncidentStore extends FakeStore {
  readonly notes: IncidentNote[] = [];
  standing: NotedIncident = { state: 'open', waiting: [] };
  gone = false;
  readonly audits: { by: string; action: string; detail: Record<string, unknown>; key: string }[] = [];

  override activities() {
    return {
      ...super.activities(),
      aftercareRecordAudit: async (entry: IncidentStore['audits'][number]) => void this.audits.push(entry),
      aftercareNoteIncident: async (note: IncidentNote): Promise<NotedIncident> => {
        if (this.gone) throw ApplicationFailure.nonRetryable('there is no incident 7', 'NotFound');
        this.notes.push(note);
        const after: Partial<Record<IncidentNote['act'], IncidentState>> = { acknowledged: 'acknowledged', snoozed: 'snoozed', reopened: 'open', resolved: 'resolved' };
        return { state: after[note.act] ?? this.standing.state, waiting: this.standing.waiting };
      },
    };
  }

  get acts(): string[] {
    return this.notes.map(({ act, by }) => `${act} by ${by}`);
  }

  get told(): string[] {
    return this.notices.map(({ id }) => id);
  }
}

const attendedIncident = (incident: string): AttendedIncident => ({ incident, incidentId: 7, kind: 'drift', cause: 'amount', segment: '', openingChunk: '000003', severity: 'info', text: "Column 'amount' drifted." });

let chunks = 0;

async function begin(store: IncidentStore, input: { incident?: Partial<AttendedIncident>; escalateAfterMs?: number; onDemand?: boolean } = {}) {
  const openingChunk = String(++chunks).padStart(6, '0');
  const text = `estimated_performance/roc_auc/${openingChunk}`;
  const incident: AttendedIncident = { incident: text, incidentId: 7, kind: 'estimated_performance', cause: 'roc_auc', segment: '', openingChunk, severity: 'warning', text: 'The estimated ROC AUC fell below its threshold.', ...input.incident };
  const given: IncidentInput = { modelId: 1, name: 'loans', incident, settings: { attend: [], escalateAfterMs: input.escalateAfterMs ?? 3 * DAY_MS }, ...(input.onDemand ? { onDemand: true } : {}) };
  const handle = await stage.client.workflow.start(WORKFLOW.incident, { workflowId: incidentWorkflowId(1, text), taskQueue: store.queue, args: [given] });
  return { handle, text, act: (act: IncidentAct) => handle.executeUpdate(actOnIncident, { args: [act] }) };
}

const causeOf = (error: unknown) => (error as WorkflowUpdateFailedError).cause as ApplicationFailure;

describe('incident', () => {
  it('is told, acknowledged by one of two at once, acted on, and ends with its data; all of it is written down in order', async () => {
    const store = new IncidentStore();
    await stage.perform(store, async () => {
      const { handle, text, act } = await begin(store);
      await eventually(() => store.told, (told) => told.length === 1);
      expect(store.notices[0]).toMatchObject({ id: `incident-opened/${text}`, topic: 'performance', severity: 'warning', subject: { type: 'incident', id: text } });
      const [first, second] = await Promise.allSettled([act({ act: 'acknowledge', by: 'ada' }), act({ act: 'acknowledge', by: 'grace' })]);
      const refused = [first, second].find((outcome) => outcome.status === 'rejected');
      expect(causeOf(refused!.reason)).toMatchObject({ type: 'Conflict', message: expect.stringMatching(/was acknowledged by (ada|grace) already/) as string });
      expect(await act({ act: 'resolution', by: 'ada', resolution: 'rebalance', state: 'begun', note: 'new weights' })).toMatchObject({ state: 'acknowledged' });
      await handle.signal(incidentChanged, { state: 'open', atMs: Date.now() });
      store.standing = { state: 'resolved', waiting: [] };
      await handle.signal(incidentChanged, { state: 'resolved', atMs: Date.now() });
      expect(await handle.result()).toMatchObject({ state: 'resolved', escalated: false });
      const winner = first!.status === 'fulfilled' ? 'ada' : 'grace';
      expect(store.acts).toEqual(['opened by aftercare', `acknowledged by ${winner}`, 'resolution by ada', 'ended by aftercare']);
      await eventually(() => store.told, (told) => told.length === 3);
      expect(store.told.sort()).toEqual([`incident-acknowledged/${text}`, `incident-opened/${text}`, `incident-resolved/${text}`]);
      expect(new Set(store.notes.map(({ key }) => key)).size).toBe(4);
      await replayAndKeep(stage, [{ workflowType: WORKFLOW.incident, scenario: 'acknowledged-and-over', workflowId: handle.workflowId }]);
    });
  });

  it('is escalated, snoozed, open again after that and told each time, and a person ends it', async () => {
    const store = new IncidentStore();
    await stage.perform(store, async () => {
      const { handle, text, act } = await begin(store, { escalateAfterMs: 300 });
      await eventually(() => handle.query(incidentStatus), (status) => status.escalated);
      expect(await act({ act: 'snooze', by: 'ada', untilMs: Date.now() + 1_200 })).toMatchObject({ state: 'snoozed', by: 'ada' });
      await eventually(() => store.acts, (acts) => acts.includes('reopened by aftercare'));
      await eventually(() => store.acts.filter((one) => one === 'escalated by aftercare').length, (n) => n === 2);
      expect(await act({ act: 'resolve', by: 'ada', note: 'sold off' })).toMatchObject({ state: 'resolved' });
      expect(await handle.result()).toMatchObject({ state: 'resolved', by: 'ada' });
      await eventually(() => store.told, (told) => told.length === 6);
      expect(store.told.sort()).toEqual([`incident-escalated/${text}`, `incident-escalated/${text}/2`, `incident-opened/${text}`, `incident-reopened/${text}`, `incident-resolved/${text}`, `incident-snoozed/${text}`]);
      expect(store.notices.find(({ kind }) => kind === 'incident-escalated')!.severity).toBe('critical');
      await replayAndKeep(stage, [{ workflowType: WORKFLOW.incident, scenario: 'escalated-snoozed-resolved', workflowId: handle.workflowId }]);
    });
  });

  it('refuses what makes no sense; by signal the refusal is written down', async () => {
    const store = new IncidentStore();
    await stage.perform(store, async () => {
      const { handle, act } = await begin(store, { onDemand: true });
      const error: unknown = await act({ act: 'snooze', by: 'ada', untilMs: Date.now() - 1 }).catch((caught: unknown) => caught);
      expect(causeOf(error)).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining('that is over') as string });
      await handle.signal(actOnIncidentSignal, { act: 'resolution', by: 'mallory', resolution: 'delete', state: 'begun' } as unknown as IncidentAct);
      await handle.signal(actOnIncidentSignal, { act: 'acknowledge', by: 'ada' });
      await eventually(() => store.acts, (acts) => acts.includes('acknowledged by ada'));
      expect(store.notes.find((note) => note.act === 'refused')).toMatchObject({ by: 'mallory', note: expect.stringContaining("'delete' is no resolution") as string });
      expect(store.told.some((id) => id.startsWith('incident-opened'))).toBe(false);
      await handle.terminate();
    });
  });

  it('goes on when the store says that it is not over, and ends when its model is gone', async () => {
    const store = new IncidentStore();
    await stage.perform(store, async () => {
      const { handle, text } = await begin(store, { incident: { round: 2 } });
      await handle.signal(incidentChanged, { state: 'resolved', atMs: Date.now() });
      await eventually(() => store.told, (told) => told.length === 2);
      expect(store.told.sort()).toEqual([`incident-opened/${text}/round-2`, `incident-reopened/${text}/round-2`]);
      expect(await handle.query(incidentStatus)).toMatchObject({ state: 'open' });
      store.gone = true;
      await handle.signal(actOnIncidentSignal, { act: 'acknowledge', by: 'ada' });
      await handle.result();
    });
  });

  it('and its question are one: acknowledging answers it, answering acknowledges, resolving withdraws it', async () => {
    const store = new IncidentStore();
    const settings = { ...defaultSettings('classification_binary', { kind: 'size', size: 100 }).decisions, notify: [] };
    await stage.perform(store, async () => {
      const ask = async (incident: string) => {
        const decisionId = `1/${incident}/1`;
        return stage.client.workflow.start(WORKFLOW.decision, { workflowId: decisionWorkflowId(decisionId), taskQueue: store.queue, args: [{ modelId: 1, question: { decisionId, incidentId: 7, text: 'Acknowledge?' }, settings }] });
      };
      const first = await begin(store);
      const asked = await ask(first.text);
      store.standing = { state: 'open', waiting: [`1/${first.text}/1`] };
      await first.act({ act: 'acknowledge', by: 'ada', note: 'seen' });
      expect(await asked.result()).toMatchObject({ answer: 'acknowledge', by: 'ada' });
      await first.handle.terminate();

      const second = await begin(store);
      store.standing = { state: 'open', waiting: [] };
      await (await ask(second.text)).executeUpdate(answerDecision, { args: [{ answer: 'retrain', by: 'grace' }] });
      await eventually(() => second.handle.query(incidentStatus), (status) => status.state === 'acknowledged' && status.by === 'grace');
      await second.handle.terminate();

      const third = await begin(store);
      const withdrawn = await ask(third.text);
      await withdrawn.signal(answerDecisionSignal, { answer: 'maybe', by: 'mallory' } as unknown as DecisionAnswer);
      await eventually(() => store.audits.length, (n) => n === 1);
      expect(store.audits[0]).toMatchObject({ by: 'mallory', action: 'answer refused', detail: { decision: `1/${third.text}/1`, answer: 'maybe', why: expect.stringContaining("'maybe' is no answer") as string } });
      store.standing = { state: 'open', waiting: [`1/${third.text}/1`] };
      await third.act({ act: 'resolve', by: 'ada' });
      expect(await withdrawn.result()).toMatchObject({ answer: null });
      await replayAndKeep(stage, [
        { workflowType: WORKFLOW.decision, scenario: 'answered-by-acknowledging', workflowId: asked.workflowId },
        { workflowType: WORKFLOW.decision, scenario: 'refused-then-withdrawn', workflowId: withdrawn.workflowId },
      ]);
    });
  });

  it('is begun by the lifecycle when a run names it, told when a run says that it is over, and begun anew when it comes back', async () => {
    const store = new IncidentStore();
    const reported: Partial<RunOutcome>[] = [
      { attended: [attendedIncident('drift/amount/000003')], ended: [] }, { attended: [], ended: [{ incident: 'drift/amount/000003', state: 'withdrawn' }] }, { attended: [{ ...attendedIncident('drift/amount/000003'), round: 2 }], ended: [] },
    ];
    store.onFinish = ({ runNumber }) => reported[runNumber - 1] ?? {};
    const activities = store.activities();
    const readLedger = async (request: LedgerRequest): Promise<LedgerView> => ({ ...await activities.aftercareReadLedger!(request), lifecycle: lifecycleSettings({}) });
    await stage.perform(store, async () => {
      const lifecycle = await stage.startLifecycle(store, 3);
      const run = (key: string) => lifecycle.executeUpdate(requestRun, { args: [{ key, trigger: 'manual', by: 'ada' }] });
      const attending = stage.client.workflow.getHandle(incidentWorkflowId(3, 'drift/amount/000003'));
      await run('first');
      await eventually(() => store.acts, (acts) => acts.length === 1);
      store.append('analysis', 10);
      store.standing = { state: 'withdrawn', waiting: [] };
      await run('second');
      expect(await attending.result()).toMatchObject({ state: 'withdrawn' });
      store.append('analysis', 10);
      store.standing = { state: 'open', waiting: [] };
      await run('third');
      await eventually(() => store.acts, (acts) => acts.length === 3);
      expect(store.acts).toEqual(['opened by aftercare', 'ended by aftercare', 'opened by aftercare']);
      await eventually(() => store.told, (told) => told.length === 3);
      expect(store.told).toEqual(expect.arrayContaining(['incident-opened/drift/amount/000003', 'incident-resolved/drift/amount/000003', 'incident-opened/drift/amount/000003/round-2']));
      await lifecycle.terminate();
      await attending.terminate();
    }, { activities: { ...activities, aftercareReadLedger: readLedger } });
  });
});
