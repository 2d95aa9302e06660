/**
 * Computes one part of a run: reads its rows once, in order, and judges every chunk by every calculator that is stale there.
 *
 * Idempotent by (run, part): all of it is saved in one transaction with the part's row; a part that is counted already is left alone.
 * Runs in a worker thread. Usual duration: 1 s per 250,000 rows of 12 columns. The numbers do not depend on how the work was shared out.
 */
import type { CalculatorKind, MetricPoint } from '../domain/measurement.js';
import type { CalculatorFailure } from '../domain/run.js';
import { awaitsTargets, targetRule, targetsSuffice, type TargetRule } from '../domain/target-wait.js';
import type { ReadRange } from '../domain/run-plan.js';
import { calculateChunk, ENGINE_VERSION } from '../engine/catalogue.js';
import type { EngineContext } from '../engine/custom-metrics/metric.js';
import type { Frame } from '../engine/frame.js';
import { calendarOf } from '../store/calendar.js';
import { CopyDecoder } from '../store/copy-decode.js';
import { findFitted } from '../store/fitted.js';
import { readHorizon } from '../store/horizon.js';
import { ALL_ROWS } from '../domain/segment.js';
import { readModelState, requireThere } from '../store/model-state.js';
import { placeColumns, readColumns, type PlacedColumn } from '../store/model-tables.js';
import { walkAlongIndex, type SchemeKey } from '../store/plan-state.js';
import { inTransaction, type Pool, type Queryable, type Transaction } from '../store/pool.js';
import { ORDER_COLUMNS, readInferences } from '../store/read-rows.js';
import { readPart, readParts, readRun, savePart, saveProgress, type NewValue, type PopulationPlan, type RunRow, type StoredPlan } from '../store/runs.js';
import { forgetMeasurements, saveCalculations, saveMeasurements, type FoundMeasurement } from '../store/save-measurements.js';
import { markVanished, saveChunks, type FoundChunk } from '../store/save-chunks.js';
import type { WantedCalculator } from './calculators.js';
import { periodCutter, sizeCutter, type CutChunk, type Cutter } from './chunk-cutter.js';
import type { PartDone, WorkOptions } from './deps.js';
import type { FittedCache, LoadedFitted } from './fitted-cache.js';
import { fitReference } from './fit-reference.js';
import { columnsToRead, frameFor, frameOf, type NamedColumn } from './frames.js';
import { judgeFor, type Judge } from './judge.js';
import { NewValues } from './new-values.js';
import { populationOf, readSegmentCounts, type Population } from './populations.js';

/** Points kept in memory before they are written. */
const FLUSH_POINTS = 10_000;

/** A calculator that was fitted, ready to judge chunks. */
interface ReadyCalculator {
  wanted: WantedCalculator;
  fitted: LoadedFitted;
  judge: Judge;
}

/** A population with what its calculators have learnt. */
interface ReadyPopulation extends Omit<Population, 'share'> {
  planned: PopulationPlan;
  ready: ReadyCalculator[];
}

interface MeasuredChunk {
  chunk: FoundChunk;
  results: { ready: ReadyCalculator; points: MetricPoint[]; failure: string | null }[];
}

