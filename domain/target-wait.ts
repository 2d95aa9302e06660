/** How long a chunk waits for its targets, and what is done while they do not come. Pure: the moments are given. */
import { formatDuration } from './duration.js';
import type { CalculatorKind } from './measurement.js';
import type { Notice } from './notice.js';
import type { TargetSettings } from './settings.js';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/** Settings of the targets, complete. */
export interface TargetRule {
  /** False: there are none to wait for, what is complete is final. */
  waits: boolean;
  completeAt: number;
  expectedDelayMs: number;
  /** After the expected moment; 0: none. */
  remindAfterMs: number;
  escalateAfterMs: number;
  /** After the expected moment: then the wait is over. */
  absentAfterMs: number;
}

export function targetRule({ arrival, expectedDelayMs, completeAt = 1, remindAfterMs = DAY_MS, escalateAfterMs = 7 * DAY_MS, absentAfterMs = 30 * DAY_MS }: TargetSettings): TargetRule {
  return { waits: arrival !== 'absent', completeAt, expectedDelayMs: expectedDelayMs ?? (arrival === 'instant' ? HOUR_MS : 30 * DAY_MS), remindAfterMs, escalateAfterMs, absentAfterMs };
}

/** Are so many targets enough for a complete chunk to be final? */
export function targetsSuffice(rows: number, targets: number, { waits, completeAt }: Pick<TargetRule, 'waits' | 'completeAt'>): boolean {
  return !waits || targets >= rows * completeAt - 1e-9;
}

/** The calculator whose values are provisional until a chunk's targets are there. */
export const AWAITING_TARGETS: CalculatorKind = 'realized_performance';

export const awaitsTargets = (calculator: CalculatorKind): boolean => calculator === AWAITING_TARGETS;

export const WAIT_STAGES = ['absent', 'escalated', 'reminder'] as const;
/** What becomes due while a chunk waits, the last one first: an end that is due makes the reminders before it needless. */
export type WaitStage = (typeof WAIT_STAGES)[number];

/** From the beginning of the wait; null: never. */
export function stageAfterMs(stage: WaitStage, rule: TargetRule): number | null {
  const { expectedDelayMs, remindAfterMs, escalateAfterMs, absentAfterMs } = rule;
  if (stage === 'absent') return expectedDelayMs + absentAfterMs;
  const afterMs = stage === 'reminder' ? remindAfterMs : escalateAfterMs;
  return afterMs === 0 || afterMs >= absentAfterMs ? null : expectedDelayMs + afterMs;
}

/**
 * Chunks become due one after the other, those of an hour every hour. They are taken together: between two notices of a kind lies a day, or the patience of that kind where it is shorter.
 */
export function stageGapMs(stage: WaitStage, { remindAfterMs, escalateAfterMs, absentAfterMs }: TargetRule): number {
  return Math.min(DAY_MS, { reminder: remindAfterMs, escalated: escalateAfterMs, absent: absentAfterMs }[stage]);
}

/** What waits at one stage: since when the one that waits longest does, and when chunks were taken last. */
export interface StageWaits {
  oldestMs: number | null;
  lastTakenMs: number | null;
}

/** When a stage is due next; null: nothing waits, or never. */
export function stageDueAtMs(stage: WaitStage, waits: StageWaits, rule: TargetRule): number | null {
  const afterMs = stageAfterMs(stage, rule);
  if (afterMs === null || waits.oldestMs === null) return null;
  return Math.max(waits.oldestMs + afterMs, waits.lastTakenMs === null ? -Infinity : waits.lastTakenMs + stageGapMs(stage, rule));
}

/** When the first thing is due for a chunk that begins to wait now. */
export function firstDueAfterMs(rule: TargetRule): number {
  return Math.min(...WAIT_STAGES.map((stage) => stageAfterMs(stage, rule) ?? Infinity));
}

/** Chunks of one chunking that are due together, in their order. */
export interface LateChunks {
  scheme: string;
  keys: string[];
  rows: number;
  targets: number;
  /** The longest wait among them began then. */
  sinceMs: number;
}

