/** The stack as a person starts, ends and loses it. Everything here is real: processes, ports, signals. */
import { Client, Connection } from '@temporalio/client';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { readRunningStack } from '../../embedded/stack-file.js';
import { isPortFree } from '../../embedded/ports.js';
import { lastingPort } from '../support/ports.js';
import { isAlive, waitUntil } from '../../embedded/processes.js';
import { canEnter, findServerUser } from '../../embedded/server-user.js';
import { bareEnvironment, PROGRAM, startUp, type RunningUp } from '../support/up.js';

const folder = mkdtempSync(join(tmpdir(), 'aftercare-up-'));
chmodSync(folder, 0o711);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const started: RunningUp[] = [];
afterEach(async () => {
  for (const up of started.splice(0)) if (isAlive(up.ready.pid)) await up.end('SIGINT');
});

/** Ports of its own for each stack, so that other stacks of this machine do not disturb. */
async function up(data: string, ...args: string[]): Promise<RunningUp> {
  const running = await startUp(['--data', data, ...args]);
  started.push(running);
  return running;
}

const ports = async (): Promise<string[]> => ['--postgres-port', String(await lastingPort()), '--temporal-port', String(await lastingPort()), '--ui-port', String(await lastingPort())];

async function query(databaseUrl: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function withTemporal<T>(up: RunningUp, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: up.ready.temporalAddress });
  try {
    return await work(new Client({ connection, namespace: up.ready.namespace }));
  } finally {
    await connection.close();
  }
}

const portsOf = (up: RunningUp): number[] => [new URL(up.ready.databaseUrl).port, up.ready.temporalAddress.split(':')[1]!, new URL(up.ready.uiUrl).port].map(Number);

async function expectNothingLeft(up: RunningUp, pids: number[]): Promise<void> {
  await waitUntil(() => pids.every((pid) => !isAlive(pid)), 5_000);
  expect(pids.filter(isAlive)).toEqual([]);
  for (const port of portsOf(up)) expect(await isPortFree(port), `port ${port}`).toBe(true);
}