export async function computeChunks(pool: Pool, cache: FittedCache, runId: number, part: number, options: WorkOptions = {}): Promise<PartDone> {
  const done = await readPart(pool, runId, part);
  if (done) return { chunks: done.chunks, rowsRead: done.rowsRead, failures: done.failures.length };
  const run = await readRun(pool, runId);
  const plan = run.plan;
  const planned = plan?.parts[part];
  if (!plan || !planned) throw new Error(`run ${runId} has no part ${part}`);
  const model = requireThere(await readModelState(pool, run.modelId, run.versionId));
  const placed = placeColumns(model.schema, await readColumns(pool, model.id));
  const places = new Map(placed.map(({ name, physical }) => [name, physical]));
  const populations = new Map<string, ReadyPopulation>();
  for (const segment of new Set(planned.ranges.map((range) => range.segment))) {
    const own = plan.populations.find((population) => population.segment === segment);
    if (!own) throw new Error(`run ${runId}, part ${part}: segment '${segment}' is not in its plan`);
    const population = populationOf(own, model, run.settings, places, options);
    // Fitted before, unless the engine became a newer one since the run was planned.
    if ((await findFitted(pool, population.wanted.map(({ key }) => key))).length < population.wanted.length) await fitReference(pool, runId, { ...(options.customMetrics ? { customMetrics: options.customMetrics } : {}) });
    populations.set(segment, { ...population, planned: own, ready: await readyCalculators(pool, cache, population.wanted) });
  }
  const newValues = new NewValues(populations.has(ALL_ROWS) ? await readSegmentCounts(pool, model, run.settings) : []);
  const target = placed.find(({ role }) => role === 'target');

  const result = await inTransaction(pool, (reading) => inTransaction(pool, async (writing) => {
    await reading.query('set transaction isolation level repeatable read, read only');
    await walkAlongIndex(reading);
    const work = new PartWork(run, writing);
    const of = planned.ranges.reduce((sum, range) => sum + range.chunks, 0);
    const horizon = await readHorizon(reading, model.id, run.horizon);
    for (const range of planned.ranges) {
      const population = populations.get(range.segment)!;
      const active = population.ready.filter(({ wanted }) => range.calculators.includes(wanted.kind));
      const looksForNew = range.segment === ALL_ROWS && range.change === 'rows';
      const columns = withColumns(columnsToRead(active.map(({ wanted }) => wanted.request), placed), [...(target ? [target] : []), ...(looksForNew ? placed.filter(({ name }) => newValues.columns.includes(name)) : [])]);
      work.begin(population.key);
      const reader = new RangeReader(columns, range, cutterFor(run, plan, population, range), (frame, chunk) => {
        if (looksForNew) newValues.look(frame);
        work.add({ chunk, results: active.map((calculator) => calculate(calculator, frame, options)) });
        options.onProgress?.({ done: work.chunks, of });
      }, targetRule(run.settings.targets), target?.name ?? null);
      work.rowsRead += await readInferences(reading, { modelId: model.id, versionId: model.versionId, horizon, after: range.after, until: range.until, segment: population.filter }, columns, plan.withTargets, reader.decoder, () => work.flush(FLUSH_POINTS));
      reader.finish();
      await work.flush(0);
      await work.endRange(range);
    }
    return work.save(part, newValues.found());
  }));
  const computed = (await readParts(pool, run.id)).reduce((sum, row) => sum + row.chunks, 0);
  // How many chunks a segment gets is estimated before its rows are read.
  await saveProgress(pool, run.id, { step: 'compute', done: computed, of: Math.max(computed, plannedChunks(plan)) });
  return result;
}

function plannedChunks(plan: StoredPlan): number {
  return plan.parts.reduce((sum, { ranges }) => sum + ranges.reduce((n, range) => n + range.chunks, 0), 0);
}

/** Calculators whose fit did not fail. */
async function readyCalculators(db: Queryable, cache: FittedCache, wanted: readonly WantedCalculator[]): Promise<ReadyCalculator[]> {
  const loaded = new Map((await cache.load(db, wanted.map(({ key }) => key))).map((fitted) => [fitted.key, fitted]));
  return wanted.flatMap((calculator) => {
    const fitted = loaded.get(calculator.key);
    return fitted?.calculator ? [{ wanted: calculator, fitted, judge: judgeFor(fitted.calculator, calculator) }] : [];
  });
}

/** Targets are counted in every chunk, whoever asks for them; new values are looked for in the segments' columns. */
function withColumns(columns: NamedColumn[], more: readonly PlacedColumn[]): NamedColumn[] {
  return [...columns, ...more.filter(({ name }) => !columns.some((column) => column.name === name)).map(({ name, physical, kind }): NamedColumn => ({ name, physical, kind: kind === 'continuous' ? 'continuous' : 'categorical' }))];
}

