/** The worker as operators run it: a process of its own, from the built package. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface WorkerProcess {
  readonly pid: number;
  readonly lines: string[];
  /** Resolves when it polls. @throws when it ended before */
  ready(): Promise<void>;
  /** Resolves when it has said such a line. */
  says(pattern: RegExp, withinMs?: number): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Exit status, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>;
  process: ChildProcess;
}

export interface Servers {
  databaseUrl: string;
  temporalAddress: string;
  namespace: string;
}

const program = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

export function startWorkerProcess({ databaseUrl, temporalAddress, namespace }: Servers, queues = 'main,numeric', env: Record<string, string> = {}): WorkerProcess {
  if (!existsSync(program)) throw new Error("dist/ is missing: run 'npm run build' before these tests");
  const child = spawn(process.execPath, [program, 'worker', '--queues', queues], {
    env: { ...process.env, DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_NAMESPACE: namespace, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const lines: string[] = [];
  let rest = '';
  const onText = (text: string): void => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    lines.push(...parts);
  };
  for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', onText);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  const polling = new Promise<void>((resolve) => child.on('message', () => resolve()));
  return {
    pid: child.pid!, lines, ended, process: child,
    async ready() {
      const outcome = await Promise.race([polling.then(() => 'ready' as const), ended]);
      if (outcome !== 'ready') throw new Error(`the worker ended (${outcome}): ${lines.join(' | ')}`);
    },
    async says(pattern, withinMs = 30_000) {
      for (const until = Date.now() + withinMs; Date.now() < until;) {
        const line = lines.find((candidate) => pattern.test(candidate));
        if (line !== undefined) return line;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`the worker did not say ${pattern}: ${lines.join(' | ')}`);
    },
    signal: (name) => void child.kill(name),
  };
}