/** @param model of that version */
export function targetsNotice(stage: WaitStage, late: LateChunks, model: { modelId: number; name: string; version: number }, rule: TargetRule, nowMs: number): Notice {
  const [first, last] = [late.keys[0]!, late.keys.at(-1)!];
  const which = late.keys.length === 1 ? `chunk ${first}` : `${late.keys.length} chunks (${first} to ${last})`;
  const there = `${late.targets.toLocaleString('en')} of ${late.rows.toLocaleString('en')} rows have theirs (${Math.floor((100 * late.targets) / late.rows)} %)`;
  const expected = new Date(late.sinceMs + rule.expectedDelayMs).toISOString().slice(0, 16).replace('T', ' ');
  const texts: Record<WaitStage, string> = {
    reminder: `Targets of model '${model.name}' are late: ${which}, ${there}; they were expected by ${expected} UTC.`,
    escalated: `Targets of model '${model.name}' are still missing, ${formatDuration(nowMs - late.sinceMs - rule.expectedDelayMs)} after they were expected: ${which}, ${there}.`,
    absent: `The wait for targets of model '${model.name}' is over: ${which}, ${there}; the realized values are final as they are.`,
  };
  return {
    id: `${model.version === 1 ? '' : `v${model.version}/`}targets-${stage}/${late.scheme}/${first}-${last}`, modelId: model.modelId, kind: `targets-${stage}`, topic: 'targets', severity: stage === 'reminder' ? 'info' : 'warning',
    subject: { type: 'targets', id: first }, text: texts[stage], atMs: nowMs,
  };
}

/** A chunk of all rows together, as it waits. */
export interface WaitingChunk {
  rows: number;
  targets: number;
  complete: boolean;
  final: boolean;
  /** null: it never had to wait. */
  sinceMs: number | null;
  /** What was said of it last. */
  stage: WaitStage | null;
}

export interface CoverageOfAge {
  /** `final`, `waiting …`, or `open`: more rows may come. */
  age: string;
  chunks: number;
  rows: number;
  targets: number;
  /** Rows that have their target, in [0, 1]. */
  share: number;
}

export interface TargetCoverage {
  /** Oldest first; ages without a chunk are left out. */
  ages: CoverageOfAge[];
  /** What time makes due next, and for how many chunks by then; in the past: at the next look. */
  next: { stage: WaitStage; atMs: number; chunks: number } | null;
}

const WEEK_MS = 7 * DAY_MS;
const AGES: readonly { age: string; fromMs: number }[] = [
  { age: 'waiting more than 13 weeks', fromMs: 13 * WEEK_MS }, { age: 'waiting 4 to 13 weeks', fromMs: 4 * WEEK_MS }, { age: 'waiting 1 to 4 weeks', fromMs: WEEK_MS },
  { age: 'waiting 1 to 7 days', fromMs: DAY_MS }, { age: 'waiting less than a day', fromMs: -Infinity },
];

/** How many targets have come, by how long chunks have waited for them. */
export function coverageByAge(chunks: readonly WaitingChunk[], rule: TargetRule, nowMs: number): TargetCoverage {
  const ageOf = (chunk: WaitingChunk): string => (!chunk.complete ? 'open' : chunk.final ? 'final' : AGES.find(({ fromMs }) => nowMs - (chunk.sinceMs ?? nowMs) >= fromMs)!.age);
  const ages = ['final', ...AGES.map(({ age }) => age), 'open'].flatMap((age): CoverageOfAge[] => {
    const own = chunks.filter((chunk) => ageOf(chunk) === age);
    if (own.length === 0) return [];
    const rows = own.reduce((sum, chunk) => sum + chunk.rows, 0);
    const targets = own.reduce((sum, chunk) => sum + chunk.targets, 0);
    return [{ age, chunks: own.length, rows, targets, share: targets / rows }];
  });
  return { ages, next: nextDue(chunks.filter(({ complete, final }) => complete && !final), rule) };
}

function nextDue(waiting: readonly WaitingChunk[], rule: TargetRule): TargetCoverage['next'] {
  let next: TargetCoverage['next'] = null;
  for (const stage of WAIT_STAGES) {
    const afterMs = stageAfterMs(stage, rule);
    // Who was told of a later stage is not told of this one.
    const dues = waiting.filter((chunk) => chunk.stage === null || WAIT_STAGES.indexOf(chunk.stage) > WAIT_STAGES.indexOf(stage)).flatMap(({ sinceMs }) => (sinceMs === null || afterMs === null ? [] : [sinceMs + afterMs]));
    const atMs = Math.min(...dues);
    if (dues.length > 0 && (next === null || atMs < next.atMs)) next = { stage, atMs, chunks: dues.filter((due) => due <= atMs).length };
  }
  return next;
}
