/** Starts a whole stack and keeps it alive: PostgreSQL, the Temporal server, two workers and the HTTP server, each a process of its own. */
import { Conflict, InvalidInput } from '../domain/errors.js';
import { acquireLock, type FolderLock } from './folder-lock.js';
import { Guard } from './guard.js';
import { Keeper, type Kept } from './keeper.js';
import { temporalFromEnvironment } from './locate.js';
import { commandLineProgram, packageVersion } from './package-root.js';
import { anyFreePort, freePortFrom } from './ports.js';
import { startPostgres, type RunningPostgres } from './postgres.js';
import { clusterFolder, reapOrphans } from './postgres-cluster.js';
import { isAlive, processIdentity, signalGroup, waitUntil } from './processes.js';
import { lockPath, makeDataFolder, readPorts, readProcesses, readRunningStack, removeStackFile, writePorts, writeProcesses, writeStackFile, type RecordedProcess } from './stack-file.js';
import { findTemporalBinary } from './temporal-binary.js';
import { NAMESPACE, startTemporalServer, type RunningTemporal } from './temporal-server.js';
import { startProgram, type RunningProgram, type WorkerQueue } from './program-process.js';

export interface StackOptions {
  dataFolder: string;
  /** Wanted ports. One that is given and taken is an error; a default that is taken gives way to the next free one. */
  postgresPort?: number | undefined;
  temporalPort?: number | undefined;
  uiPort?: number | undefined;
  /** Use this database instead of starting one. */
  databaseUrl?: string | undefined;
  /** Use this Temporal server instead of starting one; by default the one that Temporal's own configuration names, if any. */
  temporalAddress?: string | undefined;
  namespace?: string | undefined;
  /** smtp://… for the workers. */
  mail?: string | undefined;
  /** Of the HTTP server, and of the first worker's health and metrics. */
  httpPort?: number | undefined;
  opsPort?: number | undefined;
  /** Under which people reach the HTTP server; default: its address on this machine. */
  publicUrl?: string | undefined;
  /** Which workers to run; default both. Without any, the HTTP server is not run either: nobody would answer it. */
  workers?: readonly WorkerQueue[];
  /** Program that starts a worker when `worker --queues …` is added, and the HTTP server with `serve …`; default this package's command line. */
  workerCommand?: string[];
  /** Runs when both servers answer, before the workers start: brings the database to its schema. */
  prepare?: (servers: { databaseUrl: string; temporalAddress: string; namespace: string }) => Promise<unknown>;
  /** One line per step, and per process that ended and was started again. */
  onEvent?: (line: string) => void;
}

export interface Stack {
  databaseUrl: string;
  temporalAddress: string;
  namespace: string;
  uiUrl: string | null;
  /** null: it does not run. */
  httpUrl: string | null;
  /** Health and metrics by worker. */
  opsUrls: Readonly<Record<string, string>>;
  dataFolder: string;
  /** By name: postgres, temporal, worker-main, worker-numeric, http; without what is not ours. Changes when one is started again. */
  readonly pids: Readonly<Record<string, number>>;
  /** Ends all of it within 5 s. Data stays. */
  stop(): Promise<void>;
}

const DEFAULT_PORTS = { postgres: 54_320, temporal: 7_233, ui: 8_233, http: 8_234, ops: 9_464 };

