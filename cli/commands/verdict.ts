/** `aftercare verdict`, `aftercare gate`, `aftercare gates`. */
import { InvalidArgumentError, type Command } from 'commander';
import type { Gate } from '../../domain/gate.js';
import type { MetricComparison, Verdict } from '../../domain/challenge.js';
import { parseDuration } from '../../domain/duration.js';
import { InvalidInput } from '../../domain/errors.js';
import { answerCommand } from '../../domain/shell.js';
import { chance, digits, signed } from '../../domain/verdict-text.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { ANSWER_IS_NO } from '../support/exit.js';
import { print, printJson, say } from '../support/output.js';
import { differenceBar, reachOf } from '../terminal/difference-bar.js';
import { table } from '../terminal/table.js';

/** Of `gate`: told apart from "no", because a person may still let the batch through. */
const HELD = 3;
const CANNOT_KNOW = 4;

interface VerdictOptions extends StackOptions {
  compute?: boolean;
  against?: number;
  metric?: string;
  rope?: number;
  certainty?: number;
}

interface GateOptions extends StackOptions {
  metric: string;
  atLeast?: number;
  atMost?: number;
  minRows?: number;
  approver?: string[];
  deadline?: string;
  wait?: boolean;
}

export function registerVerdict(program: Command): void {
  withStackOptions(program.command('verdict <model> [version]'))
    .description('how a challenger compares with the version in charge, on the rows that both answered')
    .option('--compute', 'compute one now (default: the newest one that its challenge gave)')
    .option('--against <version>', 'compare with this version instead of the one in charge (with --compute)', numberOf)
    .option('--metric <name>', 'instead of the one that the settings name (with --compute)')
    .option('--rope <size>', 'half the width of the region of practical equivalence, in the metric\'s unit (with --compute)', numberOf)
    .option('--certainty <probability>', 'from which on a judgement is given (with --compute)', numberOf)
    .addHelpText('after', `
Examples:
  aftercare verdict loans                     the newest challenger
  aftercare verdict loans 2 --compute --metric f1
  aftercare verdict loans --json`)
    .action((model: string, version: string | undefined, options: VerdictOptions) => withClient(options, async (client) => {
      const { compute = false, against, metric, rope, certainty } = options;
      if (!compute && (against ?? metric ?? rope ?? certainty) !== undefined) throw new InvalidInput('--against, --metric, --rope and --certainty are for a verdict of now: add --compute');
      const verdict = await client.verdict(model, { version: version === undefined ? undefined : numberOf(version), against, compute, settings: { ...(metric === undefined ? {} : { metric }), ...(rope === undefined ? {} : { rope }), ...(certainty === undefined ? {} : { certainty }) } });
      if (options.json) return printJson(verdict);
      show(verdict);
    }));

  withStackOptions(program.command('gate <model> <batch>'))
    .description('may this batch\'s predictions be used? Answered by its estimated quality; a batch that is held waits for a person')
    .requiredOption('--metric <name>', 'an estimated metric, e.g. roc_auc')
    .option('--at-least <value>', 'the estimate must not be below (default: the lower threshold in force)', numberOf)
    .option('--at-most <value>', 'the estimate must not be above (default: the upper threshold in force)', numberOf)
    .option('--min-rows <n>', 'rows that an estimate needs (default: 100)', numberOf)
    .option('--approver <name...>', 'who may release it (default: anybody who is named)')
    .option('--deadline <duration>', 'a hold that nobody answers by then is rejected, e.g. 12h (default: 7d)')
    .option('--wait', 'wait until a held batch is released or rejected')
    .addHelpText('after', `
A batch is asked about once: the first answer stands.

Exit status: 0 pass (or released), 1 rejected, 2 wrong use, 3 held, 4 cannot know.

Examples:
  aftercare gate loans 2024-05-02 --metric roc_auc --at-least 0.9
  aftercare gate loans 2024-05-02 --metric roc_auc --approver maria --wait && ./use-predictions.sh`)
    .action((model: string, batch: string, options: GateOptions) => withClient(options, async (client) => {
      const { metric, atLeast, atMost, minRows, approver, deadline } = options;
      let gate = await client.gate(model, batch, {
        metric, ...(atLeast === undefined ? {} : { atLeast }), ...(atMost === undefined ? {} : { atMost }), ...(minRows === undefined ? {} : { minRows }),
        ...(approver === undefined ? {} : { approvers: approver }), ...(deadline === undefined ? {} : { deadlineMs: parseDuration(deadline) }),
      });
      if (gate.state === 'held' && options.wait) {
        if (!options.json) say(`${gate.text}: held; ${howToAnswer(gate)}`);
        gate = await client.gateState(model, batch, { wait: true });
      }
      process.exitCode = statusOf(gate);
      if (options.json) return printJson(gate);
      print(`${gate.text}: ${describe(gate)}`);
      if (gate.state === 'held') print(howToAnswer(gate));
    }));

  withStackOptions(program.command('gates <model>'))
    .description('batches that were asked about before their predictions were used, and who let them through')
    .option('--held', 'only those that wait for a person')
    .addHelpText('after', '\nExamples:\n  aftercare gates loans --held\n  aftercare gates loans --json')
    .action((model: string, options: StackOptions & { held?: boolean }) => withClient(options, async (client) => {
      const gates = await client.gates(model, { held: options.held });
      if (options.json) return printJson(gates);
      if (gates.length === 0) return print(options.held ? `no batch of '${model}' is held` : `no batch of '${model}' was asked about: aftercare gate asks`);
      print(table(gates.map((gate) => ({ batch: gate.batch, state: gate.state, metric: gate.rule.metric, value: gate.value, 'at least': gate.lower, 'at most': gate.upper, rows: gate.rows, by: gate.decidedBy ?? '' }))));
      const held = gates.find(({ state }) => state === 'held');
      if (held) print(howToAnswer(held));
    }));
}

function show({ text, comparison, segments, guardrails }: Verdict): void {
  print(text);
  const rows: [string, MetricComparison][] = [['all rows', comparison], ...Object.entries(segments).sort(([a], [b]) => (a < b ? -1 : 1))];
  const rope = comparison.rope ?? 0;
  const reach = reachOf(rows.flatMap(([, { difference }]) => (difference ? [difference] : [])), rope);
  print(table(rows.map(([name, one]) => ({
    rows: name, pairs: one.pairs, champion: one.champion === null ? null : digits(one.champion), challenger: one.challenger === null ? null : digits(one.challenger),
    difference: one.difference ? signed(one.difference.mean) : null, better: one.probability ? chance(one.probability.better) : null, worse: one.probability ? chance(one.probability.worse) : null,
    equivalent: one.probability ? chance(one.probability.equivalent) : null, verdict: one.judgement, '95 % interval': one.difference ? differenceBar(one.difference, rope, reach) : '',
  }))));
  for (const check of guardrails) print(`${check.kept === null ? 'not known' : check.kept ? 'kept' : 'NOT KEPT'}: ${check.text}`);
}

function statusOf({ state }: Gate): number {
  switch (state) {
    case 'passed': case 'released': return 0;
    case 'rejected': return ANSWER_IS_NO;
    case 'held': return HELD;
    case 'unknown': return CANNOT_KNOW;
  }
}

function describe({ state, decidedBy }: Gate): string {
  if (state === 'unknown') return 'cannot know';
  return decidedBy === null ? state : `${state} by ${decidedBy}`;
}

function howToAnswer({ decisionId }: Gate): string {
  return decisionId === null ? '' : `answer with: ${answerCommand(decisionId, 'release')} (or reject)`;
}

function numberOf(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError(`'${text}' is no number`);
  return value;
}
