/** What people do about incidents, beside what the judgements say: the state is the same in whichever order both come. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noteIncident, readIncidentActs, type NewIncidentAct } from '../../store/incident-acts.js';
import { announceIncident, announceIncidents } from '../../store/incident-attention.js';
import { openFailureIncident, resolveFailureIncidents } from '../../store/failure-incidents.js';
import { readIncident, readIncidents, resolveIncidentsOf } from '../../store/incidents.js';
import { readAudit } from '../../store/audit.js';
import { appendRows } from '../../store/append-rows.js';
import { archiveModel } from '../../store/models.js';
import { inTransaction } from '../../store/pool.js';
import type { IncidentKind, ModelSettings } from '../../domain/settings.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';
import { memorySource } from '../store/memory-source.js';
import { createSmallModel, runModel, smallRow, smallSettings } from './run-model.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Amounts jump at row 150, and their drift is attended. */
function settingsOf(change: Partial<ModelSettings> = {}): ModelSettings {
  return {
    ...smallSettings({ kind: 'size', size: 50 }),
    calculators: { univariate_drift: { columns: ['amount'], continuousMethods: ['wasserstein'], categoricalMethods: ['chi2'], thresholds: { wasserstein: { type: 'constant', lower: null, upper: 200 } } } },
    incidents: { attend: ['drift', 'silence'] },
    ...change,
  };
}

async function drifting(change: Partial<ModelSettings> = {}) {
  const name = uniqueName('acts');
  const modelId = await createSmallModel(database.pool, name, settingsOf(change));
  const append = (rows: number[], upsert = false, from = 0) => appendRows(database.pool, modelId, memorySource(rows.map((n) => ({ ...smallRow(n), amount: smallRow(n - from).amount }))), { by: 'test', upsert });
  await append(numbers(0, 200));
  const { outcome } = await runModel(database.pool, modelId);
  const [incident] = await readIncidents(database.pool, modelId);
  const act = (what: NewIncidentAct['act'], more: Partial<NewIncidentAct> = {}) => noteIncident(database.pool, { modelId, incidentId: incident!.id, key: `${what}/${more.key ?? 1}`, act: what, by: 'ada', note: null, untilMs: null, atMs: 1_000, ...more });
  const state = async () => (await readIncident(database.pool, incident!.id))!.state;
  const run = async () => (await runModel(database.pool, modelId)).outcome;
  const { rows: [version] } = await database.pool.query<{ id: number }>('select champion_version_id as id from aftercare.model where id = $1', [modelId]);
  return { modelId, name, append, act, state, run, outcome, incident: incident!, versionId: version!.id };
}

describe('runs', () => {
  it('name an incident to attend until its workflow has noted it, and its end until that is noted; a span that comes back is another round', async () => {
    const { modelId, name, append, act, run, outcome, incident } = await drifting();
    const attended = { incident: 'drift/amount/000003', incidentId: incident.id, kind: 'drift', cause: 'amount', segment: '', openingChunk: '000003', severity: 'info', text: `Model '${name}': column 'amount' drifted in the chunk that begins 2024-04-02 16:30 UTC.` };
    expect(outcome).toMatchObject({ attended: [attended], ended: [] });
    expect(await run()).toMatchObject({ attended: [attended], ended: [] });
    await act('opened');
    expect(await run()).toMatchObject({ attended: [], ended: [] });
    expect(await readIncident(database.pool, incident.id)).toMatchObject({ attended: true, loudness: 'silent', severity: 'info', identity: 'drift/amount/000003', text: attended.text });

    await append(numbers(150, 200), true, 150);
    const over = [{ incident: 'drift/amount/000003', state: 'withdrawn' }];
    expect(await run()).toMatchObject({ attended: [], ended: over });
    expect(await run()).toMatchObject({ ended: over });
    expect(await act('ended')).toEqual({ state: 'withdrawn', waiting: [] });
    expect(await run()).toMatchObject({ ended: over });
    expect(await run()).toMatchObject({ attended: [], ended: [] });

    await append(numbers(150, 200), true);
    expect(await run()).toMatchObject({ attended: [{ ...attended, round: 2 }], ended: [] });
    expect(await announceIncidents(database.pool, modelId, ['silence'])).toEqual({ attended: [], ended: [] });
  });

  it('put no question where the incident leads to a retraining, which has its own approval', async () => {
    const question = { decisions: { ...settingsOf().decisions, on: ['drift' as const] } };
    expect((await drifting(question)).outcome.questions.length).toBe(1);
    expect((await drifting({ ...question, retraining: { mode: 'ask', on: ['drift'] } })).outcome.questions).toEqual([]);
    expect((await drifting({ ...question, retraining: { mode: 'off', on: ['drift'] } })).outcome.questions.length).toBe(1);
  });
});

