/**
 * Finds a Temporal server for this machine: a `temporal` on the PATH, one in our cache, the Temporal SDK's own download, or built with Go.
 * Each step that fails says why in one line; the last failure says what to install.
 */
import { execFile, spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { InvalidInput } from '../domain/errors.js';
import { acquireLock, type FolderLock } from './folder-lock.js';
import { Guard } from './guard.js';
import { cacheFolder } from './paths.js';
import { exitOf, signalGroup } from './processes.js';

/** Of github.com/temporalio/cli; brings server 1.29.1. */
export const CLI_VERSION = 'v1.5.1';
/** Worker deployments and updates-with-start, on which the workflows rely, are settled from here on. */
const OLDEST_SERVER = { major: 1, minor: 28 };
const CLI_MODULE = 'github.com/temporalio/cli/cmd/temporal';
/** A blocked network shows itself by nothing arriving within this time. */
const DOWNLOAD_PATIENCE_MS = 5_000;
const DOWNLOAD_LIMIT_MS = 300_000;
const BUILD_LIMIT_MS = 30 * 60_000;
const PROGRESS_EVERY_MS = 10_000;

export interface TemporalBinary {
  path: string;
  /** Version of the server inside, e.g. '1.29.1'. */
  serverVersion: string;
  from: 'path' | 'cache' | 'download' | 'build';
}

type Found = { binary: TemporalBinary } | { refusal: string };
type Say = (line: string) => void;

const EXECUTABLE = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** All programs of this name on the PATH, in its order. */
function onPath(name: string): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '').map((folder) => join(folder, name)).filter(isExecutable);
}

const run = (command: string, args: string[], timeoutMs: number): Promise<{ ok: boolean; output: string }> =>
  new Promise((done) => {
    execFile(command, args, { timeout: timeoutMs, encoding: 'utf8' }, (error, stdout, stderr) => done({ ok: error === null, output: `${stdout}${stderr}`.trim() || (error?.message ?? '') }));
  });

/** The server's version from what `temporal --version` prints, e.g. "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"; null when it says none. */
export function parseServerVersion(printed: string): string | null {
  return /\(Server (\d+\.\d+\.\d+[^,)\s]*)/.exec(printed)?.[1] ?? null;
}

export function isNewEnough(serverVersion: string): boolean {
  const [major = 0, minor = 0] = serverVersion.split('.').map(Number);
  return major > OLDEST_SERVER.major || (major === OLDEST_SERVER.major && minor >= OLDEST_SERVER.minor);
}

async function check(path: string, from: TemporalBinary['from']): Promise<Found> {
  const { ok, output } = await run(path, ['--version'], 15_000);
  if (!ok) return { refusal: `${path} does not run: ${output.split('\n')[0] ?? ''}` };
  const serverVersion = parseServerVersion(output);
  if (serverVersion === null) return { refusal: `${path} does not say which server it brings (${output.split('\n')[0] ?? ''})` };
  if (!isNewEnough(serverVersion)) return { refusal: `${path} brings server ${serverVersion}, too old: ${OLDEST_SERVER.major}.${OLDEST_SERVER.minor} or newer is needed` };
  return { binary: { path, serverVersion, from } };
}

/** The first on the PATH that will do; those before it are told, because a person may wonder why theirs is not taken. */
async function lookOnPath(say: Say): Promise<Found> {
  const candidates = onPath(EXECUTABLE);
  for (const candidate of candidates) {
    const found = await check(candidate, 'path');
    if ('binary' in found) return found;
    say(`Temporal server: ${found.refusal}`);
  }
  return { refusal: candidates.length > 0 ? 'no `temporal` on the PATH that will do' : 'no `temporal` on the PATH' };
}

const home = (): string => join(cacheFolder(), 'temporal');
const builtBinary = (): string => join(home(), CLI_VERSION, EXECUTABLE);
const downloadedBinary = (): string => join(home(), 'downloaded', EXECUTABLE);

