/** From alerts to incidents and questions, on a model whose amounts jump at row 150. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Incident } from '../../domain/incident.js';
import type { ModelSettings } from '../../domain/settings.js';
import { appendRows } from '../../store/append-rows.js';
import { closeDecision, openDecision, readDecision, readDecisions } from '../../store/decisions.js';
import { readIncidents } from '../../store/incidents.js';
import { updateSettings } from '../../store/models.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';
import { memorySource } from '../store/memory-source.js';
import { createSmallModel, runModel, smallRow, smallSettings, type RunDone } from './run-model.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const append = (modelId: number, rows: number[], upsert = false): Promise<unknown> => appendRows(database.pool, modelId, memorySource(rows.map((n) => smallRow(n))), { by: 'test', upsert });

/** Only the drift of `amount` counts, judged by a threshold that the jump passes and nothing else does. */
function driftSettings(): ModelSettings {
  const settings = smallSettings({ kind: 'size', size: 50 });
  return {
    ...settings,
    calculators: { univariate_drift: { columns: ['amount'], continuousMethods: ['wasserstein'], categoricalMethods: ['chi2'], thresholds: { wasserstein: { type: 'constant', lower: null, upper: 200 } } } },
    decisions: { ...settings.decisions, on: ['drift'] },
  };
}

const told = (incident: Incident): unknown => [incident.kind, incident.cause, incident.openingChunk, incident.lastChunk, incident.chunkCount, incident.ongoing, incident.state];

async function ask(modelId: number, question: RunDone['outcome']['questions'][number]): Promise<void> {
  await openDecision(database.pool, { modelId, decisionId: question.decisionId, incidentId: question.incidentId, workflowId: `test/${question.decisionId}`, question: question.text, askedAtMs: 1_000, deadlineAtMs: 2_000 });
}

describe('incidents', () => {
  it('open with the first complete chunk that alerts, go on, and ask until somebody is asked', async () => {
    const id = await createSmallModel(database.pool, uniqueName('drifting'), driftSettings());
    await append(id, numbers(0, 190));
    const early = await runModel(database.pool, id);
    expect(early.outcome).toMatchObject({ questions: [], alerts: 0 });
    expect(await readIncidents(database.pool, id)).toEqual([]);

    await append(id, numbers(190, 210));
    const first = await runModel(database.pool, id);
    expect((await readIncidents(database.pool, id)).map(told)).toEqual([['drift', 'amount', '000003', '000003', 1, true, 'open']]);
    const [question] = first.outcome.questions;
    expect(question).toMatchObject({ decisionId: `${id}/drift/amount/000003/1`, kind: 'drift', cause: 'amount', openingChunk: '000003', text: expect.stringContaining("column 'amount' drifted") as string });

    await append(id, numbers(210, 250));
    const second = await runModel(database.pool, id);
    expect((await readIncidents(database.pool, id)).map(told)).toEqual([['drift', 'amount', '000003', '000004', 2, true, 'open']]);
    expect(second.outcome.questions).toEqual([question]);

    await ask(id, question!);
    await ask(id, question!);
    expect((await runModel(database.pool, id)).outcome.questions).toEqual([]);
  });

  it('are acknowledged by an answer, once, and stay so while they go on', async () => {
    const id = await createSmallModel(database.pool, uniqueName('answered'), driftSettings());
    await append(id, numbers(0, 200));
    const [question] = (await runModel(database.pool, id)).outcome.questions;
    await ask(id, question!);
    const end = { decisionId: question!.decisionId, state: 'answered', answer: 'retrain', by: 'ada', note: 'again', atMs: 5_000 } as const;
    await closeDecision(database.pool, end);
    await closeDecision(database.pool, { ...end, answer: 'ignore', by: 'bob' });
    expect(await readDecision(database.pool, question!.decisionId)).toMatchObject({ state: 'answered', answer: 'retrain', answeredBy: 'ada', note: 'again', answeredAt: '1970-01-01T00:00:05.000Z', modelId: id });
    await append(id, numbers(200, 250));
    const { outcome } = await runModel(database.pool, id);
    expect(outcome).toMatchObject({ questions: [], withdrawn: [] });
    expect((await readIncidents(database.pool, id)).map(told)).toEqual([['drift', 'amount', '000003', '000004', 2, true, 'acknowledged']]);
    const { rows } = await database.pool.query<{ n: number }>(`select count(*)::int as n from aftercare.audit where model_id = $1 and action = 'decision answered'`, [id]);
    expect(rows[0]!.n).toBe(1);
  });

  it('are withdrawn when late data corrected the chunk, and asked about anew when they come back', async () => {
    const id = await createSmallModel(database.pool, uniqueName('corrected'), driftSettings());
    await append(id, numbers(0, 200));
    const [question] = (await runModel(database.pool, id)).outcome.questions;
    await ask(id, question!);
    // The rows of the alerting chunk are replaced by ones whose amounts did not jump.
    const corrected = numbers(150, 200).map((n) => ({ ...smallRow(n), amount: smallRow(n - 150).amount }));
    await appendRows(database.pool, id, memorySource(corrected), { by: 'test', upsert: true });
    expect((await runModel(database.pool, id)).outcome).toMatchObject({ questions: [], withdrawn: [question!.decisionId] });
    expect((await readIncidents(database.pool, id)).map(told)).toEqual([['drift', 'amount', '000003', '000003', 1, false, 'withdrawn']]);
    await closeDecision(database.pool, { decisionId: question!.decisionId, state: 'withdrawn', answer: null, by: null, note: 'corrected', atMs: 9_000 });

    await append(id, numbers(150, 200), true);
    const back = await runModel(database.pool, id);
    expect(back.outcome).toMatchObject({ withdrawn: [], questions: [{ decisionId: `${id}/drift/amount/000003/2` }] });
    expect((await readIncidents(database.pool, id)).map(told)).toEqual([['drift', 'amount', '000003', '000003', 1, true, 'open']]);
    expect((await readDecisions(database.pool, id, ['waiting']))).toEqual([]);
    expect((await readDecisions(database.pool, id)).map(({ state }) => state)).toEqual(['withdrawn']);
  });

  it('resolve by themselves when a complete chunk no longer alerts, or when the threshold was moved they are withdrawn', async () => {
    const id = await createSmallModel(database.pool, uniqueName('resolved'), driftSettings());
    await append(id, numbers(0, 200));
    await appendRows(database.pool, id, memorySource(numbers(200, 250).map((n) => ({ ...smallRow(n), amount: smallRow(n - 200).amount }))), { by: 'test' });
    const { outcome } = await runModel(database.pool, id);
    expect(outcome.questions).toEqual([]);
    expect((await readIncidents(database.pool, id)).map(told)).toEqual([['drift', 'amount', '000003', '000003', 1, false, 'resolved']]);
    await updateSettings(database.pool, id, (current) => ({
      ...current, calculators: { univariate_drift: { ...current.calculators.univariate_drift!, thresholds: { wasserstein: { type: 'constant', lower: null, upper: 1e9 } } } },
    }), 'test');
    await runModel(database.pool, id);
    expect((await readIncidents(database.pool, id)).map(told)).toEqual([['drift', 'amount', '000003', '000003', 1, false, 'withdrawn']]);
    expect(await readIncidents(database.pool, id, ['open', 'acknowledged'])).toEqual([]);
  });
});
