/**
 * Ends a run: settles which chunks are complete, judges what new thresholds left unjudged, puts this run's calculators in force, makes incidents of
 * alerts and questions of incidents. Reads no rows of the model.
 *
 * Idempotent by the run: a completed one answers as it did before. Usual duration: 20 to 100 ms; a changed threshold costs 1 s per 50,000 values.
 */
import { Conflict } from '../domain/errors.js';
import { causeSpans, questionText } from '../domain/incident-causes.js';
import { isoOfMicros } from '../domain/order.js';
import type { CalculatorFailure } from '../domain/run.js';
import { findFitted, readFitted } from '../store/fitted.js';
import { countStanding, putInForce, readInForce, readUnjudged, type InForce } from '../store/in-force.js';
import { readJudged, readUnasked, reconcileIncidents } from '../store/incidents.js';
import { readPointless } from '../store/decisions.js';
import { readModelState, requireThere, type ModelState } from '../store/model-state.js';
import type { SchemeKey } from '../store/plan-state.js';
import { inTransaction, type Queryable } from '../store/pool.js';
import { completeRun, readOutcome, readParts, readRun, type PartRow, type RunRow, type StoredPlan } from '../store/runs.js';
import { settleChunks } from '../store/save-chunks.js';
import { saveJudgements } from '../store/save-measurements.js';
import { fromFittedJson } from '../engine/fitted-json.js';
import { wantedCalculators, type WantedCalculator } from './calculators.js';
import type { RunOutcome } from './contract.js';
import type { LightDeps } from './deps.js';
import { judgeFor } from './judge.js';

/** A calculator of this run, its fit looked up. */
interface FittedOfRun {
  wanted: WantedCalculator;
  id: number;
  failure: string | null;
}

const JUDGED_AT_ONCE = 10_000;

export async function finishRun({ pool }: LightDeps, { runId }: { runId: number }): Promise<RunOutcome> {
  return inTransaction(pool, async (tx) => {
    // Two attempts at the same time: the second waits here and finds the first one's answer.
    await tx.query('select 1 from aftercare.run where id = $1 for update', [runId]);
    const answered = (await readOutcome(tx, runId)) as RunOutcome | null;
    if (answered) return answered;
    const run = await readRun(tx, runId);
    if (run.state !== 'running') throw new Conflict(`run ${run.number} was ${run.state} already`);
    const plan = run.plan;
    if (!plan) throw new Error(`run ${runId} has no plan yet`);
    const parts = await readParts(tx, runId);
    if (parts.length !== plan.parts.length) throw new Error(`run ${runId}: ${parts.length} of ${plan.parts.length} parts are computed`);
    const model = requireThere(await readModelState(tx, run.modelId));
    const key: SchemeKey = { versionId: run.versionId, segment: plan.segment, scheme: plan.scheme };
    await settleChunks(tx, key, {
      newestIso: isoOfMicros(plan.newestMicros ?? -Infinity), allowedLatenessMs: run.settings.allowedLatenessMs,
      periods: plan.chunkSize === null, targetsAbsent: run.settings.targets.arrival === 'absent',
    });
    const calculators = await fittedOf(tx, model, run);
    const usable = calculators.filter(({ failure }) => failure === null);
    const before = await readInForce(tx, key);
    for (const calculator of usable) if (!before.some((one) => sameAs(one, calculator))) await judgeAnew(tx, key, calculator);
    await putInForce(tx, key, run.id, run.horizon, usable.map(inForce));
    const questions = await openIncidents(tx, model, run, key, calculators);
    const standing = await countStanding(tx, key);
    const outcome: RunOutcome = { state: 'completed', alerts: standing.alerts, questions, withdrawn: await readPointless(tx, run.versionId) };
    await completeRun(tx, run.id, {
      chunks: standing.chunks, alerts: standing.alerts, outcome,
      chunksComputed: sum(parts, (part) => part.chunks), measurements: sum(parts, (part) => part.measurements),
      rowsRead: plan.rowsRead + sum(parts, (part) => part.rowsRead),
      failures: allFailures(plan, calculators, parts),
    });
    return outcome;
  });
}

