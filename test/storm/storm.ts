/** Tells the story to a real stack, and kills what it stands on meanwhile. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
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

  /** Kills with SIGKILL. */
  async kill(victim: Exclude<Victim, 'client'>): Promise<void> {
    if (victim !== 'up') return killNamed(this.#up, victim);
    await this.#up.end('SIGKILL');
    // Its guard needs a moment to end the others; a person is not faster.
    this.#up = await startUp(this.#args);
  }

  /** What a client needs to find it. */
  environment(): Record<string, string> {
    const { databaseUrl, temporalAddress, namespace } = this.ready;
    return { DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_NAMESPACE: namespace };
  }

  async end(): Promise<void> {
    await this.#up.end('SIGINT');
  }
}

/** With SIGKILL, one process that this `up` keeps alive. One that is just being started again is waited for. */
export async function killNamed(up: RunningUp, name: string): Promise<void> {
  for (const end = Date.now() + RESTART_LIMIT_MS; Date.now() < end; ) {
    const pid = readRunningStack(up.ready.dataFolder)?.pids[name];
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
  throw new Error(`${name} did not come back within ${RESTART_LIMIT_MS / 1000} s: ${up.said()}`);
}

/** Every running workflow with what it waits for; of a stack that answers. */
export async function describeRunning({ temporalAddress, namespace }: Pick<ReadyLine, 'temporalAddress' | 'namespace'>): Promise<string> {
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    const client = new Client({ connection, namespace });
    const lines: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
      const { raw, historyLength } = await client.workflow.getHandle(workflowId).describe();
      const waits = [
        ...(raw.pendingActivities ?? []).map(({ activityType, attempt, state, lastFailure }) => `${activityType?.name ?? '?'} (attempt ${attempt ?? '?'}, state ${state ?? '?'}${lastFailure ? `, ${lastFailure.message ?? ''}` : ''})`),
        ...(raw.pendingWorkflowTask ? [`its workflow task (attempt ${raw.pendingWorkflowTask.attempt ?? '?'})`] : []),
      ];
      lines.push(`${workflowId}, ${historyLength} events: ${waits.length === 0 ? 'waits for nothing that is due' : waits.join('; ')}`);
    }
    return lines.join('\n');
  } finally {
    await connection.close();
  }
}

/** What a story is told to, and what happens to it. */
export interface Stage<K extends { step: number; delayMs: number }> {
  /** Of the client, besides the usual. */
  environment(): Record<string, string>;
  /** @param killClient with SIGKILL @returns what happened, for people */
  strike(blow: K, killClient: () => void): Promise<string>;
  said(): string;
  /** What runs and what it waits for: told when a story hangs. */
  standing(): Promise<string>;
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

/** The first story. @throws Error with all that was said when the story does not come to its end */
export function tell(stack: StormStack, model: string, kills: readonly Kill[]): Promise<Told> {
  const stage: Stage<Kill> = {
    environment: () => stack.environment(), said: () => stack.said(), standing: () => describeRunning(stack.ready),
    strike: async ({ victim }, killClient) => {
      if (victim === 'client') killClient();
      else await stack.kill(victim);
      return victim;
    },
  };
  return tellStory(STORY, stage, model, kills, STORY_LIMIT_MS);
}

/**
 * Runs a story's program until it has come to its end, again after every kill of it; blows fall as its steps begin for the first time.
 *
 * @param limitMs a story that takes longer hangs @throws Error with all that was said when the story does not come to its end
 */
export async function tellStory<K extends { step: number; delayMs: number }>(program: string, stage: Stage<K>, model: string, blows: readonly K[], limitMs: number): Promise<Told> {
  const started = Date.now();
  const receipts = new Map<string, Receipt>();
  const killed: string[] = [];
  const pending: Promise<void>[] = [];
  const errors: string[] = [];
  let furthest = -1;
  let clientStarts = 0;
  let running: ChildProcess | null = null;
  let failure: Error | null = null;

  const strike = async (blow: K): Promise<void> => {
    await delay(blow.delayMs);
    const at = killed.push('') - 1;
    killed[at] = `${await stage.strike(blow, () => running?.kill('SIGKILL'))} ${blow.delayMs} ms into step ${blow.step}`;
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
    for (const blow of blows) {
      if (blow.step !== step) continue;
      const struck = strike(blow);
      // What could not be brought back keeps the story from ever ending.
      struck.catch((error: unknown) => {
        failure ??= error as Error;
        running?.kill('SIGKILL');
      });
      pending.push(struck);
    }
  };

  for (;;) {
    clientStarts++;
    const outcome = await new Promise<'done' | 'again'>((settle) => {
      const client = spawn(process.execPath, [program, model], { env: { ...bareEnvironment(), ...stage.environment() }, stdio: ['ignore', 'pipe', 'pipe'] });
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
      const limit = setTimeout(() => client.kill('SIGKILL'), Math.max(0, started + limitMs - Date.now()));
      client.once('close', () => {
        clearTimeout(limit);
        settle(done ? 'done' : 'again');
      });
    });
    if (outcome === 'done') break;
    if (failure !== null) throw failure as Error;
    if (Date.now() - started > limitMs) throw new Error(`the story of ${model} did not end within ${limitMs / 1000} s (step ${furthest}; killed: ${killed.join(', ') || 'nothing'}): ${errors.slice(-5).join('')}\n${stage.said()}\n${await stage.standing().catch(String)}`);
    await delay(CLIENT_PAUSE_MS);
  }
  // A kill that came after the story's last step still counts: what it leaves must be right as well.
  await Promise.all(pending);
  return { elapsedMs: Date.now() - started, receipts, clientStarts, killed };
}
