/**
 * Compares two versions on the rows that both answered, up to a ledger number.
 *
 * Idempotent by (challenge, versions, horizon): what was found once is given again. Runs in a worker thread. Usual duration: 0.2 s for 10,000 pairs, 5 s for the
 * 200,000 that are looked at most.
 */
import type { Judgement, MetricComparison, Verdict } from '../../domain/challenge.js';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { segmentGuardrail, servingGuardrails, type SegmentLoss } from '../../domain/guardrails.js';
import type { ChallengeSettings } from '../../domain/lifecycle-settings.js';
import { keyMetricsOf, needsScores, type PerformanceMetric } from '../../domain/metrics.js';
import { columnOf, columnsOf } from '../../domain/schema.js';
import { segmentColumns, segmentText } from '../../domain/segment.js';
import { SEGMENT_DEFAULTS } from '../../domain/settings.js';
import { usualSegmentLoss } from '../../domain/usual-limits.js';
import { chance, verdictText } from '../../domain/verdict-text.js';
import type { FittedEstimatedPerformance } from '../../engine/estimators/estimated-performance.js';
import { samplingError, type SamplingErrorTerms } from '../../engine/metrics/sampling-error.js';
import { categoricalOf, type Frame } from '../../engine/frame.js';
import { NO_COLUMNS, type CalculatorColumns } from '../../engine/calculator.js';
import { inClassOrder } from '../../engine/class-order.js';
import { comparePairs, type PairComparison } from '../../engine/verdict/compare-pairs.js';
import type { Both, Pairs } from '../../engine/verdict/pairs.js';
import { completeRows, pairsOfFrames, selectPairs } from '../../engine/verdict/pairs-of-frames.js';
import { readHorizon } from '../../store/horizon.js';
import { readModelState, requireThere, type ModelState } from '../../store/model-state.js';
import { readColumns, targetTable } from '../../store/model-tables.js';
import { countAnswers } from '../../store/paired-rows.js';
import { haveTargets } from '../../store/plan-state.js';
import { inTransaction, type Pool } from '../../store/pool.js';
import { readServingSince } from '../../store/serving-since.js';
import { findVerdict, saveVerdict } from '../../store/verdicts.js';
import { readVersionFacts } from '../../store/version-facts.js';
import type { VerdictTask, WorkOptions } from '../deps.js';
import type { FittedCache } from '../fitted-cache.js';
import { estimateRequest, loadEstimator, settingsForMetric } from './estimator.js';
import { MOST_PAIRS, readPairedRows, type PairedRows, type PairReading } from './read-pairs.js';

/** Of a segment with fewer pairs nothing is said. */
const LEAST_IN_SEGMENT = 100;

export type VerdictRequest = VerdictTask['request'];

/** @throws NotFound; InvalidInput when no row was answered by both, or the metric cannot be compared */
export async function computeVerdict(pool: Pool, cache: FittedCache, request: VerdictRequest, options: WorkOptions = {}): Promise<Verdict> {
  const { modelId, challenge, challenger, champion, horizon, settings } = request;
  const known = challenge === 0 ? null : await findVerdict(pool, request);
  if (known) return known;
  const versions = await readBoth(pool, request);
  const metric = comparedMetric(versions.champion, settings);
  const found = await inTransaction(pool, async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    const reading: Omit<PairReading, 'names' | 'withTargets'> = { ...versions, columns: await readColumns(tx, modelId), horizon: await readHorizon(tx, modelId, horizon), segments: segmentNames(versions.champion) };
    const columns = realizedColumns(versions.champion);
    const realized = await haveTargets(tx, targetTable(modelId)) ? await readPairedRows(tx, { ...reading, names: namesFor(columns, metric), withTargets: true }) : null;
    if (realized && realized.rows >= settings.minPairs) return { realized, columns, all: null };
    const estimable = columnsOfEstimate(versions.champion, metric);
    const all = await readPairedRows(tx, { ...reading, names: estimable ? allNames(estimable) : namesFor(columns, metric), withTargets: false });
    if (all.rows === 0) throw new InvalidInput(await nothingInCommon(pool, request));
    return { realized, columns: estimable ?? columns, all: estimable ? all : null };
  });
  options.onProgress?.({ done: 1, of: 2 });
  const judged = found.all ? await byEstimates(pool, cache, { ...found, all: found.all }, versions, metric, request) : byTargets(found.realized, found.columns, versions.champion, metric, request);
  const guardrails = [
    ...servingGuardrails(...await readServingSince(pool, modelId, versions.champion.versionId, versions.challenger.versionId), settings),
    ...(settings.segmentLoss === null || judged.losses.length === 0 ? [] : [segmentGuardrail(judged.losses, settings)]),
  ];
  const broken = guardrails.some(({ kept }) => kept === false);
  // A challenger that breaks a limit is not put in charge, however good it is; it may come to keep it.
  const judgement: Judgement = judged.comparison.judgement === 'better' && broken ? 'not yet' : judged.comparison.judgement;
  const verdict: Omit<Verdict, 'text'> = { model: versions.champion.name, challenge, champion, challenger, horizon, judgement, comparison: judged.comparison, segments: judged.segments, guardrails };
  return saveVerdict(pool, modelId, { ...verdict, text: verdictText(verdict) });
}

