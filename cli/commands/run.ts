/** `aftercare run`: a monitoring run by hand; `aftercare runs`: those that were. */
import type { Command } from 'commander';
import { formatDuration } from '../../domain/duration.js';
import type { RunSummary } from '../../domain/run.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { ANSWER_IS_NO } from '../support/exit.js';
import { print, printJson, progressBar, say } from '../support/output.js';
import { table } from '../terminal/table.js';

export function registerRun(program: Command): void {
  withStackOptions(program.command('run <model>'))
    .description('compute what changed since the last run: only chunks with new rows, targets or settings')
    .option('--full', 'compute every chunk anew')
    .option('--no-wait', 'return as soon as the run is accepted')
    .addHelpText('after', `
Examples:
  aftercare run loans
  aftercare run loans --no-wait --json
Exit status 1 when the run failed or was cancelled.`)
    .action((model: string, options: StackOptions & { full?: boolean; wait: boolean }) => withClient(options, async (client) => {
      if (!options.wait) {
        const ticket = await client.requestRun(model, { full: options.full });
        if (options.json) return printJson(ticket);
        return print(`run ${ticket.runNumber} of ${model} is accepted (workflow ${ticket.workflowId})`);
      }
      const bar = progressBar(`run ${model}`, 'parts', options.json);
      const run = await client.run(model, { full: options.full, onProgress: (p) => bar.update(p.done, Math.max(p.of, 1), `${p.step} ${p.done}/${p.of}`) }).finally(() => bar.stop());
      if (options.json) printJson(run);
      else print(describeRun(run));
      if (run.state !== 'completed') process.exitCode = ANSWER_IS_NO;
    }));

  withStackOptions(program.command('runs <model>')).description('runs of a model, newest first')
    .option('--limit <n>', 'how many', '20')
    .option('--cancel <number>', 'cancel an active run')
    .addHelpText('after', '\nExamples:\n  aftercare runs loans\n  aftercare runs loans --cancel 7')
    .action((model: string, options: StackOptions & { limit: string; cancel?: string }) => withClient(options, async (client) => {
      if (options.cancel !== undefined) {
        await client.cancelRun(model, Number(options.cancel));
        if (!options.json) say(`run ${options.cancel} is asked to stop`);
      }
      const runs = (await client.runs(model, { limit: Number(options.limit) }));
      if (options.json) return printJson(runs);
      print(runs.length === 0 ? `${model} has no run yet` : table(runs.map((run) => ({
        run: run.number, state: run.state, trigger: run.trigger, 'batches to': run.horizon, chunks: `${run.chunksComputed} of ${run.chunks}`, 'rows read': run.rowsRead, alerts: run.alerts,
        failures: run.failures.length, took: run.elapsedMs === null ? '' : formatDuration(run.elapsedMs),
      }))));
    }));
}

export function describeRun(run: RunSummary): string {
  const lines = [`run ${run.number} of ${run.model}: ${run.state}, ${run.chunksComputed} of ${run.chunks} chunks computed, ${run.rowsRead.toLocaleString('en')} rows read, ${run.alerts} alert(s)${run.elapsedMs === null ? '' : `, ${formatDuration(run.elapsedMs)}`}`];
  for (const failure of run.failures) lines.push(`  ${failure.calculator}${failure.segment ? ` in ${failure.segment}` : ''} could not ${failure.stage}: ${failure.message}`);
  for (const note of run.notes) lines.push(`  ${note}`);
  return lines.join('\n');
}
