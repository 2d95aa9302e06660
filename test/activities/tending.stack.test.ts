/** Waits for targets, from a run that finds chunks complete to values that are final: with real runs on a real database, time given. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTargetCoverage } from '../../client/target-coverage.js';
import { tend } from '../../activities/tending/tend.js';
import type { TargetSettings } from '../../domain/settings.js';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { findModel } from '../../store/find-model.js';
import { readResults } from '../../store/results.js';
import { readRevisions } from '../../store/revisions.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';
import { memorySource } from '../store/memory-source.js';
import { createSmallModel, runModel, smallRow, smallSettings, smallTarget, type RunDone } from './run-model.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const DAY = 24 * 60 * 60_000;
const NOW = Date.UTC(2026, 0, 1);
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function newModel(targets: TargetSettings): Promise<number> {
  const settings = smallSettings({ kind: 'size', size: 50 }, { targets });
  return createSmallModel(database.pool, uniqueName('waiting'), { ...settings, calculators: { realized_performance: settings.calculators.realized_performance! } });
}
const append = (modelId: number, rows: number[]): Promise<unknown> => appendRows(database.pool, modelId, memorySource(rows.map((n) => smallRow(n))), { by: 'test' });
const outcomes = (modelId: number, rows: number[], wobble = 0): Promise<unknown> => appendTargets(database.pool, modelId, memorySource(rows.map((n) => smallTarget(n, wobble))), { by: 'test' });
const run = (modelId: number, nowMs = NOW): Promise<RunDone> => runModel(database.pool, modelId, { nowMs });
const look = (modelId: number, nowMs: number): ReturnType<typeof tend> => tend({ pool: database.pool }, { modelId, nowMs });

async function chunks(modelId: number): Promise<[string, number, boolean][]> {
  const results = await readResults(database.pool, modelId, { period: 'analysis', metrics: ['roc_auc'] });
  return results.map(({ chunk }) => [chunk.key, chunk.targets, chunk.final]);
}

/** The realized ROC AUC of a chunk as it was revised. */
async function revisions(modelId: number, key: string): Promise<{ provisional: boolean; current: boolean; revision: number }[]> {
  const { rows } = await database.pool.query<{ provisional: boolean; current: boolean; revision: number }>(
    `select m.provisional, m.current, m.revision from aftercare.measurement m join aftercare.chunk c on c.id = m.chunk_id join aftercare.version v on v.id = c.version_id
     where v.model_id = $1 and c.key = $2 and c.period = 'analysis' and m.metric = 'roc_auc' order by m.revision`, [modelId, key]);
  return rows;
}

describe('realized values', () => {
  it('are provisional until the targets of their chunk are there, every one on the way is kept, and a correction recomputes that chunk alone', async () => {
    const id = await newModel({ arrival: 'delayed' });
    await append(id, numbers(0, 500));
    await outcomes(id, numbers(0, 400));
    await outcomes(id, numbers(400, 430));
    expect((await run(id)).record).toMatchObject({ chunks: 10, chunksComputed: 10 });
    expect((await chunks(id)).slice(7)).toEqual([['000007', 50, true], ['000008', 30, false], ['000009', 0, false]]);
    expect(await revisions(id, '000007')).toEqual([{ provisional: false, current: true, revision: 1 }]);
    expect(await revisions(id, '000008')).toEqual([{ provisional: true, current: true, revision: 1 }]);

    await outcomes(id, numbers(430, 440));
    expect((await run(id)).record.chunksComputed).toBe(1);
    expect(await revisions(id, '000008')).toEqual([{ provisional: true, current: false, revision: 1 }, { provisional: true, current: true, revision: 2 }]);
    await outcomes(id, numbers(440, 450));
    await run(id);
    expect((await chunks(id))[8]).toEqual(['000008', 50, true]);
    expect((await revisions(id, '000008')).at(-1)).toEqual({ provisional: false, current: true, revision: 3 });

    await outcomes(id, numbers(150, 200), 3);
    const corrected = await run(id);
    expect(corrected.record.chunksComputed).toBe(1);
    expect(await revisions(id, '000003')).toEqual([{ provisional: false, current: false, revision: 1 }, { provisional: false, current: true, revision: 2 }]);
    expect((await chunks(id))[3]).toEqual(['000003', 50, true]);
  });

  it('are final from the share of targets on that the settings name', async () => {
    const id = await newModel({ arrival: 'delayed', completeAt: 0.9 });
    await append(id, numbers(0, 100));
    await outcomes(id, [...numbers(0, 45), ...numbers(50, 94)]);
    await run(id);
    expect(await chunks(id)).toEqual([['000000', 45, true], ['000001', 44, false]]);
  });

  it('of targets that wait for their inference come with it', async () => {
    const id = await newModel({ arrival: 'delayed' });
    await outcomes(id, numbers(0, 50));
    await append(id, numbers(0, 50));
    await run(id);
    expect(await chunks(id)).toEqual([['000000', 50, true]]);
    expect(await look(id, NOW)).toMatchObject({ notices: [], nextAtMs: null });
  });
});

