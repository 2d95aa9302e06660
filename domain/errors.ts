/**
 * Few kinds of error, told apart by what the caller should do. Anything that is none of these is a passing fault: try again.
 * `activities/failure.ts` alone turns them into Temporal failures; the command line turns both into exit status 2.
 */

/** The input is wrong and stays wrong: never retry. Says what, where and how much. */
export class InvalidInput extends Error {
  override readonly name: string = 'InvalidInput';
}

/** The name or id that was given does not exist (or no longer does). */
export class NotFound extends InvalidInput {
  override readonly name: string = 'NotFound';
}

/** Right words at the wrong moment: already decided, already archived, a name that is taken. */
export class Conflict extends Error {
  override readonly name: string = 'Conflict';
}

/** True when trying the same again cannot help. */
export function isFinal(error: unknown): boolean {
  return error instanceof InvalidInput || error instanceof Conflict;
}

/** An error as it can leave a thread: copying it would lose its kind. */
export interface ThreadFault {
  name: string;
  message: string;
  stack?: string;
}

/** What a thread sends in place of an error. */
export function faultOf(error: unknown): ThreadFault {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { name, message, ...(stack === undefined ? {} : { stack }) };
}

/** The error that left a thread, of the kind that it had. */
export function errorOfFault({ name, message, stack }: ThreadFault): Error {
  const kinds: Record<string, new (message: string) => Error> = { InvalidInput, NotFound, Conflict };
  const Kind = kinds[name];
  if (Kind) return new Kind(message);
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