async function readBoth(pool: Pool, { modelId, champion, challenger }: VerdictRequest): Promise<Both<ModelState>> {
  const facts = await readVersionFacts(pool, modelId);
  const stateOf = async (number: number): Promise<ModelState> => {
    const version = facts.find((one) => one.number === number);
    if (!version) throw new NotFound(`the model has no version ${number}: its versions are ${facts.map((one) => one.number).join(', ')}`);
    return requireThere(await readModelState(pool, modelId, version.id));
  };
  if (champion === challenger) throw new InvalidInput(`version ${champion} cannot be compared with itself`);
  return { champion: await stateOf(champion), challenger: await stateOf(challenger) };
}

function comparedMetric(model: ModelState, settings: ChallengeSettings): PerformanceMetric {
  const name = settings.metric ?? model.settings.keyMetric;
  const metrics = keyMetricsOf(model.schema.problemType);
  const metric = metrics.find((one) => one === name);
  if (!metric) throw new InvalidInput(`versions cannot be compared by '${name}': there are ${metrics.join(', ')}`);
  return metric;
}

async function nothingInCommon(pool: Pool, { modelId, champion, challenger, horizon }: VerdictRequest): Promise<string> {
  const counts = await countAnswers(pool, modelId, [champion, challenger], horizon);
  const said = (number: number): string => `version ${number} answered ${(counts.get(number) ?? 0).toLocaleString('en')} rows`;
  return `versions ${champion} and ${challenger} have 0 rows in common: ${said(champion)}, ${said(challenger)}, and no identifier of the one is among those of the other`;
}

// ---- columns -----------------------------------------------------------------------------------------------------------------------

function realizedColumns({ schema }: ModelState): CalculatorColumns {
  const scores = columnsOf(schema, 'predicted_probability');
  return {
    ...NO_COLUMNS, problemType: schema.problemType, target: columnOf(schema, 'target')?.name ?? null, prediction: columnOf(schema, 'prediction')?.name ?? null,
    probability: schema.problemType === 'classification_binary' ? scores[0]?.name ?? null : null,
    classProbabilities: schema.problemType === 'classification_multiclass' ? inClassOrder(scores.map((column) => ({ class: column.class ?? column.name, column: column.name })), (one) => one.class) : [],
  };
}

/** Columns that the metric itself needs. */
function namesFor(columns: CalculatorColumns, metric: PerformanceMetric): Set<string> {
  const names = needsScores(metric) ? [columns.probability, ...columns.classProbabilities.map(({ column }) => column)] : [columns.prediction];
  if (names.length === 0 || names.includes(null) && !needsScores(metric)) throw new InvalidInput(`${metric} needs a column of ${needsScores(metric) ? 'predicted probabilities' : 'predictions'}, which the model does not have`);
  return new Set(names.filter((name) => name !== null));
}

function allNames({ continuous, categorical, prediction, probability, classProbabilities }: CalculatorColumns): Set<string> {
  return new Set([...continuous, ...categorical, prediction, probability, ...classProbabilities.map(({ column }) => column)].filter((name) => name !== null));
}

/** null: the metric cannot be estimated, only counted when targets come. */
function columnsOfEstimate(version: ModelState, metric: PerformanceMetric): CalculatorColumns | null {
  try {
    return estimateRequest(version, metric).request.columns;
  } catch (error) {
    if (error instanceof InvalidInput) return null;
    throw error;
  }
}

/** Columns that the settings tell rows apart by. */
function segmentNames({ schema, settings }: ModelState): string[] {
  const usable = segmentColumns(schema).map(({ name }) => name);
  return (settings.segments?.by ?? []).filter((name) => usable.includes(name));
}

// ---- judging -----------------------------------------------------------------------------------------------------------------------

interface Judged {
  comparison: MetricComparison;
  segments: Record<string, MetricComparison>;
  losses: SegmentLoss[];
}

function byTargets(realized: PairedRows | null, columns: CalculatorColumns, model: ModelState, metric: PerformanceMetric, request: VerdictRequest): Judged {
  if (realized === null || realized.rows === 0) {
    return { comparison: { metric, pairs: 0, basis: 'realized', champion: null, challenger: null, difference: null, rope: null, probability: null, judgement: 'not yet', reason: `${metric} cannot be estimated here, and no row that both answered has its target yet` }, segments: {}, losses: [] };
  }
  const { frames, target } = realized;
  const pairs = pairsOfFrames({ metric, columns, settings: settingsForMetric(model.settings, metric), frames, target, fitted: null });
  return judgeAll(pairs, realized, model, 'realized', request, metric, () => 0);
}

