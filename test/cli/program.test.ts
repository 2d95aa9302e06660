/** Laws of the whole command tree. */
import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../../cli/program.js';

let leaves: { path: string; command: Command }[];

function leavesOf(command: Command, path: string): { path: string; command: Command }[] {
  if (command.commands.length === 0) return [{ path, command }];
  return command.commands.flatMap((sub) => leavesOf(sub, `${path} ${sub.name()}`.trim()));
}

/** The help as a person sees it, with the texts that follow it. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => { text += part; } });
  command.outputHelp();
  return text;
}

beforeAll(async () => {
  leaves = leavesOf(await buildProgram(), '');
});

describe('every command', () => {
  it('is there: the list that the documentation promises', () => {
    expect(leaves.map(({ path }) => path).sort()).toEqual([
      'alerts', 'append', 'audit', 'calculate', 'challenger add', 'challenger list', 'challenger remove', 'challenges', 'compare', 'decide', 'decisions', 'demo', 'doctor',
      'events', 'gate', 'gates', 'incidents acknowledge', 'incidents act', 'incidents list', 'incidents resolve', 'incidents show', 'incidents snooze', 'model archive',
      'model create', 'model delete', 'model list', 'model settings', 'model show', 'model tag', 'notify list', 'notify resend', 'notify test', 'promote', 'rank', 'remove',
      'report', 'results', 'retrain', 'retrainings', 'revisions', 'rollback', 'run', 'run-config', 'runs', 'secret list', 'secret remove', 'secret set', 'serve', 'setup',
      'targets', 'telemetry log', 'telemetry show', 'up', 'verdict', 'violations', 'worker',
    ]);
  });

  it('has a help with a description and an example', () => {
    for (const { path, command } of leaves) {
      expect(command.description(), path).not.toBe('');
      expect(helpOf(command), path).toMatch(/Examples?:/);
      for (const option of command.options) expect(option.description, `${path} ${option.flags}`).not.toBe('');
    }
  });

  it('answers as JSON on request, except those whose answers are JSON or files anyway, and those that stay', () => {
    const without = leaves.filter(({ command }) => !command.options.some((option) => option.long === '--json')).map(({ path }) => path).sort();
    expect(without).toEqual(['calculate', 'demo', 'worker']);
  });

  it('does not take a --version of its own for a question about ours: that would end well, and do nothing', async () => {
    const program = await buildProgram('append');
    for (const command of [program, ...program.commands]) command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
    await expect(program.parseAsync(['node', 'aftercare', 'append', 'loans', 'shadow.csv', '--version', '2'])).rejects.toMatchObject({ code: 'commander.unknownOption' });
    await expect((await buildProgram()).configureOutput({ writeOut: () => {} }).parseAsync(['node', 'aftercare', '--version'])).rejects.toMatchObject({ code: 'commander.version', exitCode: 0 });
  });

  it('is found without loading the others', async () => {
    const program = await buildProgram('decide');
    expect(program.commands.map((command) => command.name())).toEqual(['decisions', 'decide']);
  });
});
