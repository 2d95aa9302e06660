/**
 * Ends a run: settles which chunks are complete, judges what new thresholds left unjudged, puts this run's calculators in force, makes incidents of
 * alerts and questions of incidents. Reads no rows of the model.
 *
 * Idempotent by the run: a completed one answers as it did before. Usual duration: 20 to 100 ms; a changed threshold costs 1 s per 50,000 values.
 */
import { Conflict } from '../domain/errors.js';
import { causeSpans, questionText, type SegmentSpan } from '../domain/incident-causes.js';
import { attendedKinds, lifecycleSettings } from '../domain/lifecycle-settings.js';
import { decisionText } from '../domain/names.js';
import { isoOfMicros } from '../domain/order.js';
import type { CalculatorFailure } from '../domain/run.js';
import { ALL_ROWS, newValueNotes } from '../domain/segment.js';
import { firstDueAfterMs, targetRule } from '../domain/target-wait.js';
import { findFitted, readFitted } from '../store/fitted.js';
import { countStanding, putInForce, readInForce, readUnjudged, removeOtherSegments, type InForce } from '../store/in-force.js';
import { readJudged, readOpeningSide, readUnasked, reconcileIncidents } from '../store/incidents.js';
import { announceIncidents } from '../store/incident-attention.js';
import { readPointless } from '../store/decisions.js';
import { isInCharge, readModelState, requireThere, type ModelState } from '../store/model-state.js';
import type { SchemeKey } from '../store/plan-state.js';
import { inTransaction, type Queryable } from '../store/pool.js';
import { completeRun, readOutcome, readParts, readRun, type PartRow, type RunRow, type StoredPlan } from '../store/runs.js';
import { settleChunks } from '../store/save-chunks.js';
import { saveJudgements } from '../store/save-measurements.js';
import { beginWaits } from '../store/target-waits.js';
import { tendBy } from '../store/tending.js';
import { fromFittedJson } from '../engine/fitted-json.js';
import { metricName } from '../plots/names.js';
import type { WantedCalculator } from './calculators.js';
import type { RunOutcome } from './contract.js';
import type { LightDeps } from './deps.js';
import { describeNewIncidents } from './incidents/describe.js';
import { judgeFor } from './judge.js';
import { populationOf, readPlaces } from './populations.js';

/** A calculator of this run, its fit looked up. */
interface FittedOfRun {
  wanted: WantedCalculator;
  id: number;
  failure: string | null;
}

const JUDGED_AT_ONCE = 10_000;

export async function finishRun(deps: LightDeps, { runId, nowMs }: { runId: number; nowMs?: number }): Promise<RunOutcome> {
  return inTransaction(deps.pool, async (tx) => {
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
    const model = requireThere(await readModelState(tx, run.modelId, run.versionId));
    const places = await readPlaces(tx, model);
    const rule = targetRule(run.settings.targets);
    const failures: CalculatorFailure[] = [];
    const spans: SegmentSpan[] = [];
    const standing = { chunks: 0, alerts: 0 };
    let waiting = 0;
    for (const planned of plan.populations) {
      const population = populationOf(planned, model, run.settings, places, deps);
      const calculators = await fittedOf(tx, population.wanted);
      await settle(tx, run, plan, population.key, calculators);
      if (rule.waits && nowMs !== undefined) waiting += await beginWaits(tx, population.key, nowMs);
      failures.push(...fitFailures(calculators, planned.segment));
      const { chunkKeys, values } = await readJudged(tx, population.key, run.settings.keyMetric);
      const rules = { keyMetric: run.settings.keyMetric, driftMethodOf: firstMethods(calculators) };
      spans.push(...causeSpans(chunkKeys, values, rules).map((span) => ({ ...span, segment: planned.segment })));
      const counted = await countStanding(tx, population.key);
      standing.chunks += counted.chunks;
      standing.alerts += counted.alerts;
    }
    if (waiting > 0 && nowMs !== undefined) await tendBy(tx, model.id, nowMs + firstDueAfterMs(rule), nowMs);
    await removeOtherSegments(tx, run.versionId, plan.populations.map(({ segment }) => segment));
    // A version that was replaced meanwhile keeps its results; its incidents ended with its charge, and nobody is asked about them any more.
    const inCharge = await isInCharge(tx, model);
    if (inCharge) await reconcileIncidents(tx, { modelId: model.id, versionId: run.versionId }, run.number, spans, new Date());
    await describeNewIncidents(tx, run.versionId, model.name);
    const outcome: RunOutcome = { state: 'completed', alerts: standing.alerts, questions: inCharge ? await questionsOf(tx, model, run) : [], withdrawn: await readPointless(tx, run.versionId), ...await announceIncidents(tx, model.id, attendedKinds(lifecycleSettings(run.settings), model.version)) };
    await completeRun(tx, run.id, {
      chunks: standing.chunks, alerts: standing.alerts, outcome,
      chunksComputed: sum(parts, (part) => part.chunks), measurements: sum(parts, (part) => part.measurements),
      rowsRead: plan.rowsRead + sum(parts, (part) => part.rowsRead),
      failures: allFailures([...plan.failures, ...failures, ...parts.flatMap((part) => part.failures)]),
      notes: [...plan.notes, ...newValueNotes(parts.flatMap((part) => part.newValues))],
    });
    return outcome;
  });
}

