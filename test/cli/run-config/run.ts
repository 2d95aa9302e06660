/** Calls `aftercare run-config` in this process and hears what it says. */
import { Command } from 'commander';
import { vi } from 'vitest';
import { registerRunConfig } from '../../../cli/commands/run-config.js';

export interface Heard {
  out: string;
  err: string;
  exitCode: number;
}

/** What it throws goes through. */
export async function runConfigCommand(...args: string[]): Promise<Heard> {
  const heard: Heard = { out: '', err: '', exitCode: 0 };
  const listen = (stream: 'out' | 'err') => (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    heard[stream] += chunk.toString();
    const done = rest.at(-1);
    if (typeof done === 'function') (done as () => void)();
    return true;
  };
  const spies = [vi.spyOn(process.stdout, 'write').mockImplementation(listen('out')), vi.spyOn(process.stderr, 'write').mockImplementation(listen('err'))];
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    const program = new Command('aftercare').exitOverride();
    registerRunConfig(program);
    await program.parseAsync(['run-config', ...args], { from: 'user' });
    heard.exitCode = process.exitCode;
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
  return heard;
}
