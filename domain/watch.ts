/** When a model fails to predict: nothing comes, what comes is old, calls fail. Pure; times are the lifecycle's, those of calls their callers'. */
import { formatDuration } from './duration.js';
import type { WatchSettings } from './lifecycle-settings.js';

/** What is wrong, since when. The moment is natural: looked at twice, it is the same. */
export interface Fault {
  sinceMs: number;
  text: string;
}

export interface SeenBatches {
  /** Nobody looked after the model before. */
  watchedSinceMs: number;
  /** Newest batch of inferences, and when it was first looked at; 0 and null: none yet. */
  lastBatch: number;
  lastBatchAtMs: number | null;
}

export function silenceOf(seen: SeenBatches, silenceAfterMs: number, name: string, nowMs: number): Fault | null {
  const sinceMs = silentSinceMs(seen);
  if (nowMs < sinceMs + silenceAfterMs) return null;
  const since = seen.lastBatchAtMs === null ? `it is watched since ${shown(sinceMs)} and none came` : `the last ones, batch ${seen.lastBatch}, came at ${shown(sinceMs)}`;
  return { sinceMs, text: `Model '${name}' is silent: no inferences for ${formatDuration(nowMs - sinceMs)}, ${since}; some are expected every ${formatDuration(silenceAfterMs)}.` };
}

export function silentSinceMs({ watchedSinceMs, lastBatchAtMs }: SeenBatches): number {
  return lastBatchAtMs ?? watchedSinceMs;
}

/** Judged when a batch comes: what gets old because nothing comes is silence. @param newestMs newest timestamp of the version's inferences; null: there are none */
export function stalenessOf({ lastBatch, lastBatchAtMs }: SeenBatches, newestMs: number | null, staleAfterMs: number, name: string): Fault | null {
  if (newestMs === null || lastBatchAtMs === null || lastBatchAtMs - newestMs <= staleAfterMs) return null;
  return {
    sinceMs: newestMs,
    text: `Inferences of model '${name}' are stale: batch ${lastBatch} came at ${shown(lastBatchAtMs)}, and the newest timestamp there is ${formatDuration(lastBatchAtMs - newestMs)} old (${shown(newestMs)}); at most ${formatDuration(staleAfterMs)} is expected.`,
  };
}

export interface ErrorMinute {
  minuteMs: number;
  calls: number;
  errors: number;
}

/** Calls failed too often since that minute (null: they do not), judged up to and with that one. */
export interface ErrorJudgement {
  fault: Fault | null;
  judgedToMs: number | null;
}

/**
 * Share of failed calls in the window that ends with each minute, minute by minute, so that the beginning is the same whenever it is looked at. With too few calls nothing
 * is judged and what was goes on; it is also over when nothing fails any more, however few the calls.
 *
 * @param minutes in order; those of the window before `judgedToMs` as well
 * @param judged how far it was judged before, and since when calls failed too often then; that last minute is judged anew, because more of its calls may have come
 */
export function judgeErrors(minutes: readonly ErrorMinute[], { above, windowMs, minCalls }: NonNullable<WatchSettings['errorRate']>, judged: { toMs: number | null; sinceMs: number | null }, name: string): ErrorJudgement {
  let { sinceMs } = judged;
  let fault: Fault | null = sinceMs === null ? null : { sinceMs, text: '' };
  let first = 0;
  let calls = 0;
  let errors = 0;
  for (const minute of minutes) {
    calls += minute.calls;
    errors += minute.errors;
    for (; minutes[first]!.minuteMs <= minute.minuteMs - windowMs; first++) {
      calls -= minutes[first]!.calls;
      errors -= minutes[first]!.errors;
    }
    if (judged.toMs !== null && minute.minuteMs < judged.toMs) continue;
    // What began in the minute that is judged anew may turn out not to have begun.
    if (minute.minuteMs === judged.toMs && sinceMs === judged.toMs) sinceMs = null;
    const enough = calls >= minCalls;
    if (enough && errors > calls * above) sinceMs ??= minute.minuteMs;
    else if (enough || (errors === 0 && calls > 0)) sinceMs = null;
    fault = sinceMs === null ? null : {
      sinceMs, text: `Calls of model '${name}' fail: ${errors.toLocaleString('en')} of ${calls.toLocaleString('en')} (${((100 * errors) / Math.max(calls, 1)).toFixed(1)} %) in the ${formatDuration(windowMs)} up to ${shown(minute.minuteMs)}; at most ${(100 * above).toFixed(1)} % is expected.`,
    };
  }
  return { fault, judgedToMs: minutes.at(-1)?.minuteMs ?? judged.toMs };
}

function shown(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
