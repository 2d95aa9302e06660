// `npm run test:storm -- --seeds 20` (seeds 1 … 20), `--seed N` (one again), `--kills N` (default 5 here, 3 in the default tests).
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { seeds: { type: 'string' }, seed: { type: 'string' }, kills: { type: 'string', default: '5' } } });
const whole = (text, name) => {
  if (!/^\d+$/.test(text)) {
    process.stderr.write(`--${name} '${text}' is not a whole number\n`);
    process.exit(2);
  }
  return Number(text);
};
const seeds = values.seed === undefined ? Array.from({ length: whole(values.seeds ?? '3', 'seeds') }, (_, i) => i + 1) : [whole(values.seed, 'seed')];
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'stack', 'test/storm'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, AFTERCARE_STORM_SEEDS: seeds.join(','), AFTERCARE_STORM_KILLS: String(whole(values.kills, 'kills')) },
});
process.exit(status ?? 1);
