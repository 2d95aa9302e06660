/** A lock file that names its holder. It is free again when the holder has ended, however it ended. */
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { processIdentity } from './processes.js';

export interface LockHolder {
  pid: number;
  /** Tells the process from a later one with the same number. */
  identity: string;
  since: string;
}

export interface FolderLock {
  release(): void;
}

function readHolder(path: string): LockHolder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
  } catch {
    return null;
  }
}

/** Whoever holds the lock now; null when it is free. */
export function lockHolder(path: string): LockHolder | null {
  const holder = readHolder(path);
  return holder !== null && processIdentity(holder.pid) === holder.identity ? holder : null;
}

/**
 * Takes the lock, or tells who has it. Never waits.
 * The file appears with its whole content in one step (link), so that nobody ever reads half of it.
 */
export function acquireLock(path: string): { lock: FolderLock } | { heldBy: LockHolder } {
  mkdirSync(dirname(path), { recursive: true });
  const identity = processIdentity(process.pid) ?? 'unknown';
  const mine = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, identity, since: new Date().toISOString() } satisfies LockHolder));
  try {
    for (;;) {
      try {
        linkSync(mine, path);
        return { lock: { release: () => releaseOwn(path, identity) } };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = lockHolder(path);
      if (holder !== null) return { heldBy: holder };
      putAside(path);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Removes a stale lock. Of two that try at once one may catch the other's fresh lock: that one is put back. */
function putAside(path: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (lockHolder(aside) !== null && !existsSync(path)) linkSync(aside, path);
  rmSync(aside, { force: true });
}

function releaseOwn(path: string, identity: string): void {
  const holder = readHolder(path);
  if (holder?.pid === process.pid && holder.identity === identity) rmSync(path, { force: true });
}
