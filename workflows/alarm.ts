/** Wakes a loop at a moment, with as few timer events in the history as can be: a timer that rings early enough already is kept, none is ever cancelled. */
import { CancelledFailure, sleep } from '@temporalio/workflow';

export interface Alarm {
  /** @param atMs ms since 1970; null: nothing more to wait for. May ring too early; the caller looks at the time anyway. */
  setFor(atMs: number | null): void;
}

export function createAlarm(onRing: () => void): Alarm {
  const pending = new Set<number>();
  return {
    setFor(atMs) {
      if (atMs === null || [...pending].some((moment) => moment <= atMs)) return;
      pending.add(atMs);
      sleep(Math.max(1, atMs - Date.now())).then(
        () => { pending.delete(atMs); onRing(); },
        (error: unknown) => { if (!(error instanceof CancelledFailure)) throw error; },
      );
    },
  };
}
