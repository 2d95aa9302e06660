// `npm run test:cluster [-- --seeds N]`: two Temporal hosts on PostgreSQL, two workers, one of each killed during the story. The server is built once, into the cache (about 6 minutes).
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const VERSION = 'v1.29.1';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1' } } });
if (!/^[1-9]\d*$/.test(values.seeds)) {
  process.stderr.write(`--seeds '${values.seeds}' is not a whole number from 1\n`);
  process.exit(2);
}

/** As embedded/paths.ts has it. */
function cacheFolder() {
  const { AFTERCARE_CACHE, XDG_CACHE_HOME } = process.env;
  if (AFTERCARE_CACHE) return resolve(AFTERCARE_CACHE);
  return join(XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'aftercare');
}

const bin = join(cacheFolder(), `temporal-server-${VERSION}`);
const exe = process.platform === 'win32' ? '.exe' : '';
for (const [name, module, built] of [['temporal-sql', 'go.temporal.io/server/cmd/tools/sql', 'sql'], ['temporal-server', 'go.temporal.io/server/cmd/server', 'server']]) {
  if (existsSync(join(bin, name + exe))) continue;
  process.stderr.write(`building ${module}@${VERSION} into ${bin} (some minutes, once)\n`);
  const making = join(bin, `making-${process.pid}`);
  mkdirSync(making, { recursive: true });
  try {
    execFileSync('go', ['install', `${module}@${VERSION}`], { env: { ...process.env, GOBIN: making, CGO_ENABLED: '0' }, stdio: 'inherit' });
    renameSync(join(making, built + exe), join(bin, name + exe));
  } catch (error) {
    process.stderr.write(`could not be built (${error.message}): Go 1.24 or newer is needed (https://go.dev/dl), and its module proxy\n`);
    process.exit(1);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'stack', 'test/cluster'], {
  cwd: root, stdio: 'inherit', env: { ...process.env, AFTERCARE_CLUSTER_BIN: bin, AFTERCARE_CLUSTER_SEEDS: Array.from({ length: Number(values.seeds) }, (_, i) => i + 1).join(',') },
});
process.exit(status ?? 1);
