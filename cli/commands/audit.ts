/** `aftercare audit`: who did what, and what was refused. */
import type { Command } from 'commander';
import { changedPaths } from '../../domain/changed-paths.js';
import { parseDuration } from '../../domain/duration.js';
import { InvalidInput } from '../../domain/errors.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson } from '../support/output.js';
import { table } from '../terminal/table.js';

interface AuditOptions extends StackOptions {
  since?: string;
  by?: string;
  action?: string;
  limit?: string;
}

export function registerAudit(program: Command): void {
  withStackOptions(program.command('audit [model]'))
    .description('who did what, and what was refused: newest first')
    .option('--since <time>', 'a duration back from now (2d), or ISO 8601')
    .option('--by <name>', 'only of this person')
    .option('--action <text>', 'only actions with this in their name, e.g. refused')
    .option('--limit <n>', 'entries at most', '200')
    .addHelpText('after', '\nExamples:\n  aftercare audit loans --since 7d\n  aftercare audit --action refused --json')
    .action((model: string | undefined, options: AuditOptions) => withClient(options, async (client) => {
      const entries = await client.audit(model, { sinceMs: sinceOf(options.since, Date.now()), by: options.by, action: options.action, limit: limitOf(options.limit) });
      if (options.json) return printJson(entries);
      if (entries.length === 0) return print('nothing was done');
      print(table(entries.map((e) => ({ at: e.at.slice(0, 19).replace('T', ' '), ...(model === undefined ? { model: e.model ?? '' } : {}), by: e.by, action: e.action, detail: detailText(e.detail) }))));
    }));
}

function sinceOf(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-/.test(text) ? Date.parse(text) : nowMs - parseDuration(text);
  if (Number.isNaN(time)) throw new InvalidInput(`--since '${text}' is neither a duration (2d) nor a time (ISO 8601)`);
  return time;
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100_000) throw new InvalidInput(`--limit '${text}' is no whole number from 1 to 100,000`);
  return limit;
}

/** `answer: retrain, note: new season`: what is empty is left out; of settings before and after, what changed. */
function detailText({ before, after, ...others }: Record<string, unknown>): string {
  const whole = before !== null && typeof before === 'object' && after !== null && typeof after === 'object';
  const plain = whole ? others : { ...others, before, after };
  const changes = whole ? changedPaths(before, after).map((change) => `${change.path}: ${valueText(change.before)} → ${valueText(change.after)}`) : [];
  return [...Object.entries(plain).filter(([, value]) => value !== null && value !== undefined && value !== '').map(([key, value]) => `${key}: ${valueText(value)}`), ...changes].join(', ');
}

function valueText(value: unknown): string {
  return value === undefined ? '(none)' : typeof value === 'string' ? value : JSON.stringify(value);
}
