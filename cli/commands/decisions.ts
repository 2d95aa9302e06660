/** `aftercare decisions` and `aftercare decide`. */
import type { Command } from 'commander';
import { ANSWERS, type Answer } from '../../domain/decision.js';
import { InvalidInput } from '../../domain/errors.js';
import { answerCommand } from '../../domain/shell.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson } from '../support/output.js';
import { table } from '../terminal/table.js';

export function registerDecisions(program: Command): void {
  withStackOptions(program.command('decisions [model]'))
    .description('questions that wait for a person')
    .option('--all', 'answered ones as well')
    .addHelpText('after', '\nExamples:\n  aftercare decisions\n  aftercare decisions loans --all --json')
    .action((model: string | undefined, options: StackOptions & { all?: boolean }) => withClient(options, async (client) => {
      const decisions = await client.decisions({ model, all: options.all ?? false });
      if (options.json) return printJson(decisions);
      if (decisions.length === 0) return print('no decision waits');
      print(table(decisions.map((d) => ({ decision: d.id, model: d.model, state: d.state, question: d.question, answer: d.answer ?? '', by: d.answeredBy ?? '', deadline: d.deadlineAt.slice(0, 16).replace('T', ' ') }))));
      const waiting = decisions.find((d) => d.state === 'waiting');
      if (waiting) print(`answer with: ${answerCommand(waiting.id, waiting.options[0])} (or ${waiting.options.slice(1).join(', ')})`);
    }));

  withStackOptions(program.command('decide <decision> <answer>'))
    .description(`answer a decision, once: ${ANSWERS.join(', ')}`)
    .option('--note <text>', 'why')
    .addHelpText('after', `
Example:
  aftercare decide 1/estimated_performance/roc_auc/000005/1 acknowledge --note 'known campaign' --as maria`)
    .action((decision: string, answer: string, options: StackOptions & { note?: string }) => withClient(options, async (client) => {
      const recorded = await client.decide(decision, { answer: answerOf(answer), note: options.note });
      if (options.json) return printJson(recorded);
      print(`${recorded.id}: ${recorded.answer}, by ${recorded.answeredBy}`);
    }));
}

export function answerOf(text: string): Answer {
  const found = ANSWERS.find((answer) => answer === text);
  if (!found) throw new InvalidInput(`answer '${text}' is none of ${ANSWERS.join(', ')}`);
  return found;
}