describe('the wait for targets', () => {
  it('reminds, escalates and ends, once each for all chunks that are due together; the next run makes their values final', async () => {
    const id = await newModel({ arrival: 'delayed', expectedDelayMs: 30 * DAY });
    await append(id, numbers(0, 160));
    await outcomes(id, numbers(0, 50));
    await outcomes(id, numbers(50, 60));
    await run(id);
    expect(await look(id, NOW)).toMatchObject({ notices: [], settled: false, nextAtMs: NOW + 31 * DAY });

    const reminded = await look(id, NOW + 31 * DAY);
    expect(reminded).toEqual({
      opened: [], closed: [], settled: false, nextAtMs: NOW + 37 * DAY,
      notices: [{
        id: 'targets-reminder/size:50/000001-000002', modelId: id, kind: 'targets-reminder', topic: 'targets', severity: 'info', subject: { type: 'targets', id: '000001' }, atMs: NOW + 31 * DAY,
        text: expect.stringMatching(/^Targets of model 'waiting-.*' are late: 2 chunks \(000001 to 000002\), 10 of 100 rows have theirs \(10 %\); they were expected by 2026-01-31 00:00 UTC\.$/) as string,
      }],
    });
    expect(await look(id, NOW + 31 * DAY)).toEqual(reminded);
    expect(await look(id, NOW + 32 * DAY)).toMatchObject({ notices: [], nextAtMs: NOW + 37 * DAY });

    await outcomes(id, numbers(60, 100));
    await run(id, NOW + 33 * DAY);
    expect((await look(id, NOW + 37 * DAY)).notices).toMatchObject([{ id: 'targets-escalated/size:50/000002-000002', severity: 'warning', text: expect.stringContaining('still missing, 7 d after they were expected: chunk 000002, 0 of 50 rows') as string }]);
    const absent = await look(id, NOW + 60 * DAY);
    expect(absent).toMatchObject({ settled: true, nextAtMs: null, notices: [{ id: 'targets-absent/size:50/000002-000002' }] });
    expect((await chunks(id))[2]).toEqual(['000002', 0, false]);
    expect((await run(id, NOW + 60 * DAY)).record).toMatchObject({ chunksComputed: 0 });
    expect((await chunks(id))[2]).toEqual(['000002', 0, true]);
    expect((await look(id, NOW + 90 * DAY)).notices).toEqual([]);
  });

  it('that has ended as absent takes late targets all the same: the value is revised and stays final', async () => {
    const id = await newModel({ arrival: 'instant', absentAfterMs: 0, remindAfterMs: 0, escalateAfterMs: 0 });
    await append(id, numbers(0, 50));
    await outcomes(id, numbers(0, 20));
    await run(id);
    expect(await look(id, NOW + 60 * 60_000)).toMatchObject({ settled: true });
    await run(id);
    expect(await revisions(id, '000000')).toEqual([{ provisional: false, current: true, revision: 1 }]);
    await outcomes(id, numbers(20, 45));
    await run(id);
    expect(await chunks(id)).toEqual([['000000', 45, true]]);
    expect(await revisions(id, '000000')).toEqual([{ provisional: false, current: false, revision: 1 }, { provisional: false, current: true, revision: 2 }]);
  });

  it('is said once after a time in which nobody looked: only the last thing that is due', async () => {
    const id = await newModel({ arrival: 'delayed' });
    await append(id, numbers(0, 50));
    await run(id);
    expect((await look(id, NOW + 40 * DAY)).notices.map(({ kind }) => kind)).toEqual(['targets-escalated']);
    expect((await look(id, NOW + 41 * DAY)).notices).toEqual([]);
  });

  it('takes chunks that become due within a day together', async () => {
    const id = await newModel({ arrival: 'delayed' });
    await append(id, numbers(0, 50));
    await run(id);
    await append(id, numbers(50, 100));
    await run(id, NOW + DAY / 4);
    expect((await look(id, NOW + 31 * DAY)).notices).toHaveLength(1);
    const later = await look(id, NOW + 31 * DAY + DAY / 2);
    expect(later).toMatchObject({ notices: [], nextAtMs: NOW + 32 * DAY });
    expect((await look(id, NOW + 32 * DAY)).notices).toMatchObject([{ id: 'targets-reminder/size:50/000001-000001' }]);
  });

  it('is not begun where targets are absent by declaration: what is complete is final', async () => {
    const id = await newModel({ arrival: 'absent' });
    await append(id, numbers(0, 60));
    await run(id);
    const { rows } = await database.pool.query<{ final: boolean; complete: boolean }>(`select c.complete, c.final from aftercare.chunk c join aftercare.version v on v.id = c.version_id where v.model_id = $1 and c.period = 'analysis' order by c.ordinal`, [id]);
    expect(rows).toEqual([{ complete: true, final: true }, { complete: false, final: false }]);
    expect(await look(id, NOW + 900 * DAY)).toMatchObject({ notices: [], settled: false, nextAtMs: null });
  });
});

