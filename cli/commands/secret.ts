/** `aftercare secret …`: keys and addresses that settings name. A value never stands on the command line, where other users of the machine and the shell's history see it. */
import type { Command } from 'commander';
import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { InvalidInput } from '../../domain/errors.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson, say } from '../support/output.js';
import { table } from '../terminal/table.js';

/** Bytes; the store keeps half of it. */
const MOST_BYTES = 8_192;

export function registerSecret(program: Command): void {
  const secret = program.command('secret').description('keys and addresses that settings name and never hold: set, list, remove');

  withStackOptions(secret.command('set <name>'))
    .description('set a secret from standard input or a file; a line break at its end is left out')
    .option('--from-file <path>', 'the value is the content of this file')
    .option('--generate', 'make a random value and print it, once')
    .addHelpText('after', `
A worker that has AFTERCARE_SECRET_<NAME> in its environment uses that instead. 'signing' is aftercare's own: links and callbacks are signed with it.

Examples:
  openssl rand -hex 32 | aftercare secret set training-key
  aftercare secret set training-key --generate
  aftercare secret set slack-address --from-file ./address.txt`)
    .action(async (name: string, options: StackOptions & { fromFile?: string; generate?: boolean }) => {
      const value = await valueFrom(name, options);
      await withClient(options, (client) => client.secrets.set(name, value));
      if (options.json) return printJson({ name, ...(options.generate ? { value: value.toString('utf8') } : {}) });
      print(options.generate ? value.toString('utf8') : `secret ${name} is set`);
    });

  withStackOptions(secret.command('list')).description('names of secrets, and who changed them when; never their values')
    .addHelpText('after', '\nExample:\n  aftercare secret list --json')
    .action((options: StackOptions) => withClient(options, async (client) => {
      const secrets = await client.secrets.list();
      if (options.json) return printJson(secrets);
      print(secrets.length === 0 ? 'there are no secrets' : table(secrets.map(({ name, changedAt, changedBy }) => ({ name, changed: changedAt, by: changedBy }))));
    }));

  withStackOptions(secret.command('remove <name>')).description('remove a secret: what names it fails until it is there again')
    .addHelpText('after', '\nExample:\n  aftercare secret remove slack-address')
    .action((name: string, options: StackOptions) => withClient(options, async (client) => {
      await client.secrets.remove(name);
      if (options.json) return printJson({ name, removed: true });
      print(`secret ${name} is removed`);
    }));
}

async function valueFrom(name: string, { fromFile, generate }: { fromFile?: string; generate?: boolean }): Promise<Buffer> {
  if (generate && fromFile !== undefined) throw new InvalidInput('--generate and --from-file: one of them');
  if (generate) return Buffer.from(randomBytes(32).toString('hex'));
  const value = withoutLineBreak(fromFile === undefined ? await fromInput(name) : await fromPath(fromFile));
  if (value.length === 0) throw new InvalidInput(`the value of secret '${name}' is empty`);
  return value;
}

async function fromPath(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw new InvalidInput(`${path} has ${size} bytes: that is no secret`);
    return await readFile(path);
  } catch (error) {
    throw error instanceof InvalidInput ? error : new InvalidInput(`${path} cannot be read: ${(error as Error).message}`);
  }
}

async function fromInput(name: string): Promise<Buffer> {
  if (process.stdin.isTTY) return Buffer.from(await typed(`value of ${name} (not shown): `));
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new InvalidInput(`standard input has more than ${MOST_BYTES} bytes: that is no secret`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** What is typed is not shown. */
async function typed(question: string): Promise<string> {
  process.stderr.write(question);
  const reader = createInterface({ input: process.stdin, output: new Writable({ write: (_piece, _encoding, done) => done() }), terminal: true });
  try {
    return await reader.question('');
  } finally {
    reader.close();
    say('');
  }
}

function withoutLineBreak(value: Buffer): Buffer {
  const end = value.at(-1) === 0x0a ? (value.at(-2) === 0x0d ? 2 : 1) : 0;
  return value.subarray(0, value.length - end);
}
