/** `aftercare retrain` and `aftercare retrainings`. */
import type { Command } from 'commander';
import { InvalidInput } from '../../domain/errors.js';
import type { Retraining } from '../../domain/retraining.js';
import { answerCommand, shellQuoted } from '../../domain/shell.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { ANSWER_IS_NO } from '../support/exit.js';
import { print, printJson, say } from '../support/output.js';
import { table } from '../terminal/table.js';

export function registerRetraining(program: Command): void {
  withStackOptions(program.command('retrain <model>'))
    .description('ask for a retraining: your own training is started (setting retraining.training), and its new version becomes a challenger')
    .option('--reason <sentence>', 'why', 'asked for by hand')
    .option('--key <key>', 'the same key is one request')
    .option('--wait', 'until it has ended; exit status 1 when it did not complete')
    .option('--stop <n>', 'stop retraining n instead')
    .addHelpText('after', `
Whoever asks has approved it, unless the settings name approvers (retraining.approval.approvers) and do not name you: then they are asked.

Examples:
  aftercare model settings loans --set 'retraining.training={"kind":"workflow","taskQueue":"training","workflowType":"trainLoans"}' retraining.mode=ask
  aftercare retrain loans --reason 'the new season began' --as maria --wait
  aftercare retrain loans --stop 3 --reason 'the data were wrong'`)
    .action((model: string, options: StackOptions & { reason: string; key?: string; wait?: boolean; stop?: string }) => withClient(options, async (client) => {
      if (options.stop !== undefined) {
        const number = numberOf(options.stop);
        await client.retraining.cancel(model, number, { reason: options.reason });
        if (options.wait) return ended(await client.retraining.wait(model, number), options.json, 'cancelled');
        return options.json ? printJson({ model, retraining: number, state: 'stopping' }) : print(`retraining ${number} of ${model} is being stopped`);
      }
      const asked = await client.retraining.request(model, { reason: options.reason, key: options.key });
      if (!options.wait) {
        if (options.json) return printJson({ model, ...asked });
        return print(asked.decision === null ? `retraining ${asked.number} of ${model} has been asked for: aftercare retrainings ${shellQuoted(model)} shows how it goes` : question(model, asked.number, asked.decision));
      }
      if (asked.decision !== null) say(question(model, asked.number, asked.decision));
      return ended(await client.retraining.wait(model, asked.number, { onState: (state) => { if (!options.json) say(`retraining ${asked.number}: ${state}`); } }), options.json);
    }));

  withStackOptions(program.command('retrainings <model>'))
    .description('the last retrainings with their outcome, newest first')
    .option('--limit <n>', 'at most so many', '20')
    .addHelpText('after', '\nExamples:\n  aftercare retrainings loans\n  aftercare retrainings loans --limit 5 --json')
    .action((model: string, options: StackOptions & { limit: string }) => withClient(options, async (client) => {
      const found = await client.retraining.list(model, { limit: numberOf(options.limit) });
      if (options.json) return printJson(found);
      if (found.length === 0) return print(`${model} has not been trained anew: aftercare retrain ${shellQuoted(model)}`);
      print(table(found.map((one) => ({
        retraining: one.number, state: one.state, version: one.version ?? '', asked: minute(one.askedAt), ended: minute(one.finishedAt), by: one.requestedBy, 'approved by': one.approvedBy ?? '', reason: one.reason, outcome: one.failure ?? '',
      }))));
    }));
}

function question(model: string, number: number, decision: string): string {
  return `retraining ${number} of ${model} waits for an approval: ${answerCommand(decision, 'approve')} --as NAME`;
}

function ended(retraining: Retraining, json: boolean | undefined, wanted: Retraining['state'] = 'completed'): void {
  if (retraining.state !== wanted) process.exitCode = ANSWER_IS_NO;
  if (json) return printJson(retraining);
  const { number, model, state, version, failure } = retraining;
  print(`retraining ${number} of ${model} is ${state}${version === null ? '' : `: version ${version} is a challenger`}${failure === null ? '' : `: ${failure}`}`);
}

const minute = (moment: string | null): string => moment?.slice(0, 16).replace('T', ' ') ?? '';

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidInput(`'${text}' is no whole number from 1 on`);
  return Number(text);
}
