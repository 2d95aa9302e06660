/** What differs between two documents of settings. */
export interface ChangedPath {
  /** e.g. `watch.silenceAfterMs` */
  path: string;
  /** undefined: it was not there. */
  before: unknown;
  /** undefined: it is not there any more. */
  after: unknown;
}

/** In the order of the paths. A list, and what came or went as a whole, is one difference. */
export function changedPaths(before: unknown, after: unknown, path = ''): ChangedPath[] {
  if (isDocument(before) && isDocument(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((key) => changedPaths(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  return canonical(before) === canonical(after) ? [] : [{ path, before, after }];
}

function isDocument(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The order of keys, which a database may change, is no difference. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isDocument(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part)) ?? 'undefined';
}
