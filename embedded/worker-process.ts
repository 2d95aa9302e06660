/** A worker as a process of its own: `aftercare worker --queues …`, told its servers by the environment (command lines are for all to see, the database's address holds a password). */
import { spawn } from 'node:child_process';
import { closeSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openLog } from './log-file.js';
import { describeExit, exitOf, signalGroup, signalProcess, waitUntil, type ExitStatus } from './processes.js';

export type WorkerQueue = 'main' | 'numeric';

export interface WorkerProcessOptions {
  dataFolder: string;
  queue: WorkerQueue;
  /** Program and first arguments, e.g. [node, dist/cli/main.js]. */
  command: string[];
  databaseUrl: string;
  temporalAddress: string;
  namespace: string;
  mail?: string;
  onSpawn?: (groupId: number) => void;
}

export interface RunningWorker {
  pid: number;
  exited: Promise<ExitStatus>;
  stop(graceMs?: number): Promise<void>;
}

const READY_TIMEOUT_MS = 90_000;

/**
 * Resolves when the worker has said (over its IPC channel) that it polls. The channel also tells the worker when we vanish: then it ends by itself.
 *
 * @throws Error with the end of its log when it ended before
 */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<RunningWorker> {
  const log = openLog(join(options.dataFolder, 'logs'), `worker-${options.queue}.log`);
  const logStart = statSync(log.path).size;
  const [program = process.execPath, ...first] = options.command;
  const child = spawn(program, [...first, 'worker', '--queues', options.queue], {
    cwd: options.dataFolder,
    env: {
      ...process.env,
      DATABASE_URL: options.databaseUrl,
      TEMPORAL_ADDRESS: options.temporalAddress,
      TEMPORAL_NAMESPACE: options.namespace,
      ...(options.mail === undefined ? {} : { AFTERCARE_MAIL_URL: options.mail }),
    },
    detached: true,
    stdio: ['ignore', log.descriptor, log.descriptor, 'ipc'],
  });
  closeSync(log.descriptor);
  const exited = exitOf(child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`the ${options.queue} worker could not be started: ${program} does not run`);
  options.onSpawn?.(pid);
  const ready = new Promise<void>((done) => child.once('message', () => done()));
  const tooLate = new Promise<'too late'>((done) => setTimeout(() => done('too late'), READY_TIMEOUT_MS).unref());
  const outcome = await Promise.race([ready.then(() => 'ready' as const), exited, tooLate]);
  if (outcome !== 'ready') {
    if (outcome === 'too late') signalGroup(pid, 'SIGKILL');
    const said = readFileSync(log.path).subarray(logStart).toString().trim().split('\n').slice(-3).join(' | ');
    throw new Error(`the ${options.queue} worker ${outcome === 'too late' ? `was not ready within ${READY_TIMEOUT_MS / 1000} s` : `ended at once (${describeExit(outcome)})`}: ${said || 'it said nothing'}; its log is ${log.path}`);
  }
  child.unref();
  child.channel?.unref();
  return { pid, exited, stop: (graceMs = 1_600) => stopWorker(pid, exited, graceMs) };
}

/** What a worker was doing is done again by the next one: an end without grace costs time, nothing else. */
async function stopWorker(pid: number, exited: Promise<ExitStatus>, graceMs: number): Promise<void> {
  let ended = false;
  void exited.then(() => (ended = true));
  await Promise.resolve();
  signalProcess(pid, 'SIGTERM');
  if (!(await waitUntil(() => ended, graceMs))) signalGroup(pid, 'SIGKILL');
  await exited;
}
