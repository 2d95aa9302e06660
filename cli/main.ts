#!/usr/bin/env node
/** The command line's beginning and end: what was called, and with which status it ends. */
import { CommanderError } from 'commander';
import { buildProgram } from './program.js';
import { DONE, explain, WRONG_USE } from './support/exit.js';

async function main(): Promise<void> {
  try {
    await (await buildProgram(process.argv[2])).parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? DONE : WRONG_USE;
      return;
    }
    process.stderr.write(`aftercare: ${explain(error)}\n`);
    if (process.env.AFTERCARE_DEBUG && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    process.exitCode = WRONG_USE;
  }
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(DONE);   // the reader (head, less) has seen enough
  throw error;
});
await main();
