// `npm run test:storm -- --seeds 20` (seeds 1 … 20), `--seed N` (one again), `--kills N` (default 5 here, 3 in the default tests). With `--story` the loop after the alert is told
// (mails, approvals, training, promotion), and besides the kills there are wrong clocks and a bad line to Postgres: cut or stalled for `--spell` seconds (default 30 here, 3 in the
// default tests), or slow.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { seeds: { type: 'string' }, seed: { type: 'string' }, kills: { type: 'string', default: '5' }, story: { type: 'boolean', default: false }, spell: { type: 'string', default: '30' } } });
const whole = (text, name) => {
  if (!/^\d+$/.test(text)) {
    process.stderr.write(`--${name} '${text}' is not a whole number\n`);
    process.exit(2);
  }
  return Number(text);
};
const seeds = values.seed === undefined ? Array.from({ length: whole(values.seeds ?? '3', 'seeds') }, (_, i) => i + 1) : [whole(values.seed, 'seed')];
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'stack', `test/storm/${values.story ? 'storm-loop' : 'storm'}.stack.test.ts`], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, AFTERCARE_STORM_SEEDS: seeds.join(','), AFTERCARE_STORM_KILLS: String(whole(values.kills, 'kills')), AFTERCARE_STORM_SPELL_MS: String(1000 * whole(values.spell, 'spell')) },
});
process.exit(status ?? 1);
