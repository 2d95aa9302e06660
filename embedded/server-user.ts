/** PostgreSQL refuses to run as root: as root, its server runs as an unprivileged account that the system already has. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { InvalidInput } from '../domain/errors.js';

export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
}

/** initdb looks its own account up, so it must be one that /etc/passwd names: `postgres` where there is one, else `nobody`. */
export function findServerUser(passwd: string = readFileSync('/etc/passwd', 'utf8')): ServerUser {
  for (const wanted of ['postgres', 'nobody']) {
    const line = passwd.split('\n').find((entry) => entry.startsWith(`${wanted}:`));
    if (line === undefined) continue;
    const [name, , uid, gid] = line.split(':');
    if (name && Number(uid) > 0 && Number(gid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new InvalidInput('PostgreSQL does not run as root, and /etc/passwd names neither `postgres` nor `nobody`: run as an ordinary user, or use a database of your own with --database-url');
}

/** null: not root, so the server runs as we do. */
export function serverUser(): ServerUser | null {
  return process.getuid?.() === 0 ? findServerUser() : null;
}

function allows(path: string, user: ServerUser, bit: 1 | 4): boolean {
  const { mode, uid, gid } = statSync(path);
  if (uid === user.uid) return (mode & (bit << 6)) !== 0;
  if (gid === user.gid) return (mode & (bit << 3)) !== 0;
  return (mode & bit) !== 0;
}

/** The first folder on the way to `path` (and `path` itself) that the account may not enter; null when it may enter all. */
export function closedFolder(path: string, user: ServerUser): string | null {
  const chain: string[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    chain.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  return chain.find((folder) => existsSync(folder) && !allows(folder, user, 1)) ?? null;
}

export const canEnter = (path: string, user: ServerUser): boolean => closedFolder(path, user) === null;
export const canRead = (path: string, user: ServerUser): boolean => allows(path, user, 4);
