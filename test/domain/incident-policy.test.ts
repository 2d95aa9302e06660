import { describe, expect, it } from 'vitest';
import {
  advanceIncident, beginIncident, nextMoment, receiveAct, receiveAnswer, receiveChange, receiveStored, recordRefusal, refuseAct, takeStep, type IncidentAct, type IncidentStanding,
} from '../../domain/incident-policy.js';
import { loudnessOf, RESOLUTION_MEANINGS, RESOLUTIONS, severityOf, topicOf, type AttendedIncident } from '../../domain/incident.js';
import { FAILURE_KINDS, JUDGED_KINDS } from '../../domain/settings.js';

const incident: AttendedIncident = {
  incident: 'estimated_performance/roc_auc/000005', incidentId: 7, kind: 'estimated_performance', cause: 'roc_auc', segment: '', openingChunk: '000005', severity: 'warning', text: "Model 'loans': the estimated ROC AUC fell below its threshold in chunk 5.",
};
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const settings = { attend: [], escalateAfterMs: 3 * DAY };
const fresh = () => beginIncident(incident, false, 0);
const acts = (standing: IncidentStanding) => standing.steps.map(({ act }) => act);
const notices = (standing: IncidentStanding) => standing.steps.map(({ notice }) => notice?.kind ?? null);

