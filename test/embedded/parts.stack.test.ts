/** The parts of the embedded stack, each by itself. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { acquireLock } from '../../embedded/folder-lock.js';
import { Keeper } from '../../embedded/keeper.js';
import { findServers, locateStack } from '../../embedded/locate.js';
import { cacheFolder, checkoutName, dataFolder } from '../../embedded/paths.js';
import { anyFreePort, freePortFrom } from '../../embedded/ports.js';
import { startPostgres } from '../../embedded/postgres.js';
import { findPostgresPackage, missingLinks, preparePostgresBinaries } from '../../embedded/postgres-binaries.js';
import { processIdentity, type ExitStatus } from '../../embedded/processes.js';
import { closedFolder, findServerUser, serverUser } from '../../embedded/server-user.js';
import { CLI_VERSION, findTemporalBinary, isNewEnough, parseServerVersion, type TemporalBinary } from '../../embedded/temporal-binary.js';
import { startTemporalServer } from '../../embedded/temporal-server.js';
import { writeStackFile } from '../../embedded/stack-file.js';

const folder = mkdtempSync(join(tmpdir(), 'aftercare-parts-'));
chmodSync(folder, 0o711);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('parseServerVersion', () => {
  test('reads the server\'s version from what the command line prints', () => {
    expect(parseServerVersion('temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)')).toBe('1.29.1');
    expect(parseServerVersion('temporal version 0.13.0 (server 1.24.2) (ui 2.30.2)')).toBeNull();
  });
  test('1.28 is the oldest that will do', () => {
    expect(['1.27.9', '1.28.0', '1.29.1', '2.0.0', '0.99.0'].map(isNewEnough)).toEqual([false, true, true, true, false]);
  });
});

describe('findTemporalBinary', () => {
  const fake = (path: string, prints: string): void => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\necho '${prints}'\n`, { mode: 0o755 });
  };
  const find = async (path: string[], cache: string): Promise<{ binary: TemporalBinary; said: string[] }> => {
    const said: string[] = [];
    const before = { PATH: process.env.PATH, AFTERCARE_CACHE: process.env.AFTERCARE_CACHE };
    Object.assign(process.env, { PATH: path.join(':'), AFTERCARE_CACHE: cache });
    try {
      return { binary: await findTemporalBinary((line) => said.push(line)), said };
    } finally {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  };
  const old = join(folder, 'old', 'temporal');
  const fit = join(folder, 'fit', 'temporal');
  fake(old, 'temporal version 1.0.0 (Server 1.24.2, UI 2.28.0)');
  fake(fit, 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)');

  test('one on the PATH that is too old is told and passed over', async () => {
    const { binary, said } = await find([join(folder, 'old'), join(folder, 'fit')], join(folder, 'no-cache'));
    expect(binary).toEqual({ path: fit, serverVersion: '1.29.1', from: 'path' });
    expect(said).toEqual([`Temporal server: ${old} brings server 1.24.2, too old: 1.28 or newer is needed`]);
  });

  test('without one on the PATH the cache is looked into', async () => {
    const cached = join(folder, 'a-cache', 'temporal', CLI_VERSION, 'temporal');
    fake(cached, 'temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)');
    const { binary, said } = await find([join(folder, 'old')], join(folder, 'a-cache'));
    expect(binary).toEqual({ path: cached, serverVersion: '1.29.1', from: 'cache' });
    // The one that is too old; that there is no other one needs no words when there is a cached one.
    expect(said).toEqual([expect.stringMatching(/old/)]);
  });
});

describe('folders', () => {
  test('flags win over AFTERCARE_DATA, which wins over the default', () => {
    expect(dataFolder('/given', 'default', { AFTERCARE_DATA: '/from-environment' })).toBe('/given');
    expect(dataFolder(undefined, 'default', { AFTERCARE_DATA: '/from-environment' })).toBe('/from-environment');
    expect(dataFolder(undefined, 'other', {}).endsWith('aftercare/other')).toBe(true);
  });
  test('a relative XDG_CACHE_HOME is ignored, as its specification says', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/xdg' })).toBe('/xdg/aftercare');
    expect(cacheFolder({ XDG_CACHE_HOME: 'xdg' }).endsWith('.cache/aftercare')).toBe(true);
    expect(cacheFolder({ AFTERCARE_CACHE: '/mine', XDG_CACHE_HOME: '/xdg' })).toBe('/mine');
  });
  test('two checkouts have two names', () => {
    expect(checkoutName('/a/aftercare')).not.toBe(checkoutName('/b/aftercare'));
    expect(checkoutName('/a/aftercare')).toBe(checkoutName('/a/aftercare/'));
  });
});

describe('acquireLock', () => {
  test('one holder at a time; free again when it is released', () => {
    const path = join(folder, 'lock-1');
    const first = acquireLock(path);
    expect('lock' in first).toBe(true);
    const second = acquireLock(path);
    expect(second).toMatchObject({ heldBy: { pid: process.pid } });
    if ('lock' in first) first.lock.release();
    const third = acquireLock(path);
    expect('lock' in third).toBe(true);
  });
  test('the lock of a process that has ended is free, also when its number lives on', () => {
    const path = join(folder, 'lock-2');
    writeFileSync(path, JSON.stringify({ pid: process.pid, identity: 'another start', since: '' }));
    expect('lock' in acquireLock(path)).toBe(true);
  });
  test('of many processes that find a stale lock exactly one gets it', async () => {
    const path = join(folder, 'lock-3');
    writeFileSync(path, JSON.stringify({ pid: 2 ** 22 + 1, identity: 'gone', since: '' }));
    const program = join(process.cwd(), 'dist', 'embedded', 'folder-lock.js');
    const code = `import { acquireLock } from ${JSON.stringify(program)}; process.stdout.write('lock' in acquireLock(${JSON.stringify(path)}) ? 'got' : 'not'); setTimeout(() => {}, 1500);`;
    const answers = await Promise.all(Array.from({ length: 6 }, () => new Promise<string>((done) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code]);
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.once('exit', () => done(output));
    })));
    expect(answers.filter((answer) => answer === 'got')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'not')).toHaveLength(5);
  });
});

describe('Keeper', () => {
  test('starts an ended process again, also after failed attempts, and not after stop()', async () => {
    const lines: string[] = [];
    const ends: ((status: ExitStatus) => void)[] = [];
    let attempts = 0;
    const keeper = new Keeper({
      name: 'thing',
      start: () => {
        attempts++;
        if (attempts === 2) return Promise.reject(new Error('not today'));
        let end: (status: ExitStatus) => void = () => undefined;
        const exited = new Promise<ExitStatus>((done) => (end = done));
        ends.push(end);
        return Promise.resolve({ pid: attempts, exited, stop: () => { end({ code: 0, signal: null }); return Promise.resolve(); } });
      },
      onEvent: (line) => lines.push(line),
      onStarted: () => undefined,
      onEnded: () => undefined,
    });
    await keeper.begin();
    ends[0]!({ code: null, signal: 'SIGKILL' });
    await expect.poll(() => keeper.current?.pid, { timeout: 5_000 }).toBe(3);
    await keeper.stop();
    expect(attempts).toBe(3);
    expect(lines).toEqual(['thing (process 1) has ended (signal SIGKILL): starting it again', 'thing could not be started: not today; trying again in 0.4 s', 'thing runs again (process 3)']);
  });
});

describe('freePortFrom', () => {
  test('goes up from a port that is taken', async () => {
    const port = await anyFreePort();
    expect(await freePortFrom(port)).toBe(port);
    expect(await freePortFrom(port, new Set([port]))).not.toBe(port);
  });
});

describe('server user', () => {
  test('prefers postgres, else nobody; refuses a system without either', () => {
    const nobody = 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n';
    expect(findServerUser(nobody)).toEqual({ name: 'nobody', uid: 65_534, gid: 65_533 });
    expect(findServerUser(`${nobody}postgres:x:101:104::/:/bin/false\n`)).toEqual({ name: 'postgres', uid: 101, gid: 104 });
    expect(() => findServerUser('root:x:0:0::/root:/bin/sh\n')).toThrow(/neither `postgres` nor `nobody`/);
  });
  test('the first closed folder on the way is named', () => {
    const closed = join(folder, 'closed');
    mkdirSync(join(closed, 'inner'), { recursive: true });
    chmodSync(closed, 0o700);
    expect(closedFolder(join(closed, 'inner'), { name: 'somebody', uid: 4_242, gid: 4_242 })).toBe(closed);
    expect(closedFolder(tmpdir(), { name: 'somebody', uid: 4_242, gid: 4_242 })).toBeNull();
  });
});

describe('preparePostgresBinaries', () => {
  const installed = findPostgresPackage();

  test('library links that are missing are made again, and the server runs', () => {
    const root = join(folder, 'links');
    cpSync(installed.root, root, { recursive: true, filter: (path) => !/native\/lib\/lib[^/]*\.so\.?\d*$/.test(path) || statSync(path).size > 0 });
    for (const link of missingLinksAfterRemoval(root)) expect(existsSync(join(root, link))).toBe(false);
    const binaries = preparePostgresBinaries(null, { root, version: installed.version });
    expect(binaries.folder).toBe(join(root, 'native'));
    expect(missingLinks(root)).toEqual([]);
    expect(spawnSync(join(binaries.folder, 'bin', 'postgres'), ['--version'], { encoding: 'utf8' }).stdout).toMatch(/^postgres \(PostgreSQL\) \d+/);
  });

  test.skipIf(process.getuid?.() !== 0)('as root, below a folder that the server\'s account may not enter, a copy is used (tried when the tests run as root)', () => {
    const closed = join(folder, 'home-of-root');
    mkdirSync(closed, { mode: 0o700 });
    const root = join(closed, 'package');
    cpSync(installed.root, root, { recursive: true });
    const before = process.env.AFTERCARE_CACHE;
    process.env.AFTERCARE_CACHE = join(folder, 'cache');
    try {
      const user = serverUser()!;
      const binaries = preparePostgresBinaries(user, { root, version: installed.version });
      expect(binaries.folder.startsWith(join(folder, 'cache'))).toBe(true);
      const run = spawnSync(join(binaries.folder, 'bin', 'postgres'), ['--version'], { encoding: 'utf8', uid: user.uid, gid: user.gid, cwd: '/' });
      expect(run.stdout).toMatch(/^postgres \(PostgreSQL\) \d+/);
      expect(preparePostgresBinaries(user, { root, version: installed.version }).folder).toBe(binaries.folder);
    } finally {
      if (before === undefined) delete process.env.AFTERCARE_CACHE;
      else process.env.AFTERCARE_CACHE = before;
    }
  });
});

/** Removes the links of a copied package; which ones. */
function missingLinksAfterRemoval(root: string): string[] {
  const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as { target: string }[];
  for (const { target } of links) rmSync(join(root, target), { force: true });
  return links.map(({ target }) => target);
}

