/** Whose rows a run computes: all of them, and those of each segment, each with calculators of its own. */
import type { CalculatorFailure } from '../domain/run.js';
import { chooseSegments, segmentColumns, segmentText, settingsOf, type Segment, type ValueCounts } from '../domain/segment.js';
import type { ModelSettings } from '../domain/settings.js';
import type { EngineContext } from '../engine/custom-metrics/metric.js';
import { storedScheme, type ModelState } from '../store/model-state.js';
import { placeColumns, readColumns } from '../store/model-tables.js';
import type { SchemeKey } from '../store/plan-state.js';
import type { Pool, Queryable } from '../store/pool.js';
import type { PopulationPlan } from '../store/runs.js';
import type { SegmentFilter } from '../store/segment-filter.js';
import { readValueCounts } from '../store/segment-values.js';
import { wantedCalculators, type WantedCalculator } from './calculators.js';

/** What is computed of one population. */
export interface Population {
  segment: Segment | null;
  filter: SegmentFilter | null;
  key: SchemeKey;
  /** With the chunking of this population. */
  settings: ModelSettings;
  wanted: WantedCalculator[];
  /** Share of the reference's rows that belong to it: an estimate of its share of others. */
  share: number;
}

/** All rows first, then the segments. */
export async function choosePopulations(pool: Pool, model: ModelState, settings: ModelSettings, context: EngineContext = {}): Promise<{ populations: Population[]; failures: CalculatorFailure[]; notes: string[] }> {
  const { wanted, failures } = wantedCalculators(model, settings, null, context);
  const all: Population = { segment: null, filter: null, key: keyOf(model, settings, null), settings, wanted, share: 1 };
  const counts = await readSegmentCounts(pool, model, settings);
  if (counts.length === 0 || !settings.segments) return { populations: [all], failures, notes: missingColumns(model, settings) };
  const { segments, notes } = chooseSegments(counts, settings.segments);
  const places = await readPlaces(pool, model);
  const rowsOf = new Map(counts.map(({ column, values, missing }) => [column, values.reduce((sum, [, rows]) => sum + rows, missing)]));
  const parts = segments.map(({ column, value, referenceRows }): Population => {
    const segment = { column, value };
    return {
      segment, filter: { physical: places.get(column)!, value }, key: keyOf(model, settings, segment), settings: settingsOf(settings, segment),
      wanted: wantedCalculators(model, settings, segment, context).wanted, share: referenceRows / Math.max(1, rowsOf.get(column)!),
    };
  });
  return { populations: [all, ...parts], failures, notes: [...missingColumns(model, settings), ...notes] };
}

/** How often the values of the columns that the settings name stand in the reference. */
export async function readSegmentCounts(pool: Pool, model: ModelState, settings: ModelSettings): Promise<ValueCounts[]> {
  const usable = new Set(segmentColumns(model.schema).map(({ name }) => name));
  const by = (settings.segments?.by ?? []).filter((name) => usable.has(name));
  if (by.length === 0) return [];
  const places = await readPlaces(pool, model);
  return readValueCounts(pool, model, by.map((name) => ({ name, physical: places.get(name)! })));
}

/** A population of a plan, as it is worked on. */
export function populationOf(planned: PopulationPlan, model: ModelState, settings: ModelSettings, places: ReadonlyMap<string, string>, context: EngineContext = {}): Omit<Population, 'share'> {
  const segment = planned.column === null || planned.value === null ? null : { column: planned.column, value: planned.value };
  return {
    segment, filter: segment && { physical: places.get(segment.column)!, value: segment.value },
    key: { versionId: model.versionId, segment: planned.segment, scheme: planned.scheme }, settings: settingsOf(settings, segment), wanted: wantedCalculators(model, settings, segment, context).wanted,
  };
}

/** People's column names → physical ones. */
export async function readPlaces(db: Queryable, model: ModelState): Promise<Map<string, string>> {
  return new Map(placeColumns(model.schema, await readColumns(db, model.id)).map(({ name, physical }) => [name, physical]));
}

function keyOf(model: ModelState, settings: ModelSettings, segment: Segment | null): SchemeKey {
  return { versionId: model.versionId, segment: segmentText(segment), scheme: storedScheme(settingsOf(settings, segment)) };
}

/** A version's schema may lack what another one's had. */
function missingColumns(model: ModelState, settings: ModelSettings): string[] {
  const usable = new Set(segmentColumns(model.schema).map(({ name }) => name));
  return (settings.segments?.by ?? []).filter((name) => !usable.has(name)).map((name) => `segments by '${name}': it is no categorical column of version ${model.version}`);
}
