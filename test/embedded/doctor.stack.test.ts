/** `aftercare doctor` on a machine that is well, and on one that is not. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDisk, checkNode, checkPorts } from '../../cli/doctor/machine.js';
import { checkMail } from '../../cli/doctor/mail.js';
import type { Check } from '../../cli/doctor/check.js';
import { parseQueues } from '../../cli/commands/worker.js';
import { anyFreePort } from '../../embedded/ports.js';
import { createDatabase, namespace, temporalAddress, type TestDatabase } from '../support/stack.js';
import { bareEnvironment, PROGRAM } from '../support/up.js';

const folder = mkdtempSync(join(tmpdir(), 'aftercare-doctor-'));
let migrated: TestDatabase;
let bare: TestDatabase;
beforeAll(async () => {
  [migrated, bare] = await Promise.all([createDatabase(), createDatabase({ migrated: false })]);
});
afterAll(async () => {
  await Promise.all([migrated.drop(), bare.drop()]);
  rmSync(folder, { recursive: true, force: true });
});

function doctor(...args: string[]): { status: number | null; ok: boolean; checks: Check[] } {
  const run = spawnSync(process.execPath, [PROGRAM, 'doctor', '--json', '--data', join(folder, 'none'), ...args], { env: bareEnvironment(), encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return { status: run.status, ...(JSON.parse(run.stdout) as { ok: boolean; checks: Check[] }) };
}
const named = (checks: Check[], name: string): Check => checks.find((check) => check.name === name)!;

describe('doctor', () => {
  test('servers that are well: exit status 0, every check ok', () => {
    const { status, ok, checks } = doctor('--database-url', migrated.url, '--temporal-address', temporalAddress(), '--namespace', namespace());
    expect(status).toBe(0);
    expect(ok).toBe(true);
    for (const name of ['node', 'postgres', 'schema', 'clock', 'temporal', 'namespace', 'search attributes', 'disk']) expect(named(checks, name).state, name).not.toBe('fail');
    expect(named(checks, 'schema')).toEqual({ name: 'schema', state: 'ok', found: 'the database has this version\'s schema' });
  });

  test('a database without our schema is a warning that --mend mends', async () => {
    const before = doctor('--database-url', bare.url, '--temporal-address', temporalAddress());
    expect(before.status).toBe(0);
    expect(named(before.checks, 'schema')).toMatchObject({ state: 'warn' });
    expect(named(before.checks, 'schema').found).toContain('0001-models-and-data.sql');
    const after = doctor('--database-url', bare.url, '--temporal-address', temporalAddress(), '--mend');
    expect(named(after.checks, 'schema').found).toMatch(/^mended: applied 0001/);
    const { rows } = await bare.pool.query<{ count: number }>('select count(*) from aftercare.model');
    expect(rows[0]!.count).toBe(0);
  });

  test('nothing listens: exit status 1; the password is not repeated', async () => {
    const port = await anyFreePort();
    const { status, ok, checks } = doctor('--database-url', `postgres://me:secret@127.0.0.1:${port}/db`, '--temporal-address', `127.0.0.1:${port}`);
    expect(status).toBe(1);
    expect(ok).toBe(false);
    expect(named(checks, 'postgres')).toMatchObject({ state: 'fail', remedy: expect.stringContaining(`127.0.0.1:${port}/db`) as string });
    expect(named(checks, 'temporal')).toMatchObject({ state: 'fail', remedy: expect.stringContaining('aftercare up') as string });
    expect(JSON.stringify(checks)).not.toContain('secret');
  });

  test('a namespace that is not there fails by name', () => {
    const { status, checks } = doctor('--database-url', migrated.url, '--temporal-address', temporalAddress(), '--namespace', 'nowhere');
    expect(status).toBe(1);
    expect(named(checks, 'namespace').found).toContain('\'nowhere\'');
  });

  test('nothing running and nothing given: says what `up` would start', () => {
    const { checks } = doctor();
    expect(named(checks, 'postgres').found).toMatch(/^not running; 'aftercare up' would start postgres \(PostgreSQL\) \d+/);
    expect(named(checks, 'temporal').found).toMatch(/^not running; 'aftercare up' would start server 1\.\d+/);
  });
});

describe('checks', () => {
  test('checkNode: 20.19 is the oldest', () => {
    expect(['18.20.0', '20.18.3', '20.19.0', '24.1.0'].map((version) => checkNode(version).state)).toEqual(['fail', 'fail', 'ok', 'ok']);
  });
  test('checkDisk: a folder that is not there yet is judged by the nearest one above', async () => {
    expect((await checkDisk(join(folder, 'not', 'there'))).found).toContain('GB free');
  });
  test('checkPorts: a port that another program has is named', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    expect(await checkPorts({ postgres: port }, null)).toMatchObject({ state: 'warn', found: `${port} (postgres) taken by another program` });
    await new Promise((done) => server.close(done));
  });
  test('checkMail: a real mail server answers; a wrong password and a wrong address fail', async () => {
    const server = new SMTPServer({ authOptional: false, allowInsecureAuth: true, onAuth: (auth, _session, done) => (auth.password === 'right' ? done(null, { user: 'me' }) : done(new Error('no'))) });
    const port = await anyFreePort();
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    expect((await checkMail(`smtp://me:right@127.0.0.1:${port}/?ignoreTLS=true`))[0]).toMatchObject({ state: 'ok' });
    expect((await checkMail(`smtp://me:wrong@127.0.0.1:${port}/?ignoreTLS=true`))[0]).toMatchObject({ state: 'fail' });
    expect((await checkMail('http://127.0.0.1'))[0]).toMatchObject({ state: 'fail' });
    await new Promise<void>((done) => server.close(done));
  });
});

describe('parseQueues', () => {
  test('takes main, numeric or both, in any order', () => {
    expect(parseQueues('numeric, main')).toEqual(['main', 'numeric']);
    expect(parseQueues('numeric')).toEqual(['numeric']);
  });
  test('refuses what is no queue', () => {
    expect(() => parseQueues('main,other')).toThrow('\'other\' is not a queue');
    expect(() => parseQueues('')).toThrow('names no queue');
  });
});
