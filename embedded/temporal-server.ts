/** Starts and stops an embedded Temporal server (the development server of Temporal's command line), on the loopback address only. */
import { Connection } from '@temporalio/client';
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SEARCH_ATTRIBUTES } from '../domain/names.js';
import { openLog } from './log-file.js';
import { freePortFrom } from './ports.js';
import { describeExit, exitOf, signalGroup, signalProcess, waitUntil, type ExitStatus } from './processes.js';

export interface TemporalServerOptions {
  /** The stack's data folder; workflows are kept in temporal/temporal.db in it. */
  dataFolder: string;
  /** From findTemporalBinary. */
  binary: string;
  /** Wanted ports; the next free ones are taken when they are not free. Default 7233 and 8233, as Temporal's own. */
  port?: number;
  uiPort?: number;
  /** The port was asked for: others know it, so a taken one is an error and not a reason for another. */
  staysOnPort?: boolean;
  onLog: (line: string) => void;
  /** For tests only: workflows live in memory, no web pages. */
  fast?: boolean;
  onSpawn?: (groupId: number) => void;
}

export interface RunningTemporal {
  /** host:port. */
  address: string;
  port: number;
  namespace: string;
  /** null in memory mode. */
  uiUrl: string | null;
  uiPort: number | null;
  pid: number;
  exited: Promise<ExitStatus>;
  stop(graceMs?: number): Promise<void>;
}

export const NAMESPACE = 'default';
const DEFAULT_PORT = 7233;
const DEFAULT_UI_PORT = 8233;
const READY_TIMEOUT_MS = 60_000;

function serverArguments(options: TemporalServerOptions, port: number, uiPort: number | null): string[] {
  const store = options.fast
    ? ['--headless']
    // A commit costs an fsync in SQLite's default mode; a write-ahead log with synchronous=normal loses nothing when the process is killed (docs/operations.md).
    : ['--db-filename', join(options.dataFolder, 'temporal', 'temporal.db'), '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL', '--ui-port', String(uiPort), '--ui-ip', '127.0.0.1'];
  return [
    'server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn', ...store,
    ...Object.values(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

/** True when the server answers for the namespace. */
export async function isTemporalReady(address: string, namespace: string): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: 1_000 });
    await connection.withDeadline(Date.now() + 2_000, () => connection!.workflowService.describeNamespace({ namespace }));
    await connection.withDeadline(Date.now() + 2_000, () => connection!.workflowService.countWorkflowExecutions({ namespace, query: `${SEARCH_ATTRIBUTES.model} = 'x'` }));
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close().catch(() => undefined);
  }
}

async function stopServer(pid: number, exited: Promise<ExitStatus>, graceMs: number): Promise<void> {
  let ended = false;
  void exited.then(() => (ended = true));
  await delay(0);
  const isEnded = (): boolean => ended;
  if (!isEnded()) signalProcess(pid, 'SIGINT');
  if (!(await waitUntil(isEnded, graceMs))) signalGroup(pid, 'SIGKILL');
  await exited;
}

async function attempt(options: TemporalServerOptions, port: number, uiPort: number | null): Promise<RunningTemporal | 'port-taken' | 'pages-port-taken'> {
  // Workflows may say what only their owner should read.
  mkdirSync(join(options.dataFolder, 'temporal'), { recursive: true, mode: 0o700 });
  const log = openLog(join(options.dataFolder, 'logs'), 'temporal.log');
  const logStart = statSync(log.path).size;
  const child = spawn(options.binary, serverArguments(options, port, uiPort), {
    cwd: options.dataFolder,
    // The server must not take our user's client settings for its own.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'))),
    detached: true,
    stdio: ['ignore', log.descriptor, log.descriptor],
  });
  closeSync(log.descriptor);
  const exited = exitOf(child);
  if (child.pid === undefined) throw new Error(`the Temporal server could not be started: ${options.binary} does not run`);
  child.unref();
  options.onSpawn?.(child.pid);
  const pid = child.pid;
  let exit: ExitStatus | null = null;
  void exited.then((status) => (exit = status));
  const address = `127.0.0.1:${port}`;
  const started = Date.now();
  while (!(await isTemporalReady(address, NAMESPACE))) {
    if (exit !== null) {
      const said = readFileSync(log.path).subarray(logStart).toString().trim();
      if (uiPort !== null && said.includes(`:${uiPort}: bind: address already in use`)) return 'pages-port-taken';
      if (/address already in use|can't set internal port|bind:/i.test(said)) return 'port-taken';
      throw new Error(`the Temporal server did not start (${describeExit(exit)}): ${said.split('\n').slice(-2).join(' | ') || 'it said nothing'}; its log is ${log.path}`);
    }
    if (Date.now() - started > READY_TIMEOUT_MS) {
      await stopServer(pid, exited, 500);
      throw new Error(`the Temporal server did not answer on ${address} within ${READY_TIMEOUT_MS / 1000} s; its log is ${log.path}`);
    }
    await delay(50);
  }
  // Somebody else's server may have answered on a port that ours could not get.
  if (exit !== null) return 'port-taken';
  return { address, port, namespace: NAMESPACE, uiUrl: uiPort === null ? null : `http://127.0.0.1:${uiPort}`, uiPort, pid, exited, stop: (graceMs = 1_500) => stopServer(pid, exited, graceMs) };
}

/**
 * Usual duration: 0.9 s in memory, 1.3–2 s with a file. What is taken gives way to the next free port: of the two, only the one that is taken.
 *
 * @throws Error with the server's own words when it does not start, and when a port that was asked for is taken
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<RunningTemporal> {
  const wanted = options.port ?? DEFAULT_PORT;
  const wantedUi = options.uiPort ?? DEFAULT_UI_PORT;
  const tried = new Set<number>();
  for (let round = 1; round <= 10; round++) {
    const port = await freePortFrom(wanted, tried);
    if (port !== wanted && options.staysOnPort) throw new Error(`port ${wanted}, which was asked for, is taken`);
    const uiPort = options.fast ? null : await freePortFrom(wantedUi, new Set([...tried, port]));
    const result = await attempt(options, port, uiPort);
    if (typeof result === 'object') {
      if (port !== wanted) options.onLog(`port ${wanted} is taken: Temporal listens on ${port}`);
      if (uiPort !== null && uiPort !== wantedUi) options.onLog(`port ${wantedUi} is taken: Temporal's pages are on ${uiPort}`);
      return result;
    }
    tried.add(result === 'pages-port-taken' ? uiPort! : port);
  }
  throw new Error('the Temporal server did not start: every port was taken at the last moment');
}
