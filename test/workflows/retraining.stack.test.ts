import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decisionWorkflowId, approvalText, lifecycleId, retrainingId } from '../../domain/names.js';
import type { TrainingOutcome } from '../../domain/retraining.js';
import { decisionStatus, retrainingStatus, stopRetraining, trainingFinished, trainingFinishedSignal, type RetrainingReport } from '../../workflows/messages.js';
import { byWorkflow, OVER_HTTP, RetrainingStory, USER_QUEUE } from './support/retraining-story.js';
import { eventually, openStage, silenceWorkers, type Stage } from './support/stage.js';

let stage: Stage;
let story: RetrainingStory;
beforeAll(async () => {
  silenceWorkers();
  stage = await openStage();
  story = new RetrainingStory(stage);
  await story.open();
});
afterAll(async () => {
  await story?.close();
  await stage?.close();
});

const HOUR_MS = 3_600_000;
const approval = { approvers: ['ada'], remindAfterMs: 0, escalateAfterMs: 0, deadlineMs: HOUR_MS, notify: ['ada@example.org'] };
const result = (handle: WorkflowHandle): Promise<RetrainingReport> => handle.result() as Promise<RetrainingReport>;
const send = (handle: WorkflowHandle, outcome: unknown, retraining: number, by = 'trainer') => handle.executeUpdate(trainingFinished, { args: [{ retraining, outcome: outcome as TrainingOutcome, by }] });
const refusalOf = async (sending: Promise<unknown>): Promise<{ type: string; message: string }> => ((await sending.then(() => { throw new Error('was not refused'); }, (error: unknown) => error)) as { cause: { type: string; message: string } }).cause;
const waits = (handle: WorkflowHandle): Promise<unknown> => eventually(() => handle.query(retrainingStatus), (status) => status.state === 'training');

