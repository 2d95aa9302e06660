/** What a running stack leaves in its data folder, so that commands find it and the next start can clear up after a crash. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processIdentity } from './processes.js';

/** stack.json: only its owner may read it, because the address of the database holds its password. */
export interface StackFile {
  version: string;
  /** Of `aftercare up` (or the demo) itself. */
  pid: number;
  /** Tells that process from a later one with the same number. */
  identity: string;
  startedAt: string;
  databaseUrl: string;
  temporalAddress: string;
  namespace: string;
  /** Temporal's pages; null when the server is not ours. */
  uiUrl: string | null;
  /** Of the pages behind links, and of callbacks; null when it does not run. Absent in files of earlier versions. */
  httpUrl?: string | null;
  /** Health and metrics by worker. */
  opsUrls?: Record<string, string>;
  dataFolder: string;
  pids: Record<string, number>;
}

/** Ports are remembered, so that a second start is found where the first one was. */
export interface RememberedPorts {
  postgres?: number;
  temporal?: number;
  ui?: number;
  http?: number;
  /** Of the first worker; the others are next to it. */
  ops?: number;
}

/** A process of ours, told apart from a later one with the same number. */
export interface RecordedProcess {
  name: string;
  pid: number;
  identity: string;
}

const stackPath = (dataFolder: string): string => join(dataFolder, 'stack.json');
const portsPath = (dataFolder: string): string => join(dataFolder, 'ports.json');
const processesPath = (dataFolder: string): string => join(dataFolder, 'processes.json');
export const lockPath = (dataFolder: string): string => join(dataFolder, 'lock');

/** Readers see the old content or the new one, never half of it. */
function writeWhole(path: string, value: unknown): void {
  const fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(fresh, 0o600);
  renameSync(fresh, path);
}

function readWhole<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    // Unreadable is not the same as absent: somebody else's stack must not look like none.
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
    return null;
  }
}

/** Root's folder lets the server's account pass through; what is in it is closed. */
export function makeDataFolder(dataFolder: string): void {
  mkdirSync(dataFolder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
}

export const writeStackFile = (file: StackFile): void => writeWhole(stackPath(file.dataFolder), file);
export const removeStackFile = (dataFolder: string): void => rmSync(stackPath(dataFolder), { force: true });

/** The stack that runs on this folder now; null when none does (also when its file was left behind by a crash). */
export function readRunningStack(dataFolder: string): StackFile | null {
  const file = readWhole<StackFile>(stackPath(dataFolder));
  return file !== null && processIdentity(file.pid) === file.identity ? file : null;
}

export const readPorts = (dataFolder: string): RememberedPorts => readWhole<RememberedPorts>(portsPath(dataFolder)) ?? {};
export const writePorts = (dataFolder: string, ports: RememberedPorts): void => writeWhole(portsPath(dataFolder), ports);

export const readProcesses = (dataFolder: string): RecordedProcess[] => readWhole<RecordedProcess[]>(processesPath(dataFolder)) ?? [];
export const writeProcesses = (dataFolder: string, processes: RecordedProcess[]): void => writeWhole(processesPath(dataFolder), processes);
