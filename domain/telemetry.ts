/** How a version served: calls, errors and response times, as logged by whoever serves it. */
import { InvalidInput } from './errors.js';

export interface ServingCall {
  /** Absent: the champion. */
  version?: number;
  /** ms since 1970; absent: now. */
  atMs?: number;
  durationMs: number;
  error?: boolean;
}

/** Many calls at once, counted by the caller. Their tail cannot be told from a sum: that needs calls one by one. */
export interface ServingCounts {
  version?: number;
  /** Minute of the calls, ms since 1970. */
  atMs: number;
  calls: number;
  errors: number;
  durationSumMs: number;
  durationMaxMs: number;
}

export interface ServingSummary {
  version: number;
  role: 'main' | 'challenger';
  calls: number;
  errors: number;
  errorRate: number | null;
  meanMs: number | null;
  /** 95 % of the calls were at most this long: the upper bound of the bucket that holds that call. Of calls that were logged one by one; null: none was. */
  tailMs: number | null;
  lastCallAt: string | null;
}

export const MINUTE_MS = 60_000;
export const TAIL_SHARE = 0.95;

/** Upper bounds of the buckets of response times, four to each doubling: 0.25 ms … 17 minutes, and one beyond. A tail is off by 19 % at most. */
export const DURATION_BOUNDS_MS: readonly number[] = [...Array.from({ length: 89 }, (_, i) => 2 ** (i / 4 - 2)), Infinity];

/** Index of the bucket that a response time falls into. @param durationMs at least 0 */
export function bucketOf(durationMs: number): number {
  if (durationMs <= DURATION_BOUNDS_MS[0]!) return 0;
  const guess = Math.min(Math.ceil((Math.log2(durationMs) + 2) * 4), DURATION_BOUNDS_MS.length - 1);
  // The logarithm may be off by its last bit, at the bounds themselves.
  return durationMs <= DURATION_BOUNDS_MS[guess - 1]! ? guess - 1 : durationMs > DURATION_BOUNDS_MS[guess]! ? guess + 1 : guess;
}

/** @param buckets calls per bucket @returns the bound below which `TAIL_SHARE` of the calls were; the longest one where that is known to be shorter; null: no calls */
export function tailOf(buckets: readonly number[], maxMs: number): number | null {
  const calls = buckets.reduce((sum, count) => sum + count, 0);
  let within = 0;
  for (const [i, count] of buckets.entries()) {
    within += count;
    if (count > 0 && within >= calls * TAIL_SHARE) return Math.min(DURATION_BOUNDS_MS[i]!, maxMs);
  }
  return null;
}

/** Calls of one version in one minute. */
export interface ServingMinute {
  /** null: the champion. */
  version: number | null;
  /** Start of the minute, ms since 1970. */
  minuteMs: number;
  calls: number;
  errors: number;
  durationSumMs: number;
  durationMaxMs: number;
  buckets: number[];
  lastAtMs: number;
}

/** Both together; of the first one's version and minute. */
export function addMinutes(a: ServingMinute, b: ServingMinute): ServingMinute {
  return {
    ...a, calls: a.calls + b.calls, errors: a.errors + b.errors, durationSumMs: a.durationSumMs + b.durationSumMs, durationMaxMs: Math.max(a.durationMaxMs, b.durationMaxMs),
    buckets: a.buckets.map((count, i) => count + b.buckets[i]!), lastAtMs: Math.max(a.lastAtMs, b.lastAtMs),
  };
}

/** Years 1970 to 9999: what a timestamp can hold with a margin. */
const AT_MAX_MS = 253_402_300_799_999;

/** Adds calls up by version and minute. */
export class ServingTally {
  readonly #minutes = new Map<string, ServingMinute>();

  get size(): number {
    return this.#minutes.size;
  }

  /** @throws InvalidInput naming what is wrong with it; nothing is added then */
  addCall(call: ServingCall, nowMs: number): void {
    const { version, durationMs, error = false } = call;
    const atMs = call.atMs ?? nowMs;
    check(version, atMs, 'a call');
    if (!(typeof durationMs === 'number' && Number.isFinite(durationMs) && durationMs >= 0)) throw new InvalidInput(`a call's durationMs is ${String(durationMs)}: a number of milliseconds, 0 or more`);
    if (typeof error !== 'boolean') throw new InvalidInput(`a call's error is ${String(error)}: true or false`);
    const minute = this.#minute(version, atMs);
    minute.calls += 1;
    minute.errors += error ? 1 : 0;
    minute.durationSumMs += durationMs;
    minute.durationMaxMs = Math.max(minute.durationMaxMs, durationMs);
    minute.buckets[bucketOf(durationMs)]! += 1;
    minute.lastAtMs = Math.max(minute.lastAtMs, atMs);
  }

  /** @throws InvalidInput as above */
  addCounts({ version, atMs, calls, errors, durationSumMs, durationMaxMs }: ServingCounts): void {
    check(version, atMs, 'counts');
    for (const [name, count] of [['calls', calls], ['errors', errors]] as const) {
      if (!Number.isSafeInteger(count) || count < 0) throw new InvalidInput(`counts: ${name} is ${String(count)}: a whole number, 0 or more`);
    }
    if (errors > calls) throw new InvalidInput(`counts: ${errors} errors of ${calls} calls`);
    for (const [name, ms] of [['durationSumMs', durationSumMs], ['durationMaxMs', durationMaxMs]] as const) {
      if (!(typeof ms === 'number' && Number.isFinite(ms) && ms >= 0)) throw new InvalidInput(`counts: ${name} is ${String(ms)}: a number of milliseconds, 0 or more`);
    }
    if (calls === 0) return;
    const minute = this.#minute(version, atMs);
    minute.calls += calls;
    minute.errors += errors;
    minute.durationSumMs += durationSumMs;
    minute.durationMaxMs = Math.max(minute.durationMaxMs, durationMaxMs);
    minute.lastAtMs = Math.max(minute.lastAtMs, atMs);
  }

  /** What has been added, by version and minute; and begins anew. */
  take(): ServingMinute[] {
    const minutes = [...this.#minutes.values()].sort((a, b) => (a.version ?? 0) - (b.version ?? 0) || a.minuteMs - b.minuteMs);
    this.#minutes.clear();
    return minutes;
  }

  #minute(version: number | undefined, atMs: number): ServingMinute {
    const minuteMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    const key = `${version ?? ''}/${minuteMs}`;
    let minute = this.#minutes.get(key);
    if (!minute) {
      minute = { version: version ?? null, minuteMs, calls: 0, errors: 0, durationSumMs: 0, durationMaxMs: 0, buckets: new Array<number>(DURATION_BOUNDS_MS.length).fill(0), lastAtMs: minuteMs };
      this.#minutes.set(key, minute);
    }
    return minute;
  }
}

function check(version: number | undefined, atMs: number, what: string): void {
  if (version !== undefined && (!Number.isSafeInteger(version) || version < 1)) throw new InvalidInput(`${what}: version ${String(version)} is no version number`);
  if (!(typeof atMs === 'number' && atMs >= 0 && atMs <= AT_MAX_MS)) throw new InvalidInput(`${what}: atMs ${String(atMs)} is no time in milliseconds since 1970`);
}