describe.concurrent('retraining: whether', () => {
  it('is asked about, and trained by the user\'s own workflow once a person approves; the lifecycle and people are told', async () => {
    const lifecycle = await stage.client.workflow.start('collectReports', { workflowId: lifecycleId(1), taskQueue: USER_QUEUE });
    const handle = await story.begin(1, { mode: 'ask', training: byWorkflow('trainWell'), approval });
    const asked = await eventually(() => story.store.opened.find(({ decisionId }) => decisionId === '1/retraining/1/1'), (opened) => opened !== undefined);
    expect(asked).toMatchObject({ subject: 'retraining', incidentId: null, approvers: ['ada'], question: 'Shall loans be trained anew? ROC AUC fell below its threshold. (asked for by policy)' });
    expect(await handle.query(retrainingStatus)).toEqual({ state: 'asked', version: null, reason: null, decisionId: '1/retraining/1/1' });
    await story.answer(1, 'approve', 'ada');
    expect(await result(handle)).toEqual({ number: 1, state: 'completed', version: 2, reason: null });
    expect(story.began).toContainEqual({ number: 1, approvedBy: 'ada' });
    const training = stage.client.workflow.getHandle(`${retrainingId(1, 1)}/training`);
    const { note } = (await training.result()) as { note: string };
    expect(JSON.parse(note)).toEqual({ model: 'loans', modelId: 1, retraining: 1, reason: 'ROC AUC fell below its threshold.', trigger: 'policy', champion: 1, approvedBy: 'ada' });
    const reports = await eventually(() => lifecycle.query<{ number: number }[]>('reports'), (all) => all.some((report) => report.number === 1));
    expect(reports.filter((report) => report.number === 1)).toEqual([{ number: 1, state: 'completed', version: 2, reason: null }]);
    await eventually(() => story.told(1), (kinds) => kinds.length === 2);
    expect(story.notices.filter(({ id }) => id.startsWith('retraining/1/'))).toMatchObject([
      { kind: 'retraining-started', severity: 'info', subject: { type: 'retraining', id: '1' } },
      { kind: 'retraining-finished', topic: 'retraining', text: 'Retraining 1 of loans has ended: version 2 is there as a challenger', recipients: ['ada@example.org'] },
    ]);
    await lifecycle.terminate();
  });

  it('ends with who rejected it, and nothing is trained', async () => {
    const handle = await story.begin(2, { mode: 'ask', training: byWorkflow('trainWell'), approval });
    await eventually(() => story.store.opened.some(({ decisionId }) => decisionId === '1/retraining/2/1'), (asked) => asked);
    await story.answer(2, 'reject', 'ada');
    expect(await result(handle)).toEqual({ number: 2, state: 'rejected', version: null, reason: 'ada rejected it' });
    expect(story.end(2)).toMatchObject({ state: 'rejected', by: 'ada' });
    expect(story.began.some(({ number }) => number === 2)).toBe(false);
    await eventually(() => story.told(2), (kinds) => kinds.includes('retraining-rejected'));
  });

  it('takes the default when nobody answers by the deadline: rejected, or approved', async () => {
    const brief = { ...approval, deadlineMs: 300 };
    const [rejected, approved] = await Promise.all([
      story.begin(3, { mode: 'ask', training: byWorkflow('trainWell'), approval: brief }),
      story.begin(4, { mode: 'ask', training: byWorkflow('trainWell'), approval: { ...brief, fallback: 'approve' } }),
    ]);
    expect(await result(rejected)).toEqual({ number: 3, state: 'rejected', version: null, reason: 'nobody answered within 300 ms' });
    expect(await result(approved)).toMatchObject({ state: 'completed', version: 2 });
    expect(story.began).toContainEqual({ number: 4, approvedBy: null });
  });

  it('is not asked about when it is automatic, or was approved with the request', async () => {
    const [automatic, byHand] = await Promise.all([
      story.begin(5, { mode: 'automatic', training: byWorkflow('trainWell'), approval }),
      story.begin(6, { mode: 'ask', training: byWorkflow('trainWell'), approval }, { trigger: 'manual', by: 'ada', approvedBy: 'ada' }),
    ]);
    expect(await result(automatic)).toMatchObject({ state: 'completed' });
    expect(await result(byHand)).toMatchObject({ state: 'completed' });
    expect(story.began).toEqual(expect.arrayContaining([{ number: 5, approvedBy: null }, { number: 6, approvedBy: 'ada' }]));
    expect(story.store.opened.filter(({ decisionId }) => /^1\/retraining\/[56]\//.test(decisionId))).toEqual([]);
  });

  it('fails at once when the settings name no training', async () => {
    const handle = await story.begin(7, { mode: 'automatic' });
    expect(await result(handle)).toMatchObject({ state: 'failed', reason: 'nothing can be trained: the settings name no training (retraining.training)' });
  });
});

describe.concurrent('retraining: a training that does not go well', () => {
  it('keeps the reason that the training gave', async () => {
    const handle = await story.begin(10, { mode: 'automatic', training: byWorkflow('trainInVain') });
    expect(await result(handle)).toEqual({ number: 10, state: 'failed', version: null, reason: 'only 12 rows have their target' });
    await eventually(() => story.told(10), (kinds) => kinds.length === 2);
    expect(story.notices.find(({ id }) => id === 'retraining/10/failed')).toMatchObject({ severity: 'warning', text: 'Retraining 10 of loans has failed: only 12 rows have their target' });
  });

  it('says what was wrong with an answer that is no outcome, and with a version that is not there', async () => {
    const nonsense = await story.begin(11, { mode: 'automatic', training: byWorkflow('trainNonsense') });
    expect((await result(nonsense)).reason).toBe('the training (trainNonsense) answered with something that is no outcome: it names no version: "the new one" is no number of one');
    story.absent.add(12);
    const absent = await story.begin(12, { mode: 'automatic', training: byWorkflow('trainWell') });
    expect(await result(absent)).toEqual({ number: 12, state: 'failed', version: null, reason: 'the training answered with version 2, and the model has none of that number' });
    expect(story.end(12)).toMatchObject({ state: 'failed', by: 'trainWell' });
  });

  it('is cancelled when it takes longer than it may', async () => {
    const handle = await story.begin(13, { mode: 'automatic', training: byWorkflow('trainForever'), timeoutMs: 600 });
    expect(await result(handle)).toMatchObject({ state: 'failed', reason: 'the training did not end within 600 ms' });
    const training = stage.client.workflow.getHandle(`${retrainingId(1, 13)}/training`);
    await eventually(async () => (await training.describe()).status.name, (name) => name === 'CANCELLED');
  });

  it('fails when somebody else cancels or ends the training', async () => {
    const handle = await story.begin(14, { mode: 'automatic', training: byWorkflow('trainForever') });
    await waits(handle);
    const training = stage.client.workflow.getHandle(`${retrainingId(1, 14)}/training`);
    await eventually(() => training.cancel().then(() => true, () => false), (sent) => sent);
    expect(await result(handle)).toMatchObject({ state: 'failed', reason: 'the training was cancelled' });
  });
});

describe.concurrent('retraining: stopped', () => {
  it('while it is asked about: the question is withdrawn with the reason', async () => {
    const handle = await story.begin(20, { mode: 'ask', training: byWorkflow('trainWell'), approval });
    const decision = stage.client.workflow.getHandle(decisionWorkflowId(approvalText(1, 'retraining', 20)));
    await eventually(() => story.store.opened.some(({ decisionId }) => decisionId === '1/retraining/20/1'), (asked) => asked);
    await handle.signal(stopRetraining, { by: 'grace', reason: 'the model is archived' });
    expect(await result(handle)).toEqual({ number: 20, state: 'cancelled', version: null, reason: 'stopped by grace: the model is archived' });
    expect(await decision.query(decisionStatus)).toMatchObject({ state: 'withdrawn' });
    expect(story.store.closed.find(({ decisionId }) => decisionId === '1/retraining/20/1')).toMatchObject({ state: 'withdrawn', note: 'stopped by grace: the model is archived' });
  });

  it('while it is trained: the training is cancelled', async () => {
    const handle = await story.begin(21, { mode: 'automatic', training: byWorkflow('trainForever') });
    const training = stage.client.workflow.getHandle(`${retrainingId(1, 21)}/training`);
    await eventually(() => training.describe().then(() => true, () => false), (begun) => begun);
    await handle.signal(stopRetraining, { by: 'grace', reason: '' });
    expect(await result(handle)).toMatchObject({ state: 'cancelled', reason: 'stopped by grace' });
    await eventually(async () => (await training.describe()).status.name, (name) => name === 'CANCELLED');
    expect(story.end(21)).toMatchObject({ state: 'cancelled', by: 'grace' });
  });

  it('by cancelling its workflow', async () => {
    const [asked, trained] = await Promise.all([
      story.begin(22, { mode: 'ask', training: byWorkflow('trainWell'), approval }), story.begin(23, { mode: 'automatic', training: OVER_HTTP }),
    ]);
    await eventually(() => story.store.opened.some(({ decisionId }) => decisionId === '1/retraining/22/1'), (there) => there);
    await waits(trained);
    await Promise.all([asked.cancel(), trained.cancel()]);
    for (const handle of [asked, trained]) expect(await result(handle)).toMatchObject({ state: 'cancelled', reason: 'its workflow was cancelled' });
  });
});

describe.concurrent('retraining: over HTTP', () => {
  it('waits for the outcome, which is taken once; whoever sends it learns how it ended', async () => {
    const handle = await story.begin(30, { mode: 'automatic', training: OVER_HTTP, timeoutMs: HOUR_MS });
    const call = await eventually(() => story.calls.find(({ order }) => order.retraining === 30), (made) => made !== undefined);
    expect(call!.order).not.toHaveProperty('callback');
    await waits(handle);
    expect(await refusalOf(send(handle, { state: 'completed', version: 2 }, 31))).toMatchObject({ type: 'Conflict', message: 'the outcome is of retraining 31, and this is retraining 30 of loans' });
    expect(await refusalOf(send(handle, { state: 'done' }, 30))).toMatchObject({ type: 'InvalidInput', message: 'that is no outcome of retraining 30 of loans: its state is "done", and should be completed or failed' });
    expect(await refusalOf(send(handle, { state: 'completed', version: 2 }, 30, ' '))).toMatchObject({ type: 'InvalidInput' });
    await handle.signal(trainingFinishedSignal, { retraining: 29, outcome: { state: 'completed', version: 2 }, by: 'mallory' });
    await eventually(() => story.audited.length, (n) => n === 1);
    expect(story.audited[0]).toMatchObject({ by: 'mallory', action: 'training outcome refused', detail: { retraining: 30 } });
    expect(await handle.query(retrainingStatus)).toMatchObject({ state: 'training' });
    const outcomes = await Promise.allSettled([send(handle, { state: 'completed', version: 2 }, 30), send(handle, { state: 'failed', reason: 'no' }, 30)]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    expect(await result(handle)).toMatchObject({ state: outcomes[0].status === 'fulfilled' ? 'completed' : 'failed' });
    expect(story.end(30)).toMatchObject({ by: 'trainer' });
  });

  it('takes the outcome by signal as well, also before the request has its answer', async () => {
    let aborted = false;
    story.onCall.set(32, (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => {
      aborted = true;
      reject(signal.reason as Error);
    })));
    const handle = await story.begin(32, { mode: 'automatic', training: OVER_HTTP });
    await eventually(() => story.calls.some(({ order }) => order.retraining === 32), (called) => called);
    await handle.signal(trainingFinishedSignal, { retraining: 32, outcome: { state: 'completed', version: 2, note: 'quick' }, by: 'trainer' });
    expect(await result(handle)).toMatchObject({ state: 'completed', version: 2 });
    await eventually(() => aborted, (yes) => yes);
  });

  it('fails when no outcome comes in time', async () => {
    const handle = await story.begin(33, { mode: 'automatic', training: OVER_HTTP, timeoutMs: 400 });
    expect(await result(handle)).toMatchObject({ state: 'failed', reason: 'the training did not end within 400 ms' });
  });

  it('refuses an outcome where the training is a workflow', async () => {
    const handle = await story.begin(34, { mode: 'automatic', training: byWorkflow('trainForever') });
    await waits(handle);
    expect(await refusalOf(send(handle, { state: 'completed', version: 2 }, 34))).toMatchObject({ type: 'Conflict', message: 'retraining 34 of loans does not wait for an outcome: its training is a workflow, whose result is the outcome' });
    await handle.signal(stopRetraining, { by: 'grace', reason: 'enough' });
    await result(handle);
  });

  it('says how it ended also in the moment after that was written down', async () => {
    const refusals: { message: string }[] = [];
    for (const [number, training] of [[36, byWorkflow('trainForever')], [37, OVER_HTTP]] as const) {
      const handle = await story.begin(number, { mode: 'automatic', training });
      story.onClosed.set(number, async () => { refusals.push(await refusalOf(send(handle, { state: 'completed', version: 2 }, number))); });
      await waits(handle);
      await handle.signal(stopRetraining, { by: 'grace', reason: 'enough' });
      expect(await result(handle)).toMatchObject({ state: 'cancelled' });
    }
    expect(refusals).toMatchObject([{ message: 'retraining 36 of loans has its outcome: cancelled' }, { message: 'retraining 37 of loans has its outcome: cancelled' }]);
  });
});
