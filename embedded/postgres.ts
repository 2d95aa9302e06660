/** Starts and stops an embedded PostgreSQL server: real binaries, on the loopback address only, with a password of its own. */
import { spawn } from 'node:child_process';
import { closeSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { openLog } from './log-file.js';
import { preparePostgresBinaries } from './postgres-binaries.js';
import { DATABASE, launchAs, OWNER, prepareCluster, reapOrphans, type Cluster } from './postgres-cluster.js';
import { freePortFrom } from './ports.js';
import { describeExit, exitOf, signalGroup, signalProcess, waitUntil, type ExitStatus } from './processes.js';
import { serverUser } from './server-user.js';

export interface PostgresOptions {
  /** The stack's data folder; the server keeps its own in it. The caller makes sure that nobody else uses it. */
  dataFolder: string;
  /** Wanted port; the next free one is taken when it is not free. Default 54320. */
  port?: number;
  /** The port was asked for: others know it, so a taken one is an error and not a reason for another. */
  staysOnPort?: boolean;
  onLog: (line: string) => void;
  /** For tests only: nothing survives a crash of the machine (fsync off). */
  fast?: boolean;
  /** Told of the process group as soon as it lives. */
  onSpawn?: (groupId: number) => void;
}

export interface RunningPostgres {
  /** With password. */
  url: string;
  port: number;
  pid: number;
  exited: Promise<ExitStatus>;
  /** Fast shutdown (open transactions are rolled back); immediate after `graceMs`, by default 3,500. Recovery is then the next start's. */
  stop(graceMs?: number): Promise<void>;
}

const DEFAULT_PORT = 54_320;
const READY_TIMEOUT_MS = 60_000;

/*
 * wal_level minimal lets COPY into a table of the same transaction skip the log; nobody replicates from an embedded server.
 * max_wal_size and checkpoint_timeout keep checkpoints out of a bulk load. jit costs more than it gives on queries this short.
 */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  maintenance_work_mem: '128MB',
  work_mem: '16MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '2GB',
  wal_compression: 'pglz',
  checkpoint_timeout: '15min',
  checkpoint_completion_target: '0.7',
  random_page_cost: '1.2',
  jit: 'off',
  max_locks_per_transaction: '256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
  password_encryption: 'scram-sha-256',
};

const FAST_SETTINGS: Record<string, string> = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', shared_buffers: '128MB' };

