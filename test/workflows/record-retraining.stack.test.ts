/** Plays retrainings and checks that their histories replay; with AFTERCARE_RECORD_HISTORIES they are kept in test/histories/. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lifecycleId, retrainingId, WORKFLOW } from '../../domain/names.js';
import { retrainingStatus, stopRetraining, trainingFinished } from '../../workflows/messages.js';
import { replayAndKeep } from './support/record.js';
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

it('a retraining tells its story, and the story replays', async () => {
  const approval = { approvers: ['ada'], notify: ['ada@example.org'] };
  const asked = (number: number) => eventually(() => story.store.opened.some(({ decisionId }) => decisionId === `1/retraining/${number}/1`), (there) => there);

  const approved = await story.begin(1, { mode: 'ask', training: byWorkflow('trainWell'), approval });
  await asked(1);
  await story.answer(1, 'approve', 'ada');

  const overHttp = await story.begin(2, { mode: 'automatic', training: OVER_HTTP });
  await eventually(() => overHttp.query(retrainingStatus), (status) => status.state === 'training');
  await expect(overHttp.executeUpdate(trainingFinished, { args: [{ retraining: 1, outcome: { state: 'completed', version: 2 }, by: 'trainer' }] })).rejects.toThrow();
  await overHttp.executeUpdate(trainingFinished, { args: [{ retraining: 2, outcome: { state: 'completed', version: 2 }, by: 'trainer' }] });

  const rejected = await story.begin(3, { mode: 'ask', training: byWorkflow('trainWell'), approval });
  await asked(3);
  await story.answer(3, 'reject', 'ada');

  const stopped = await story.begin(4, { mode: 'automatic', training: byWorkflow('trainForever') });
  await eventually(() => stopped.query(retrainingStatus), (status) => status.state === 'training');
  await eventually(() => stage.client.workflow.getHandle(`${retrainingId(1, 4)}/training`).describe().then(() => true, () => false), (begun) => begun);
  await stopped.signal(stopRetraining, { by: 'ada', reason: 'not now' });

  story.absent.add(5);
  const failed = await story.begin(5, { mode: 'automatic', training: byWorkflow('trainWell') });

  const ends = await Promise.all([approved, overHttp, rejected, stopped, failed].map((handle) => handle.result()));
  expect(ends.map(({ state }: { state: string }) => state)).toEqual(['completed', 'completed', 'rejected', 'cancelled', 'failed']);
  await replayAndKeep(stage, ['is-approved-and-trained', 'is-trained-over-http', 'is-rejected', 'is-stopped', 'names-a-version-that-is-not-there'].map((scenario, i) => ({ workflowType: WORKFLOW.retraining, scenario, workflowId: retrainingId(1, i + 1) })));
});

it('a schedule asks for a retraining by its nominal time', async () => {
  const lifecycle = await stage.client.workflow.start('collectReports', { workflowId: lifecycleId(2), taskQueue: USER_QUEUE });
  const key = await stage.client.workflow.execute(WORKFLOW.scheduledRun, { workflowId: 'scheduled-retraining', taskQueue: story.store.queue, args: [{ modelId: 2, purpose: 'retraining' }] }) as string;
  expect(key).toMatch(/^schedule:\d{4}-/);
  expect(await eventually(() => lifecycle.query<unknown[]>('reports'), (reports) => reports.length > 0)).toEqual([{ key, trigger: 'schedule', by: 'schedule', reason: `It is time by the schedule (${key.slice(9)}).` }]);
  await lifecycle.terminate();
  await replayAndKeep(stage, [{ workflowType: WORKFLOW.scheduledRun, scenario: 'asks-for-a-retraining', workflowId: 'scheduled-retraining' }]);
});
