/**
 * As operators have it: two hosts of a Temporal cluster on PostgreSQL behind one address, two workers for everything, `aftercare serve`; and the people's side of the storm's second story.
 * A host or a worker that was killed comes back after a while, as a supervisor would see to.
 */
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode } from '@temporalio/worker';
import { execFile, execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Guard } from '../../embedded/guard.js';
import { freePortFrom } from '../../embedded/ports.js';
import { lastingPort } from '../support/ports.js';
import { startPostgres, type RunningPostgres } from '../../embedded/postgres.js';
import { atDatabase } from '../support/database-url.js';
import { bareEnvironment, PROGRAM, type ReadyLine } from '../support/up.js';
import type { ReceivedLine } from '../storm/loop-stack.js';
import { describeRunning, type Stage } from '../storm/storm.js';
import { startWorkerProcess, type WorkerProcess } from '../worker/support/worker-process.js';
import { hostConfig, type HostPorts } from './host-config.js';

export interface ClusterBlow {
  step: number;
  delayMs: number;
  victim: 'host-1' | 'host-2' | 'worker-1' | 'worker-2';
}

const HOSTS = ['127.0.0.1', '127.0.0.2'] as const;
/** So long a host or a worker that was killed is away. */
const AWAY_MS = 8_000;
const READY_MS = 90_000;
const storm = (name: string): string => fileURLToPath(new URL(`../storm/${name}`, import.meta.url));
const nothing = (): void => undefined;

/** The server keeps ports of its members in 16 bits with a sign. */
async function freePorts(): Promise<HostPorts> {
  const taken = new Set<number>();
  const next = async (): Promise<number> => {
    const port = await freePortFrom(21_000, taken);
    taken.add(port);
    return port;
  };
  return { frontend: await next(), matching: await next(), history: await next(), worker: await next(), membership: [await next(), await next(), await next(), await next()] };
}

export class ClusterStack implements Stage<ClusterBlow> {
  readonly #folder: string;
  readonly #bin: string;
  readonly #guard: Guard;
  readonly #hosts: (ChildProcess | null)[] = [null, null];
  readonly #workers: (WorkerProcess | null)[] = [null, null];
  readonly #helpers: ChildProcess[] = [];
  readonly #comingBack: Promise<void>[] = [];
  #postgres!: RunningPostgres;
  #balancer!: Server;
  #ports!: HostPorts;
  #address = '';
  #workerEnvironment: Record<string, string> = {};
  #webhook = '';
  #ended = false;

  /** @param bin where `temporal-server` and `temporal-sql` are */
  static async start(folder: string, bin: string): Promise<ClusterStack> {
    const stack = new ClusterStack(folder, bin);
    await stack.#start();
    return stack;
  }

  private constructor(folder: string, bin: string) {
    this.#folder = folder;
    this.#bin = bin;
    this.#guard = new Guard();
  }

