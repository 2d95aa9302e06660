/** Keeps one process alive: when it ends unasked it is started again, sooner the first times, at most every 10 s. */
import { describeExit, type ExitStatus } from './processes.js';

export interface KeptProcess {
  pid: number;
  exited: Promise<ExitStatus>;
  stop(): Promise<void>;
}

/** A keeper, whatever it keeps. */
export interface Kept {
  readonly name: string;
  readonly current: KeptProcess | null;
  stop(): Promise<void>;
  restart(): Promise<void>;
}

export interface KeeperOptions<P extends KeptProcess> {
  name: string;
  start: () => Promise<P>;
  /** One line per end and per new start. */
  onEvent: (line: string) => void;
  /** Told of every process that has been started, the first one as well. */
  onStarted: (started: P) => void | Promise<void>;
  onEnded: (pid: number) => void;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** A process that lived this long was well: its next end is treated as a first one. */
const WELL_AFTER_MS = 5_000;

export class Keeper<P extends KeptProcess> implements Kept {
  readonly #options: KeeperOptions<P>;
  #current: P | null = null;
  #stopping = false;
  #pauseMs = FIRST_PAUSE_MS;
  #wake: () => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions<P>) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get current(): P | null {
    return this.#current;
  }

  /** First start: what goes wrong here is the caller's to hear. */
  async begin(): Promise<P> {
    const started = await this.#start();
    this.#loop = this.#keep(started);
    return started;
  }

  /** Ends the process for good; a new start that is under way is waited for and ended as well. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#current?.stop();
    await this.#loop;
  }

  /** Ends the process so that it is started anew (its surroundings have changed). */
  async restart(): Promise<void> {
    this.#pauseMs = FIRST_PAUSE_MS;
    await this.#current?.stop();
  }

  async #start(): Promise<P> {
    const started = await this.#options.start();
    this.#current = started;
    await this.#options.onStarted(started);
    return started;
  }

  async #keep(first: P): Promise<void> {
    let running: P | null = first;
    for (;;) {
      if (running !== null) {
        const startedAt = Date.now();
        const { pid } = running;
        const status = await running.exited;
        this.#current = null;
        this.#options.onEnded(pid);
        if (this.#stopping) return;
        if (Date.now() - startedAt > WELL_AFTER_MS) this.#pauseMs = FIRST_PAUSE_MS;
        this.#options.onEvent(`${this.name} (process ${pid}) has ended (${describeExit(status)}): starting it again`);
      }
      await this.#pause();
      if (this.#stopping) return;
      try {
        running = await this.#start();
        this.#options.onEvent(`${this.name} runs again (process ${running.pid})`);
      } catch (error) {
        running = null;
        if (!this.#stopping) this.#options.onEvent(`${this.name} could not be started: ${error instanceof Error ? error.message : String(error)}; trying again in ${this.#pauseMs / 1000} s`);
      }
      if (this.#stopping) {
        await this.#current?.stop();
        return;
      }
    }
  }

  async #pause(): Promise<void> {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    await new Promise<void>((done) => {
      const timer = setTimeout(done, pauseMs);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}