describe('acts', () => {
  it('are kept by every later run: acknowledged, snoozed and resolved stay while the span goes on', async () => {
    const { append, act, state, run, incident } = await drifting();
    await act('acknowledged', { note: 'seen' });
    await append(numbers(200, 250));
    await run();
    expect(await readIncident(database.pool, incident.id)).toMatchObject({ state: 'acknowledged', acknowledgedBy: 'ada', note: 'seen', chunkCount: 2 });
    await act('snoozed', { untilMs: 5_000 });
    await run();
    expect(await readIncident(database.pool, incident.id)).toMatchObject({ state: 'snoozed', snoozedUntil: '1970-01-01T00:00:05.000Z' });
    await act('reopened', { by: 'aftercare' });
    expect(await state()).toBe('open');
    await act('resolved');
    await append(numbers(250, 300));
    await run();
    expect(await readIncident(database.pool, incident.id)).toMatchObject({ state: 'resolved', resolvedBy: 'ada', ongoing: true, chunkCount: 3 });
    expect(await announceIncident(database.pool, incident.id)).toBeNull();
  });

  it('count once however often they are noted, in the store and in the audit trail', async () => {
    const { modelId, act, incident } = await drifting();
    const resolution = { resolution: 'rebalance' as const, state: 'begun' as const };
    for (const _ of [1, 2]) await act('resolution', { resolution, note: 'weights' });
    await act('resolution', { key: '2', resolution: { resolution: 'rebalance', state: 'done' } });
    await act('refused', { by: 'mallory', note: 'why' });
    expect((await readIncidentActs(database.pool, incident.id)).map((one) => [one.act, one.resolution, one.resolutionState, one.by, one.note])).toEqual([
      ['resolution', 'rebalance', 'begun', 'ada', 'weights'], ['resolution', 'rebalance', 'done', 'ada', null], ['refused', null, null, 'mallory', 'why'],
    ]);
    expect((await readAudit(database.pool, { modelId, action: 'rebalance' })).map(({ action, by }) => [action, by])).toEqual([['rebalance done', 'ada'], ['rebalance begun', 'ada']]);
    expect(await readAudit(database.pool, { modelId, by: 'MALLORY' })).toMatchObject([{ action: 'incident act refused', detail: { note: 'why' } }]);
  });

  it('give the same state before a run and after it', async () => {
    const states: string[] = [];
    for (const actFirst of [true, false]) {
      const { append, act, state, run } = await drifting();
      await append(numbers(200, 250), false, 200);
      if (actFirst) await act('acknowledged');
      await run();
      if (!actFirst) await act('acknowledged');
      states.push(await state());
      await append(numbers(200, 250), true);
      await run();
      states.push(await state());
    }
    expect(states).toEqual(['resolved', 'acknowledged', 'resolved', 'acknowledged']);
  });

  it('on an incident that is gone are refused', async () => {
    await expect(noteIncident(database.pool, { modelId: 1, incidentId: 999_999, key: 'x', act: 'acknowledged', by: 'ada', note: null, untilMs: null, atMs: 0 })).rejects.toThrow('there is no incident 999999');
  });

  it('end with an archived model, which nothing judges any more', async () => {
    const { modelId, name, act } = await drifting();
    await act('opened');
    expect((await act('ended')).state).toBe('open');
    await archiveModel(database.pool, name, 'ada');
    expect(await act('ended', { key: '2' })).toMatchObject({ state: 'resolved' });
    expect((await readIncidents(database.pool, modelId, ['open'])).length).toBe(0);
  });
});