async function lookInCache(): Promise<Found> {
  const refusals: string[] = [];
  for (const candidate of [builtBinary(), downloadedBinary()]) {
    if (!existsSync(candidate)) continue;
    const found = await check(candidate, 'cache');
    if ('binary' in found) return found;
    refusals.push(found.refusal);
  }
  return { refusal: refusals.length > 0 ? refusals.join('; ') : `none in the cache (${home()})` };
}

/** Runs in a process of its own, so that it can be ended when the network swallows its requests. */
const DOWNLOAD_PROGRAM = `
const [testing, folder] = process.argv.slice(1);
const { TestWorkflowEnvironment } = (await import(testing)).default ?? (await import(testing));
try {
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'cached-download', downloadDir: folder, ttl: '3650 days' } } });
  await environment.teardown();
} catch (error) {
  process.stderr.write(String(error?.message ?? error));
  process.exit(1);
}
process.exit(0);
`;

const bytesIn = (folder: string): number => readdirSync(folder).reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);

async function download(say: Say): Promise<Found> {
  let testing: string;
  try {
    testing = pathToFileURL(createRequire(import.meta.url).resolve('@temporalio/testing')).href;
  } catch {
    return { refusal: 'the Temporal SDK\'s download needs the npm package @temporalio/testing, which is not installed' };
  }
  const folder = join(home(), `downloading-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const guard = new Guard(folder);
  const child = spawn(process.execPath, ['--input-type=module', '-e', DOWNLOAD_PROGRAM, testing, folder], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  if (child.pid !== undefined) guard.add(child.pid);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exit = exitOf(child);
  let status: Awaited<typeof exit> | null = null;
  void exit.then((ended) => (status = ended));
  const started = Date.now();
  let grownAt = started;
  let bytes = 0;
  let spoken = started;
  try {
    while (status === null) {
      await delay(100);
      const now = bytesIn(folder);
      if (now > bytes) [bytes, grownAt] = [now, Date.now()];
      if (Date.now() - spoken > PROGRESS_EVERY_MS) {
        say(`downloading the Temporal server: ${Math.round(bytes / 1e6)} MB so far`);
        spoken = Date.now();
      }
      const unheard = Date.now() - grownAt > (bytes === 0 ? DOWNLOAD_PATIENCE_MS : 30_000);
      if (status === null && (unheard || Date.now() - started > DOWNLOAD_LIMIT_MS)) {
        if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
        await exit;
        return { refusal: `the Temporal SDK's download got nothing within ${DOWNLOAD_PATIENCE_MS / 1000} s: the network is blocked or slow` };
      }
    }
    const biggest = readdirSync(folder).map((name) => join(folder, name)).sort((a, b) => statSync(b).size - statSync(a).size)[0];
    if ((status as { code: number | null }).code !== 0 || biggest === undefined) {
      const causes = said.trim().split('\n')[0]?.split(': ') ?? [];
      return { refusal: `the Temporal SDK's download failed: ${causes.slice(-3).join(': ') || 'no reason given'}` };
    }
    mkdirSync(join(home(), 'downloaded'), { recursive: true });
    chmodSync(biggest, 0o755);
    renameSync(biggest, downloadedBinary());
    return await check(downloadedBinary(), 'download');
  } finally {
    guard.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Only one process builds; the others wait for it and say so. */
async function waitForBuildLock(say: Say): Promise<FolderLock | 'built-meanwhile'> {
  let spoken = 0;
  for (;;) {
    const held = acquireLock(join(home(), 'build.lock'));
    if ('lock' in held) return existsSync(builtBinary()) ? (held.lock.release(), 'built-meanwhile') : held.lock;
    if (Date.now() - spoken > PROGRESS_EVERY_MS) {
      say(`process ${held.heldBy.pid} is building the Temporal server: waiting for it`);
      spoken = Date.now();
    }
    await delay(500);
    if (existsSync(builtBinary())) return 'built-meanwhile';
  }
}

const elapsed = (sinceMs: number): string => {
  const seconds = Math.round((Date.now() - sinceMs) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

/** `go install` into a folder of our own, then moved in place whole. Takes about 4 minutes on 2 cores, once. */
async function build(say: Say): Promise<Found> {
  const go = [...onPath('go'), '/usr/local/go/bin/go', '/usr/lib/go/bin/go', '/opt/homebrew/bin/go'].find(isExecutable);
  if (go === undefined) return { refusal: 'Go is not installed, so the server cannot be built' };
  mkdirSync(home(), { recursive: true });
  const lock = await waitForBuildLock(say);
  if (lock === 'built-meanwhile') return check(builtBinary(), 'build');
  const folder = join(home(), `building-${process.pid}`);
  const guard = new Guard(folder);
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    say(`building the Temporal server with ${go} (once, about 4 minutes): go install ${CLI_MODULE}@${CLI_VERSION}`);
    const started = Date.now();
    const child = spawn(go, ['install', '-v', `${CLI_MODULE}@${CLI_VERSION}`], {
      cwd: folder,
      // Workspace and module flags of the user's own projects must not reach this build.
      env: { ...process.env, GOBIN: folder, GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0', ...(process.env.HOME ? {} : { HOME: folder }) },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    const lines: string[] = [];
    let packages = 0;
    child.stderr.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().split('\n')) {
        if (line.trim() === '') continue;
        if (!/^go: /.test(line)) packages++;
        lines.push(line.trim());
        if (lines.length > 20) lines.shift();
      }
    });
    if (child.pid !== undefined) guard.add(child.pid);
    const stopBuild = (): void => void (child.pid !== undefined && signalGroup(child.pid, 'SIGKILL'));
    const timer = setInterval(() => {
      const doing = packages === 0 ? `fetching modules (${lines.at(-1) ?? 'asking for them'})` : `compiling, ${packages} packages so far (${lines.at(-1) ?? ''})`;
      say(`building the Temporal server: ${elapsed(started)}, ${doing}`);
    }, PROGRESS_EVERY_MS);
    const limit = setTimeout(stopBuild, BUILD_LIMIT_MS);
    const status = await exitOf(child);
    clearInterval(timer);
    clearTimeout(limit);
    if (status.code !== 0) return { refusal: `building it with Go failed after ${elapsed(started)}: ${lines.slice(-2).join(' | ') || 'no reason given'}` };
    mkdirSync(join(home(), CLI_VERSION), { recursive: true });
    cpSync(join(folder, EXECUTABLE), `${builtBinary()}.new`);
    renameSync(`${builtBinary()}.new`, builtBinary());
    say(`built the Temporal server in ${elapsed(started)}; it stays in ${builtBinary()}`);
    return await check(builtBinary(), 'build');
  } finally {
    guard.close();
    rmSync(folder, { recursive: true, force: true });
    lock.release();
  }
}

/**
 * @param say one line per step that failed, and progress of a download or build
 * @throws InvalidInput when every step failed; tells what to install
 */
export async function findTemporalBinary(say: Say): Promise<TemporalBinary> {
  const refusals: string[] = [];
  for (const look of [() => lookOnPath(say), lookInCache]) {
    const found = await look();
    if ('binary' in found) return found.binary;
    refusals.push(found.refusal);
  }
  // Why what comes now takes its time.
  for (const refusal of refusals) say(`Temporal server: ${refusal}`);
  for (const fetch of [download, build]) {
    const found = await fetch(say);
    if ('binary' in found) return found.binary;
    say(`Temporal server: ${found.refusal}`);
  }
  throw new InvalidInput(
    'no Temporal server was found, downloaded or built (the lines above say why). Install one of: the `temporal` command line (https://docs.temporal.io/cli) on the PATH; or Go 1.24 or newer (https://go.dev/dl), with which it is built; or give the address of a running server with --temporal-address or TEMPORAL_ADDRESS',
  );
}

/** What is there already, without downloading or building anything: for doctor. */
export async function findInstalledTemporal(): Promise<Found> {
  const said: string[] = [];
  const first = await lookOnPath((line) => said.push(line.replace('Temporal server: ', '')));
  if ('binary' in first) return first;
  const second = await lookInCache();
  return 'binary' in second ? second : { refusal: [...said, first.refusal, second.refusal].join('; ') };
}
