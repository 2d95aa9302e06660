/** The one place where kinds of error become Temporal failures: what cannot get better is not tried again, everything else is. */
import { ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import { isFinal } from '../domain/errors.js';

export function toFailure(error: unknown): Error {
  if (error instanceof TemporalFailure) return error;
  if (!(error instanceof Error)) return ApplicationFailure.create({ message: String(error), type: 'Error' });
  if (error.name === 'AbortError') return new CancelledFailure('the activity was cancelled');
  return ApplicationFailure.create({ message: error.message, type: error.name, nonRetryable: isFinal(error) || FINAL_NAMES.has(error.name), cause: error });
}

/** An error that came out of a worker thread has lost its class, not its name. */
const FINAL_NAMES = new Set(['InvalidInput', 'NotFound', 'Conflict']);

/** An activity whose errors Temporal understands. */
export function withFailures<Arguments extends unknown[], Result>(activity: (...given: Arguments) => Promise<Result>): (...given: Arguments) => Promise<Result> {
  return async (...given) => {
    try {
      return await activity(...given);
    } catch (error) {
      throw toFailure(error);
    }
  };
}