describe('an attended incident', () => {
  it('begins open, is told with the urgency of its kind, and says nothing when somebody acts on one that nobody attended', () => {
    expect(fresh()).toMatchObject({ state: 'open', over: false, steps: [{ n: 1, act: 'opened', by: 'aftercare', notice: { kind: 'incident-opened', severity: 'warning', text: incident.text } }] });
    expect(notices(beginIncident(incident, true, 0))).toEqual([null]);
  });

  it('is acknowledged once; the second is told by whom', () => {
    const acknowledged = receiveAct(fresh(), { act: 'acknowledge', by: ' ada ', note: 'known campaign' }, HOUR);
    expect(acknowledged).toMatchObject({ state: 'acknowledged', by: 'ada' });
    expect(acknowledged.steps[1]).toMatchObject({ n: 2, act: 'acknowledged', by: 'ada', note: 'known campaign', atMs: HOUR });
    expect(acknowledged.steps[1]!.notice!.text).toBe(`${incident.text} Acknowledged by ada ('known campaign').`);
    expect(refuseAct(acknowledged, { act: 'acknowledge', by: 'grace' }, HOUR)).toEqual({ type: 'Conflict', message: "incident 'estimated_performance/roc_auc/000005' was acknowledged by ada already" });
  });

  it('is escalated once when nobody acknowledges it, and not when somebody has, or when escalation is off', () => {
    expect(nextMoment(fresh(), settings)).toBe(3 * DAY);
    expect(advanceIncident(fresh(), settings, 3 * DAY - 1).steps.length).toBe(1);
    const escalated = advanceIncident(fresh(), settings, 3 * DAY);
    expect(escalated.steps[1]).toMatchObject({ act: 'escalated', notice: { kind: 'incident-escalated', severity: 'critical' } });
    expect(nextMoment(escalated, settings)).toBeNull();
    expect(nextMoment(receiveAct(fresh(), { act: 'acknowledge', by: 'ada' }, 0), settings)).toBeNull();
    expect(nextMoment(fresh(), { attend: [], escalateAfterMs: 0 })).toBeNull();
  });

  it('is open again when its snooze is over, told again, and waits for its escalation from there', () => {
    const snoozed = receiveAct(fresh(), { act: 'snooze', by: 'ada', untilMs: 2 * DAY }, DAY);
    expect(snoozed).toMatchObject({ state: 'snoozed', snoozedUntilMs: 2 * DAY });
    expect(nextMoment(snoozed, settings)).toBe(2 * DAY);
    const back = advanceIncident(snoozed, settings, 2 * DAY);
    expect(back).toMatchObject({ state: 'open', snoozedUntilMs: null });
    expect(notices(back)).toEqual(['incident-opened', 'incident-snoozed', 'incident-reopened']);
    expect(nextMoment(back, settings)).toBe(5 * DAY);
  });

  it('ends with a person, and then nothing can be done about it', () => {
    const resolved = receiveAct(fresh(), { act: 'resolve', by: 'ada' }, HOUR);
    expect(resolved).toMatchObject({ state: 'resolved', over: true });
    for (const act of [{ act: 'resolve', by: 'grace' }, { act: 'snooze', by: 'grace', untilMs: DAY }, { act: 'resolution', by: 'grace', resolution: 'retrain', state: 'done' }] as IncidentAct[]) {
      expect(refuseAct(resolved, act, HOUR)).toMatchObject({ type: 'Conflict' });
    }
    expect(receiveChange(resolved, { state: 'withdrawn' }, DAY)).toBe(resolved);
  });

  it('ends with its data once the store agrees, and comes back when the store has it open by then', () => {
    const told = receiveChange(fresh(), { state: 'resolved' }, HOUR);
    expect(told).toMatchObject({ state: 'resolved', over: false });
    const ended = told.steps[1]!;
    expect(ended.notice!.text).toBe(`${incident.text} Over.`);
    expect(receiveStored(told, ended, 'withdrawn', HOUR)).toMatchObject({ state: 'withdrawn', over: true });
    const back = receiveStored(told, ended, 'open', HOUR);
    expect(back).toMatchObject({ state: 'open', over: false, openSinceMs: HOUR });
    expect(acts(back)).toEqual(['opened', 'ended', 'reopened']);
    expect(receiveStored(told, ended, 'acknowledged', HOUR)).toMatchObject({ state: 'acknowledged', over: false });
  });

  it('ends at once when it was over before its workflow began', () => {
    const begun = fresh();
    expect(acts(receiveStored(begun, begun.steps[0]!, 'resolved', HOUR))).toEqual(['opened', 'ended']);
    expect(receiveStored(begun, begun.steps[0]!, 'acknowledged', HOUR)).toBe(begun);
  });

  it('is acknowledged by the answer to its question, not by a withdrawn one, and not twice', () => {
    const answered = receiveAnswer(fresh(), { answer: 'retrain', by: 'ada', note: null }, HOUR);
    expect(answered).toMatchObject({ state: 'acknowledged', by: 'ada' });
    expect(receiveAnswer(answered, { answer: 'retrain', by: 'ada', note: null }, HOUR)).toBe(answered);
    expect(receiveAnswer(fresh(), { answer: null, by: null, note: null }, HOUR).state).toBe('open');
    expect(receiveAnswer(fresh(), { answer: 'ignore', by: null, note: null }, HOUR).steps[1]).toMatchObject({ by: 'aftercare', notice: { text: expect.stringContaining('Nobody answered in time') as string } });
  });

  it('is not woken from a snooze by the echo of its own acknowledgement, and is by an answer of its own', () => {
    const acknowledged = receiveAct(fresh(), { act: 'acknowledge', by: 'grace' }, HOUR);
    const snoozed = receiveAct(acknowledged, { act: 'snooze', by: 'ada', untilMs: 5 * HOUR }, 2 * HOUR);
    expect(receiveAnswer(snoozed, { answer: 'acknowledge', by: 'grace', note: null }, 3 * HOUR)).toBe(snoozed);
    const unanswered = receiveAct(fresh(), { act: 'snooze', by: 'ada', untilMs: 5 * HOUR }, HOUR);
    expect(receiveAnswer(unanswered, { answer: 'retrain', by: 'grace', note: null }, 2 * HOUR)).toMatchObject({ state: 'acknowledged', by: 'grace', snoozedUntilMs: null });
  });

  it('keeps actions of the runbook with their outcome, and goes on waiting', () => {
    const begun = receiveAct(fresh(), { act: 'resolution', by: 'ada', resolution: 'engineer_features', state: 'begun' }, HOUR);
    expect(begun).toMatchObject({ state: 'open', steps: [{}, { act: 'resolution', resolution: { resolution: 'engineer_features', state: 'begun' }, notice: null }] });
  });

  it('refuses what makes no sense, and says what would', () => {
    const refused = (act: unknown) => refuseAct(fresh(), act as IncidentAct, DAY);
    expect(refused(undefined)).toMatchObject({ type: 'InvalidInput' });
    expect(refused({ act: 'delete', by: 'ada' })!.message).toContain('acknowledged, snoozed, resolved');
    expect(refused({ act: 'acknowledge', by: '  ' })!.message).toContain('says who they are');
    expect(refused({ act: 'acknowledge', by: 'a'.repeat(201) })).toMatchObject({ type: 'InvalidInput' });
    expect(refused({ act: 'resolve', by: 'ada', note: 'x'.repeat(2_001) })!.message).toContain('2000 characters');
    expect(refused({ act: 'snooze', by: 'ada', untilMs: DAY })!.message).toContain('that is over');
    expect(refused({ act: 'snooze', by: 'ada', untilMs: 400 * DAY })!.message).toContain('a year at most');
    expect(refused({ act: 'snooze', by: 'ada', untilMs: 'tomorrow' })!.message).toContain('until a moment');
    expect(refused({ act: 'snooze', by: 'ada', untilMs: 1e300 })).toMatchObject({ type: 'InvalidInput' });
    expect(refused({ act: 'resolution', by: 'ada', resolution: 'pray', state: 'begun' })!.message).toContain('rebalance, engineer_features');
    expect(refused({ act: 'resolution', by: 'ada', resolution: 'retrain', state: 'perhaps' })!.message).toContain('begun, done or failed');
    expect(refused({ act: 'snooze', by: 'ada', untilMs: DAY + 1 })).toBeNull();
  });

  it('writes down what was refused by signal, and takes 500 acts at most', () => {
    expect(recordRefusal(fresh(), undefined, 'why', 0).steps[1]).toMatchObject({ act: 'refused', by: 'unknown', note: 'why' });
    let standing = fresh();
    for (let i = 0; i < 500; i++) standing = takeStep(receiveAct(standing, { act: 'resolution', by: 'ada', resolution: 'retrain', state: 'begun' }, i));
    expect(refuseAct(standing, { act: 'acknowledge', by: 'ada' }, 0)).toMatchObject({ type: 'Conflict' });
    expect(recordRefusal(standing, 'ada', 'why', 0)).toBe(standing);
  });
});

describe('kinds of incidents', () => {
  it('that fail to predict are loud, critical and for operations; the others are silent and for data science', () => {
    expect(FAILURE_KINDS.map((kind) => [loudnessOf(kind), severityOf(kind), topicOf(kind)])).toEqual([['loud', 'critical', 'failure'], ['loud', 'critical', 'failure'], ['loud', 'critical', 'failure'], ['loud', 'critical', 'schema']]);
    expect(JUDGED_KINDS.map((kind) => [loudnessOf(kind), severityOf(kind), topicOf(kind)])).toEqual([['silent', 'warning', 'performance'], ['silent', 'warning', 'performance'], ['silent', 'info', 'drift'], ['silent', 'info', 'data_quality']]);
  });

  it('have six resolutions with a meaning each', () => {
    expect(RESOLUTIONS.map((resolution) => RESOLUTION_MEANINGS[resolution].length > 20)).toEqual(Array.from({ length: 6 }, () => true));
  });
});
