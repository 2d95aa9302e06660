/**
 * Plans a run: which chunks must be computed, shared out into parts. Reads no rows of the model unless there are many to share out.
 *
 * Idempotent by (model, run number): a second call finds the stored plan. Usual duration: 10 to 30 ms; 0.5 s per million rows to share out.
 */
import { coverWithPeriods, periodOrdinal, type Calendar } from '../domain/periods.js';
import { intoParts, planPeriods, planSizes, rowsPerPart, splitSizes, totalRows, type Changes, type KnownChunk, type PeriodStretch, type ReadRange, type Wanted } from '../domain/run-plan.js';
import type { ModelSettings } from '../domain/settings.js';
import { calendarOf } from '../store/calendar.js';
import { findFitted } from '../store/fitted.js';
import { readHorizon, type Horizon } from '../store/horizon.js';
import { readModelState, requireThere, storedScheme, type ModelState } from '../store/model-state.js';
import { targetTable } from '../store/model-tables.js';
import { countInferences, haveTargets, readChanges, readCut, readKnownChunks, readNewestMicros, readSplitBorders, walkAlongIndex, type SchemeKey } from '../store/plan-state.js';
import { inTransaction, type Transaction } from '../store/pool.js';
import { beginRun, savePlan, type RunRow, type StoredPlan } from '../store/runs.js';
import { wantedCalculators, type WantedCalculator } from './calculators.js';
import { chunkSizeFor } from './chunk-cutter.js';
import type { PlanRequest, RunPlan } from './contract.js';
import type { LightDeps } from './deps.js';

export async function planRun({ pool }: LightDeps, request: PlanRequest): Promise<RunPlan> {
  const model = requireThere(await readModelState(pool, request.modelId));
  const run = await beginRun(pool, {
    modelId: model.id, versionId: model.versionId, number: request.runNumber, trigger: request.trigger, by: request.by,
    previousHorizon: request.previousHorizon, horizon: request.horizon, settings: model.settings, settingsRevision: model.settingsRevision,
  });
  const { wanted, failures } = wantedCalculators(model, run.settings);
  const fitted = await findFitted(pool, wanted.map(({ key }) => key));
  const needsFit = fitted.length < wanted.length;
  let plan = run.plan;
  if (!plan) {
    const fittedIds = new Map(fitted.map(({ key, id }) => [key, id]));
    // A fit that failed fails for ever: its calculator has nothing to compute, in no chunk.
    const possible = wanted.filter(({ key }) => !fitted.some((row) => row.key === key && row.failure !== null));
    plan = await inTransaction(pool, async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only');
      return { ...(await makePlan(tx, model, run, possible, fittedIds, request.full)), failures };
    });
    await savePlan(pool, run.id, plan, needsFit);
  }
  const ranges = plan.parts.flatMap((part) => part.ranges);
  return {
    runId: run.id, needsFit, parts: plan.parts.length,
    chunks: ranges.reduce((sum, range) => sum + range.chunks, 0), rows: totalRows(ranges),
  };
}

/** What `makePlan` works on, read at one moment. */
interface PlanView {
  tx: Transaction;
  model: ModelState;
  settings: ModelSettings;
  horizon: Horizon;
  changes: Changes;
  chunks: KnownChunk[];
  wanted: Wanted;
}

async function makePlan(tx: Transaction, model: ModelState, run: RunRow, wanted: readonly WantedCalculator[], fittedIds: ReadonlyMap<string, number>, full: boolean): Promise<Omit<StoredPlan, 'failures'>> {
  const { settings } = run;
  // Whatever is asked of the model's rows is asked by an index: planning must not cost what is there already.
  await walkAlongIndex(tx);
  const horizon = await readHorizon(tx, model.id, run.horizon);
  const scheme: SchemeKey = { versionId: model.versionId, segment: '', scheme: storedScheme(settings) };
  const cut = await readCut(tx, scheme);
  // A run up to a ledger number before the one that the chunks were cut for looks at everything anew, and so does one that was asked to.
  const after = full || cut > horizon.number ? 0 : cut;
  const view: PlanView = {
    tx, model, settings, horizon,
    changes: await readChanges(tx, model.id, model.versionId, after, horizon),
    chunks: await readKnownChunks(tx, scheme, wanted.map(({ kind, key, onTargets }) => ({ kind, fittedId: fittedIds.get(key) ?? null, onTargets }))),
    wanted: { calculators: wanted.map(({ kind }) => kind), onTargets: wanted.filter(({ onTargets }) => onTargets).map(({ kind }) => kind) },
  };
  const newest = await readNewestMicros(tx, model.id, model.versionId, horizon);
  const { ranges, chunkSize, rowsRead } = settings.chunking.kind === 'period' ? planByPeriod(view) : await planBySize(view);
  return {
    scheme: scheme.scheme, segment: scheme.segment, chunkSize, canComplete: settings.chunking.kind !== 'count',
    newestMicros: Number.isFinite(newest) ? newest : null,
    withTargets: await haveTargets(tx, targetTable(model.id)),
    parts: intoParts(ranges), rowsRead,
  };
}

interface Planned {
  ranges: ReadRange[];
  chunkSize: number | null;
  rowsRead: number;
}

async function planBySize(view: PlanView): Promise<Planned> {
  const { tx, model, settings, horizon, chunks, wanted } = view;
  let { changes } = view;
  const source = { modelId: model.id, versionId: model.versionId, horizon };
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
  const limit = rowsPerPart(totalRows(ranges));
  if (tail.rows <= limit) return { ranges, chunkSize: size, rowsRead };
  const chunksPerPiece = Math.max(1, Math.floor(limit / size));
  const split = await readSplitBorders(tx, { ...source, after: tail.after, until: tail.until }, chunksPerPiece * size, Math.ceil(tail.rows / (chunksPerPiece * size)) - 1);
  return { ranges: [...ranges.slice(0, -1), ...splitSizes(tail, split.borders, chunksPerPiece, size)], chunkSize: size, rowsRead: rowsRead + split.rowsRead };
}

function planByPeriod(view: PlanView): Planned {
  const { settings, chunks, changes, wanted } = view;
  if (settings.chunking.kind !== 'period') throw new Error('chunks are no periods');
  const calendar = calendarOf(settings.chunking.period, settings.zone);
  const touched = coverWithPeriods(calendar, changes.rowSpans);
  const rows = changes.rows + chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
  const pieces = touched.flatMap((stretch) => cutStretch(calendar, stretch, touched, rows));
  return { ranges: planPeriods(chunks, pieces, changes, wanted, periodOrdinal), chunkSize: null, rowsRead: 0 };
}

/** Cuts a long stretch of periods into pieces that one part can read, supposing that rows lie evenly in it. */
function cutStretch(calendar: Calendar, stretch: PeriodStretch, all: readonly PeriodStretch[], rows: number): PeriodStretch[] {
  const duration = (one: PeriodStretch): number => one.endMicros - one.startMicros;
  const estimate = rows * (duration(stretch) / all.reduce((sum, one) => sum + duration(one), 0));
  const count = Math.ceil(estimate / rowsPerPart(rows));
  const cuts = new Set<number>([stretch.startMicros]);
  for (let i = 1; i < count; i++) cuts.add(calendar(Math.floor(stretch.startMicros + (i * duration(stretch)) / count)).startMicros);
  const starts = [...cuts];
  return starts.map((startMicros, i) => ({ startMicros, endMicros: starts[i + 1] ?? stretch.endMicros }));
}