/** What is complete and final of a population, what its calculators say under the thresholds of this run, and that this is what readers see. */
async function settle(tx: Queryable, run: RunRow, plan: StoredPlan, key: SchemeKey, calculators: readonly FittedOfRun[]): Promise<void> {
  await settleChunks(tx, key, {
    newestIso: isoOfMicros(plan.newestMicros ?? -Infinity), allowedLatenessMs: run.settings.allowedLatenessMs,
    periods: key.scheme.startsWith('period:'), targets: targetRule(run.settings.targets),
  });
  const usable = calculators.filter(({ failure }) => failure === null);
  const before = await readInForce(tx, key);
  for (const calculator of usable) if (!before.some((one) => sameAs(one, calculator))) await judgeAnew(tx, key, calculator);
  await putInForce(tx, key, run.id, run.horizon, usable.map(inForce));
}

async function fittedOf(tx: Queryable, wanted: readonly WantedCalculator[]): Promise<FittedOfRun[]> {
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

/** Open incidents that nobody was asked about, as questions; of segments only where the settings say so. Where an incident leads to a retraining, that asks for its own approval. */
async function questionsOf(tx: Queryable, model: ModelState, run: RunRow): Promise<RunOutcome['questions']> {
  const { on, segments } = run.settings.decisions;
  const questions: RunOutcome['questions'] = [];
  const { mode, on: retrainedOn } = lifecycleSettings(run.settings).retraining;
  for (const incident of await readUnasked(tx, run.versionId, on, segments ?? false)) {
    if (mode !== 'off' && incident.segment === ALL_ROWS && retrainedOn.includes(incident.kind)) continue;
    const { id, kind, cause, openingChunk } = incident;
    const subject = { ...incident, metric: metricName(cause), from: incident.openingAt, side: await readOpeningSide(tx, run.versionId, incident) };
    questions.push({ decisionId: decisionText(model.id, { ...incident, version: model.version }, incident.nextQuestion), incidentId: id, kind, cause, openingChunk, text: questionText(subject, model.name) });
  }
  return questions;
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

function fitFailures(calculators: readonly FittedOfRun[], segment: string): CalculatorFailure[] {
  return calculators.flatMap(({ wanted, failure }): CalculatorFailure[] => (failure === null ? [] : [{ calculator: wanted.kind, ...(segment === ALL_ROWS ? {} : { segment }), stage: 'fit', chunkKeys: [], message: failure }]));
}

/** What could not be done, each reason once. */
function allFailures(failures: readonly CalculatorFailure[]): CalculatorFailure[] {
  const merged = new Map<string, CalculatorFailure>();
  for (const failure of failures) {
    const key = [failure.segment ?? ALL_ROWS, failure.calculator, failure.stage, failure.message].join('\u0000');
    const known = merged.get(key);
    if (known) known.chunkKeys.push(...failure.chunkKeys);
    else merged.set(key, { ...failure, chunkKeys: [...failure.chunkKeys] });
  }
  return [...merged.values()];
}

function sum(parts: readonly PartRow[], of: (part: PartRow) => number): number {
  return parts.reduce((total, part) => total + of(part), 0);
}