function cutterFor(run: RunRow, plan: StoredPlan, { planned, settings: { chunking, zone, allowedLatenessMs } }: ReadyPopulation, range: ReadRange): Cutter {
  if (planned.chunkSize !== null) return sizeCutter(planned.chunkSize, range.firstOrdinal, planned.canComplete);
  if (chunking.kind !== 'period') throw new Error(`run ${run.id}: a plan of periods for chunks by ${chunking.kind}`);
  return periodCutter(calendarOf(chunking.period, zone), plan.newestMicros ?? -Infinity, allowedLatenessMs);
}

/** Too little data is a result (NaN and a reason); a calculator that throws on a chunk does not take the others down. */
function calculate(ready: ReadyCalculator, frame: Frame, context: EngineContext): MeasuredChunk['results'][number] {
  try {
    return { ready, points: calculateChunk(ready.fitted.calculator!, frameFor(ready.wanted.request, frame), context), failure: null };
  } catch (error) {
    return { ready, points: [], failure: error instanceof Error ? error.message : String(error) };
  }
}

/** Cuts the rows of one stretch into chunks while they are decoded. */
class RangeReader {
  readonly decoder: CopyDecoder;

  constructor(
    private readonly columns: readonly NamedColumn[], private readonly range: ReadRange, private readonly cutter: Cutter,
    private readonly onChunk: (frame: Frame, chunk: FoundChunk) => void, private readonly rule: TargetRule, private readonly target: string | null,
  ) {
    // It grows where more come than were expected.
    const capacity = Math.min(cutter.size, Math.max(8_192, Number.isFinite(cutter.size) ? range.rows : 0), 1 << 20);
    this.decoder = new CopyDecoder([...ORDER_COLUMNS, ...columns.map(({ kind }) => kind)], capacity, (row) => this.row(row));
  }

  /** After the last row: what is left is a chunk that may still grow. */
  finish(): void {
    if (this.decoder.rowsHeld > 0) this.close(this.decoder.rowsHeld);
    this.decoder.clear();
  }

  private row(row: number): number {
    const at = this.order(0)[row]!;
    if (!this.cutter.belongs(at)) {
      this.close(row);
      this.decoder.moveRow(row, 0);
      this.cutter.belongs(at);
      return 1;
    }
    if (row + 1 < this.cutter.size) return row + 1;
    this.close(row + 1);
    return 0;
  }

  private close(rows: number): void {
    const cut = this.cutter.close(rows);
    const frame = frameOf(this.columns, this.decoder.columns.slice(ORDER_COLUMNS.length), rows);
    this.onChunk(frame, this.found(cut, rows, this.target === null ? 0 : countPresent(frame, this.target)));
  }

  private found(cut: CutChunk, rows: number, targets: number): FoundChunk {
    const border = (row: number): FoundChunk['first'] => ({ atMicros: this.order(0)[row]!, batch: this.order(1)[row]!, row: this.order(2)[row]! });
    const first = border(0);
    const last = border(rows - 1);
    return {
      key: cut.key, ordinal: cut.ordinal, first, last, rows, targets,
      startMicros: cut.bounds?.startMicros ?? first.atMicros, endMicros: cut.bounds?.endMicros ?? last.atMicros,
      complete: cut.complete, final: cut.complete && targetsSuffice(rows, targets, this.rule), change: this.range.change,
    };
  }

  private order(column: 0 | 1 | 2): Float64Array {
    const cells = this.decoder.columns[column]!;
    if (cells.kind === 'categorical') throw new Error('rows were not read in their order');
    return cells.values;
  }
}

