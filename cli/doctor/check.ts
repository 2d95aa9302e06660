/** What every check of `aftercare doctor` answers. */

export interface Check {
  /** What was looked at, e.g. 'postgres'. */
  name: string;
  state: 'ok' | 'warn' | 'fail';
  /** One line: what was found. */
  found: string;
  /** How to mend it; absent when there is nothing to mend. */
  remedy?: string;
}

export const ok = (name: string, found: string): Check => ({ name, state: 'ok', found });
export const warn = (name: string, found: string, remedy: string): Check => ({ name, state: 'warn', found, remedy });
export const fail = (name: string, found: string, remedy: string): Check => ({ name, state: 'fail', found, remedy });

export const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return (error.message || (inner instanceof Error ? inner.message : '') || error.name).split('\n')[0] ?? '';
};

/** A check that throws is a check that failed. */
export async function guarded(name: string, remedy: string, check: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await check();
  } catch (error) {
    return [fail(name, messageOf(error), remedy)];
  }
}
