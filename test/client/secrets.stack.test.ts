/** Secrets by the client and by the command: values go in by file or standard input, and nowhere out. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Aftercare, InvalidInput, NotFound } from '../../client/index.js';
import { readSecret } from '../../store/secrets.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
let database: TestDatabase;
let client: Aftercare;
let folder: string;
beforeAll(async () => {
  database = await createDatabase();
  client = await Aftercare.connect({ databaseUrl: database.url, by: 'ada' });
  folder = mkdtempSync(join(tmpdir(), 'aftercare-secrets-'));
});
afterAll(async () => {
  await client?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const value = async (name: string): Promise<string> => (await readSecret(database.pool, name)).toString('utf8');

async function command(args: string[], input = ''): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [program, 'secret', ...args, '--database-url', database.url, '--as', 'maria'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { err += text; });
  child.stdin.on('error', () => undefined);   // it may have ended before it has read all
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, out, err };
}

describe('client.secrets', () => {
  it('sets, replaces, lists by name, removes; the audit has who and which, never what', async () => {
    await client.secrets.set('hook', 'first value');
    await client.secrets.set('hook', Buffer.from('second value'));
    expect(await value('hook')).toBe('second value');
    expect(await client.secrets.list()).toMatchObject([{ name: 'hook', changedBy: 'ada' }]);
    expect(JSON.stringify(await client.secrets.list())).not.toContain('value');
    await client.secrets.remove('hook');
    await expect(client.secrets.remove('hook')).rejects.toThrow(NotFound);
    await expect(client.secrets.set('no name!', 'x')).rejects.toThrow(InvalidInput);
    await expect(client.secrets.set('hook', '')).rejects.toThrow(InvalidInput);
    const { rows } = await database.pool.query<{ text: string }>('select audit::text as text from aftercare.audit');
    expect(rows.length).toBe(3);
    for (const { text } of rows) expect(text).not.toContain('value');
  });
});

describe('aftercare secret', () => {
  it('takes a value from standard input or a file, without the line break at its end', async () => {
    writeFileSync(join(folder, 'address'), 'https://hooks.example.org/T0/abc\r\n');
    const [piped, file] = await Promise.all([command(['set', 'key'], 'top secret\n'), command(['set', 'address', '--from-file', join(folder, 'address')])]);
    expect([piped.status, piped.out]).toEqual([0, 'secret key is set\n']);
    expect(file.status, file.err).toBe(0);
    expect([await value('key'), await value('address')]).toEqual(['top secret', 'https://hooks.example.org/T0/abc']);
  });

  it('makes a value and shows it once', async () => {
    const { status, out } = await command(['set', 'made', '--generate', '--json']);
    expect(status).toBe(0);
    const made = JSON.parse(out) as { name: string; value: string };
    expect(made.value).toMatch(/^[0-9a-f]{64}$/);
    expect(await value('made')).toBe(made.value);
    const listed = await command(['list']);
    expect(listed.out).toContain('made');
    expect(listed.out).not.toContain(made.value);
  });

  it('refuses what is empty or too long, without showing it', async () => {
    const [empty, long] = await Promise.all([command(['set', 'nothing'], '\n'), command(['set', 'long'], 'x'.repeat(100_000))]);
    expect([empty.status, empty.err]).toEqual([2, "aftercare: the value of secret 'nothing' is empty\n"]);
    expect([long.status, long.err]).toEqual([2, 'aftercare: standard input has more than 8192 bytes: that is no secret\n']);
  });
});
