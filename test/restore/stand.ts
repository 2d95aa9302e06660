/** Both servers on files of their own, which can be copied at a moment and put back. */
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aftercare, type Reconciliation } from '../../client/index.js';
import { Guard } from '../../embedded/guard.js';
import { lastingPort } from '../support/ports.js';
import { startPostgres, type RunningPostgres } from '../../embedded/postgres.js';
import { findTemporalBinary } from '../../embedded/temporal-binary.js';
import { startTemporalServer, type RunningTemporal } from '../../embedded/temporal-server.js';
import { bareEnvironment, PROGRAM } from '../support/up.js';
import { startWorkerProcess, type WorkerProcess } from '../worker/support/worker-process.js';

const quiet = (): void => undefined;
type Part = 'postgres' | 'temporal';

export class Stand {
  readonly #folder: string;
  readonly #guard: Guard;
  readonly #ports: { postgres: number; temporal: number; ui: number };
  readonly #binary: string;
  #postgres: RunningPostgres | null = null;
  #temporal: RunningTemporal | null = null;
  #worker: WorkerProcess | null = null;

  static async open(): Promise<Stand> {
    const folder = mkdtempSync(join(tmpdir(), 'aftercare-restore-'));
    chmodSync(folder, 0o711);
    const [postgres, temporal, ui] = [await lastingPort(), await lastingPort(), await lastingPort()];
    return new Stand(folder, { postgres, temporal, ui }, (await findTemporalBinary(quiet)).path);
  }

  private constructor(folder: string, ports: { postgres: number; temporal: number; ui: number }, binary: string) {
    this.#folder = folder;
    this.#guard = new Guard(folder);
    this.#ports = ports;
    this.#binary = binary;
  }

  get servers(): { databaseUrl: string; temporalAddress: string; namespace: string } {
    return { databaseUrl: this.#postgres!.url, temporalAddress: this.#temporal!.address, namespace: this.#temporal!.namespace };
  }

  async start(): Promise<void> {
    const onSpawn = (groupId: number): void => this.#guard.add(groupId);
    const data = join(this.#folder, 'data');
    [this.#postgres, this.#temporal] = await Promise.all([
      startPostgres({ dataFolder: data, port: this.#ports.postgres, onLog: quiet, fast: true, onSpawn }),
      startTemporalServer({ dataFolder: data, binary: this.#binary, port: this.#ports.temporal, uiPort: this.#ports.ui, onLog: quiet, onSpawn }),
    ]);
  }

  async work(): Promise<void> {
    this.#worker = startWorkerProcess(this.servers);
    await this.#worker.ready();
  }

  async rest(): Promise<void> {
    this.#worker?.signal('SIGKILL');
    await this.#worker?.ended;
    this.#worker = null;
  }

  async stop(): Promise<void> {
    await this.rest();
    await Promise.all([this.#postgres?.stop(), this.#temporal?.stop()]);
    this.#postgres = this.#temporal = null;
  }

  /** Both servers must stand still. */
  keep(moment: string): void {
    for (const part of ['postgres', 'temporal'] satisfies Part[]) copy(join(this.#folder, 'data', part), join(this.#folder, moment, part));
  }

  restore(moments: Record<Part, string>): void {
    for (const part of ['postgres', 'temporal'] satisfies Part[]) copy(join(this.#folder, moments[part], part), join(this.#folder, 'data', part));
  }

  client(): Promise<Aftercare> {
    const { databaseUrl, temporalAddress: address, namespace } = this.servers;
    return Aftercare.connect({ databaseUrl, temporal: { address, namespace }, by: 'ada' });
  }

  /** The program, as an operator runs it. */
  reconcile(...args: string[]): Reconciliation & { status: number | null } {
    const { databaseUrl, temporalAddress, namespace } = this.servers;
    const { stdout, stderr, status } = spawnSync(process.execPath, [PROGRAM, 'doctor', '--reconcile', '--json', '--as', 'olga', ...args], {
      env: { ...bareEnvironment(), DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_NAMESPACE: namespace }, encoding: 'utf8', timeout: 120_000,
    });
    if (!stdout.startsWith('{')) throw new Error(`reconcile said: ${stdout}${stderr}`);
    return { ...(JSON.parse(stdout) as Reconciliation), status };
  }

  async close(): Promise<void> {
    await this.stop();
    this.#guard.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  if (process.platform === 'win32' || !existsSync('/bin/cp')) return cpSync(from, to, { recursive: true, preserveTimestamps: true });
  execFileSync('/bin/mkdir', ['-p', join(to, '..')]);
  execFileSync('/bin/cp', ['-a', from, to]);
}
