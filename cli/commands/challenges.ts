/** `aftercare challenges`, `aftercare promote`, `aftercare rollback`. */
import type { Command } from 'commander';
import type { Challenge, ChallengeState, RequestedPromotion, Verdict } from '../../client/index.js';
import { InvalidInput } from '../../domain/errors.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson, say } from '../support/output.js';
import { table } from '../terminal/table.js';

interface ChangeOptions extends StackOptions {
  note?: string;
  wait?: boolean;
}

export function registerChallenges(program: Command): void {
  withStackOptions(program.command('challenges <model>'))
    .description('versions compared with the one in charge, promotions and rollbacks, and how they ended')
    .option('--of <version>', 'only of this version', numberOf)
    .addHelpText('after', '\nExamples:\n  aftercare challenges loans\n  aftercare challenges loans --of 2 --json')
    .action((model: string, options: StackOptions & { of?: number }) => withClient(options, async (client) => {
      const challenges = await client.challenges.list(model, { version: options.of });
      if (options.json) return printJson(challenges);
      if (challenges.length === 0) return print(`no version of '${model}' was compared or promoted yet: aftercare challenger add registers one`);
      print(table(challenges.map((c) => ({ challenge: c.number, kind: c.mode, version: c.version, against: c.against, state: c.state.replace('_', ' '), verdict: c.judgement ?? '', began: minute(c.startedAt), promoted: minute(c.promotedAt), note: c.note ?? '' }))));
    }));

  withStackOptions(program.command('promote <model> <version>'))
    .description('put a version in charge: your switch is called, then the champion changes, then it is on probation')
    .option('--note <text>', 'why')
    .option('--no-wait', 'come back as soon as it is begun')
    .addHelpText('after', `
Where the settings name approvers and you are none of them, they are asked.

Examples:
  aftercare promote loans 2 --note 'better in every segment' --as maria
  aftercare promote loans 2 --no-wait --json`)
    .action((model: string, version: string, options: ChangeOptions) => withClient(options, async (client) => {
      const begun = await client.promote(model, numberOf(version), { note: options.note });
      if (!options.json) sayVerdict(await client.verdicts(model, { version: begun.version, limit: 1 }));
      if (options.wait === false) return options.json ? printJson(begun) : print(`challenge ${begun.challenge} of '${model}' carries it out`);
      // Its record begins as `deciding`, also where nobody needs to be asked.
      const states: ChallengeState[] = begun.decision === null ? ['probation'] : ['deciding', 'probation'];
      const ended = await client.challenges.wait(model, begun.challenge, { states, onState: options.json ? undefined : (now) => (now.state !== 'deciding' || begun.decision !== null) && follow(now) });
      finish(ended, begun, ['deciding', 'probation', 'kept'], options);
    }));

  withStackOptions(program.command('rollback <model>'))
    .description('put the version back in charge that the last promotion replaced')
    .option('--note <text>', 'why')
    .option('--no-wait', 'come back as soon as it is begun')
    .addHelpText('after', `
Examples:
  aftercare rollback loans --note 'complaints from the branch offices' --as maria`)
    .action((model: string, options: ChangeOptions) => withClient(options, async (client) => {
      const begun = await client.rollback(model, { note: options.note });
      if (options.wait === false) return options.json ? printJson(begun) : print(`challenge ${begun.challenge} of '${model}' carries it out`);
      const ended = await client.challenges.wait(model, begun.challenge, { onState: options.json ? undefined : follow });
      finish(ended, begun, ['rolled_back'], options);
    }));
}

/** Whoever promotes by hand decides; what the numbers say is said all the same. */
function sayVerdict([verdict]: readonly Verdict[]): void {
  say(verdict === undefined ? 'no verdict was given on it yet' : `its last verdict: ${verdict.text}`);
}

/** Exit status 1 when it did not come to what was wanted. */
function finish(challenge: Challenge, { version, decision }: RequestedPromotion, wanted: readonly ChallengeState[], { json }: StackOptions): void {
  const { state, model, note } = challenge;
  if (!wanted.includes(state)) process.exitCode = 1;
  if (json) printJson(challenge);
  else if (!wanted.includes(state)) print(`'${model}': ${note ?? state}`);
  else if (state === 'deciding') print(`'${model}': those who may approve are asked: aftercare decide ${decision ?? `(see aftercare decisions ${model})`} approve --as NAME`);
  else print(`version ${version} of '${model}' is in charge${state === 'probation' ? ', on probation' : ''}`);
}

function follow({ state, number }: Challenge): void {
  say(`challenge ${number}: ${state.replace('_', ' ')}`);
}

function numberOf(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidInput(`'${text}' is no number of a version`);
  return number;
}

function minute(at: string | null): string {
  return at === null ? '' : at.slice(0, 16).replace('T', ' ');
}
