/** Exit status: 0 done, 1 the answer is no, 2 wrong use or input (and whatever kept the work from being done). */
import { isFinal } from '../../domain/errors.js';

export const DONE = 0;
export const ANSWER_IS_NO = 1;
export const WRONG_USE = 2;

const UNREACHABLE = /ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|UNAVAILABLE|Connection terminated|timeout exceeded when trying to connect|Failed to connect/i;

/** What a person can act on: our own refusals whole (a list of faults is several lines), of anything else the first line. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = [error.message, ...(error instanceof AggregateError ? error.errors.map(String) : []), error.cause instanceof Error ? error.cause.message : ''].join(' ');
  if (!isFinal(error) && UNREACHABLE.test(`${text} ${(error as { code?: string }).code ?? ''}`)) {
    return `cannot reach the database or Temporal (${firstLine(error.message) || firstLine(text)}): start them with 'aftercare up', or give --database-url and --temporal-address; 'aftercare doctor' says more`;
  }
  return (isFinal(error) ? error.message.trim() : firstLine(error.message)) || error.name;
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
