/**
 * Activities by class of patience. Every class retries passing faults for ever (Postgres or a worker that is away comes back) and gives up at once on what
 * cannot get better; the kinds of error are those of domain/errors.ts, as activities/failure.ts names them.
 *
 * Light activities run beside the workflows and are given a heartbeat by the worker itself, so a killed worker is noticed after `heartbeatTimeout`
 * and not after `startToCloseTimeout`.
 */
import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { LightActivities, NumericActivities } from '../activities/contract.js';
import type { VerdictActivities } from '../activities/contracts/challenge.js';
import { NUMERIC_QUEUE } from '../domain/names.js';

/** A method of the contract under its registered name: readLedger → aftercareReadLedger. */
type Registered<T> = { [K in keyof T & string as `aftercare${Capitalize<K>}`]: T[K] };

const FINAL = ['InvalidInput', 'Conflict', 'NotFound'];
const retry = { initialInterval: '200 ms', backoffCoefficient: 2, maximumInterval: '5 s', nonRetryableErrorTypes: FINAL } as const;

/** Reads and small writes: milliseconds. */
export const quick = proxyActivities<Registered<LightActivities>>({ startToCloseTimeout: '1 minute', heartbeatTimeout: '5 s', retry });

/** Planning and finishing a run: seconds on a large model. */
export const thorough = proxyActivities<Registered<LightActivities>>({ startToCloseTimeout: '1 hour', heartbeatTimeout: '5 s', retry });

/** Sends a mail: the other side may be away for a day. */
export const courier = proxyActivities<Registered<LightActivities>>({
  startToCloseTimeout: '1 minute', heartbeatTimeout: '5 s', scheduleToCloseTimeout: '1 day', retry: { ...retry, initialInterval: '1 s', maximumInterval: '5 minutes' },
});

/** Sends a message until it is time to give up; the last attempt is told of as its reason. */
export function courierFor(patienceMs: number): Registered<LightActivities> {
  return proxyActivities<Registered<LightActivities>>({
    startToCloseTimeout: '1 minute', heartbeatTimeout: '5 s', scheduleToCloseTimeout: Math.max(1_000, patienceMs), retry: { ...retry, initialInterval: '1 s', maximumInterval: '5 minutes' },
  });
}

/** The user's own switch over HTTP. One that is interrupted has ended before anything else is begun: what undoes it must not overtake it. */
export function switchFor(patienceMs: number): Registered<LightActivities> {
  return proxyActivities<Registered<LightActivities>>({
    startToCloseTimeout: '1 minute', heartbeatTimeout: '5 s', scheduleToCloseTimeout: Math.max(1_000, patienceMs), cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { ...retry, initialInterval: '1 s', maximumInterval: '1 minute' },
  });
}

/** Verdicts, in worker threads like fits. */
export function verdictOn(taskQueue: string | undefined): Registered<VerdictActivities> {
  return proxyActivities<Registered<VerdictActivities>>({ taskQueue: taskQueue ?? NUMERIC_QUEUE, startToCloseTimeout: '2 hours', heartbeatTimeout: '10 s', scheduleToCloseTimeout: '3 days', retry: { ...retry, maximumInterval: '10 s' } });
}

/** Fits and chunk computations in worker threads, which heartbeat by themselves. A new attempt begins 10 s after a killed worker's last sign of life. */
export function numericOn(taskQueue: string | undefined): Registered<NumericActivities> {
  const options: ActivityOptions = { taskQueue: taskQueue ?? NUMERIC_QUEUE, startToCloseTimeout: '2 hours', heartbeatTimeout: '10 s', scheduleToCloseTimeout: '3 days', retry: { ...retry, maximumInterval: '10 s' } };
  return proxyActivities<Registered<NumericActivities>>(options);
}