describe('startPostgres', () => {
  test('works in a folder of mode 700 whose parents are closed to others, as root too; the password file is closed', async () => {
    const parent = join(folder, 'private');
    mkdirSync(parent, { mode: 0o700 });
    const postgres = await startPostgres({ dataFolder: join(parent, 'data'), port: await anyFreePort(), onLog: () => undefined, fast: true });
    expect(new URL(postgres.url).hostname).toBe('127.0.0.1');
    expect(statSync(join(parent, 'data', 'postgres', 'password')).mode & 0o777).toBe(0o600);
    await postgres.stop();
  });

  test('a stale postmaster.pid whose number belongs to somebody else does not keep it from starting', async () => {
    const data = join(folder, 'stale');
    const options = { dataFolder: data, port: await anyFreePort(), onLog: () => undefined, fast: true };
    const first = await startPostgres(options);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    const pidFile = join(data, 'postgres', 'data', 'postmaster.pid');
    writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(stranger.pid)));
    const second = await startPostgres(options);
    expect(processIdentity(stranger.pid!)).not.toBeNull();
    await second.stop();
    stranger.kill('SIGKILL');
  });
});

describe('ports that others know', () => {
  test('one that was asked for and is taken is an error, not another port', async () => {
    const holder = createServer();
    await new Promise<void>((listening) => holder.listen(0, '127.0.0.1', listening));
    const { port } = holder.address() as AddressInfo;
    const options = { dataFolder: join(folder, 'asked'), port, staysOnPort: true, onLog: () => undefined, fast: true };
    await expect(startPostgres(options)).rejects.toThrow(`port ${port}, which was asked for, is taken`);
    await expect(startTemporalServer({ ...options, binary: (await findTemporalBinary(() => undefined)).path })).rejects.toThrow(`port ${port}, which was asked for, is taken`);
    holder.close();
  });

  test('Temporal stays on its port when that of its pages is taken at the last moment', async () => {
    const [port, uiPort] = [await anyFreePort(), await anyFreePort()];
    const { path } = await findTemporalBinary(() => undefined);
    const binary = join(folder, 'late-temporal');
    writeFileSync(binary, `#!/bin/sh
if [ ! -e '${binary}.tried' ]; then
  touch '${binary}.tried'
  echo '{"level":"FATAL","message":"listen tcp 127.0.0.1:${uiPort}: bind: address already in use"}' >&2
  exit 1
fi
exec '${path}' "$@"
`, { mode: 0o755 });
    const said: string[] = [];
    const temporal = await startTemporalServer({ dataFolder: join(folder, 'late'), binary, port, uiPort, onLog: (line) => said.push(line) });
    expect({ port: temporal.port, moved: temporal.uiPort !== uiPort, said }).toEqual({ port, moved: true, said: [`port ${uiPort} is taken: Temporal's pages are on ${temporal.uiPort}`] });
    await temporal.stop();
  });
});

