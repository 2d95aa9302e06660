/** The data folder of an embedded PostgreSQL: made once, checked at every start, freed of what a killed server left behind. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InvalidInput } from '../domain/errors.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { commandLine, describeExit, exitOf, isAlive, processesWorkingIn, signalProcess, waitUntil } from './processes.js';
import { closedFolder, type ServerUser } from './server-user.js';

export const DATABASE = 'aftercare';
export const OWNER = 'aftercare';

/** How a command of the server is started under the right account. */
export interface Launch {
  command: string;
  /** Goes before the command's own arguments. */
  prefix: string[];
  uid?: number;
  gid?: number;
  env: NodeJS.ProcessEnv;
}

export interface Cluster {
  /** PGDATA. */
  folder: string;
  password: string;
}

/**
 * As root the command runs as `user`. Where that account may not even reach the data folder (a temporary folder of mode 700, say), it gets the one
 * capability that it lacks (reading through closed folders, nothing else) from setpriv; an account without it is refused with the folder's name.
 */
export function launchAs(user: ServerUser | null, binaries: PostgresBinaries, name: 'postgres' | 'initdb', dataFolder: string): Launch {
  const path = join(binaries.folder, 'bin', name);
  // A server that lives long must not depend on the caller's locale or PG… variables.
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  if (user === null) return { command: path, prefix: [], env };
  if (closedFolder(dataFolder, user) === null) return { command: path, prefix: [], uid: user.uid, gid: user.gid, env };
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv', '/usr/local/bin/setpriv'].find((candidate) => existsSync(candidate));
  if (setpriv === undefined || process.platform !== 'linux') {
    throw new InvalidInput(
      `PostgreSQL runs as user ${user.name} here, who may not enter ${closedFolder(dataFolder, user) ?? dataFolder}: choose a data folder that others may pass through (--data, default below /var/lib/aftercare), or start as an ordinary user`,
    );
  }
  const prefix = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search', '--', path];
  return { command: setpriv, prefix, env };
}

/** @throws InvalidInput when the folder was made by another major version, or is not one of ours */
function checkVersion(folder: string, binaries: PostgresBinaries): void {
  const found = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
  const ours = binaries.version.split('.')[0];
  if (found !== ours) {
    throw new InvalidInput(
      `the data in ${folder} was written by PostgreSQL ${found}, and the embedded server is PostgreSQL ${ours}: move it over with that version's pg_dump and this one's psql, or choose another folder with --data`,
    );
  }
}

/** PGDATA below a stack's data folder, as the server itself names it (links resolved). */
export const clusterFolder = (dataFolder: string): string => join(realpathSync(dataFolder), 'postgres', 'data');

/** Makes the folder's cluster when there is none yet. An interrupted making is started over. */
export async function prepareCluster(dataFolder: string, binaries: PostgresBinaries, user: ServerUser | null, onLog: (line: string) => void): Promise<Cluster> {
  mkdirSync(dataFolder, { recursive: true });
  const folder = clusterFolder(dataFolder);
  const home = dirname(folder);
  const passwordFile = join(home, 'password');
  if (existsSync(join(home, 'ready'))) {
    if (user !== null) chownSync(home, user.uid, user.gid);
    checkVersion(folder, binaries);
    return { folder, password: readFileSync(passwordFile, 'utf8').trim() };
  }
  onLog('making the database (once)');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const password = randomBytes(24).toString('base64url');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  chmodSync(passwordFile, 0o600);
  if (user !== null) {
    chownSync(home, user.uid, user.gid);
    chownSync(passwordFile, user.uid, user.gid);
  }
  const launch = launchAs(user, binaries, 'initdb', home);
  const args = [`--pgdata=${folder}`, `--username=${OWNER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--no-instructions', '--no-sync'];
  const child = spawn(launch.command, [...launch.prefix, ...args], { cwd: '/', env: launch.env, stdio: ['ignore', 'pipe', 'pipe'], ...(launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.gid }) });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.once('error', (error) => (said += error.message));
  const status = await exitOf(child);
  if (status.code !== 0) {
    throw new Error(`initdb could not make a database in ${folder} (${describeExit(status)}): ${said.trim().split('\n').slice(-4).join(' | ')}`);
  }
  writeFileSync(join(home, 'ready'), `${new Date().toISOString()}\n`);
  return { folder, password };
}

/** Is this process a Postgres server on this folder? A number of postmaster.pid may long belong to somebody else. */
const isServerOf = (pid: number, folder: string): boolean => isAlive(pid) && commandLine(pid).includes(folder) && /postgres/.test(commandLine(pid));

/**
 * Ends the processes of an earlier server on this folder, whose supervisor was killed. The caller holds the folder's lock, so that nobody wants them.
 * Also a single backend that outlives its postmaster keeps the shared memory, and with it the folder.
 */
export async function reapOrphans(folder: string, onLog: (line: string) => void): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid');
  const recorded = existsSync(pidFile) ? Number.parseInt(readFileSync(pidFile, 'utf8'), 10) : Number.NaN;
  if (recorded > 0 && isServerOf(recorded, folder)) {
    onLog(`ending the PostgreSQL server (process ${recorded}) that an earlier start has left behind`);
    signalProcess(recorded, 'SIGINT');
    if (!(await waitUntil(() => !isAlive(recorded), 5_000))) signalProcess(recorded, 'SIGQUIT');
    if (!(await waitUntil(() => !isAlive(recorded), 2_000))) signalProcess(recorded, 'SIGKILL');
  }
  const left = () => processesWorkingIn(folder).filter((pid) => pid !== process.pid && /postgres/.test(commandLine(pid)));
  // Backends see within a moment that their postmaster is gone; the kill is for those that hang.
  if (!(await waitUntil(() => left().length === 0, 3_000))) {
    for (const pid of left()) signalProcess(pid, 'SIGKILL');
    await waitUntil(() => left().length === 0, 2_000);
  }
  // Postgres removes a stale file by itself, unless its number belongs by chance to a living process of the same account.
  if (existsSync(pidFile) && !(recorded > 0 && isServerOf(recorded, folder))) rmSync(pidFile, { force: true });
}