async function byEstimates(pool: Pool, cache: FittedCache, { realized, all, columns }: { realized: PairedRows | null; all: PairedRows; columns: CalculatorColumns }, versions: Both<ModelState>, metric: PerformanceMetric, request: VerdictRequest): Promise<Judged> {
  const fitted = { champion: await loadEstimator(pool, cache, versions.champion, metric), challenger: await loadEstimator(pool, cache, versions.challenger, metric) };
  const pairs = pairsOfFrames({ metric, columns, settings: settingsForMetric(versions.champion.settings, metric), frames: all.frames, target: null, fitted });
  const facts = await readVersionFacts(pool, request.modelId);
  const rowsOf = (number: number): number => facts.find((one) => one.number === number)?.referenceRows ?? 0;
  const learnt = Math.hypot(calibrationError(fitted.champion, metric, rowsOf(request.champion)), calibrationError(fitted.challenger, metric, rowsOf(request.challenger)));
  const judged = judgeAll(pairs, all, versions.champion, 'estimated', request, metric, (share) => learnt / Math.sqrt(share));
  if (versions.champion.settings.targets.arrival === 'absent' || judged.comparison.judgement === 'not yet' && judged.comparison.difference === null) return judged;
  // Where targets are to come nothing is judged before them: a challenger that is too sure of itself looks good in its own estimates.
  const { judgement } = judged.comparison;
  const probability = judgement === 'not yet' ? null : judged.comparison.probability?.[judgement] ?? null;
  const estimate = probability === null ? '' : `the estimates alone say ${judgement} with probability ${chance(probability)}; `;
  const reason = `${estimate}${(realized?.rows ?? 0).toLocaleString('en')} of ${request.settings.minPairs.toLocaleString('en')} needed pairs have their targets`;
  return { ...judged, comparison: { ...judged.comparison, judgement: 'not yet', reason } };
}

/**
 * How far an estimate may be off because calibration was learnt on so many rows: as far as the metric itself varies from one such reference to the next,
 * because on its reference a calibrated estimate is what was realized there.
 */
function calibrationError(fitted: FittedEstimatedPerformance, metric: PerformanceMetric, referenceRows: number): number {
  const terms: SamplingErrorTerms | undefined = (fitted.samplingErrors as Record<string, SamplingErrorTerms | undefined>)[metric];
  if (!terms) return NaN;
  const error = samplingError(terms, referenceRows);
  // Totals are compared per row.
  return terms.power === 0.5 ? error / referenceRows : error;
}

function judgeAll(pairs: Pairs, { frames, capped }: PairedRows, model: ModelState, basis: MetricComparison['basis'], request: VerdictRequest, metric: PerformanceMetric, further: (share: number) => number): Judged {
  const rows = completeRows(pairs);
  let place = 0;
  const { settings } = request;
  const compare = (among: Int32Array, rope = settings.rope): PairComparison => comparePairs(among.length === pairs.rows ? pairs : selectPairs(pairs, among), {
    metric, basis, rules: { ...settings, rope }, seed: seedOf(request, place++), further: further(Math.max(1, among.length) / Math.max(1, rows.length)),
  });
  const { comparison } = compare(rows);
  const segments: Record<string, MetricComparison> = {};
  const losses: Judged['losses'] = [];
  for (const { segment, rows: own } of segmentRows(frames.champion, rows, model)) {
    const one = compare(own, comparison.rope ?? undefined);
    segments[segment] = one.comparison;
    const limit = settings.segmentLoss ?? usualSegmentLoss(metric, one.comparison.champion ?? NaN);
    losses.push({ segment, comparison: one.comparison, limit, beyond: one.differences.length === 0 ? 0 : one.differences.filter((value) => value < -limit).length / one.differences.length });
  }
  const note = capped && comparison.reason === null ? `only the newest ${Math.min(MOST_PAIRS, pairs.rows).toLocaleString('en')} pairs were looked at` : comparison.reason;
  return { comparison: { ...comparison, reason: note }, segments, losses };
}

/** The most frequent values of each column, in that order. */
function segmentRows(frame: Frame, rows: Int32Array, model: ModelState): { segment: string; rows: Int32Array }[] {
  const most = model.settings.segments?.maxValues ?? SEGMENT_DEFAULTS.maxValues;
  return segmentNames(model).flatMap((column) => {
    const { codes, categories } = categoricalOf(frame, column);
    const byCode = categories.map((value, code) => ({ segment: segmentText({ column, value }), rows: rows.filter((row) => codes[row] === code) }));
    return byCode.filter((one) => one.rows.length >= LEAST_IN_SEGMENT).sort((a, b) => b.rows.length - a.rows.length).slice(0, most);
  });
}

/** The same comparison draws the same, others draw others. The model's id is no part of it: the same rows come to the same numbers in every database. */
function seedOf({ challenge, challenger, champion, horizon }: VerdictRequest, place: number): number {
  let seed = 0x811c9dc5;
  for (const part of [challenge, challenger, champion, horizon, place]) seed = Math.imul(seed ^ part, 0x01000193) ^ (seed >>> 15);
  return seed >>> 0;
}
