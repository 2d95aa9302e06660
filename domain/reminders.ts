/**
 * When people are reminded of a decision: after one, two, four, eight … times a first pause. Often enough to be seen, seldom enough to be read: a question
 * that waits thirty days with a first reminder after one day brings five of them.
 */

/** Waiting time after which the n-th reminder is due, n from 1; Infinity when there are none. */
export function reminderAfterMs(n: number, firstAfterMs: number): number {
  return firstAfterMs > 0 ? firstAfterMs * 2 ** (n - 1) : Infinity;
}

/** Reminders that should have been sent after this waiting time. After an outage the ones that were missed count as one. */
export function remindersDue(waitedMs: number, firstAfterMs: number): number {
  let n = 0;
  while (waitedMs >= reminderAfterMs(n + 1, firstAfterMs)) n += 1;
  return n;
}
