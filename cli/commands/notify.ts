/** `aftercare notify`: test, list, resend. */
import type { Command } from 'commander';
import { InvalidInput } from '../../domain/errors.js';
import { shellQuoted } from '../../domain/shell.js';
import type { NotificationRecord } from '../../client/index.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { ANSWER_IS_NO } from '../support/exit.js';
import { print, printJson } from '../support/output.js';
import { table } from '../terminal/table.js';

export function registerNotify(program: Command): void {
  const notify = program.command('notify').description('who is told of what, by which channel');

  withStackOptions(notify.command('test <model>'))
    .description('send a test by the worker and show what was sent, or why not; exit status 1 when something was not')
    .option('--channel <name>', 'only this channel of the model\'s settings (default: all of them)')
    .option('--to <address>', 'an e-mail address instead')
    .addHelpText('after', `
Examples:
  aftercare notify test loans --to maria@example.org
  aftercare model settings loans --set 'notifications.channels=[{"name":"ops","kind":"webhook","url":"https://example.org/hook","secret":"ops-key"}]' 'notifications.routes=[{"channels":["ops"],"topics":["failure","schema"]}]'
  aftercare notify test loans --channel ops`)
    .action((model: string, options: StackOptions & { channel?: string; to?: string }) => withClient(options, async (client) => {
      const outcome = await client.notifications.test(model, { channel: options.channel, to: options.to });
      if (outcome.some(({ state }) => state !== 'sent')) process.exitCode = ANSWER_IS_NO;
      if (options.json) return printJson(outcome);
      for (const one of outcome) print(`${one.medium} to ${one.recipient}: ${one.state === 'sent' ? 'sent' : `not sent (${one.lastError ?? one.state})`}`);
    }));

  withStackOptions(notify.command('list <model>'))
    .description('what was sent, waits, or was given up; newest first')
    .option('--dead', 'only what was given up')
    .option('--limit <n>', 'at most so many', '50')
    .addHelpText('after', '\nExamples:\n  aftercare notify list loans\n  aftercare notify list loans --dead --json')
    .action((model: string, options: StackOptions & { dead?: boolean; limit: string }) => withClient(options, async (client) => {
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1) throw new InvalidInput(`--limit '${options.limit}' is no whole number from 1 on`);
      const found = await client.notifications.list(model, { dead: options.dead, limit });
      if (options.json) return printJson(found);
      if (found.length === 0) return print(options.dead ? 'nothing was given up' : `nobody has been told anything of ${model}`);
      print(table(found.map(rowOf)));
      const dead = found.find(({ state }) => state === 'dead' || state === 'failed');
      if (dead) print(`send one again with: aftercare notify resend ${shellQuoted(dead.id)}`);
    }));

  withStackOptions(notify.command('resend <notification>'))
    .description('send once more what was given up; the receiver knows it again by its id')
    .addHelpText('after', '\nExample:\n  aftercare notify resend 1/incident/drift/income/000003/opened/webhook/ops')
    .action((id: string, options: StackOptions) => withClient(options, async (client) => {
      const again = await client.notifications.resend(id);
      if (again.state === 'dead' || again.state === 'failed') process.exitCode = ANSWER_IS_NO;
      if (options.json) return printJson(again);
      print(`${again.id}: ${again.state === 'intended' ? 'is being tried' : again.state}${again.state === 'sent' || again.lastError === null ? '' : ` (${again.lastError})`}`);
    }));
}

function rowOf({ id, kind, severity, medium, recipient, state, attempts, lastError, createdAt, dueAt, sentAt }: NotificationRecord): Record<string, string | number> {
  const minute = (moment: string | null): string => moment?.slice(0, 16).replace('T', ' ') ?? '';
  return { created: minute(createdAt), what: kind, severity, to: `${recipient} (${medium})`, state: state === 'intended' ? 'waits' : state, 'due or sent': minute(sentAt ?? dueAt), attempts, error: lastError ?? '', id };
}
