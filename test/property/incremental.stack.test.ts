/**
 * Only the new, and yet from scratch: whatever came in whatever order, and whenever runs looked at it, the results equal those of one run over
 * everything. `AFTERCARE_PROPERTY_SEED` repeats a case, `AFTERCARE_PROPERTY_RUNS` asks for more of them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Chunking } from '../../domain/chunking.js';
import type { ModelSchema } from '../../domain/schema.js';
import type { ModelSettings, SegmentSettings } from '../../domain/settings.js';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { readIncidents } from '../../store/incidents.js';
import { removeRows } from '../../store/remove-rows.js';
import { canonicalResults } from '../../store/results.js';
import { updateSettings } from '../../store/models.js';
import { createSmallModel, pick, runModel, smallRow, smallSettings, smallTarget, SMALL_SCHEMA, WITHOUT_TIME } from '../activities/run-model.js';
import { memorySource } from '../store/memory-source.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';

/** What may happen to a model. Rows are told by numbers: see smallRow. */
type Step =
  | { kind: 'append'; rows: number[]; wobble: number; upsert: boolean; withTargets: boolean }
  | { kind: 'targets'; rows: number[]; wobble: number }
  | { kind: 'remove'; rows: number[]; what: 'rows' | 'targets' }
  | { kind: 'settings'; change: 'thresholds' | 'methods' | 'lateness' | 'segments' | 'none' }
  | { kind: 'run'; full: boolean };

const rowNumbers = fc.uniqueArray(fc.integer({ min: 0, max: 259 }), { minLength: 1, maxLength: 60 });
/** A stretch in order, as data usually come. */
const stretch = fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 60 })).map(([from, count]) => Array.from({ length: count }, (_, i) => from + i));
const wobble = fc.constantFrom(0, 0, 0, 1);

const steps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), rows: fc.oneof(stretch, rowNumbers), wobble, upsert: fc.boolean(), withTargets: fc.constantFrom(false, false, true) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('targets' as const), rows: fc.oneof(stretch, rowNumbers), wobble }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), rows: fc.uniqueArray(fc.integer({ min: 0, max: 259 }), { minLength: 1, maxLength: 8 }), what: fc.constantFrom('rows' as const, 'targets' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settings' as const), change: fc.constantFrom('thresholds' as const, 'methods' as const, 'lateness' as const, 'segments' as const, 'none' as const) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('run' as const), full: fc.constantFrom(false, false, false, true) }) },
), { minLength: 4, maxLength: 18 });

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const CASES: { name: string; chunking: Chunking; schema: ModelSchema; zone?: string; segments?: SegmentSettings }[] = [
  { name: 'chunks by size', chunking: { kind: 'size', size: 20 }, schema: SMALL_SCHEMA },
  { name: 'chunks by size without timestamps', chunking: { kind: 'size', size: 17 }, schema: WITHOUT_TIME },
  { name: 'chunks by day in a zone whose clocks change', chunking: { kind: 'period', period: 'D' }, schema: SMALL_SCHEMA, zone: 'Europe/Berlin' },
  { name: 'a fixed number of chunks', chunking: { kind: 'count', count: 4 }, schema: SMALL_SCHEMA },
  { name: 'chunks by size in segments', chunking: { kind: 'size', size: 20 }, schema: SMALL_SCHEMA, segments: { by: ['colour'], minReferenceRows: 20, chunking: { kind: 'size', size: 7 } } },
  { name: 'chunks by day in segments', chunking: { kind: 'period', period: 'D' }, schema: SMALL_SCHEMA, segments: { by: ['colour'], minReferenceRows: 20 } },
];

const seed = Number(process.env.AFTERCARE_PROPERTY_SEED ?? 20_240_331);
const numRuns = Number(process.env.AFTERCARE_PROPERTY_RUNS ?? 6);
/** A failure is made smaller for at most so long; a slow machine tries fewer cases. */
const SHRINK_MS = 90_000;

describe('results of runs at any moments equal those of one run over everything', () => {
  it.each(CASES)('$name', async ({ chunking, schema, zone, segments }) => {
    await fc.assert(fc.asyncProperty(steps, async (story) => {
      const settings = smallSettings(chunking, { ...(zone ? { zone } : {}), ...(segments ? { segments } : {}) });
      const incremental = await createSmallModel(database.pool, uniqueName('incremental'), settings, { schema });
      const scratch = await createSmallModel(database.pool, uniqueName('scratch'), settings, { schema });
      for (const step of story) {
        if (step.kind === 'run') {
          await runModel(database.pool, incremental, { full: step.full });
        } else {
          for (const modelId of [incremental, scratch]) await take(modelId, step, schema);
        }
      }
      await runModel(database.pool, incremental, { partOrder: (parts) => parts.reverse() });
      await runModel(database.pool, scratch);
      expect(await comparable(incremental)).toEqual(await comparable(scratch));
    }), { seed, numRuns, interruptAfterTimeLimit: SHRINK_MS, markInterruptAsFailure: false });
  }, 600_000);
});

async function take(modelId: number, step: Exclude<Step, { kind: 'run' }>, schema: ModelSchema): Promise<void> {
  const { pool } = database;
  const names = schema.columns.map(({ name }) => name);
  switch (step.kind) {
    case 'append': {
      const rows = step.rows.map((n) => pick({ ...smallRow(n, step.wobble), ...(step.withTargets ? smallTarget(n) : {}) }, names));
      await appendRows(pool, modelId, memorySource(rows), { by: 'test', upsert: step.upsert });
      return;
    }
    case 'targets':
      await appendTargets(pool, modelId, memorySource(step.rows.map((n) => smallTarget(n, step.wobble))), { by: 'test' });
      return;
    case 'remove':
      await removeRows(pool, modelId, memorySource(step.rows.map((n) => ({ id: `row-${n}` }))), { by: 'test', what: step.what });
      return;
    case 'settings':
      await updateSettings(pool, modelId, (current) => changed(current, step.change), 'test');
  }
}

function changed(current: ModelSettings, change: Extract<Step, { kind: 'settings' }>['change']): ModelSettings {
  switch (change) {
    case 'thresholds':
      return { ...current, calculators: { ...current.calculators, missing_values: { normalize: true, threshold: { type: 'constant', lower: null, upper: 0.04 } } } };
    case 'methods':
      return { ...current, calculators: { ...current.calculators, univariate_drift: { continuousMethods: ['kolmogorov_smirnov', 'wasserstein'], categoricalMethods: ['chi2', 'l_infinity'] }, unseen_values: null } };
    case 'lateness':
      return { ...current, allowedLatenessMs: current.allowedLatenessMs === 0 ? 36 * 3_600_000 : 0 };
    case 'segments':
      return { ...current, segments: current.segments ? null : { by: ['colour'], minReferenceRows: 20, maxValues: 2 } };
    case 'none':
      return { ...current, calculators: { ...smallSettings(current.chunking).calculators, realized_performance: null } };
  }
}

/** All that people see of a model, without its name. Incidents that were withdrawn left nothing behind but their history. */
async function comparable(modelId: number): Promise<unknown> {
  const results = (await canonicalResults(database.pool, modelId)).map((line) => line.replace(/^\{"model":"[^"]*",/, '{'));
  const incidents = (await readIncidents(database.pool, modelId)).filter(({ state }) => state !== 'withdrawn')
    .map(({ segment, kind, cause, openingChunk, lastChunk, chunkCount, ongoing, state }) => ({ segment, kind, cause, openingChunk, lastChunk, chunkCount, ongoing, state }));
  return { results: results.sort(), incidents: incidents.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
}
