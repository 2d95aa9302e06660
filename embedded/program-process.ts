/** A program of ours as a process (`aftercare worker --queues …`, `aftercare serve`), told its servers by the environment: command lines are for all to see, and the database's address holds a password. */
import { spawn } from 'node:child_process';
import { closeSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openLog } from './log-file.js';
import { describeExit, exitOf, signalGroup, signalProcess, waitUntil, type ExitStatus } from './processes.js';

export type WorkerQueue = 'main' | 'numeric';

export interface ProgramProcessOptions {
  dataFolder: string;
  /** Of its log, and what messages call it: worker-main, http. */
  name: string;
  /** Program and first arguments, e.g. [node, dist/cli/main.js]. */
  command: string[];
  /** What follows, e.g. [worker, --queues, main]. */
  args: string[];
  databaseUrl: string;
  temporalAddress: string;
  namespace: string;
  /** Of its environment besides. */
  env: Record<string, string>;
  onSpawn?: (groupId: number) => void;
}

export interface RunningProgram {
  pid: number;
  exited: Promise<ExitStatus>;
  stop(graceMs?: number): Promise<void>;
}

const READY_TIMEOUT_MS = 90_000;

/**
 * Resolves when the program has said (over its IPC channel) that it is ready. The channel also tells it when we vanish: then it ends by itself.
 *
 * @throws Error with the end of its log when it ended before
 */
export async function startProgram(options: ProgramProcessOptions): Promise<RunningProgram> {
  const log = openLog(join(options.dataFolder, 'logs'), `${options.name}.log`);
  const logStart = statSync(log.path).size;
  const [program = process.execPath, ...first] = options.command;
  const child = spawn(program, [...first, ...options.args], {
    cwd: options.dataFolder,
    env: {
      ...process.env,
      DATABASE_URL: options.databaseUrl,
      TEMPORAL_ADDRESS: options.temporalAddress,
      TEMPORAL_NAMESPACE: options.namespace,
      AFTERCARE_LOG_FORMAT: 'json',
      ...options.env,
    },
    detached: true,
    stdio: ['ignore', log.descriptor, log.descriptor, 'ipc'],
  });
  closeSync(log.descriptor);
  const exited = exitOf(child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.name} could not be started: ${program} does not run`);
  options.onSpawn?.(pid);
  const ready = new Promise<void>((done) => child.once('message', () => done()));
  const tooLate = new Promise<'too late'>((done) => setTimeout(() => done('too late'), READY_TIMEOUT_MS).unref());
  const outcome = await Promise.race([ready.then(() => 'ready' as const), exited, tooLate]);
  if (outcome !== 'ready') {
    if (outcome === 'too late') signalGroup(pid, 'SIGKILL');
    const said = readFileSync(log.path).subarray(logStart).toString().trim().split('\n').slice(-3).map(messageIn).join(' | ');
    throw new Error(`${options.name} ${outcome === 'too late' ? `was not ready within ${READY_TIMEOUT_MS / 1000} s` : `ended at once (${describeExit(outcome)})`}: ${said || 'it said nothing'}; its log is ${log.path}`);
  }
  child.unref();
  child.channel?.unref();
  return { pid, exited, stop: (graceMs = 1_600) => stopProgram(pid, exited, graceMs) };
}

/** What a line of JSON says; any other line as it stands. */
function messageIn(line: string): string {
  try {
    const { message } = JSON.parse(line) as { message?: unknown };
    return typeof message === 'string' ? message : line;
  } catch {
    return line;
  }
}

/** What a worker was doing is done again by the next one: an end without grace costs time, nothing else. */
async function stopProgram(pid: number, exited: Promise<ExitStatus>, graceMs: number): Promise<void> {
  let ended = false;
  void exited.then(() => (ended = true));
  await Promise.resolve();
  signalProcess(pid, 'SIGTERM');
  if (!(await waitUntil(() => ended, graceMs))) signalGroup(pid, 'SIGKILL');
  await exited;
}
