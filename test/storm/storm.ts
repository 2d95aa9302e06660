/** Tells the story to a real stack, and kills what it stands on meanwhile. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Receipt } from '../../domain/batch.js';
import { readRunningStack } from '../../embedded/stack-file.js';
import { bareEnvironment, startUp, type ReadyLine, type RunningUp } from '../support/up.js';
import type { Kill, Victim } from './chaos.js';

const STORY = fileURLToPath(new URL('./story.mjs', import.meta.url));
/** A story that a storm makes longer than this hangs. */
const STORY_LIMIT_MS = 240_000;
const CLIENT_PAUSE_MS = 200;
/** Recovery after a kill, on a machine that is busy with other tests. */
const RESTART_LIMIT_MS = 60_000;

/** A stack that outlives the kill of its own supervisor: it is started again on the same data. */
export class StormStack {
  #up: RunningUp;
  readonly #args: string[];

  private constructor(up: RunningUp, args: string[]) {
    this.#up = up;
    this.#args = args;
  }

  static async start(args: string[]): Promise<StormStack> {
    return new StormStack(await startUp(args), args);
  }

  get ready(): ReadyLine {
    return this.#up.ready;
  }

  said(): string {
    return this.#up.said();
  }

  /** Kills with SIGKILL. A process that is just being started again is waited for. */
  async kill(victim: Exclude<Victim, 'client'>): Promise<void> {
    if (victim === 'up') {
      await this.#up.end('SIGKILL');
      // Its guard needs a moment to end the others; a person is not faster.
      this.#up = await startUp(this.#args);
      return;
    }
    for (const end = Date.now() + RESTART_LIMIT_MS; Date.now() < end; ) {
      const pid = readRunningStack(this.ready.dataFolder)?.pids[victim];
      if (pid !== undefined) {
        try {
          process.kill(pid, 'SIGKILL');
          return;
        } catch {
          // It has ended meanwhile and has not been missed yet.
        }
      }
      await delay(50);
    }
    throw new Error(`${victim} did not come back within ${RESTART_LIMIT_MS / 1000} s: ${this.#up.said()}`);
  }

  async end(): Promise<void> {
    await this.#up.end('SIGINT');
  }
}

export interface Told {
  elapsedMs: number;
  /** By key: what was acknowledged, by the first answer that came through. */
  receipts: Map<string, Receipt>;
  /** How often the client process was started. */
  clientStarts: number;
  /** What was killed, as it happened. */
  killed: string[];
}

/** @throws Error with all that was said when the story does not come to its end */
export async function tell(stack: StormStack, model: string, kills: readonly Kill[]): Promise<Told> {
  const started = Date.now();
  const receipts = new Map<string, Receipt>();
  const killed: string[] = [];
  const pending: Promise<void>[] = [];
  const errors: string[] = [];
  let furthest = -1;
  let clientStarts = 0;
  let running: ChildProcess | null = null;

  const strike = async ({ step, delayMs, victim }: Kill): Promise<void> => {
    await delay(delayMs);
    killed.push(`${victim} ${delayMs} ms into step ${step}`);
    if (victim === 'client') running?.kill('SIGKILL');
    else await stack.kill(victim);
  };
  const heard = (line: string): void => {
    if (line.startsWith('receipt ')) {
      const receipt = JSON.parse(line.slice('receipt '.length)) as Receipt;
      if (!receipts.has(receipt.key)) receipts.set(receipt.key, receipt);
      return;
    }
    const step = Number(line);
    if (!(step > furthest)) return;
    furthest = step;
    for (const kill of kills) {
      if (kill.step !== step) continue;
      const struck = strike(kill);
      // It is looked at when the story has ended; until then a failure must not count as unhandled.
      struck.catch(() => undefined);
      pending.push(struck);
    }
  };

  for (;;) {
    clientStarts++;
    const outcome = await new Promise<'done' | 'again'>((settle) => {
      const client = spawn(process.execPath, [STORY, model], { env: { ...bareEnvironment(), DATABASE_URL: stack.ready.databaseUrl, TEMPORAL_ADDRESS: stack.ready.temporalAddress, TEMPORAL_NAMESPACE: stack.ready.namespace }, stdio: ['ignore', 'pipe', 'pipe'] });
      running = client;
      let rest = '';
      let done = false;
      client.stdout.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (line === 'done') done = true;
          else heard(line);
        }
      });
      client.stderr.on('data', (chunk: Buffer) => void errors.push(chunk.toString()));
      const limit = setTimeout(() => client.kill('SIGKILL'), Math.max(0, started + STORY_LIMIT_MS - Date.now()));
      client.once('close', () => {
        clearTimeout(limit);
        settle(done ? 'done' : 'again');
      });
    });
    if (outcome === 'done') break;
    if (Date.now() - started > STORY_LIMIT_MS) throw new Error(`the story of ${model} did not end within ${STORY_LIMIT_MS / 1000} s (step ${furthest}; killed: ${killed.join(', ') || 'nothing'}): ${errors.slice(-5).join('')}\n${stack.said()}`);
    await delay(CLIENT_PAUSE_MS);
  }
  // A kill that came after the story's last step still counts: what it leaves must be right as well.
  await Promise.all(pending);
  return { elapsedMs: Date.now() - started, receipts, clientStarts, killed };
}