  async #start(): Promise<void> {
    this.#postgres = await startPostgres({ dataFolder: this.#made('data'), port: await lastingPort(), onLog: nothing, fast: true, onSpawn: (pid) => this.#guard.add(pid) });
    this.#makeSchemas();
    this.#ports = await freePorts();
    HOSTS.forEach((_, i) => this.#startHost(i));
    this.#address = await this.#balance();
    await this.#makeNamespace();
    // Not synchronously: the balancer is in this process.
    await promisify(execFile)(process.execPath, [PROGRAM, 'setup'], { env: { ...bareEnvironment(), ...this.environment() } });
    await this.#startPeople();
    await Promise.all([0, 1].map((i) => this.#startWorker(i)));
  }

  // ---- Temporal ------------------------------------------------------------------------------------------------------------------------

  #makeSchemas(): void {
    const { hostname, port, username, password } = new URL(this.#postgres.url);
    for (const [database, schema] of [['temporal', 'temporal'], ['temporal_visibility', 'visibility']] as const) {
      const sql = (...args: string[]): unknown => execFileSync(join(this.#bin, 'temporal-sql'), ['--plugin', 'postgres12', '--ep', hostname, '-p', port, '-u', username, '--pw', decodeURIComponent(password), '--db', database, ...args], { stdio: 'pipe' });
      sql('create');
      sql('setup-schema', '-v', '0.0');
      sql('update-schema', '--schema-name', `postgresql/v12/${schema}`);
    }
  }

  #startHost(i: number): void {
    const name = `host-${i + 1}`;
    const folder = this.#made(name);
    writeFileSync(join(folder, `${name}.yaml`), hostConfig({ databaseUrl: this.#postgres.url, address: HOSTS[i]!, ports: this.#ports }));
    const log = openSync(join(this.#folder, `${name}.log`), 'a');
    const host = spawn(join(this.#bin, 'temporal-server'), ['--root', this.#folder, '--config', name, '--env', name, '--allow-no-auth', 'start'], { cwd: folder, env: bareEnvironment(), stdio: ['ignore', log, log], detached: true });
    if (host.pid !== undefined) this.#guard.add(host.pid);
    this.#hosts[i] = host;
  }

  /** One address for both hosts, in turn; one that does not take a connection is passed over. */
  async #balance(): Promise<string> {
    let turn = 0;
    this.#balancer = createServer((socket) => {
      socket.on('error', nothing);
      const first = turn++ % HOSTS.length;
      const attempt = (tries: number): void => {
        if (tries === HOSTS.length) return void socket.destroy();
        const behind = connect(this.#ports.frontend, HOSTS[(first + tries) % HOSTS.length]!);
        const refused = (): void => attempt(tries + 1);
        behind.once('error', refused);
        behind.once('connect', () => {
          behind.off('error', refused).on('error', () => socket.destroy());
          socket.pipe(behind).pipe(socket);
          socket.once('close', () => behind.destroy());
          behind.once('close', () => socket.destroy());
        });
      };
      attempt(0);
    });
    await new Promise<void>((listening) => this.#balancer.listen(0, '127.0.0.1', listening));
    return `127.0.0.1:${(this.#balancer.address() as { port: number }).port}`;
  }

  async #makeNamespace(): Promise<void> {
    for (const until = Date.now() + READY_MS; ; await delay(500)) {
      let connection: Connection | undefined;
      try {
        connection = await Connection.connect({ address: this.#address, connectTimeout: 2_000 });
        const { namespaces } = await connection.workflowService.listNamespaces({});
        if (!namespaces?.some(({ namespaceInfo }) => namespaceInfo?.name === 'default')) {
          await connection.workflowService.registerNamespace({ namespace: 'default', workflowExecutionRetentionPeriod: { seconds: 7 * 86_400 as unknown as Long } });
        }
        // A new namespace is known to all hosts after some seconds.
        await new Client({ connection, namespace: 'default' }).workflow.count();
        return;
      } catch (error) {
        if (Date.now() > until) throw new Error(`the cluster did not answer within ${READY_MS / 1_000} s: ${(error as Error).message}\n${this.said()}`);
      } finally {
        await connection?.close();
      }
    }
  }

  // ---- ours, and the people's side -----------------------------------------------------------------------------------------------------

  async #startWorker(i: number): Promise<void> {
    const worker = startWorkerProcess({ databaseUrl: this.#databaseUrl, temporalAddress: this.#address, namespace: 'default' }, 'main,numeric', this.#workerEnvironment);
    this.#workers[i] = worker;
    await worker.ready();
  }

  async #startPeople(): Promise<void> {
    const [smtp, web, pages] = [await lastingPort(), await lastingPort(), await lastingPort()];
    for (const name of ['received.jsonl', 'calls.jsonl']) writeFileSync(join(this.#folder, name), '');
    const logger = { trace: nothing, debug: nothing, info: nothing, log: nothing, warn: nothing, error: nothing };
    writeFileSync(join(this.#folder, 'bundle.js'), (await bundleWorkflowCode({ workflowsPath: storm('trainer-workflows.mjs'), logger })).code);
    this.#webhook = `http://127.0.0.1:${web}/hook`;
    this.#workerEnvironment = { AFTERCARE_MAIL_URL: `smtp://127.0.0.1:${smtp}`, AFTERCARE_PUBLIC_URL: `http://127.0.0.1:${pages}` };
    const env = { ...bareEnvironment(), ...this.environment(), ...this.#workerEnvironment };
    const helper = async (program: string, args: string[]): Promise<void> => {
      const child = fork(program, args, { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      this.#helpers.push(child);
      await Promise.race([once(child, 'message'), once(child, 'exit').then(() => { throw new Error(`${program} ended before it was ready`); })]);
    };
    await helper(storm('receivers.mjs'), [join(this.#folder, 'received.jsonl'), String(smtp), String(web)]);
    await helper(storm('trainer.mjs'), [join(this.#folder, 'bundle.js'), join(this.#folder, 'calls.jsonl')]);
    const serve = spawn(process.execPath, [PROGRAM, 'serve', '--port', String(pages), '--json'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    this.#helpers.push(serve);
    await once(serve.stdout, 'data');
  }

  get #databaseUrl(): string {
    return atDatabase(this.#postgres.url, 'aftercare');
  }

  /** For the storm's digests. */
  get ready(): ReadyLine {
    return { ready: true, databaseUrl: this.#databaseUrl, temporalAddress: this.#address, namespace: 'default', uiUrl: '', httpUrl: null, opsUrls: {}, dataFolder: this.#folder, pid: process.pid, pids: {} };
  }

  received(): ReceivedLine[] {
    return readFileSync(join(this.#folder, 'received.jsonl'), 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as ReceivedLine);
  }

  // ---- Stage ---------------------------------------------------------------------------------------------------------------------------

  environment(): Record<string, string> {
    return { DATABASE_URL: this.#databaseUrl, TEMPORAL_ADDRESS: this.#address, TEMPORAL_NAMESPACE: 'default', AFTERCARE_STORM_RECEIVED: join(this.#folder, 'received.jsonl'), AFTERCARE_STORM_WEBHOOK: this.#webhook };
  }

  strike({ victim }: ClusterBlow): Promise<string> {
    const i = victim.endsWith('1') ? 0 : 1;
    const host = victim.startsWith('host');
    if (host) {
      this.#hosts[i]?.kill('SIGKILL');
      this.#hosts[i] = null;
    } else {
      this.#workers[i]?.signal('SIGKILL');
      this.#workers[i] = null;
    }
    this.#comingBack.push(delay(AWAY_MS).then(async () => {
      if (this.#ended) return;
      if (host) this.#startHost(i);
      else await this.#startWorker(i);
    }));
    return Promise.resolve(victim);
  }

  /** Everything that was killed is back. */
  async whole(): Promise<void> {
    await Promise.all(this.#comingBack.splice(0));
  }

  standing(): Promise<string> {
    return describeRunning(this.ready);
  }

  said(): string {
    const tail = (name: string): string => {
      try {
        return readFileSync(join(this.#folder, name), 'utf8').split('\n').slice(-5).map((line) => line.slice(0, 400)).join('\n');
      } catch {
        return '';
      }
    };
    return [tail('host-1.log'), tail('host-2.log'), ...this.#workers.map((worker) => worker?.lines.slice(-5).join('\n') ?? '')].join('\n');
  }

  async end(): Promise<void> {
    this.#ended = true;
    for (const child of [...this.#helpers, ...this.#hosts]) child?.kill('SIGKILL');
    for (const worker of this.#workers) worker?.signal('SIGKILL');
    this.#balancer?.close();
    await this.#postgres?.stop();
    this.#guard.close();
  }

  #made(name: string): string {
    const path = join(this.#folder, name);
    mkdirSync(path, { recursive: true, mode: 0o711 });
    return path;
  }
}
