/**
 * Plans a run: which chunks must be computed, shared out into parts. Reads no rows of the model unless there are many to share out.
 *
 * Idempotent by (model, run number): a second call finds the stored plan. Usual duration: 10 to 30 ms; 0.5 s per million rows to share out.
 */
import { Conflict } from '../domain/errors.js';
import { coverWithPeriods, periodOrdinal, type Calendar } from '../domain/periods.js';
import { intoParts, planPeriods, planSizes, rowsPerPart, splitSizes, totalRows, weightOf, type Changes, type KnownChunk, type PeriodStretch, type ReadRange, type Stretch, type Wanted } from '../domain/run-plan.js';
import { calendarOf } from '../store/calendar.js';
import { findFitted } from '../store/fitted.js';
import { readHorizon, type Horizon } from '../store/horizon.js';
import { readModelState, requireThere, type ModelState } from '../store/model-state.js';
import { targetTable } from '../store/model-tables.js';
import { countInferences, haveTargets, readChanges, readCut, readKnownChunks, readNewestMicros, readSplitBorders, walkAlongIndex } from '../store/plan-state.js';
import { inTransaction, type Transaction } from '../store/pool.js';
import { segmentText } from '../domain/segment.js';
import { beginRun, savePlan, type PopulationPlan, type RunRow, type StoredPlan } from '../store/runs.js';
import { chunkSizeFor } from './chunk-cutter.js';
import type { PlanRequest, RunPlan } from './contract.js';
import type { LightDeps } from './deps.js';
import { choosePopulations, type Population } from './populations.js';

export async function planRun(deps: LightDeps, request: PlanRequest): Promise<RunPlan> {
  const { pool } = deps;
  const now = requireThere(await readModelState(pool, request.modelId));
  // Otherwise batches that come later under these numbers would count as seen.
  if (request.horizon > now.lastBatch) throw new Conflict(`run ${request.runNumber} of model '${now.name}' is to see batch ${request.horizon}, and the ledger ends at ${now.lastBatch}: the database was restored from an earlier moment than Temporal (aftercare doctor --reconcile)`);
  const run = await beginRun(pool, {
    modelId: now.id, versionId: now.versionId, number: request.runNumber, trigger: request.trigger, by: request.by,
    previousHorizon: request.previousHorizon, horizon: request.horizon, settings: now.settings, settingsRevision: now.settingsRevision,
  });
  // An earlier attempt may have begun it for the version that was in charge then.
  const model = run.versionId === now.versionId ? now : await readModelState(pool, request.modelId, run.versionId);
  const { populations, failures, notes } = await choosePopulations(pool, model, run.settings, deps);
  const wanted = populations.flatMap((population) => population.wanted);
  const fitted = await findFitted(pool, wanted.map(({ key }) => key));
  const needsFit = fitted.length < wanted.length;
  let plan = run.plan;
  if (!plan) {
    const fittedIds = new Map(fitted.map(({ key, id }) => [key, id]));
    // A fit that failed fails for ever: its calculator has nothing to compute, in no chunk.
    const failed = new Set(fitted.filter(({ failure }) => failure !== null).map(({ key }) => key));
    const possible = populations.map((population) => ({ ...population, wanted: population.wanted.filter(({ key }) => !failed.has(key)) }));
    plan = await inTransaction(pool, async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only');
      return { ...(await makePlan(tx, model, run, possible, fittedIds, request.full)), failures, notes };
    });
    await savePlan(pool, run.id, plan, needsFit);
  }
  const ranges = plan.parts.flatMap((part) => part.ranges);
  return {
    runId: run.id, needsFit, parts: plan.parts.length,
    chunks: ranges.reduce((sum, range) => sum + range.chunks, 0), rows: totalRows(ranges),
  };
}

/** What is planned of one population, read at one moment. */
interface PlanView {
  tx: Transaction;
  model: ModelState;
  population: Population;
  horizon: Horizon;
  changes: Changes;
  chunks: KnownChunk[];
  wanted: Wanted;
}

