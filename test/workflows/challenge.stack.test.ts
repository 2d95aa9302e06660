import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lifecycleId } from '../../domain/names.js';
import { challengeCheckpoint, challengeStatus, probationIncident, promoteNow, rollBackNow, stopChallenge } from '../../workflows/messages.js';
import { byWorkflow, ChallengeStory, OVER_HTTP, refusing, USER_QUEUE, verdict } from './support/challenge-story.js';
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
const automatic = { mode: 'automatic', probationMs: 0 } as const;
const long = { ...automatic, probationMs: HOUR_MS };
const checkpoint = (handle: WorkflowHandle, horizon: number) => handle.signal(challengeCheckpoint, { horizon });
const status = (handle: WorkflowHandle) => handle.query(challengeStatus);
const reaches = (handle: WorkflowHandle, state: string) => eventually(() => status(handle), (now) => now.state === state);
const refusal = async (asking: Promise<unknown>): Promise<{ type: string; message: string }> => ((await asking.then(() => { throw new Error('was not refused'); }, (error: unknown) => error)) as { cause: { type: string; message: string } }).cause;
let models = 0;
const nextModel = () => (models += 1);

describe.concurrent('challenge', () => {
  describe('the comparison', () => {
    it('goes from verdict to approval, switch, promotion and the end of its probation; the lifecycle and people are told', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.onVerdict = (horizon) => verdict(horizon < 30 ? 'not yet' : 'better', { text: `roc_auc 0.71 against 0.68 at ${horizon}.` });
      const lifecycle = await stage.client.workflow.start('collectChampions', { workflowId: lifecycleId(id), taskQueue: USER_QUEUE });
      const handle = await story.begin(id, { promotion: { mode: 'ask', approval, switch: byWorkflow('switchServing'), probationMs: 1_500 } });
      for (const horizon of [10, 20, 30, 40]) await checkpoint(handle, horizon);
      await eventually(() => story.asked(id), (asked) => asked);
      expect(model.horizons).toEqual([10, 20, 30].map((horizon) => ({ horizon, champion: 1 })));
      expect(story.store.opened.find(({ modelId }) => modelId === id)).toMatchObject({ subject: 'promotion', approvers: ['ada'], question: 'Put version 2 of loans in charge, instead of version 1? roc_auc 0.71 against 0.68 at 30.' });
      expect(await status(handle)).toMatchObject({ state: 'deciding', judgement: 'better', horizon: 30, against: 1, decisionId: `${id}/promotion/1/1`, probationEndsAtMs: null });
      expect((await refusal(story.answer(id, 'approve', 'eve'))).message).toContain('eve is not among those who may answer');
      expect(model.champion).toBe(1);

      await story.answer(id, 'approve', 'ada');
      expect((await reaches(handle, 'probation')).probationEndsAtMs).toBeGreaterThan(Date.now() - 60_000);
      expect(model.served).toEqual([{ model: 'loans', modelId: id, challenge: 1, action: 'promote', from: 1, to: 2, by: 'ada' }]);
      expect(model.promotions).toMatchObject([{ from: 1, to: 2, action: 'promote', by: 'ada' }]);
      expect(await story.result(handle)).toEqual({ number: 1, version: 2, state: 'kept', note: 'version 2 kept its probation of 1.5 s' });
      expect(model.checks).toBeGreaterThan(0);
      expect(model.notes.map(({ state, judgement }) => `${state} ${judgement ?? ''}`.trim())).toEqual(['shadow not yet', 'shadow not yet', 'shadow better', 'deciding', 'switching', 'kept better']);
      expect(model.champion).toBe(2);
      const told = await eventually(() => lifecycle.query<unknown[]>('told'), (all) => all.length === 2);
      expect(told).toEqual([{ number: 1, champion: 2, by: 'ada' }, { number: 1, version: 2, state: 'kept', note: 'version 2 kept its probation of 1.5 s' }]);
      await eventually(() => model.told, (kinds) => kinds.includes('probation-ended'));
      expect(model.told.filter((kind) => !kind.startsWith('decision'))).toEqual(['challenge-verdict', 'promotion-done', 'probation-ended']);
      await lifecycle.terminate();
    });

    it.each(['worse', 'equivalent'] as const)('ends at a verdict of %s, and nothing is switched', async (judgement) => {
      const id = nextModel();
      story.model(id).onVerdict = () => verdict(judgement);
      const handle = await story.begin(id, { promotion: { ...automatic, switch: byWorkflow('switchServing') } });
      await checkpoint(handle, 5);
      expect(await story.result(handle)).toMatchObject({ state: 'closed', note: `roc_auc: ${judgement}.` });
      expect(story.model(id)).toMatchObject({ champion: 1, served: [] });
      await eventually(() => story.model(id).told, (kinds) => kinds.length === 1 && kinds[0] === 'challenge-verdict');
    });

    it('goes on while a guardrail is not kept, or nothing can be compared yet', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.onVerdict = (horizon) => {
        if (horizon === 1) throw refusing('versions 1 and 2 have 0 rows in common', 'InvalidInput');
        return verdict('better', { guardrails: [{ guardrail: 'response_time', kept: horizon > 2, text: '95 % within 900 ms' }] });
      };
      const handle = await story.begin(id, { promotion: automatic });
      await checkpoint(handle, 1);
      expect((await eventually(() => status(handle), ({ horizon }) => horizon === 1)).note).toBe('versions 1 and 2 have 0 rows in common');
      await checkpoint(handle, 2);
      expect(await eventually(() => status(handle), ({ horizon }) => horizon === 2)).toMatchObject({ state: 'shadow', judgement: 'better', note: 'roc_auc: better. Not promoted while a guardrail is not kept: 95 % within 900 ms' });
      await checkpoint(handle, 2);   // a repeat is judged once
      await checkpoint(handle, 3);
      expect(await story.result(handle)).toMatchObject({ state: 'kept' });
      expect(model.horizons.map(({ horizon }) => horizon)).toEqual([1, 2, 3]);
    });

    it('ends without a verdict by its deadline', async () => {
      const id = nextModel();
      const handle = await story.begin(id, { challenge: { deadlineMs: 200 } });
      expect(await story.result(handle)).toMatchObject({ state: 'closed', note: 'no verdict by the deadline' });
      await eventually(() => story.model(id).told, (kinds) => kinds.includes('challenge-closed'));
    });

    it('cannot begin with a version that is archived: it says so', async () => {
      const id = nextModel();
      story.model(id).opened = { state: 'closed', note: "version 2 of model 'loans' is archived: it cannot be put in charge" };
      expect(await story.result(await story.begin(id, {}, { mode: 'promotion', approvedBy: 'ada' }))).toMatchObject({ state: 'closed', note: "version 2 of model 'loans' is archived: it cannot be put in charge" });
      expect(story.model(id).champion).toBe(1);
    });

    it('is compared with the new champion from the moment another version is put in charge', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.onVerdict = (horizon) => verdict(horizon === 2 ? 'better' : 'not yet');
      const handle = await story.begin(id, { promotion: { mode: 'ask', approval, probationMs: 0 } });
      await checkpoint(handle, 1);
      await eventually(() => status(handle), ({ horizon }) => horizon === 1);
      model.champion = 3;
      await checkpoint(handle, 2);   // better than version 1, which nobody asked for any more
      expect(await eventually(() => status(handle), ({ against }) => against === 3)).toMatchObject({ state: 'shadow', judgement: null, note: 'version 3 was put in charge meanwhile: version 2 is compared with it from here on' });
      model.onVerdict = () => verdict('better');
      await checkpoint(handle, 3);
      await eventually(() => story.asked(id), (asked) => asked);
      model.champion = 4;
      await story.answer(id, 'approve', 'ada');   // the approval was for another comparison
      expect(await eventually(() => status(handle), ({ against }) => against === 4)).toMatchObject({ state: 'shadow', judgement: null });
      await checkpoint(handle, 4);
      await eventually(() => story.asked(id, 2), (asked) => asked);
      await story.answer(id, 'approve', 'ada', 2);
      expect(await story.result(handle)).toMatchObject({ state: 'kept' });
      expect(model.horizons).toEqual([{ horizon: 1, champion: 1 }, { horizon: 2, champion: 1 }, { horizon: 3, champion: 3 }, { horizon: 4, champion: 4 }]);
      expect(model.promotions).toMatchObject([{ from: 4, to: 2 }]);
    });

    it('judges every place once and in order, however often its history is begun anew', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.onVerdict = (horizon) => verdict(horizon === 40 ? 'worse' : 'not yet');
      const handle = await story.begin(id, {}, { historyLimit: 60 });
      for (let horizon = 1; horizon <= 40; horizon++) await checkpoint(handle, horizon);
      expect(await story.result(handle)).toMatchObject({ state: 'closed', note: 'roc_auc: worse.' });
      expect(model.horizons.map(({ horizon }) => horizon)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
      expect((await stage.client.workflow.getHandle(handle.workflowId).describe()).raw.workflowExecutionInfo!.firstRunId).not.toBe((await handle.describe()).runId);
    });
  });

  describe('whether it is promoted', () => {
    it('is not when a person rejects it, or nobody answers', async () => {
      const [one, two] = [nextModel(), nextModel()];
      for (const id of [one, two]) story.model(id).onVerdict = () => verdict('better');
      const rejected = await story.begin(one, { promotion: { mode: 'ask', approval } });
      const ignored = await story.begin(two, { promotion: { mode: 'ask', approval: { ...approval, deadlineMs: 300 } } });
      await Promise.all([checkpoint(rejected, 1), checkpoint(ignored, 1)]);
      await eventually(() => story.asked(one), (asked) => asked);
      await story.answer(one, 'reject', 'ada');
      expect(await story.result(rejected)).toMatchObject({ state: 'closed', note: 'version 2 was not promoted: ada rejected it' });
      expect(await story.result(ignored)).toMatchObject({ state: 'closed', note: 'version 2 was not promoted: nobody approved by the deadline' });
      expect([story.model(one).champion, story.model(two).champion]).toEqual([1, 1]);
    });

    it('waits for a person after a verdict of better where promotion is by hand, and can be taken back by hand in its probation', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.onVerdict = () => verdict('better');
      const handle = await story.begin(id, { promotion: { mode: 'manual', probationMs: HOUR_MS, switch: OVER_HTTP, approval } });
      await checkpoint(handle, 1);
      await eventually(() => status(handle), ({ judgement }) => judgement === 'better');
      await checkpoint(handle, 2);
      expect(await status(handle)).toMatchObject({ state: 'shadow' });
      expect(await refusal(handle.executeUpdate(rollBackNow, { args: [{ by: 'ada' }] }))).toMatchObject({ type: 'Conflict', message: 'version 2 is not on probation: its challenge is shadow' });
      expect(await refusal(handle.executeUpdate(promoteNow, { args: [{ by: ' ' }] }))).toMatchObject({ type: 'InvalidInput', message: 'a promotion says who wants it (by)' });
      expect(await handle.executeUpdate(promoteNow, { args: [{ by: 'Ada', note: 'looks good' }] })).toMatchObject({ state: 'switching' });
      await reaches(handle, 'probation');
      expect(await refusal(handle.executeUpdate(promoteNow, { args: [{ by: 'ada' }] }))).toMatchObject({ type: 'Conflict', message: 'version 2 cannot be promoted: its challenge is probation' });
      expect(model.horizons).toHaveLength(1);
      await handle.executeUpdate(rollBackNow, { args: [{ by: 'grace', note: 'complaints' }] });
      expect(await story.result(handle)).toMatchObject({ state: 'rolled_back', note: 'version 1 is in charge again, by grace: complaints' });
      expect(model.served.map(({ action, from, to }) => `${action} ${from} ${to}`)).toEqual(['promote 1 2', 'rollback 2 1']);
      expect(model.champion).toBe(1);
      await eventually(() => model.notices, (notices) => notices.some(({ kind, severity }) => kind === 'rolled-back' && severity === 'critical'));
    });

    it('is put to those who may approve when somebody else wants it, and goes on being compared when they reject that', async () => {
      const id = nextModel();
      const handle = await story.begin(id, { promotion: { mode: 'ask', approval } });
      await eventually(() => status(handle), ({ against }) => against === 1);
      expect(await handle.executeUpdate(promoteNow, { args: [{ by: 'eve', note: 'now' }] })).toMatchObject({ state: 'deciding', decisionId: `${id}/promotion/1/1` });
      expect((await refusal(handle.executeUpdate(promoteNow, { args: [{ by: 'eve' }] }))).message).toContain(`decide ${id}/promotion/1/1`);
      await eventually(() => story.asked(id), (asked) => asked);
      expect(story.store.opened.find(({ modelId }) => modelId === id)!.question).toBe('Put version 2 of loans in charge, instead of version 1? eve wants it: now');
      await story.answer(id, 'reject', 'ada');
      await reaches(handle, 'shadow');
      await handle.signal(stopChallenge, { by: 'ada', reason: 'enough' });
      expect(await story.result(handle)).toMatchObject({ state: 'cancelled', note: 'ada: enough' });
    });

    it('takes the wish of a person at once, also while a verdict is being computed', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.onVerdict = (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      const handle = await story.begin(id, { promotion: { ...automatic } });
      await checkpoint(handle, 1);
      await eventually(() => model.horizons.length, (n) => n === 1);
      const both = await Promise.allSettled([handle.executeUpdate(promoteNow, { args: [{ by: 'ada' }] }), handle.executeUpdate(promoteNow, { args: [{ by: 'grace' }] })]);
      expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await story.result(handle)).toMatchObject({ state: 'kept' });
      expect(model.promotions).toHaveLength(1);
    });

    it('is by hand at once for whoever may approve, and asked about for anybody else', async () => {
      const [one, two] = [nextModel(), nextModel()];
      const mine = await story.begin(one, { promotion: { approval, probationMs: 0 } }, { mode: 'promotion', by: 'ada', approvedBy: 'ada', reason: 'by hand' });
      const theirs = await story.begin(two, { promotion: { approval, probationMs: 0 } }, { mode: 'promotion', by: 'eve', approvedBy: 'eve', reason: 'by hand' });
      expect(await story.result(mine)).toMatchObject({ state: 'kept' });
      await eventually(() => story.asked(two), (asked) => asked);
      expect(story.store.opened.find(({ modelId }) => modelId === two)!.question).toBe('Put version 2 of loans in charge, instead of version 1? eve wants it: by hand');
      await story.answer(two, 'reject', 'ada');
      expect(await story.result(theirs)).toMatchObject({ state: 'closed' });
    });
  });

  describe('the switch', () => {
    it('is undone when it fails half way; the champion stays, and people are told', async () => {
      const id = nextModel();
      const model = story.model(id);
      const handle = await story.begin(id, { promotion: { switch: byWorkflow('switchHalfWay'), probationMs: HOUR_MS } }, { mode: 'promotion', approvedBy: 'ada' });
      expect(await story.result(handle)).toMatchObject({ state: 'failed', note: 'the switch to version 2 failed: the load balancer refused; version 1 stays in charge' });
      expect(model.served.map(({ action, from, to }) => `${action} ${from} ${to}`)).toEqual(['promote 1 2', 'compensate 2 1']);
      expect(model).toMatchObject({ champion: 1, promotions: [] });
      await eventually(() => model.told, (kinds) => kinds.includes('promotion-failed'));
    });

    it('says so when undoing it failed as well', async () => {
      const id = nextModel();
      const handle = await story.begin(id, { promotion: { switch: byWorkflow('switchNever') } }, { mode: 'promotion', approvedBy: 'ada' });
      expect((await story.result(handle)).note).toBe('the switch to version 2 failed: no promote today; version 1 stays in charge. Undoing the switch failed as well (no compensate today): look after what serves');
    });

    it('is tried again while its server is away, and given up after its time', async () => {
      const [one, two] = [nextModel(), nextModel()];
      let attempts = 0;
      story.model(one).onCall = () => { if ((attempts += 1) < 3) throw new Error('connect ECONNREFUSED'); };
      story.model(two).onCall = ({ action }) => { if (action === 'promote') throw new Error('connect ECONNREFUSED'); };
      const slow = await story.begin(one, { promotion: { switch: OVER_HTTP, probationMs: 0 } }, { mode: 'promotion', approvedBy: 'ada' });
      const gone = await story.begin(two, { promotion: { switch: OVER_HTTP, switchTimeoutMs: 1_500 } }, { mode: 'promotion', approvedBy: 'ada' });
      expect(await story.result(slow)).toMatchObject({ state: 'kept' });
      expect(attempts).toBe(3);
      expect(await story.result(gone)).toMatchObject({ state: 'failed' });
      expect(story.model(two).served.at(-1)).toMatchObject({ action: 'compensate' });
      expect(story.model(two).champion).toBe(1);
    });

    it('goes to the version in charge when the store finds that another one was promoted meanwhile', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.onPromote = () => {
        model.champion = 3;
        return "version 3 of model 'loans' is in charge by now, not version 1";
      };
      const handle = await story.begin(id, { promotion: { switch: byWorkflow('switchServing') } }, { mode: 'promotion', approvedBy: 'ada' });
      expect(await story.result(handle)).toMatchObject({ state: 'failed', note: "version 2 was not put in charge: version 3 of model 'loans' is in charge by now, not version 1" });
      expect(model.served.map(({ action, from, to }) => `${action} ${from} ${to}`)).toEqual(['promote 1 2', 'compensate 2 3']);
    });

    it('is not called for a version that was archived meanwhile', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.onNote = ({ state }) => { if (state === 'switching') throw refusing("version 2 of model 'loans' is archived: it cannot be put in charge"); };
      const handle = await story.begin(id, { promotion: { ...automatic, switch: byWorkflow('switchServing') } });
      await eventually(() => status(handle), ({ against }) => against === 1);
      await handle.executeUpdate(promoteNow, { args: [{ by: 'ada' }] });
      expect(await story.result(handle)).toMatchObject({ state: 'closed', note: "version 2 of model 'loans' is archived: it cannot be put in charge" });
      expect(model.served).toEqual([]);
    });
  });

  describe('probation', () => {
    it('goes back by itself when an incident opens', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.onVerdict = () => verdict('better');
      const handle = await story.begin(id, { promotion: { ...long, switch: byWorkflow('switchServing') } });
      await checkpoint(handle, 1);
      await reaches(handle, 'probation');
      await handle.signal(probationIncident, { incident: 'v2/estimated_performance/roc_auc/000007', text: 'Estimated ROC AUC of version 2 left its thresholds.' });
      expect(await story.result(handle)).toMatchObject({ state: 'rolled_back', note: 'version 1 is in charge again, by policy: Estimated ROC AUC of version 2 left its thresholds.' });
      expect(model.promotions).toMatchObject([{ action: 'promote' }, { action: 'rollback', from: 2, to: 1, by: 'policy' }]);
      expect(model.served.map(({ action }) => action)).toEqual(['promote', 'rollback']);
    });

    it('goes back by itself when a guardrail is not kept', async () => {
      const id = nextModel();
      story.model(id).onCheck = () => 'error rate 7.00 % of 900 calls';
      const handle = await story.begin(id, { promotion: { probationMs: 1_000 } }, { mode: 'promotion', approvedBy: 'ada' });
      expect(await story.result(handle)).toMatchObject({ state: 'rolled_back', note: 'version 1 is in charge again, by policy: error rate 7.00 % of 900 calls' });
    });

    it('says that going back failed: the version stays in charge, and people must look', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.onCall = ({ action }) => { if (action === 'rollback') throw refusing('their-host answered 410', 'InvalidInput'); };
      const handle = await story.begin(id, { promotion: { switch: OVER_HTTP, probationMs: HOUR_MS } }, { mode: 'promotion', approvedBy: 'ada' });
      await reaches(handle, 'probation');
      await handle.executeUpdate(rollBackNow, { args: [{ by: 'ada' }] });
      expect(await story.result(handle)).toMatchObject({ state: 'failed', note: 'going back from version 2 to 1 failed: their-host answered 410; version 2 stays in charge' });
      expect(model.champion).toBe(2);
      await eventually(() => model.notices, (notices) => notices.some(({ kind, severity }) => kind === 'rollback-failed' && severity === 'critical'));
    });

    it('is over when another version is put in charge', async () => {
      const id = nextModel();
      const model = story.model(id);
      const handle = await story.begin(id, { promotion: { probationMs: HOUR_MS } }, { mode: 'promotion', approvedBy: 'ada' });
      await reaches(handle, 'probation');
      model.champion = 5;
      await handle.executeUpdate(rollBackNow, { args: [{ by: 'ada' }] });
      expect(await story.result(handle)).toMatchObject({ state: 'kept', note: 'version 5 was put in charge before the probation of version 2 was over' });
      expect(model.champion).toBe(5);
    });

    it('of a version that was gone back to there is none', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.champion = 2;
      const handle = await story.begin(id, { promotion: { approval, switch: byWorkflow('switchServing') } }, { mode: 'rollback', version: 1, by: 'eve', reason: 'complaints' });
      expect(await story.result(handle)).toMatchObject({ state: 'rolled_back', note: 'version 1 is in charge again, by eve: complaints' });
      expect(model.served).toMatchObject([{ action: 'rollback', from: 2, to: 1 }]);
      expect(model.champion).toBe(1);
    });

    it('goes on where the record stands when its workflow was lost', async () => {
      const id = nextModel();
      const model = story.model(id);
      model.champion = 2;
      model.opened = { against: 1, state: 'probation', judgement: 'better', approvedBy: 'ada', promotedAtMs: Date.now() - HOUR_MS };
      const handle = await story.begin(id, { promotion: { probationMs: HOUR_MS, switch: byWorkflow('switchServing') } });
      expect(await story.result(handle)).toMatchObject({ state: 'kept' });
      expect(model).toMatchObject({ served: [], promotions: [], checks: 1 });
    });
  });

  describe('stopped', () => {
    it('while it compares, or by cancelling its workflow', async () => {
      const [one, two] = [nextModel(), nextModel()];
      const [told, cancelled] = [await story.begin(one, {}), await story.begin(two, {})];
      await eventually(() => status(cancelled), ({ against }) => against === 1);
      await told.signal(stopChallenge, { by: 'aftercare', reason: 'version 2 is no challenger any more' });
      await cancelled.cancel();
      expect(await story.result(told)).toMatchObject({ state: 'cancelled', note: 'aftercare: version 2 is no challenger any more' });
      expect(await story.result(cancelled)).toMatchObject({ state: 'cancelled', note: 'Temporal: its workflow was cancelled' });
    });

    it('while people are asked: the question is withdrawn', async () => {
      const id = nextModel();
      const handle = await story.begin(id, { promotion: { approval } }, { mode: 'promotion', by: 'eve', approvedBy: null });
      await eventually(() => story.asked(id), (asked) => asked);
      await handle.signal(stopChallenge, { by: 'aftercare', reason: 'the model was archived' });
      expect(await story.result(handle)).toMatchObject({ state: 'cancelled' });
      expect(story.store.closed.find(({ decisionId }) => decisionId === `${id}/promotion/1/1`)).toMatchObject({ state: 'withdrawn' });
    });

    it('while the switch is under way: it is undone', async () => {
      const id = nextModel();
      const model = story.model(id);
      const handle = await story.begin(id, { promotion: { switch: byWorkflow('switchForever') } }, { mode: 'promotion', approvedBy: 'ada' });
      await eventually(() => model.served.length, (n) => n === 1);
      await handle.signal(stopChallenge, { by: 'aftercare', reason: 'the model was archived' });
      expect(await story.result(handle)).toMatchObject({ state: 'cancelled', note: 'aftercare: the model was archived' });
      expect(model.served.map(({ action }) => action)).toEqual(['promote', 'compensate']);
      expect(model.champion).toBe(1);
    });

    it('on probation: the version stays in charge', async () => {
      const id = nextModel();
      const handle = await story.begin(id, { promotion: { probationMs: HOUR_MS } }, { mode: 'promotion', approvedBy: 'ada' });
      await reaches(handle, 'probation');
      await handle.signal(stopChallenge, { by: 'aftercare', reason: 'the model was archived' });
      expect(await story.result(handle)).toMatchObject({ state: 'cancelled', note: 'aftercare: the model was archived; version 2 stays in charge' });
      expect(story.model(id).champion).toBe(2);
    });
  });
});
