/** Commands that people copy into a shell. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../cli/program.js';
import { answerCommand, shellQuoted } from '../../domain/shell.js';

const ODD = ['1/drift/a/000000/1', "1/drift/it's $(rm -rf) \"q\"/000001/1", '1/drift/num x/000000/1', '1/drift/`ç`\\/000000/1', ''];

/** The words that a POSIX shell makes of a line. */
const words = (line: string): string[] => execFileSync('sh', ['-c', `for word in ${line}; do printf '%s\\0' "$word"; done`], { encoding: 'utf8' }).split('\0').slice(0, -1);

describe('shellQuoted', () => {
  it.each(ODD)('keeps %j one word', (word) => {
    expect(words(shellQuoted(word))).toEqual([word]);
  });
});

describe('answerCommand', () => {
  it.each(ODD)('is a command that `aftercare decide` takes, for decision %j', async (decisionId) => {
    const [, verb, ...rest] = words(`${answerCommand(decisionId, 'retrain')} --as NAME`);
    const decide = (await buildProgram()).commands.find((command) => command.name() === verb)!;
    expect(decide.parseOptions(rest)).toMatchObject({ operands: [decisionId, 'retrain'], unknown: [] });
    expect(decide.opts()).toMatchObject({ as: 'NAME' });
  });
});