describe('readers', () => {
  it('see every value that a chunk had, and how many targets have come by age', async () => {
    const id = await newModel({ arrival: 'delayed' });
    const { name } = await findModel(database.pool, id);
    await append(id, numbers(0, 130));
    await outcomes(id, numbers(0, 50));
    await outcomes(id, numbers(50, 70));
    await run(id);
    await outcomes(id, numbers(70, 100));
    const second = await run(id, NOW + DAY);
    const values = await readRevisions(database.pool, id, { chunk: '000001', metric: 'roc_auc' });
    expect(values.map(({ revision, provisional, current, run: number }) => ({ revision, provisional, current, number }))).toEqual([
      { revision: 0, provisional: true, current: false, number: second.record.number - 1 }, { revision: 1, provisional: false, current: true, number: second.record.number },
    ]);
    expect(values[0]!.value).not.toBe(values[1]!.value);
    expect(values[1]).toMatchObject({ version: 1, calculator: 'realized_performance', segment: '', period: 'analysis', chunk: '000001', dataRevision: expect.any(Number) as number });
    expect(await readRevisions(database.pool, id, { chunk: '000001', metric: 'roc_auc', limit: 1 })).toHaveLength(1);
    expect(await readRevisions(database.pool, id, { version: 2 })).toEqual([]);

    await outcomes(id, numbers(100, 101));
    await append(id, numbers(130, 160));
    await run(id, NOW + 3 * DAY);
    expect(await readTargetCoverage(database.pool, name, NOW + 8 * DAY)).toEqual({
      ages: [{ age: 'final', chunks: 2, rows: 100, targets: 100, share: 1 }, { age: 'waiting 1 to 7 days', chunks: 1, rows: 50, targets: 1, share: 0.02 }, { age: 'open', chunks: 1, rows: 10, targets: 0, share: 0 }],
      next: { stage: 'reminder', atMs: NOW + 34 * DAY, chunks: 1 },
    });
  });
});
