/** How a version served: calls, errors and response times, as logged by whoever serves it. */

export interface ServingCall {
  /** Absent: the champion. */
  version?: number;
  /** ms since 1970; absent: now. */
  atMs?: number;
  durationMs: number;
  error?: boolean;
}

/** Many calls at once, counted by the caller. */
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
  /** 95 % of the calls were at most this long: the upper bound of the bucket that holds that call. */
  tailMs: number | null;
  lastCallAt: string | null;
}
