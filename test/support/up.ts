/** Runs `aftercare up` as people do: a process of its own, from the built package. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface ReadyLine {
  ready: true;
  databaseUrl: string;
  temporalAddress: string;
  namespace: string;
  uiUrl: string;
  httpUrl: string | null;
  opsUrls: Record<string, string>;
  dataFolder: string;
  pid: number;
  pids: Record<string, number>;
}

export interface RunningUp {
  ready: ReadyLine;
  child: ChildProcess;
  /** What it has said on standard error so far. */
  said(): string;
  /** Resolves when standard error contains the text. */
  untilSaid(text: string | RegExp, timeoutMs?: number): Promise<void>;
  /** Sends a signal and waits for its end; how long that took, ms. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; elapsedMs: number }>;
}

export interface UpOptions {
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
}

/** Environment without what would lead `up` to servers that run already. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DATABASE_URL|TEMPORAL_|PG|AFTERCARE_DATA|NODE_OPTIONS|VITEST)/.test(name)));
}

/** @throws Error with all that it said when it ends before it is ready */
export async function startUp(args: string[], options: UpOptions = {}): Promise<RunningUp> {
  const child = spawn(process.execPath, [PROGRAM, 'up', '--json', ...args], { env: { ...bareEnvironment(), ...options.env }, stdio: ['ignore', 'pipe', 'pipe'], ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.gid }) });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const line = new Promise<string>((done) => child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.includes('\n')) done(output.slice(0, output.indexOf('\n')));
  }));
  const first = await Promise.race([line, exited.then((code) => new Error(`up ended with ${code}: ${errors}`))]);
  if (first instanceof Error) throw first;
  return {
    ready: JSON.parse(first) as ReadyLine,
    child,
    said: () => errors,
    untilSaid: async (text, timeoutMs = 60_000) => {
      const found = (): boolean => (typeof text === 'string' ? errors.includes(text) : text.test(errors));
      const end = Date.now() + timeoutMs;
      while (!found()) {
        if (Date.now() > end) throw new Error(`up did not say ${String(text)} within ${timeoutMs} ms, but: ${errors}`);
        await new Promise((done) => setTimeout(done, 50));
      }
    },
    end: async (signal) => {
      const started = Date.now();
      child.kill(signal);
      const code = await exited;
      return { code, elapsedMs: Date.now() - started };
    },
  };
}