function countPresent(frame: Frame, name: string): number {
  const column = frame.columns.get(name);
  let present = 0;
  if (column?.kind === 'continuous') for (const value of column.values) if (value === value) present += 1;
  if (column?.kind === 'categorical') for (const code of column.codes) if (code >= 0) present += 1;
  return present;
}

/** What a part has found, on its way into the store: all in one transaction. */
class PartWork {
  rowsRead = 0;
  chunks = 0;
  private measurements = 0;
  private pending: MeasuredChunk[] = [];
  private pendingPoints = 0;
  private found: number[] = [];
  private readonly failed = new Map<string, CalculatorFailure>();
  private scheme: SchemeKey | null = null;

  constructor(private readonly run: RunRow, private readonly tx: Transaction) {}

  /** What is added from here on belongs to this population. */
  begin(scheme: SchemeKey): void {
    this.scheme = scheme;
  }

  add(measured: MeasuredChunk): void {
    this.chunks += 1;
    this.found.push(measured.chunk.ordinal);
    this.pending.push(measured);
    for (const { ready, points, failure } of measured.results) {
      this.pendingPoints += points.length;
      this.measurements += points.length;
      if (failure !== null) this.fail(ready.wanted.kind, measured.chunk.key, failure);
    }
  }

  async flush(beyond: number): Promise<void> {
    if (this.pending.length === 0 || this.pendingPoints < beyond) return;
    const batch = this.pending;
    this.pending = [];
    this.pendingPoints = 0;
    const ids = await saveChunks(this.tx, this.population, 'analysis', this.run.horizon, batch.map(({ chunk }) => chunk));
    await saveMeasurements(this.tx, { runId: this.run.id, horizon: this.run.horizon, engineVersion: ENGINE_VERSION }, batch.flatMap(({ chunk, results }, i) => results.flatMap(({ ready, points }) =>
      points.map((point): FoundMeasurement => ({
        chunkId: ids[i]!, fittedId: ready.fitted.id, calculator: ready.wanted.kind, point, open: !chunk.complete, provisional: awaitsTargets(ready.wanted.kind) ? !chunk.final : !chunk.complete, thresholdKey: ready.wanted.thresholdKey, ...ready.judge(point),
      })))));
    await forgetMeasurements(this.tx, batch.flatMap(({ results }, i) => results.filter(({ failure }) => failure !== null).map(({ ready }) => ({ chunkId: ids[i]!, fittedId: ready.fitted.id }))));
    await saveCalculations(this.tx, this.run.horizon, batch.flatMap(({ results }, i) => results.map(({ ready, failure }) => ({ chunkId: ids[i]!, fittedId: ready.fitted.id, failure }))));
  }

  /** After all chunks of a stretch: known ones that got no row any more have vanished. */
  async endRange(range: ReadRange): Promise<void> {
    if (range.change === 'rows') await markVanished(this.tx, this.population, range.firstOrdinal, range.lastOrdinal, this.found, this.run.horizon);
    this.found = [];
  }

  private get population(): SchemeKey {
    if (!this.scheme) throw new Error('chunks of no population');
    return this.scheme;
  }

  async save(part: number, newValues: NewValue[]): Promise<PartDone> {
    const failures = [...this.failed.values()];
    // Another attempt was quicker: it saved the same values in the same rows, so this one's writes change nothing.
    await savePart(this.tx, this.run.id, { part, rowsRead: this.rowsRead, chunks: this.chunks, measurements: this.measurements, failures, newValues });
    return { chunks: this.chunks, rowsRead: this.rowsRead, failures: failures.length };
  }

  private fail(calculator: CalculatorKind, chunkKey: string, message: string): void {
    const { segment } = this.population;
    const key = `${segment}\u0000${calculator}\u0000${message}`;
    const known = this.failed.get(key);
    if (known) known.chunkKeys.push(chunkKey);
    else this.failed.set(key, { calculator, ...(segment === ALL_ROWS ? {} : { segment }), stage: 'calculate', chunkKeys: [chunkKey], message });
  }
}