/**
 * Usual duration: 4 s, of which the workers and the HTTP server, side by side, take 2.
 *
 * @throws Conflict when a stack runs on the folder already
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const onEvent = options.onEvent ?? (() => undefined);
  const { dataFolder } = options;
  try {
    makeDataFolder(dataFolder);
  } catch (error) {
    throw new InvalidInput(`the data folder ${dataFolder} cannot be made: ${error instanceof Error ? error.message : String(error)}`);
  }
  const lock = lockFolder(dataFolder);
  const running = new RunningStack(options, lock, onEvent);
  try {
    await running.begin();
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

function lockFolder(dataFolder: string): FolderLock {
  const held = acquireLock(lockPath(dataFolder));
  if ('lock' in held) return held.lock;
  const stack = readRunningStack(dataFolder);
  throw new Conflict(
    `a stack is running on ${dataFolder} already (process ${held.heldBy.pid}, since ${held.heldBy.since}${stack ? `, Temporal at ${stack.temporalAddress}` : ', still starting'}): use that one, end it, or choose another folder with --data`,
  );
}

class RunningStack implements Stack {
  databaseUrl = '';
  temporalAddress = '';
  namespace: string = NAMESPACE;
  uiUrl: string | null = null;
  httpUrl: string | null = null;
  opsUrls: Record<string, string> = {};
  readonly dataFolder: string;
  readonly #options: StackOptions;
  readonly #lock: FolderLock;
  readonly #onEvent: (line: string) => void;
  readonly #guard = new Guard();
  /** Children and signals do not keep a process alive; a supervisor lives until it is stopped. */
  readonly #alive = setInterval(() => undefined, 60_000);
  readonly #recorded = new Map<number, RecordedProcess>();
  readonly #startedAt = new Date().toISOString();
  #servers: Kept[] = [];
  #workers: Kept[] = [];
  #ready = false;
  #stopped: Promise<void> | null = null;

  constructor(options: StackOptions, lock: FolderLock, onEvent: (line: string) => void) {
    this.#options = options;
    this.#lock = lock;
    this.#onEvent = onEvent;
    this.dataFolder = options.dataFolder;
  }

  get pids(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#servers, ...this.#workers].flatMap((keeper) => (keeper.current === null ? [] : [[keeper.name, keeper.current.pid] as const])));
  }

  async begin(): Promise<void> {
    const { dataFolder } = this;
    await this.#reapEarlierStart();
    const ports = await this.#choosePorts();
    const outcomes = await Promise.allSettled([this.#beginPostgres(ports.postgres), this.#beginTemporal(ports.temporal, ports.ui)]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    if (this.#options.prepare) await this.#options.prepare({ databaseUrl: this.databaseUrl, temporalAddress: this.temporalAddress, namespace: this.namespace });
    const queues = this.#options.workers ?? (['main', 'numeric'] as const);
    if (queues.length > 0) this.#onEvent(`starting the workers (${queues.join(', ')})`);
    if (queues.length > 0) await this.#chooseHttpPorts(queues);
    await Promise.all([...queues.map((queue) => this.#beginWorker(queue)), ...(this.httpUrl === null ? [] : [this.#beginHttp(this.httpUrl)])]);
    // They were told of the first port.
    if (this.httpUrl !== null && Number(new URL(this.httpUrl).port) !== readPorts(dataFolder).http) {
      writePorts(dataFolder, { ...readPorts(dataFolder), http: Number(new URL(this.httpUrl).port) });
      await Promise.all(this.#workers.filter(({ name }) => name !== 'http').map((keeper) => keeper.restart()));
    }
    this.#ready = true;
    this.#publish();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    // Nobody shall find a stack that is going away.
    removeStackFile(this.dataFolder);
    await Promise.all(this.#workers.map((keeper) => keeper.stop()));
    await Promise.all(this.#servers.map((keeper) => keeper.stop()));
    writeProcesses(this.dataFolder, []);
    this.#guard.close();
    this.#lock.release();
    clearInterval(this.#alive);
  }

  async #beginPostgres(port: number): Promise<void> {
    if (this.#options.databaseUrl !== undefined) {
      this.databaseUrl = this.#options.databaseUrl;
      return;
    }
    let wanted = port;
    const keeper = new Keeper<RunningPostgres>({
      name: 'postgres',
      start: () => startPostgres({ dataFolder: this.dataFolder, port: wanted, staysOnPort: this.#options.postgresPort !== undefined, onLog: this.#onEvent, onSpawn: this.#recorder('postgres') }),
      onEvent: this.#onEvent,
      onEnded: (pid) => this.#forget(pid),
      onStarted: async (postgres) => {
        wanted = postgres.port;
        const moved = this.databaseUrl !== '' && this.databaseUrl !== postgres.url;
        this.databaseUrl = postgres.url;
        writePorts(this.dataFolder, { ...readPorts(this.dataFolder), postgres: postgres.port });
        this.#publish();
        if (moved) await this.#restartWorkers();
      },
    });
    this.#servers.push(keeper);
    const postgres = await keeper.begin();
    this.#onEvent(`PostgreSQL listens on 127.0.0.1:${postgres.port}`);
  }

  async #beginTemporal(port: number, uiPort: number): Promise<void> {
    const configured = temporalFromEnvironment();
    const address = this.#options.temporalAddress ?? configured.address;
    if (address !== undefined) {
      this.temporalAddress = address;
      this.namespace = this.#options.namespace ?? configured.namespace ?? NAMESPACE;
      this.#onEvent(`using the Temporal server at ${address}, namespace ${this.namespace}`);
      return;
    }
    const binary = await findTemporalBinary(this.#onEvent);
    let wanted = { port, uiPort };
    const keeper = new Keeper<RunningTemporal>({
      name: 'temporal',
      start: () => startTemporalServer({ dataFolder: this.dataFolder, binary: binary.path, ...wanted, staysOnPort: this.#options.temporalPort !== undefined, onLog: this.#onEvent, onSpawn: this.#recorder('temporal') }),
      onEvent: this.#onEvent,
      onEnded: (pid) => this.#forget(pid),
      onStarted: async (temporal) => {
        wanted = { port: temporal.port, uiPort: temporal.uiPort ?? uiPort };
        const moved = this.temporalAddress !== '' && this.temporalAddress !== temporal.address;
        this.temporalAddress = temporal.address;
        this.uiUrl = temporal.uiUrl;
        writePorts(this.dataFolder, { ...readPorts(this.dataFolder), temporal: wanted.port, ui: wanted.uiPort });
        this.#publish();
        if (moved) await this.#restartWorkers();
      },
    });
    this.#servers.push(keeper);
    const temporal = await keeper.begin();
    this.#onEvent(`Temporal (server ${binary.serverVersion}, from ${binary.path}) listens on ${temporal.address}, its pages are on ${temporal.uiUrl ?? '(none)'}`);
  }

  #beginWorker(queue: WorkerQueue): Promise<unknown> {
    const name = `worker-${queue}`;
    return this.#beginProgram(name, ['worker', '--queues', queue], {
      AFTERCARE_OPS_HOST: '127.0.0.1', AFTERCARE_OPS_PORT: new URL(this.opsUrls[name]!).port,
      ...(this.#options.mail === undefined ? {} : { AFTERCARE_MAIL_URL: this.#options.mail }),
    });
  }

  async #beginHttp(url: string): Promise<void> {
    const begin = (): Promise<unknown> => this.#beginProgram('http', ['serve', '--host', '127.0.0.1', '--port', new URL(this.httpUrl!).port], {});
    try {
      await begin();
    } catch (error) {
      if (!String(error).includes('EADDRINUSE') || this.#options.httpPort !== undefined) throw error;
      // Another stack that starts at the same moment was quicker.
      this.httpUrl = `http://127.0.0.1:${await anyFreePort()}`;
      this.#onEvent(`${url} was taken at the last moment: the HTTP server takes another port`);
      await begin();
    }
    this.#onEvent(`the HTTP server listens on ${this.httpUrl}`);
  }

  #beginProgram(name: string, args: string[], env: Record<string, string>): Promise<unknown> {
    const keeper = new Keeper<RunningProgram>({
      name,
      start: () => startProgram({
        dataFolder: this.dataFolder, name, args,
        command: this.#options.workerCommand ?? [process.execPath, commandLineProgram()],
        databaseUrl: this.databaseUrl,
        temporalAddress: this.temporalAddress,
        namespace: this.namespace,
        env: { AFTERCARE_PUBLIC_URL: this.#options.publicUrl ?? this.httpUrl!, ...env },
        onSpawn: this.#recorder(name),
      }),
      onEvent: this.#onEvent,
      onEnded: (pid) => this.#forget(pid),
      onStarted: () => this.#publish(),
    });
    this.#workers.push(keeper);
    return keeper.begin();
  }

  /** Workers hold the addresses that they were started with. */
  async #restartWorkers(): Promise<void> {
    await Promise.all(this.#workers.map((keeper) => keeper.restart()));
  }

  #recorder(name: string): (groupId: number) => void {
    return (groupId) => {
      this.#guard.add(groupId);
      this.#recorded.set(groupId, { name, pid: groupId, identity: processIdentity(groupId) ?? '' });
      writeProcesses(this.dataFolder, [...this.#recorded.values()]);
    };
  }

  #forget(pid: number): void {
    this.#guard.drop(pid);
    this.#recorded.delete(pid);
  }

  #publish(): void {
    if (!this.#ready || this.#stopped !== null) return;
    writeStackFile({
      version: packageVersion(),
      pid: process.pid,
      identity: processIdentity(process.pid) ?? '',
      startedAt: this.#startedAt,
      databaseUrl: this.databaseUrl,
      temporalAddress: this.temporalAddress,
      namespace: this.namespace,
      uiUrl: this.uiUrl,
      httpUrl: this.httpUrl,
      opsUrls: this.opsUrls,
      dataFolder: this.dataFolder,
      pids: this.pids,
    });
  }

  /** Processes of a start whose supervisor was killed; its guard may be at it, or may have been killed as well. Their ports are to be free for us. */
  async #reapEarlierStart(): Promise<void> {
    await reapOrphans(clusterFolder(this.dataFolder), this.#onEvent);
    const left = readProcesses(this.dataFolder).filter((entry) => entry.name !== 'postgres' && processIdentity(entry.pid) === entry.identity);
    for (const entry of left) {
      this.#onEvent(`ending ${entry.name} (process ${entry.pid}), which an earlier start has left behind`);
      signalGroup(entry.pid, 'SIGTERM');
    }
    if (!(await waitUntil(() => left.every((entry) => !isAlive(entry.pid)), 2_000))) {
      for (const entry of left) signalGroup(entry.pid, 'SIGKILL');
      await waitUntil(() => left.every((entry) => !isAlive(entry.pid)), 2_000);
    }
    removeStackFile(this.dataFolder);
  }

  /** What was asked for must be free; what was only remembered or is a default may move. */
  async #choosePorts(): Promise<{ postgres: number; temporal: number; ui: number }> {
    const remembered = readPorts(this.dataFolder);
    const { postgresPort, temporalPort, uiPort, httpPort, opsPort } = this.#options;
    const asked = { postgres: postgresPort, temporal: temporalPort, ui: uiPort, http: httpPort, ops: opsPort };
    for (const [name, port] of Object.entries(asked)) {
      if (port !== undefined && (await freePortFrom(port)) !== port) throw new InvalidInput(`port ${port}, asked for with --${name}-port, is taken: choose another, or leave it out for the next free one`);
    }
    return {
      postgres: asked.postgres ?? remembered.postgres ?? DEFAULT_PORTS.postgres,
      temporal: asked.temporal ?? remembered.temporal ?? DEFAULT_PORTS.temporal,
      ui: asked.ui ?? remembered.ui ?? DEFAULT_PORTS.ui,
    };
  }

  /** After the servers have theirs. Workers are told where people reach the pages, so all of it is settled before any starts. */
  async #chooseHttpPorts(queues: readonly WorkerQueue[]): Promise<void> {
    const remembered = readPorts(this.dataFolder);
    const http = await freePortFrom(this.#options.httpPort ?? remembered.http ?? DEFAULT_PORTS.http);
    const taken = new Set([http]);
    const first = this.#options.opsPort ?? remembered.ops ?? DEFAULT_PORTS.ops;
    for (const queue of queues) {
      const port = await freePortFrom(first, taken);
      taken.add(port);
      this.opsUrls[`worker-${queue}`] = `http://127.0.0.1:${port}`;
    }
    this.httpUrl = `http://127.0.0.1:${http}`;
    writePorts(this.dataFolder, { ...remembered, http, ops: Number(new URL(Object.values(this.opsUrls)[0]!).port) });
  }
}
