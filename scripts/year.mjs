// A year of a model's life by time skipping: `npm run test:year`, or `-- --days 100`. Needs Java and Maven (the test server that skips time).
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { days: { type: 'string', default: '365' } } });
if (!/^[1-9]\d*$/.test(values.days)) {
  process.stderr.write(`--days '${values.days}' is not a whole number\n`);
  process.exit(2);
}
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'stack', 'test/year'], { cwd: root, stdio: 'inherit', env: { ...process.env, AFTERCARE_YEAR_DAYS: values.days } });
process.exit(status ?? 1);
