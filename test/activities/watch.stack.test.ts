/** A model that fails to predict: incidents of their own kinds that open, are told once, and resolve by themselves; time given. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedger } from '../../activities/read-ledger.js';
import { tend } from '../../activities/tending/tend.js';
import type { LifecycleSections } from '../../domain/lifecycle-settings.js';
import { ServingTally } from '../../domain/telemetry.js';
import { appendRows } from '../../store/append-rows.js';
import { findModel } from '../../store/find-model.js';
import { readIncidents, resolveIncidentsOf } from '../../store/incidents.js';
import { deleteModel, updateSettings } from '../../store/models.js';
import { recordServing } from '../../store/telemetry.js';
import { memorySource } from '../store/memory-source.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';
import { createSmallModel, smallRow, smallSettings } from './run-model.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.UTC(2024, 3, 1);
let rows = 0;

const newModel = (watch: NonNullable<LifecycleSections['watch']>): Promise<number> => createSmallModel(database.pool, uniqueName('watched'), smallSettings({ kind: 'size', size: 50 }, { watch }));
const append = (modelId: number, at: number): Promise<unknown> => appendRows(database.pool, modelId, memorySource([{ ...smallRow(rows), id: `w-${rows++}`, at: new Date(at).toISOString() }]), { by: 'test' });
const look = (modelId: number, nowMs: number): ReturnType<typeof readLedger> => readLedger({ pool: database.pool }, { modelId, after: 0, nowMs });
const tendAt = (modelId: number, nowMs: number): ReturnType<typeof tend> => tend({ pool: database.pool }, { modelId, nowMs });
const told = async (modelId: number): Promise<unknown[]> => (await readIncidents(database.pool, modelId)).map(({ kind, cause, openingChunk, state, severity, ongoing }) => ({ kind, cause, openingChunk, state, severity, ongoing }));

describe('silence', () => {
  it('opens an incident since the last batch that was seen, is told until somebody attends it, and is over when inferences come', async () => {
    const id = await newModel({ silenceAfterMs: DAY });
    expect((await look(id, NOW - DAY)).tendAtMs).toBe(NOW - DAY);
    expect(await tendAt(id, NOW - DAY)).toMatchObject({ opened: [], nextAtMs: NOW });
    await append(id, NOW);
    expect((await look(id, NOW - 5_000)).tendAtMs).toBe(NOW);
    // A look that is repeated later finds the moment of the first.
    await look(id, NOW + 7_000);
    expect(await tendAt(id, NOW)).toMatchObject({ opened: [], nextAtMs: NOW - 5_000 + DAY });

    const silent = await tendAt(id, NOW + 2 * DAY);
    expect(silent).toMatchObject({ nextAtMs: null, opened: [{ incident: 'silence/inferences/2024-03-31T23:59:55.000Z', kind: 'silence', severity: 'critical', text: expect.stringContaining('is silent: no inferences for 2 d') as string }] });
    expect(await tendAt(id, NOW + 2 * DAY)).toEqual(silent);
    expect(await told(id)).toEqual([{ kind: 'silence', cause: 'inferences', openingChunk: '2024-03-31T23:59:55.000Z', state: 'open', severity: 'critical', ongoing: true }]);

    await append(id, NOW + 3 * DAY);
    expect((await look(id, NOW + 3 * DAY)).tendAtMs).toBe(NOW + 3 * DAY);
    expect(await tendAt(id, NOW + 3 * DAY)).toMatchObject({ closed: ['silence/inferences/2024-03-31T23:59:55.000Z'], nextAtMs: NOW + 4 * DAY });
    expect(await told(id)).toMatchObject([{ state: 'resolved', ongoing: false }]);
    await tendAt(id, NOW + 4 * DAY);
    expect(await told(id)).toMatchObject([{ state: 'resolved' }, { state: 'open', openingChunk: '2024-04-04T00:00:00.000Z' }]);
  });

  it('of a model that never got any inferences counts from the first look, and is over when it is not watched any more', async () => {
    const id = await newModel({ silenceAfterMs: DAY });
    await tendAt(id, NOW);
    await tendAt(id, NOW + DAY);
    expect(await told(id)).toMatchObject([{ state: 'open', openingChunk: '2024-04-01T00:00:00.000Z' }]);
    await updateSettings(database.pool, id, (settings) => ({ ...settings, watch: { silenceAfterMs: null } }), 'test');
    expect((await look(id, NOW + DAY + 1)).tendAtMs).toBe(NOW + DAY + 1);
    await tendAt(id, NOW + DAY + 1);
    expect(await told(id)).toMatchObject([{ state: 'resolved' }]);
    expect((await look(id, NOW + 9 * DAY)).tendAtMs).toBeNull();
  });
});

describe('a version that was replaced', () => {
  it('has no open faults; what still holds opens again when it comes back', async () => {
    const id = await newModel({ silenceAfterMs: DAY });
    await tendAt(id, NOW);
    await tendAt(id, NOW + DAY);
    const { versionId } = await findModel(database.pool, id);
    await resolveIncidentsOf(database.pool, versionId, 'version 1 was replaced by version 2', NOW + DAY);
    expect(await told(id)).toMatchObject([{ state: 'resolved', ongoing: false }]);
    await tendAt(id, NOW + 2 * DAY);
    expect(await told(id)).toMatchObject([{ state: 'open', ongoing: true, openingChunk: '2024-04-01T00:00:00.000Z' }]);
  });
});

describe('staleness', () => {
  it('is found with the batch that brings old rows, told apart from silence, and over with one that is recent', async () => {
    const id = await newModel({ staleAfterMs: DAY });
    await append(id, NOW - 12 * 60 * MINUTE);
    expect((await look(id, NOW)).tendAtMs).toBeNull();
    await append(id, NOW - 6 * 60 * MINUTE);
    expect((await look(id, NOW + 2 * DAY)).tendAtMs).toBe(NOW + 2 * DAY);
    expect((await tendAt(id, NOW + 2 * DAY)).opened).toMatchObject([{ kind: 'staleness', cause: 'timestamps', openingChunk: '2024-03-31T18:00:00.000Z' }]);
    await append(id, NOW + 2 * DAY);
    await tendAt(id, (await look(id, NOW + 2 * DAY + MINUTE)).tendAtMs!);
    expect(await told(id)).toMatchObject([{ kind: 'staleness', state: 'resolved' }]);
  });

  it('is not looked for unless somebody asked: data of years ago are no fault', async () => {
    const id = await newModel({});
    await append(id, Date.UTC(2001, 0, 1));
    expect((await look(id, NOW)).tendAtMs).toBeNull();
    await tendAt(id, NOW);
    expect(await told(id)).toEqual([]);
  });
});

describe('the error rate', () => {
  async function calls(modelId: number, minute: number, count: number, errors: number): Promise<boolean> {
    const tally = new ServingTally();
    tally.addCounts({ atMs: NOW + minute * MINUTE, calls: count, errors, durationSumMs: count, durationMaxMs: 2 });
    return (await recordServing(database.pool, modelId, tally.take(), { key: `${minute}`, nowMs: NOW + minute * MINUTE })).due;
  }

  it('opens an incident at the minute in which it became too high, asked for by the telemetry itself, and is over when it falls', async () => {
    const id = await newModel({ errorRate: { above: 0.05, windowMs: 10 * MINUTE, minCalls: 100 } });
    expect(await calls(id, 0, 200, 0)).toBe(false);
    expect((await look(id, NOW)).tendAtMs).toBeNull();
    expect(await calls(id, 5, 100, 30)).toBe(true);
    expect((await look(id, NOW + 6 * MINUTE)).tendAtMs).toBe(NOW + 5 * MINUTE);
    expect((await tendAt(id, NOW + 6 * MINUTE)).opened).toMatchObject([{ kind: 'error_rate', cause: 'calls', openingChunk: '2024-04-01T00:05:00.000Z', severity: 'critical', text: expect.stringContaining('30 of 300 (10.0 %)') as string }]);
    expect(await calls(id, 7, 100, 40)).toBe(true);
    await tendAt(id, NOW + 8 * MINUTE);
    expect(await told(id)).toMatchObject([{ openingChunk: '2024-04-01T00:05:00.000Z', state: 'open' }]);
    // Nothing fails any more: that is looked at as well, because the incident goes on.
    expect(await calls(id, 30, 10, 0)).toBe(true);
    expect((await tendAt(id, NOW + 31 * MINUTE)).closed).toEqual(['error_rate/calls/2024-04-01T00:05:00.000Z']);
    expect(await told(id)).toMatchObject([{ state: 'resolved' }]);
    expect(await calls(id, 40, 10, 0)).toBe(false);
  });
});

describe('tending an archived model', () => {
  it('finds nothing due, and a deleted one is not there', async () => {
    const [id, live] = [await newModel({ silenceAfterMs: 1 }), await newModel({})];
    await tendAt(live, NOW);
    await database.pool.query(`update aftercare.model set state = 'archived' where id = $1`, [id]);
    expect(await tendAt(id, NOW)).toEqual({ opened: [], closed: [], notices: [], settled: false, nextAtMs: null });
    expect((await look(id, NOW)).tendAtMs).toBeNull();
    await recordServing(database.pool, live, [], { key: 'k', nowMs: NOW });
    await deleteModel(database.pool, live, 'test');
    await expect(tendAt(live, NOW)).rejects.toThrow('was deleted');
    const { rows } = await database.pool.query('select 1 from aftercare.tending where model_id = $1 union all select 1 from aftercare.telemetry_key where model_id = $1', [live]);
    expect(rows).toEqual([]);
  });
});
