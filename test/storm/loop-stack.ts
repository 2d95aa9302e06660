/**
 * What the loop's story is told to: servers by one `up`, workers and pages by another, between them a line that can be bad; the people's mail and web server, and the team's own
 * worker. All of it can be killed.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { lastingPort } from '../support/ports.js';
import { bareEnvironment, startUp, type ReadyLine, type RunningUp } from '../support/up.js';
import type { Blow, LoopVictim } from './chaos.js';
import { describeRunning, killNamed, type Stage } from './storm.js';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const nothing = (): void => undefined;
const AGAIN_MS = 200;
const START_LIMIT_MS = 120_000;

/** One line of what the people's side got. */
export interface ReceivedLine {
  kind: 'mail' | 'webhook';
  /** Message-ID, or the id of the request. */
  id: string;
}

/** A program of the test's that is started again when it was killed. */
class Kept {
  #child: ChildProcess | null = null;
  #ended = false;
  /** Once: what never was ready is not started again. */
  #wasThere = false;

  constructor(private readonly name: string, private readonly program: string, private readonly args: string[], private readonly environment: () => NodeJS.ProcessEnv) {}

  /** @throws Error when it ends before it is ready */
  async start(): Promise<this> {
    if (!(await this.#begin())) throw new Error(`${this.name} ended before it was ready`);
    this.#wasThere = true;
    return this;
  }

  /** @returns false: it ended, or was killed, before it was ready */
  async #begin(): Promise<boolean> {
    const child = fork(here(this.program), this.args, { env: { ...this.environment(), AFTERCARE_STORM_NAME: this.name }, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child = child;
    const ended = once(child, 'exit').then(() => false);
    const ready = await Promise.race([once(child, 'message').then(() => true), ended]);
    void ended.then(() => this.#again(ready));
    return ready;
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** @returns when it says so */
  async ask(message: unknown, answer: string): Promise<void> {
    const child = this.#child!;
    child.send(message as object);
    while (((await once(child, 'message')) as unknown[])[0] !== answer);
  }

  end(): void {
    this.#ended = true;
    this.#child?.kill('SIGKILL');
  }

  async #again(wasReady: boolean): Promise<void> {
    if (this.#ended || (!wasReady && !this.#wasThere)) return;
    if (!wasReady) await delay(AGAIN_MS);
    await this.#begin();
  }
}

export class LoopStack implements Stage<Blow> {
  readonly #folder: string;
  #servers!: RunningUp;
  #services!: RunningUp;
  #serverArgs: string[] = [];
  #serviceArgs: string[] = [];
  #databaseUrl = '';
  #proxy!: Kept;
  #receivers!: Kept;
  #trainer!: Kept;
  #clocks: Record<string, number> = {};
  #webhook = '';

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Usual duration: 10 s. @param folder to which servers under another user may get */
  static async start(folder: string): Promise<LoopStack> {
    const stack = new LoopStack(folder);
    await stack.#start();
    return stack;
  }

  async #start(): Promise<void> {
    const port = async (): Promise<string> => String(await lastingPort());
    writeFileSync(this.#file('received.jsonl'), '');
    writeFileSync(this.#file('calls.jsonl'), '');
    this.#setClocks();
    const quiet = { trace: nothing, debug: nothing, info: nothing, log: nothing, warn: nothing, error: nothing };
    writeFileSync(this.#file('bundle.js'), (await bundleWorkflowCode({ workflowsPath: here('./trainer-workflows.mjs'), logger: quiet })).code);

    this.#serverArgs = ['--no-worker', '--data', this.#dataFolder('servers'), '--postgres-port', await port(), '--temporal-port', await port(), '--ui-port', await port()];
    this.#servers = await startUp(this.#serverArgs);
    const [proxyPort, smtpPort, webPort] = [await port(), await port(), await port()];
    const direct = new URL(this.#servers.ready.databaseUrl);
    this.#proxy = await new Kept('proxy', './proxy.mjs', [proxyPort, direct.port], bareEnvironment).start();
    direct.port = proxyPort;
    this.#databaseUrl = direct.href;
    this.#webhook = `http://127.0.0.1:${webPort}/hook`;
    this.#receivers = await new Kept('receivers', './receivers.mjs', [this.#file('received.jsonl'), smtpPort, webPort], bareEnvironment).start();
    this.#serviceArgs = ['--data', this.#dataFolder('services'), '--database-url', this.#databaseUrl, '--temporal-address', this.ready.temporalAddress, '--http-port', await port(), '--mail', `smtp://127.0.0.1:${smtpPort}`];
    [this.#services, this.#trainer] = await Promise.all([this.#startServices(), new Kept('trainer', './trainer.mjs', [this.#file('bundle.js'), this.#file('calls.jsonl')], () => ({ ...bareEnvironment(), ...this.environment() })).start()]);
  }

  /** Not through the line that can be bad. */
  get ready(): ReadyLine {
    return this.#servers.ready;
  }

  /** What the people's side got, in order. */
  received(): ReceivedLine[] {
    return this.#lines('received.jsonl') as ReceivedLine[];
  }

  /** What the team's switch was called with, in order. */
  calls(): Record<string, unknown>[] {
    return this.#lines('calls.jsonl') as Record<string, unknown>[];
  }

  // ---- Stage ---------------------------------------------------------------------------------------------------------------------------

  environment(): Record<string, string> {
    const { temporalAddress, namespace } = this.ready;
    return {
      DATABASE_URL: this.#databaseUrl, TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_NAMESPACE: namespace,
      AFTERCARE_STORM_RECEIVED: this.#file('received.jsonl'), AFTERCARE_STORM_WEBHOOK: this.#webhook, ...this.#wrongClocks(), AFTERCARE_STORM_NAME: 'client',
    };
  }

  said(): string {
    return `${this.#servers.said()}\n${this.#services.said()}`;
  }

  standing(): Promise<string> {
    return describeRunning(this.ready);
  }

  async strike(blow: Blow, killClient: () => void): Promise<string> {
    if (blow.kind === 'weather') {
      await this.#proxy.ask({ weather: blow.weather, ms: blow.ms }, 'clear');
      return `${blow.weather} line`;
    }
    this.#clocks = { ...this.#clocks, ...Object.fromEntries((blow.victim === 'up' ? ['worker-main', 'worker-numeric', 'http'] : [blow.victim]).map((name) => [name, blow.clockMs])) };
    this.#setClocks();
    if (blow.victim === 'client') killClient();
    else await this.#kill(blow.victim);
    return `${blow.victim}${blow.clockMs === 0 ? '' : ` (back with its clock ${blow.clockMs / 3_600_000} h wrong)`}`;
  }

  async #kill(victim: Exclude<LoopVictim, 'client'>): Promise<void> {
    switch (victim) {
      case 'postgres': case 'temporal': return killNamed(this.#servers, victim);
      case 'worker-main': case 'worker-numeric': case 'http': return killNamed(this.#services, victim);
      case 'receivers': return this.#receivers.kill();
      case 'trainer': return this.#trainer.kill();
      case 'up': {
        await Promise.all([this.#servers.end('SIGKILL'), this.#services.end('SIGKILL')]);
        // Their guards need a moment to end the others; a person is not faster.
        this.#servers = await startUp(this.#serverArgs);
        this.#services = await this.#startServices();
      }
    }
  }

  /** Right clocks for the next telling, which begins with everything there. */
  async calmDown(): Promise<void> {
    const wrong = Object.entries(this.#clocks).filter(([, ms]) => ms !== 0).map(([name]) => name);
    this.#clocks = {};
    this.#setClocks();
    for (const name of wrong) if (name !== 'client' && name !== 'up') await this.#kill(name as Exclude<LoopVictim, 'client'>);
  }

  async end(): Promise<void> {
    for (const kept of [this.#trainer, this.#receivers]) kept?.end();
    await this.#services?.end('SIGINT');
    await this.#servers?.end('SIGINT');
    this.#proxy?.end();
  }

  // ---- means ---------------------------------------------------------------------------------------------------------------------------

  /** While the line is bad it gives up with a reason: whoever keeps it running starts it again. */
  async #startServices(): Promise<RunningUp> {
    for (const until = Date.now() + START_LIMIT_MS; ;) {
      try {
        return await startUp(this.#serviceArgs, { env: this.#wrongClocks() });
      } catch (error) {
        if (Date.now() > until || !/cannot reach the database/.test((error as Error).message)) throw error;
        await delay(AGAIN_MS);
      }
    }
  }

  #wrongClocks(): Record<string, string> {
    return { NODE_OPTIONS: `--import=${new URL('./clock.mjs', import.meta.url).href}`, AFTERCARE_STORM_CLOCKS: this.#file('clocks.json') };
  }

  #setClocks(): void {
    writeFileSync(this.#file('clocks.json'), JSON.stringify(this.#clocks));
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  #dataFolder(name: string): string {
    const path = this.#file(name);
    mkdirSync(path, { recursive: true, mode: 0o711 });
    return path;
  }

  #lines(name: string): unknown[] {
    return readFileSync(this.#file(name), 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
  }
}
