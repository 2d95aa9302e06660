/** Plays challenges and checks that their histories replay; with AFTERCARE_RECORD_HISTORIES they are kept in test/histories/. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { challengeId, WORKFLOW } from '../../domain/names.js';
import { challengeCheckpoint, challengeStatus, probationIncident, promoteNow, rollBackNow, stopChallenge } from '../../workflows/messages.js';
import { byWorkflow, ChallengeStory, OVER_HTTP, verdict } from './support/challenge-story.js';
import { replayAndKeep, type Recorded } from './support/record.js';
import { eventually, openStage, silenceWorkers, type Stage } from './support/stage.js';

let stage: Stage;
let story: ChallengeStory;
beforeAll(async () => {
  silenceWorkers();
  stage = await openStage();
  story = new ChallengeStory(stage);
  await story.open();
});
afterAll(async () => {
  await story?.close();
  await stage?.close();
});

const HOUR_MS = 3_600_000;
const approval = { approvers: ['ada'], remindAfterMs: 0, escalateAfterMs: 0, deadlineMs: HOUR_MS, notify: [] };

it('a challenge tells its story, and the story replays', async () => {
  const recorded: Recorded[] = [];
  const keep = (modelId: number, scenario: string, runId?: string) => recorded.push({ workflowType: WORKFLOW.challenge, scenario, workflowId: challengeId(modelId, 1), ...(runId === undefined ? {} : { runId }) });
  for (const modelId of [1, 2, 5]) story.model(modelId).onVerdict = (horizon) => verdict(horizon < 3 ? 'not yet' : 'better');
  story.model(6).onVerdict = (horizon) => verdict(horizon < 12 ? 'not yet' : 'worse');

  const asked = await story.begin(1, { promotion: { mode: 'ask', approval, switch: byWorkflow('switchServing'), probationMs: 1_500 } });
  for (const horizon of [1, 2, 3]) await asked.signal(challengeCheckpoint, { horizon });
  await eventually(() => story.asked(1), (there) => there);
  await story.answer(1, 'approve', 'ada');
  keep(1, 'is-kept');

  const automatic = await story.begin(2, { promotion: { mode: 'automatic', switch: OVER_HTTP, probationMs: HOUR_MS } });
  await automatic.signal(challengeCheckpoint, { horizon: 3 });
  await eventually(() => automatic.query(challengeStatus), ({ state }) => state === 'probation');
  await automatic.signal(probationIncident, { incident: 'v2/silence/inferences/x', text: 'Version 2 fell silent.' });
  keep(2, 'is-rolled-back-by-an-incident');

  const byHand = await story.begin(3, { promotion: { probationMs: HOUR_MS } });
  await eventually(() => byHand.query(challengeStatus), ({ against }) => against === 1);
  await byHand.executeUpdate(promoteNow, { args: [{ by: 'ada', note: 'now' }] });
  await eventually(() => byHand.query(challengeStatus), ({ state }) => state === 'probation');
  await byHand.executeUpdate(rollBackNow, { args: [{ by: 'ada' }] });
  keep(3, 'is-promoted-and-rolled-back-by-hand');

  const broken = await story.begin(4, { promotion: { switch: byWorkflow('switchHalfWay') } }, { mode: 'promotion', approvedBy: 'ada' });
  keep(4, 'is-undone');

  const rejected = await story.begin(5, { promotion: { mode: 'ask', approval } });
  await rejected.signal(challengeCheckpoint, { horizon: 3 });
  await eventually(() => story.asked(5), (there) => there);
  await story.answer(5, 'reject', 'ada');
  keep(5, 'is-rejected');

  const long = await story.begin(6, {}, { historyLimit: 60 });
  const { runId } = await long.describe();
  for (let horizon = 1; horizon <= 12; horizon++) await long.signal(challengeCheckpoint, { horizon });
  keep(6, 'continues-as-new', runId);
  keep(6, 'is-worse');

  story.model(7).champion = 2;
  const back = await story.begin(7, { promotion: { switch: OVER_HTTP } }, { mode: 'rollback', version: 1, by: 'ada', reason: 'complaints' });
  keep(7, 'goes-back');

  const stopped = await story.begin(8, { promotion: { switch: byWorkflow('switchForever') } }, { mode: 'promotion', approvedBy: 'ada' });
  await eventually(() => story.model(8).served.length, (n) => n === 1);
  await stopped.signal(stopChallenge, { by: 'ada', reason: 'not now' });
  keep(8, 'is-stopped-while-switching');

  const ends = await Promise.all([asked, automatic, byHand, broken, rejected, long, back, stopped].map((handle) => story.result(handle)));
  expect(ends.map(({ state }) => state)).toEqual(['kept', 'rolled_back', 'rolled_back', 'failed', 'closed', 'closed', 'rolled_back', 'cancelled']);
  await replayAndKeep(stage, recorded);
});
