/** Where data and caches live. Every function takes its environment, so that a test can hand in another. */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

const isRoot = (): boolean => process.getuid?.() === 0;

/** XDG says that relative values are invalid and to be ignored. */
const absolute = (value: string | undefined): string | undefined => (value !== undefined && isAbsolute(value) ? value : undefined);

/** Built and downloaded things that may be deleted at any time: $AFTERCARE_CACHE, else $XDG_CACHE_HOME/aftercare, else ~/.cache/aftercare. */
export function cacheFolder(env: Environment = process.env): string {
  if (env.AFTERCARE_CACHE) return resolve(env.AFTERCARE_CACHE);
  return join(absolute(env.XDG_CACHE_HOME) ?? join(homedir(), '.cache'), 'aftercare');
}

/**
 * The data folder: as given, else $AFTERCARE_DATA, else <base>/<name>.
 * The base of root is /var/lib/aftercare: Postgres refuses to run as root, and its own user may not enter root's home folder.
 */
export function dataFolder(given: string | undefined, name = 'default', env: Environment = process.env): string {
  if (given) return resolve(given);
  if (env.AFTERCARE_DATA) return resolve(env.AFTERCARE_DATA);
  if (isRoot()) return join('/var/lib/aftercare', name);
  return join(absolute(env.XDG_DATA_HOME) ?? join(homedir(), '.local', 'share'), 'aftercare', name);
}

/** A name for the demo's data that differs between two checkouts, so that they do not meet: `demo-` and 8 hex digits. */
export function checkoutName(checkout: string): string {
  return `demo-${createHash('sha256').update(resolve(checkout)).digest('hex').slice(0, 8)}`;
}