async function makePlan(tx: Transaction, model: ModelState, run: RunRow, populations: readonly Population[], fittedIds: ReadonlyMap<string, number>, full: boolean): Promise<Omit<StoredPlan, 'failures' | 'notes'>> {
  // Whatever is asked of the model's rows is asked by an index: planning must not cost what is there already.
  await walkAlongIndex(tx);
  const horizon = await readHorizon(tx, model.id, run.horizon);
  const changesAfter = new Map<number, Changes>();
  const plans: PopulationPlan[] = [];
  const ranges: ReadRange[] = [];
  let rowsRead = 0;
  for (const population of populations) {
    const { key, wanted, segment } = population;
    const cut = await readCut(tx, key);
    // A run up to a ledger number before the one that the chunks were cut for looks at everything anew, and so does one that was asked to.
    const after = full || cut > horizon.number ? 0 : cut;
    const changes = changesAfter.get(after) ?? (await readChanges(tx, model.id, model.versionId, after, horizon));
    changesAfter.set(after, changes);
    const { chunking } = population.settings;
    const view: PlanView = {
      tx, model, population, horizon,
      // How many of the new rows belong to a segment is not known before they are read.
      changes: { ...changes, rows: Math.ceil(changes.rows * population.share) },
      chunks: await readKnownChunks(tx, key, wanted.map(({ kind, key: fitted, onTargets }) => ({ kind, fittedId: fittedIds.get(fitted) ?? null, onTargets }))),
      wanted: { calculators: wanted.map(({ kind }) => kind), onTargets: wanted.filter(({ onTargets }) => onTargets).map(({ kind }) => kind) },
    };
    const planned = chunking.kind === 'period' ? planByPeriod(view) : await planBySize(view);
    rowsRead += planned.rowsRead;
    ranges.push(...planned.ranges.map((range): ReadRange => ({ ...range, segment: key.segment })));
    plans.push({
      segment: segmentText(segment), column: segment?.column ?? null, value: segment?.value ?? null,
      scheme: key.scheme, chunkSize: planned.chunkSize, canComplete: chunking.kind !== 'count',
    });
  }
  const newest = await readNewestMicros(tx, model.id, model.versionId, horizon);
  return {
    populations: plans,
    newestMicros: Number.isFinite(newest) ? newest : null,
    withTargets: await haveTargets(tx, targetTable(model.id)),
    parts: intoParts(ranges), rowsRead,
  };
}

interface Planned {
  ranges: Stretch[];
  chunkSize: number | null;
  rowsRead: number;
}

async function planBySize(view: PlanView): Promise<Planned> {
  const { tx, model, population: { settings, filter }, horizon, chunks, wanted } = view;
  let { changes } = view;
  const source = { modelId: model.id, versionId: model.versionId, horizon, segment: filter };
  let rowsRead = 0;
  let size = chunkSizeFor(settings.chunking, 0)!;
  if (settings.chunking.kind === 'count') {
    // A fixed number of chunks: any row that comes or goes moves every border.
    const total = changes.firstRow || chunks.length === 0 ? await countInferences(tx, source) : chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
    if (changes.firstRow) {
      rowsRead = total;
      changes = { ...changes, firstRow: { atMicros: -Infinity, batch: 0, row: 0 }, rows: total };
    }
    size = chunkSizeFor(settings.chunking, total)!;
  }
  const ranges = planSizes(changes.firstRow && settings.chunking.kind === 'count' ? [] : chunks, size, changes, wanted);
  const tail = ranges.at(-1);
  if (!tail || tail.lastOrdinal !== null) return { ranges, chunkSize: size, rowsRead };
  const limit = rowsPerPart(totalRows(ranges), weightOf(wanted.calculators));
  if (tail.rows <= limit) return { ranges, chunkSize: size, rowsRead };
  const chunksPerPiece = Math.max(1, Math.floor(limit / size));
  const split = await readSplitBorders(tx, { ...source, after: tail.after, until: tail.until }, chunksPerPiece * size, Math.ceil(tail.rows / (chunksPerPiece * size)) - 1);
  return { ranges: [...ranges.slice(0, -1), ...splitSizes(tail, split.borders, chunksPerPiece, size)], chunkSize: size, rowsRead: rowsRead + split.rowsRead };
}

function planByPeriod(view: PlanView): Planned {
  const { population: { settings }, chunks, changes, wanted } = view;
  if (settings.chunking.kind !== 'period') throw new Error('chunks are no periods');
  const calendar = calendarOf(settings.chunking.period, settings.zone);
  const touched = coverWithPeriods(calendar, changes.rowSpans);
  const rows = changes.rows + chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
  const pieces = touched.flatMap((stretch) => cutStretch(calendar, stretch, touched, rows, weightOf(wanted.calculators)));
  return { ranges: planPeriods(chunks, pieces, changes, wanted, periodOrdinal), chunkSize: null, rowsRead: 0 };
}

/** Cuts a long stretch of periods into pieces that one part can read, supposing that rows lie evenly in it. */
function cutStretch(calendar: Calendar, stretch: PeriodStretch, all: readonly PeriodStretch[], rows: number, weight: number): PeriodStretch[] {
  const duration = (one: PeriodStretch): number => one.endMicros - one.startMicros;
  const estimate = rows * (duration(stretch) / all.reduce((sum, one) => sum + duration(one), 0));
  const count = Math.ceil(estimate / rowsPerPart(rows, weight));
  const cuts = new Set<number>([stretch.startMicros]);
  for (let i = 1; i < count; i++) cuts.add(calendar(Math.floor(stretch.startMicros + (i * duration(stretch)) / count)).startMicros);
  const starts = [...cuts];
  return starts.map((startMicros, i) => ({ startMicros, endMicros: starts[i + 1] ?? stretch.endMicros }));
}
