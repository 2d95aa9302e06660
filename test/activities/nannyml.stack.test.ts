/** The whole way from files through the store and a run gives NannyML's figures, of several classes and of a regression. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { createFromInput } from '../../client/models.js';
import type { Result } from '../../domain/measurement.js';
import { readResults } from '../../store/results.js';
import { readFixture, type FixtureValue } from '../support/nannyml-fixtures.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';
import { runModel } from './run-model.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const file = (name: string): string => fileURLToPath(new URL(`../../datasets/${name}.csv.gz`, import.meta.url));

async function runOf(reference: string, analysis: string, targets: string, chunk: number): Promise<Result[]> {
  const { modelId } = await createFromInput({ pool: database.pool, by: 'test' }, {
    name: uniqueName('real'), reference: file(reference), analysis: file(analysis), targets: file(targets), settings: { chunking: { kind: 'size', size: chunk } },
  });
  const { record } = await runModel(database.pool, modelId);
  expect(record.failures).toEqual([]);
  return readResults(database.pool, modelId);
}

const number = (value: FixtureValue | undefined): number | null => (typeof value === 'number' ? value : null);

/** @param loose metrics that depend on the order of ties, see test/oracles: how far they may lie apart */
function expectSame(results: readonly Result[], calculator: Result['calculator'], fixture: string, loose: Record<string, number> = {}): void {
  const metrics = new Set(results.filter((result) => result.calculator === calculator).map(({ metric }) => metric));
  let compared = 0;
  for (const wanted of readFixture(fixture).expected) {
    if (!metrics.has(String(wanted.name))) continue;
    const found = results.find((result) => result.calculator === calculator && result.metric === wanted.name && result.period === wanted.period && result.chunk.index === wanted.chunk_index);
    const place = `${fixture}: ${String(wanted.name)}, ${String(wanted.period)} chunk ${String(wanted.chunk_index)}`;
    expect(found, place).toBeDefined();
    const apart = (ours: number | null, theirs: number | null): number => (ours === null || theirs === null ? Number(ours !== theirs) : Math.abs(ours - theirs) / Math.max(1, Math.abs(theirs)));
    expect(apart(found!.value, number(wanted.value)), place).toBeLessThan(loose[String(wanted.name)] ?? 1e-9);
    expect(apart(found!.lowerThreshold, number(wanted.lower_threshold)), place).toBeLessThan(1e-9);
    expect(apart(found!.upperThreshold, number(wanted.upper_threshold)), place).toBeLessThan(1e-9);
    expect(found!.alert, place).toBe(wanted.alert);
    compared += 1;
  }
  expect(compared).toBeGreaterThan(50);
}

it('a regression: realized errors and direct loss estimation', async () => {
  const results = await runOf('regression_synthetic_reference', 'regression_synthetic_analysis', 'regression_synthetic_analysis_targets', 6_000);
  expectSame(results, 'realized_performance', 'performance__synthetic_car_price__size6000');
  expectSame(results, 'estimated_performance', 'dle__synthetic_car_price__size6000');
});

it('three classes: realized performance and CBPE', async () => {
  const results = await runOf('mc_reference', 'mc_analysis', 'mc_analysis_gt', 6_000);
  expectSame(results, 'realized_performance', 'performance__synthetic_multiclass__size6000');
  expectSame(results, 'estimated_performance', 'cbpe__synthetic_multiclass__size6000', { roc_auc: 2e-4 });
});
