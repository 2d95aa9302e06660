/**
 * What NannyML loses when it fails to calculate a metric: `calculate` gives NannyML's records, also there. The product keeps what can be known.
 * - realized performance: one failure among the reference's chunks leaves the metric without thresholds
 * - estimated performance: a failure of the realized metric takes the estimate with it, band and thresholds too
 * - a cell of an estimated confusion matrix that cannot be known has a band all the same: the limits
 * - flags of the reference are 0 and 1 where all flags of the analysis are lost, and the other way round (pandas makes one column of both)
 */
import type { EngineKind, FittedCalculatorOf } from '../../engine/index.js';
import type { ChunkResult, ResultRecord } from './records.js';

type AnyFitted = FittedCalculatorOf<EngineKind>;

const LOST_WITH_ESTIMATE = ['value', 'sampling_error', 'realized', 'upper_confidence_boundary', 'lower_confidence_boundary', 'upper_threshold', 'lower_threshold'];

/** @param reference of all chunks of the reference */
export function lossesOf(fitted: AnyFitted, reference: readonly ChunkResult[]): (records: ResultRecord[], result: ChunkResult) => ResultRecord[] {
  const everFailed = new Set(reference.flatMap(({ failed }) => [...(failed ?? [])]));
  return (records, { failed }) => records.map((record) => {
    const name = String(record['name']);
    const fails = failed?.has(name) ?? false;
    if (fitted.kind === 'estimated_performance') {
      if (!fails) return withLimitsAsBand(fitted, record);
      return { ...record, ...Object.fromEntries(LOST_WITH_ESTIMATE.map((field) => [field, 'NaN'])), alert: 'NaN' };
    }
    const kept = everFailed.has(name) ? { ...record, upper_threshold: null, lower_threshold: null, alert: false } : record;
    return fails ? { ...kept, alert: 'NaN' } : kept;
  });
}

function withLimitsAsBand(fitted: AnyFitted, record: ResultRecord): ResultRecord {
  if (record['upper_confidence_boundary'] !== 'NaN' || !('problem' in fitted.state) || fitted.state.problem !== 'classification_multiclass') return record;
  if (!('series' in fitted.state) || !fitted.state.series.some((series) => typeof series === 'object' && series.name === record['name'] && series.metric === 'confusion_matrix')) return record;
  return { ...record, lower_confidence_boundary: 0, upper_confidence_boundary: fitted.state.options.normalizeConfusionMatrix === null ? 'Infinity' : 1 };
}

/** The records of the reference, then those of the analysis. */
export function inOneTable(reference: readonly ResultRecord[], analysis: readonly ResultRecord[]): ResultRecord[] {
  const [ofReference, ofAnalysis] = [flagsOf(reference), flagsOf(analysis)];
  const numbered = (own: Flags, other: Flags) => (record: ResultRecord): ResultRecord => {
    const series = seriesOf(record);
    const isCast = own.known.has(series) && !own.lost.has(series) && !other.known.has(series) && other.lost.has(series);
    return isCast ? { ...record, alert: record['alert'] === true ? 1 : 0 } : record;
  };
  return [...reference.map(numbered(ofReference, ofAnalysis)), ...analysis.map(numbered(ofAnalysis, ofReference))];
}

/** Series of which a flag is known, and of which one is lost. */
interface Flags {
  known: Set<string>;
  lost: Set<string>;
}

function flagsOf(records: readonly ResultRecord[]): Flags {
  const flags: Flags = { known: new Set(), lost: new Set() };
  for (const record of records) (record['alert'] === 'NaN' ? flags.lost : flags.known).add(seriesOf(record));
  return flags;
}

function seriesOf(record: ResultRecord): string {
  return `${String(record['name'])}\u0000${String(record['method'] ?? '')}`;
}