describe('up', () => {
  test('a killed process is started again and said so; Ctrl-C leaves nothing within 5 s; a second start finds data and workflows again', async () => {
    const data = join(folder, 'everyday');
    const first = await up(data, ...(await ports()));
    expect(Object.keys(first.ready.pids).sort()).toEqual(['http', 'postgres', 'temporal', 'worker-main', 'worker-numeric']);
    for (const url of Object.values(first.ready.opsUrls)) expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ ready: true, reasons: [] });
    expect(statSync(join(data, 'stack.json')).mode & 0o777).toBe(0o600);
    await query(first.ready.databaseUrl, 'create table kept as select 42 as answer');
    await withTemporal(first, (client) => client.workflow.start('nobodyRunsThis', { taskQueue: 'nobody', workflowId: 'kept' }));

    for (const name of ['postgres', 'temporal', 'worker-main', 'worker-numeric', 'http']) {
      const pid = readRunningStack(data)!.pids[name]!;
      process.kill(pid, 'SIGKILL');
      await first.untilSaid(`${name} (process ${pid}) has ended (signal SIGKILL): starting it again`);
      await first.untilSaid(`${name} runs again`);
      expect(readRunningStack(data)!.pids[name]).not.toBe(pid);
    }
    expect(await query(first.ready.databaseUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect((await fetch(`${first.ready.httpUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${first.ready.httpUrl}/decisions/nobody`)).status).toBe(403);

    const pids = Object.values(readRunningStack(data)!.pids);
    const { code, elapsedMs } = await first.end('SIGINT');
    expect(code).toBe(0);
    expect(elapsedMs).toBeLessThan(5_000);
    await expectNothingLeft(first, pids);
    expect(readRunningStack(data)).toBeNull();

    const second = await up(data, '--no-worker');
    expect(portsOf(second)).toEqual(portsOf(first));
    expect(await query(second.ready.databaseUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(await withTemporal(second, async (client) => (await client.workflow.getHandle('kept').describe()).status.name)).toBe('RUNNING');
  });

  test('killed itself (kill -9): what it started ends within 5 s, and the next start works', async () => {
    const data = join(folder, 'crash');
    const first = await up(data, ...(await ports()));
    await query(first.ready.databaseUrl, 'create table kept as select 1 as answer');
    await first.end('SIGKILL');
    await expectNothingLeft(first, Object.values(first.ready.pids));

    const second = await up(data, '--no-worker');
    expect(await query(second.ready.databaseUrl, 'select answer from kept')).toEqual([{ answer: 1 }]);
  });

  test('killed together with its guard: the next start ends the orphans first', async () => {
    const data = join(folder, 'orphans');
    const first = await up(data, '--no-worker', ...(await ports()));
    const children = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n').filter((line) => line.includes('aftercare-guard') && line.trim().split(/\s+/)[1] === String(first.ready.pid));
    expect(children).toHaveLength(1);
    process.kill(Number.parseInt(children[0]!, 10), 'SIGKILL');
    await first.end('SIGKILL');
    const orphans = Object.values(first.ready.pids);
    expect(orphans.filter(isAlive)).toEqual(orphans);

    const second = await up(data, '--no-worker');
    expect(orphans.filter(isAlive)).toEqual([]);
    expect(second.said()).toMatch(/ending temporal \(process \d+\), which an earlier start has left behind/);
    expect(second.said()).toMatch(/ending the PostgreSQL server \(process \d+\) that an earlier start has left behind/);
    expect(portsOf(second)).toEqual(portsOf(first));
  });

  test('two stacks run side by side; a second one on the same folder is refused and names the running one', async () => {
    const [one, other] = await Promise.all([up(join(folder, 'one'), '--no-worker'), up(join(folder, 'other'), '--no-worker')]);
    expect(new Set([...portsOf(one), ...portsOf(other)]).size).toBe(6);
    for (const running of [one, other]) expect(await query(running.ready.databaseUrl, 'select count(*)::int as models from aftercare.model')).toEqual([{ models: 0 }]);

    const refused = spawnSync(process.execPath, [PROGRAM, 'up', '--data', join(folder, 'one')], { env: bareEnvironment(), encoding: 'utf8' });
    expect(refused.status).toBe(2);
    expect(refused.stderr.trim()).toContain(`is running on ${join(folder, 'one')} already (process ${one.ready.pid}`);
    expect(refused.stdout).toBe('');
    expect(await query(one.ready.databaseUrl, 'select 1 as still')).toEqual([{ still: 1 }]);
  });

  test('a port that was asked for and is taken is refused by name', async () => {
    const running = await up(join(folder, 'ports'), '--no-worker', ...(await ports()));
    const taken = portsOf(running)[0]!;
    const refused = spawnSync(process.execPath, [PROGRAM, 'up', '--data', join(folder, 'ports-2'), '--postgres-port', String(taken)], { env: bareEnvironment(), encoding: 'utf8' });
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(`port ${taken}, asked for with --postgres-port, is taken`);
  });

  test('data of another PostgreSQL version is refused and left alone', async () => {
    const data = join(folder, 'version');
    const running = await up(data, '--no-worker', ...(await ports()));
    await running.end('SIGTERM');
    const versionFile = join(data, 'postgres', 'data', 'PG_VERSION');
    execFileSync('sh', ['-c', `printf '9\\n' > '${versionFile}'`]);
    const refused = spawnSync(process.execPath, [PROGRAM, 'up', '--data', data, '--no-worker'], { env: bareEnvironment(), encoding: 'utf8' });
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('was written by PostgreSQL 9, and the embedded server is PostgreSQL 18');
    expect(readFileSync(versionFile, 'utf8')).toBe('9\n');
  });
});

const isRoot = process.getuid?.() === 0;
const programIsOpen = isRoot && canEnter(PROGRAM.slice(0, PROGRAM.lastIndexOf('/')), findServerUser());

describe.skipIf(!isRoot || !programIsOpen)('up, as an ordinary user whose home folder is closed to others (tried when the tests run as root in a place that others may enter)', () => {
  test('starts, keeps its data at home, and ends', async () => {
    const nobody = { uid: 65_534, gid: 65_534 };
    const home = join(folder, 'home');
    mkdirSync(home, { mode: 0o700 });
    chownSync(home, nobody.uid, nobody.gid);
    // What the tests have built once is for root alone; a link to it saves building it again.
    const running = await startUp(['--no-worker', ...(await ports())], { env: { HOME: home, XDG_DATA_HOME: '', XDG_CACHE_HOME: '', PATH: `${await temporalFolder(home)}:${process.env.PATH ?? ''}` }, ...nobody });
    started.push(running);
    expect(running.ready.dataFolder).toBe(join(home, '.local/share/aftercare/default'));
    const owners = Object.values(running.ready.pids).map((pid) => statSync(`/proc/${pid}`).uid);
    expect(owners).toEqual([nobody.uid, nobody.uid]);
    const { code, elapsedMs } = await running.end('SIGTERM');
    expect(code).toBe(0);
    expect(elapsedMs).toBeLessThan(5_000);
    await expectNothingLeft(running, Object.values(running.ready.pids));
  });
});

/** A copy of the Temporal server that another user may run. */
async function temporalFolder(home: string): Promise<string> {
  const { findTemporalBinary } = await import('../../embedded/temporal-binary.js');
  const binary = await findTemporalBinary(() => undefined);
  const bin = join(home, 'bin');
  mkdirSync(bin);
  execFileSync('cp', [binary.path, join(bin, 'temporal')]);
  execFileSync('chown', ['-R', '65534:65534', bin]);
  return bin;
}