describe('a version that is replaced', () => {
  it('has no open incidents any more, whichever of the change and a run is first; when it comes back, so do they', async () => {
    const { modelId, act, state, run, incident, versionId, outcome } = await drifting();
    expect(outcome.attended!.length).toBe(1);
    await act('opened');
    const inCharge = (version: number | null) => database.pool.query('update aftercare.model set champion_version_id = $2 where id = $1', [modelId, version]);
    const { rows: [other] } = await database.pool.query<{ id: number }>(
      `insert into aftercare.version (model_id, number, role, schema, created_by) select model_id, 2, 'challenger', schema, 'test' from aftercare.version where id = $1 returning id`, [versionId]);
    await inTransaction(database.pool, async (tx) => {
      await tx.query('update aftercare.model set champion_version_id = $2 where id = $1', [modelId, other!.id]);
      expect(await resolveIncidentsOf(tx, versionId, 'version 1 was replaced by version 2', 7_000)).toBe(1);
      expect(await resolveIncidentsOf(tx, versionId, 'again', 8_000)).toBe(0);
    });
    expect(await readIncident(database.pool, incident.id)).toMatchObject({ state: 'resolved', resolvedBy: 'aftercare', resolvedAt: '1970-01-01T00:00:07.000Z', note: 'version 1 was replaced by version 2' });
    expect((await announceIncidents(database.pool, modelId, ['drift'])).ended).toEqual([{ incident: 'drift/amount/000003', state: 'resolved' }]);
    await act('ended');
    await announceIncidents(database.pool, modelId, ['drift']);
    await inCharge(versionId);
    expect((await run()).attended).toMatchObject([{ incident: 'drift/amount/000003', round: 2 }]);
    expect(await state()).toBe('open');
    expect((await readIncident(database.pool, incident.id))!.resolvedBy).toBeNull();
  });
});

describe('failures to predict', () => {
  it('open once, are left alone by runs, resolve by themselves and come back', async () => {
    const { modelId, versionId, run, act } = await drifting();
    await act('opened');
    const failure = { modelId, versionId, kind: 'silence' as const, cause: 'inferences', openingChunk: '2026-01-01T00:00:00.000Z', text: 'No inferences for 2 h.', atMs: 1_000 };
    const first = await openFailureIncident(database.pool, failure);
    expect(first.opened).toBe(true);
    expect(await openFailureIncident(database.pool, { ...failure, atMs: 2_000 })).toEqual({ ...first, opened: false });
    expect((await run()).attended).toMatchObject([{ incident: 'silence/inferences/2026-01-01T00:00:00.000Z', severity: 'critical', text: 'No inferences for 2 h.' }]);
    expect(await readIncident(database.pool, first.incidentId)).toMatchObject({ state: 'open', loudness: 'loud', openedByRun: 0 });
    expect(await resolveFailureIncidents(database.pool, { versionId, kind: 'silence' }, 'inferences came', 3_000)).toEqual([first.incidentId]);
    expect(await resolveFailureIncidents(database.pool, { versionId, kind: 'silence' }, 'inferences came', 3_000)).toEqual([]);
    expect(await readIncident(database.pool, first.incidentId)).toMatchObject({ state: 'resolved', note: 'inferences came', ongoing: false });
    expect((await openFailureIncident(database.pool, failure)).opened).toBe(true);
    const kinds: IncidentKind[] = ['silence'];
    expect((await announceIncidents(database.pool, modelId, kinds)).attended.length).toBe(1);
  });
});
