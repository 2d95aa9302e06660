/** Serving telemetry in a real database: adds up, once per key, also when many write at the same time. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServingTally, type ServingMinute } from '../../domain/telemetry.js';
import { findModel } from '../../store/find-model.js';
import { inTransaction } from '../../store/pool.js';
import { addServing, readErrorMinutes, readServing, readServingOfAll } from '../../store/telemetry.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';
import { createLoans } from './loans.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const NOON = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const add = (modelId: number, minutes: ServingMinute[], key: string, nowMs = NOON): Promise<boolean> => inTransaction(database.pool, (tx) => addServing(tx, modelId, minutes, { key, nowMs }));

function calls(durations: number[], { minute = 0, errors = 0, version }: { minute?: number; errors?: number; version?: number } = {}): ServingMinute[] {
  const tally = new ServingTally();
  durations.forEach((durationMs, i) => tally.addCall({ durationMs, atMs: NOON + minute * MINUTE + i, error: i < errors, ...(version === undefined ? {} : { version }) }, NOON));
  return tally.take();
}

async function newModel(): Promise<{ modelId: number; versionId: number }> {
  const { modelId } = await createLoans(database.pool, uniqueName('served'));
  return { modelId, versionId: (await findModel(database.pool, modelId)).versionId };
}

describe('serving telemetry', () => {
  it('is summed over the minutes that begin within a time: calls, errors, mean, tail, the last one', async () => {
    const { modelId, versionId } = await newModel();
    await add(modelId, calls([...new Array<number>(95).fill(10), ...new Array<number>(5).fill(900)], { errors: 2 }), 'a');
    await add(modelId, calls([50, 70], { minute: 10, version: 1 }), 'b');
    expect(await readServing(database.pool, modelId, versionId, NOON, NOON + 10 * MINUTE)).toEqual({
      version: 1, role: 'main', calls: 100, errors: 2, errorRate: 0.02, meanMs: 54.5, tailMs: expect.closeTo(11.3, 1) as number, lastCallAt: '2026-06-01T12:00:00.099Z',
    });
    expect(await readServing(database.pool, modelId, versionId, NOON, NOON + 11 * MINUTE)).toMatchObject({ calls: 102, tailMs: expect.closeTo(76.1, 1) as number, lastCallAt: '2026-06-01T12:10:00.001Z' });
    expect(await readServing(database.pool, modelId, versionId, NOON + 20 * MINUTE, NOON + 30 * MINUTE)).toMatchObject({ calls: 0, errorRate: null, meanMs: null, tailMs: null, lastCallAt: null });
    expect(await readErrorMinutes(database.pool, versionId, NOON - 1)).toEqual([{ minuteMs: NOON, calls: 100, errors: 2 }, { minuteMs: NOON + 10 * MINUTE, calls: 2, errors: 0 }]);
    expect(await readServingOfAll(database.pool, modelId, NOON, NOON + MINUTE)).toHaveLength(1);
    expect(await readServingOfAll(database.pool, modelId, 0, NOON)).toEqual([]);
    await expect(readServing(database.pool, modelId + 1_000, versionId, 0, NOON)).rejects.toThrow('none of model');
  });

  it('counts once under a key, and says so; an old key is forgotten', async () => {
    const { modelId, versionId } = await newModel();
    expect(await add(modelId, calls([10], {}), 'once')).toBe(true);
    expect(await add(modelId, calls([10], {}), 'once')).toBe(false);
    expect(await add(modelId, calls([10], {}), 'later', NOON + 31 * 24 * 60 * MINUTE)).toBe(true);
    expect(await readServing(database.pool, modelId, versionId, 0, NOON + MINUTE)).toMatchObject({ calls: 2 });
    const { rows } = await database.pool.query<{ key: string }>('select key from aftercare.telemetry_key where model_id = $1', [modelId]);
    expect(rows).toEqual([{ key: 'later' }]);
  });

  it('loses nothing when forty writers meet in the same minutes', async () => {
    const { modelId, versionId } = await newModel();
    await Promise.all(Array.from({ length: 40 }, (_, i) => add(modelId, [...calls([1, 2, 4], { minute: 1, errors: 1, ...(i % 2 ? { version: 1 } : {}) }), ...calls([8], { minute: 0 })], `writer-${i}`)));
    expect(await readServing(database.pool, modelId, versionId, NOON, NOON + 2 * MINUTE)).toMatchObject({ calls: 160, errors: 40, meanMs: 15 / 4, tailMs: 8 });
  });

  it('refuses a version that is not there, and adds nothing of the rest', async () => {
    const { modelId, versionId } = await newModel();
    await expect(add(modelId, [...calls([1]), ...calls([1], { version: 7 })], 'wrong')).rejects.toThrow('no version 7: its versions are 1');
    expect(await readServing(database.pool, modelId, versionId, 0, NOON + MINUTE)).toMatchObject({ calls: 0 });
    expect(await add(modelId, calls([1]), 'wrong')).toBe(true);
  });
});
