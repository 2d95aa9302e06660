/** Processes of the operating system: who lives, who they are, and how to end them. */
import { execFileSync, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface ExitStatus {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * Tells a process from a later one with the same number.
 *
 * @returns the moment it started, as the system writes it; null when no such process lives (a zombie does not)
 */
export function processIdentity(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in parentheses may hold blanks and parentheses: fields are counted after the last one. proc(5): 3 state, 22 starttime.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? null : `${fields[19]}`;
    } catch {
      return null;
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || null;
  } catch {
    return null;
  }
}

export const isAlive = (pid: number): boolean => processIdentity(pid) !== null;

/** The command line of a process; '' when it cannot be read or the process is gone. */
export function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

/** Processes whose working folder is `folder` (Linux only; elsewhere none). Every process of a Postgres server works in its data folder. */
export function processesWorkingIn(folder: string): number[] {
  if (process.platform !== 'linux') return [];
  const found: number[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readlinkSync(`/proc/${entry}/cwd`) === folder) found.push(Number(entry));
    } catch {
      // gone meanwhile, or somebody else's
    }
  }
  return found;
}

/** Sends a signal to a whole process group; false when there is none any more. */
export function signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch {
    return false;
  }
}

/** Sends a signal to one process; false when there is none any more. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Waits until `done()` holds, looking every 20 ms; false when `timeoutMs` passed before. */
export async function waitUntil(done: () => boolean, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (!done()) {
    if (Date.now() >= end) return false;
    await delay(20);
  }
  return true;
}

/** Resolves when the child has ended (or could not be started at all). */
export function exitOf(child: ChildProcess): Promise<ExitStatus> {
  return new Promise((done) => {
    child.once('exit', (code, signal) => done({ code, signal }));
    child.once('error', () => done({ code: null, signal: null }));
  });
}

export const describeExit = (status: ExitStatus): string => (status.signal === null ? `exit status ${status.code ?? 'unknown'}` : `signal ${status.signal}`);