describe('locateStack', () => {
  const stack = (dataFolderOf: string, identity: string) => ({ version: '0', pid: process.pid, identity, startedAt: '', databaseUrl: 'postgres://stack', temporalAddress: 'stack:1', namespace: 'of-stack', uiUrl: null, dataFolder: dataFolderOf, pids: {} });

  test('flags win over a named folder, which wins over the environment, which wins over the default folder\'s stack', () => {
    const data = join(folder, 'located');
    mkdirSync(data);
    writeStackFile(stack(data, processIdentity(process.pid)!));
    withEnvironment({ DATABASE_URL: undefined, TEMPORAL_ADDRESS: undefined, AFTERCARE_DATA: data }, () => {
      expect(locateStack({})).toMatchObject({ databaseUrl: 'postgres://stack', temporalAddress: 'stack:1', namespace: 'of-stack' });
    });
    withEnvironment({ DATABASE_URL: 'postgres://environment', TEMPORAL_ADDRESS: 'environment:2', AFTERCARE_DATA: data }, () => {
      expect(locateStack({})).toMatchObject({ databaseUrl: 'postgres://environment', temporalAddress: 'environment:2', namespace: 'default' });
      expect(locateStack({ data })).toMatchObject({ databaseUrl: 'postgres://stack', temporalAddress: 'stack:1' });
      expect(locateStack({ data, databaseUrl: 'postgres://flag' })).toMatchObject({ databaseUrl: 'postgres://flag', temporalAddress: 'stack:1' });
    });
  });

  test('a stack.json that a crash has left behind counts for nothing; a named folder without a stack is an error that says what to do', () => {
    const data = join(folder, 'left-behind');
    mkdirSync(data);
    writeStackFile(stack(data, 'an earlier process'));
    expect(findServers({ data }).stack).toBeNull();
    withEnvironment({ DATABASE_URL: 'postgres://environment', TEMPORAL_ADDRESS: 'environment:2' }, () => {
      expect(() => locateStack({ data })).toThrow(`no stack is running on ${data}: start it with 'aftercare up --data ${data}'`);
    });
  });

  test('nothing anywhere: the error names what is missing', () => {
    withEnvironment({ DATABASE_URL: undefined, TEMPORAL_ADDRESS: undefined, AFTERCARE_DATA: join(folder, 'nowhere') }, () => {
      expect(() => locateStack({})).toThrow(/found no address of a database \(--database-url, DATABASE_URL\) nor of Temporal/);
    });
  });
});

function withEnvironment(values: Record<string, string | undefined>, work: () => void): void {
  const before = Object.fromEntries(Object.keys(values).map((name) => [name, process.env[name]]));
  const set = (entries: Record<string, string | undefined>): void => {
    for (const [name, value] of Object.entries(entries)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  set(values);
  try {
    work();
  } finally {
    set(before);
  }
}
