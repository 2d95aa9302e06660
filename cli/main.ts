#!/usr/bin/env node
/** The command line. Everything it does is one call of the typed client; what is here is words. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { registerAlerts } from './commands/alerts.js';
import { registerAppend } from './commands/append.js';
import { registerCalculate } from './commands/calculate.js';
import { registerDecisions } from './commands/decisions.js';
import { registerDemo } from './commands/demo.js';
import { registerDoctor } from './commands/doctor.js';
import { registerModel } from './commands/model.js';
import { registerReport } from './commands/report.js';
import { registerResults } from './commands/results.js';
import { registerRun } from './commands/run.js';
import { registerUp } from './commands/up.js';
import { registerWorker } from './commands/worker.js';
import { DONE, explain, WRONG_USE } from './support/exit.js';

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

export function buildProgram(): Command {
  const program = new Command('aftercare')
    .description('Durable monitoring for machine-learning models in production, on Temporal and Postgres')
    .version(version())
    .showHelpAfterError("(add --help for what is possible)")
    .addHelpText('after', `
First steps:
  aftercare demo                                          see a real model monitored, from first inference to a decision
  aftercare up                                            start everything on this machine
  aftercare model create loans --reference ref.csv --target repaid
  aftercare append loans today.csv && aftercare run loans && aftercare results loans

Exit status: 0 done, 1 the answer is no, 2 wrong use or input.`);
  for (const register of [registerDemo, registerUp, registerModel, registerAppend, registerRun, registerResults, registerAlerts, registerDecisions, registerReport, registerCalculate, registerWorker, registerDoctor]) register(program);
  overrideExits(program);
  return program;
}

/** Commander ends the process with 1 on wrong use; ours is 2, and it is decided in one place. */
function overrideExits(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) overrideExits(sub);
}

async function main(): Promise<void> {
  try {
    await buildProgram().parseAsync(process.argv);
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