async function fittedOf(tx: Queryable, model: ModelState, run: RunRow): Promise<FittedOfRun[]> {
  const { wanted } = wantedCalculators(model, run.settings);
  const rows = new Map((await findFitted(tx, wanted.map(({ key }) => key))).map((row) => [row.key, row]));
  // One that is not there belongs to a newer engine, begun after this run was planned: the next run fits it.
  return wanted.flatMap((calculator) => {
    const row = rows.get(calculator.key);
    return row ? [{ wanted: calculator, id: row.id, failure: row.failure }] : [];
  });
}

function inForce({ wanted, id }: FittedOfRun): InForce {
  return { calculator: wanted.kind, fittedId: id, thresholdKey: wanted.thresholdKey };
}

function sameAs(one: InForce, { wanted, id }: FittedOfRun): boolean {
  return one.calculator === wanted.kind && one.fittedId === id && one.thresholdKey === wanted.thresholdKey;
}

/** Values that were measured under other thresholds: nothing is computed again, only judged. */
async function judgeAnew(tx: Queryable, key: SchemeKey, calculator: FittedOfRun): Promise<void> {
  const { wanted } = calculator;
  let unjudged = await readUnjudged(tx, key, inForce(calculator), JUDGED_AT_ONCE);
  if (unjudged.length === 0) return;
  const judge = judgeFor(fromFittedJson((await readFitted(tx, [wanted.key]))[0]!.body), wanted);
  while (unjudged.length > 0) {
    await saveJudgements(tx, unjudged.map(({ measurementId, point }) => ({ measurementId, thresholdKey: wanted.thresholdKey, ...judge(point) })));
    unjudged = await readUnjudged(tx, key, inForce(calculator), JUDGED_AT_ONCE);
  }
}

async function openIncidents(tx: Queryable, model: ModelState, run: RunRow, key: SchemeKey, calculators: readonly FittedOfRun[]): Promise<RunOutcome['questions']> {
  const { chunkKeys, values } = await readJudged(tx, key, run.settings.keyMetric);
  const spans = causeSpans(chunkKeys, values, { keyMetric: run.settings.keyMetric, driftMethodOf: firstMethods(calculators) });
  await reconcileIncidents(tx, { modelId: model.id, versionId: run.versionId }, run.number, spans, new Date());
  return (await readUnasked(tx, run.versionId, run.settings.decisions.on)).map((incident) => ({
    decisionId: `${model.id}/${incident.kind}/${incident.cause}/${incident.openingChunk}/${incident.nextQuestion}`,
    incidentId: incident.id, kind: incident.kind, cause: incident.cause, openingChunk: incident.openingChunk,
    text: questionText(incident, model.name),
  }));
}

function firstMethods(calculators: readonly FittedOfRun[]): Map<string, string> {
  const methods = new Map<string, string>();
  for (const { wanted: { request } } of calculators) {
    if (request.kind !== 'univariate_drift') continue;
    const [continuous] = request.settings.continuousMethods;
    const [categorical] = request.settings.categoricalMethods;
    if (continuous) for (const name of request.columns.continuous) methods.set(name, continuous);
    if (categorical) for (const name of request.columns.categorical) methods.set(name, categorical);
  }
  return methods;
}

/** What could not be done, each reason once. */
function allFailures(plan: StoredPlan, calculators: readonly FittedOfRun[], parts: readonly PartRow[]): CalculatorFailure[] {
  const merged = new Map<string, CalculatorFailure>();
  const fits = calculators.flatMap(({ wanted, failure }): CalculatorFailure[] => (failure === null ? [] : [{ calculator: wanted.kind, stage: 'fit', chunkKeys: [], message: failure }]));
  for (const failure of [...plan.failures, ...fits, ...parts.flatMap((part) => part.failures)]) {
    const key = `${failure.calculator}\u0000${failure.stage}\u0000${failure.message}`;
    const known = merged.get(key);
    if (known) known.chunkKeys.push(...failure.chunkKeys);
    else merged.set(key, { ...failure, chunkKeys: [...failure.chunkKeys] });
  }
  return [...merged.values()];
}

function sum(parts: readonly PartRow[], of: (part: PartRow) => number): number {
  return parts.reduce((total, part) => total + of(part), 0);
}
