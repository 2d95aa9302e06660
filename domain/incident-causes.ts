/** From judged series to incidents: which series can open one, under what cause, and in what words it is put to people. */
import { incidentSpans, type IncidentSpan, type JudgedChunk } from './incident.js';
import type { CalculatorKind } from './measurement.js';
import { worseSideOf, type WorseSide } from './metrics.js';
import type { JudgedKind } from './settings.js';

/** One judged value of a complete analysis chunk. */
export interface JudgedValue {
  calculator: CalculatorKind;
  metric: string;
  column: string;
  chunkKey: string;
  alert: boolean | null;
}

export interface CauseRules {
  keyMetric: string;
  /** The method by which each column's drift is told: the first that was chosen for its kind. */
  driftMethodOf: ReadonlyMap<string, string>;
}

export interface CauseSpan extends IncidentSpan {
  kind: JudgedKind;
  cause: string;
}

/** … in one segment; '' is all rows together. */
export interface SegmentSpan extends CauseSpan {
  segment: string;
}

/** The cause that an alert of this series counts for; null: it is shown, but opens no incident. */
function causeOf(value: JudgedValue, rules: CauseRules): { kind: JudgedKind; cause: string } | null {
  switch (value.calculator) {
    case 'estimated_performance':
    case 'realized_performance':
      return value.metric === rules.keyMetric ? { kind: value.calculator, cause: value.metric } : null;
    case 'univariate_drift':
      return rules.driftMethodOf.get(value.column) === value.metric ? { kind: 'drift', cause: value.column } : null;
    case 'reconstruction_error':
    case 'domain_classifier':
      return { kind: 'drift', cause: value.calculator };
    case 'missing_values':
    case 'unseen_values':
    case 'numerical_range':
      return { kind: 'data_quality', cause: value.column };
    case 'summary_statistics':
      // Looked at, not acted upon: what they show, the methods of drift tell better.
      return null;
  }
}

/**
 * Incidents that the current judgements make, in the order in which they opened; those that opened in the same chunk by kind and cause.
 *
 * @param chunkKeys complete analysis chunks in order
 */
export function causeSpans(chunkKeys: readonly string[], values: readonly JudgedValue[], rules: CauseRules): CauseSpan[] {
  const causes = new Map<string, { kind: JudgedKind; cause: string; alerts: Map<string, boolean | null> }>();
  for (const value of values) {
    const found = causeOf(value, rules);
    if (!found) continue;
    const id = `${found.kind}\u0000${found.cause}`;
    let entry = causes.get(id);
    if (!entry) causes.set(id, entry = { ...found, alerts: new Map() });
    // Several series may count for one cause: one alert is enough, and one that is known outweighs one that is not.
    const before = entry.alerts.get(value.chunkKey) ?? null;
    entry.alerts.set(value.chunkKey, before === true || value.alert === true ? true : before ?? value.alert);
  }
  const position = new Map(chunkKeys.map((key, i) => [key, i]));
  return [...causes.values()]
    .flatMap(({ kind, cause, alerts }) => incidentSpans(chunkKeys.map((key): JudgedChunk => ({ key, alert: alerts.get(key) ?? null }))).map((span): CauseSpan => ({ kind, cause, ...span })))
    .sort((a, b) => position.get(a.openingChunk)! - position.get(b.openingChunk)! || compare(a.kind, b.kind) || compare(a.cause, b.cause));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What an incident is about, in the words of a question. */
export interface QuestionSubject {
  kind: JudgedKind;
  cause: string;
  segment: string;
  openingChunk: string;
  /** The cause as people call it, where it is a metric, e.g. `ROC AUC`. */
  metric: string;
  /** When the opening chunk begins (ISO 8601); null without timestamps. */
  from: string | null;
  /** Of performance: on which side of its thresholds the opening chunk lies; null: not known. */
  side: Exclude<WorseSide, null> | null;
}

const JOINT_DRIFT: Record<string, string> = { reconstruction_error: 'the inputs drifted together (reconstruction error)', domain_classifier: 'the inputs can be told from those of the reference (domain classifier)' };

/** What happened, in one sentence. */
export function incidentSentence({ kind, cause, segment, openingChunk, metric, from, side }: QuestionSubject, model: string): string {
  const moved = side === null ? 'left its thresholds' : side === 'lower' ? 'fell below its threshold' : 'rose above its threshold';
  const worse = worseSideOf(kind, cause);
  const better = side !== null && worse !== null && side !== worse ? ', for the better' : '';
  const what = {
    estimated_performance: `the estimated ${metric} ${moved}${better}`,
    realized_performance: `the realized ${metric} ${moved}${better}`,
    drift: JOINT_DRIFT[cause] ?? `column '${cause}' drifted`,
    data_quality: `the data quality of column '${cause}' changed`,
  }[kind];
  const where = `${segment === '' ? '' : `, segment ${segment}`}`;
  const when = from === null ? `chunk ${/^\d+$/.test(openingChunk) ? Number(openingChunk) : openingChunk}` : `the chunk that begins ${from.slice(0, 16).replace('T', ' ')} UTC`;
  return `Model '${model}'${where}: ${what} in ${when}.`;
}

/** The question that an incident puts to people. */
export function questionText(subject: QuestionSubject, model: string): string {
  return `${incidentSentence(subject, model)} Acknowledge, retrain or ignore?`;
}