export function databaseUrl(port: number, password: string, database = DATABASE): string {
  return `postgres://${OWNER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

type Probe = { state: 'ready' } | { state: 'starting' } | { state: 'refused'; why: string };

/** One attempt to log in. */
async function probe(url: string): Promise<Probe> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return { state: 'ready' };
  } catch (error) {
    // 57P03: the server answers, and is still recovering.
    if ((error as { code?: string }).code === '57P03') return { state: 'starting' };
    return { state: 'refused', why: error instanceof Error ? error.message : String(error) };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(port: number, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(port, password, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

interface Launched {
  pid: number;
  exited: Promise<ExitStatus>;
  /** What the server has logged since this start. */
  said: () => string;
}

function launch(cluster: Cluster, port: number, options: PostgresOptions): Launched {
  const user = serverUser();
  const start = launchAs(user, preparePostgresBinaries(user), 'postgres', cluster.folder);
  const log = openLog(join(options.dataFolder, 'logs'), 'postgres.log');
  const logStart = statSync(log.path).size;
  const settings = { ...SETTINGS, ...(options.fast ? FAST_SETTINGS : {}), port: String(port) };
  const args = ['-D', cluster.folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const child = spawn(start.command, [...start.prefix, ...args], {
    cwd: '/',
    env: start.env,
    detached: true,
    stdio: ['ignore', log.descriptor, log.descriptor],
    ...(start.uid === undefined ? {} : { uid: start.uid, gid: start.gid }),
  });
  closeSync(log.descriptor);
  const exited = exitOf(child);
  if (child.pid === undefined) throw new Error(`PostgreSQL could not be started: ${start.command} does not run`);
  child.unref();
  options.onSpawn?.(child.pid);
  return { pid: child.pid, exited, said: () => readFileSync(log.path).subarray(logStart).toString() };
}

async function stopServer(pid: number, exited: Promise<ExitStatus>, graceMs: number): Promise<void> {
  let ended = false;
  void exited.then(() => (ended = true));
  await delay(0);
  const isEnded = (): boolean => ended;
  if (!isEnded()) signalProcess(pid, 'SIGINT');
  if (!(await waitUntil(isEnded, graceMs))) signalProcess(pid, 'SIGQUIT');
  if (!(await waitUntil(isEnded, 500))) signalGroup(pid, 'SIGKILL');
  await exited;
}

type Attempt = { state: 'running'; running: RunningPostgres } | { state: 'port-taken' } | { state: 'memory-in-use' };

/** One start on one port, until the server lets us in. */
async function attempt(cluster: Cluster, port: number, options: PostgresOptions): Promise<Attempt> {
  const launched = launch(cluster, port, options);
  let exit: ExitStatus | null = null;
  void launched.exited.then((status) => (exit = status));
  const started = Date.now();
  let announced = false;
  for (;;) {
    const found = await probe(databaseUrl(port, cluster.password, 'postgres'));
    if (exit !== null) {
      const said = launched.said();
      if (/could not bind IPv4 address|could not create any TCP\/IP sockets/.test(said)) return { state: 'port-taken' };
      if (/pre-existing shared memory block/.test(said)) return { state: 'memory-in-use' };
      const reason = said.trim().split('\n').filter((line) => /FATAL|PANIC|HINT|DETAIL|error/i.test(line)).slice(-3).join(' | ') || said.trim().split('\n').slice(-3).join(' | ');
      throw new Error(`PostgreSQL did not start (${describeExit(exit)}): ${reason || 'it said nothing'}; its log is ${join(options.dataFolder, 'logs', 'postgres.log')}`);
    }
    if (found.state === 'ready') break;
    const elapsedMs = Date.now() - started;
    if (!announced && elapsedMs > 1_500 && (found.state === 'starting' || /not properly shut down|recovery/.test(launched.said()))) {
      options.onLog('PostgreSQL was not shut down in order and recovers from its log; this can take up to a minute');
      announced = true;
    }
    if (elapsedMs > READY_TIMEOUT_MS) {
      await stopServer(launched.pid, launched.exited, 500);
      throw new Error(`PostgreSQL did not answer on port ${port} within ${READY_TIMEOUT_MS / 1000} s${found.state === 'refused' ? ` (${found.why})` : ''}; its log is ${join(options.dataFolder, 'logs', 'postgres.log')}`);
    }
    await delay(elapsedMs < 2_000 ? 25 : 200);
  }
  await createDatabase(port, cluster.password);
  const { pid, exited } = launched;
  return {
    state: 'running',
    running: { url: databaseUrl(port, cluster.password), port, pid, exited, stop: (graceMs = 3_500) => stopServer(pid, exited, graceMs) },
  };
}

/**
 * Usual duration: 0.2 s, at the first start 1.3 s; after a kill the time of recovery, at most 60 s.
 *
 * @throws InvalidInput when the folder or the binaries cannot be used as they are; Error with the server's own words when it does not start, and when a port that was asked for is taken
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const user = serverUser();
  const cluster = await prepareCluster(options.dataFolder, preparePostgresBinaries(user), user, options.onLog);
  await reapOrphans(cluster.folder, options.onLog);
  const wanted = options.port ?? DEFAULT_PORT;
  const tried = new Set<number>();
  for (let round = 1; ; round++) {
    const port = await freePortFrom(wanted, tried);
    if (port !== wanted && options.staysOnPort) throw new Error(`port ${wanted}, which was asked for, is taken`);
    const result = await attempt(cluster, port, options);
    if (result.state === 'running') {
      if (port !== wanted) options.onLog(`port ${wanted} is taken: PostgreSQL listens on ${port}`);
      return result.running;
    }
    if (round === 10) throw new Error(`PostgreSQL did not start in ${round} attempts (${result.state === 'port-taken' ? 'every port was taken at the last moment' : 'an earlier server still holds the shared memory'})`);
    if (result.state === 'port-taken') tried.add(port);
    else await delay(500);
  }
}
