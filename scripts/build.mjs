// Builds dist/: compiles the rooms, copies what is not TypeScript, and bundles the workflows once, so that a worker starts without webpack.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const require = createRequire(import.meta.url);

/** A packed tarball brings dist/ but neither the sources nor the compiler: then there is nothing to build. */
if (!existsSync(join(root, 'tsconfig.build.json'))) process.exit(0);

rmSync(dist, { recursive: true, force: true });
const tsc = require.resolve('typescript/bin/tsc');
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

mkdirSync(join(dist, 'store'), { recursive: true });
cpSync(join(root, 'store/migrations'), join(dist, 'store/migrations'), { recursive: true });
if (existsSync(join(dist, 'cli/main.js'))) chmodSync(join(dist, 'cli/main.js'), 0o755);

if (existsSync(join(dist, 'workflows/index.js'))) {
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const quiet = { trace() {}, debug() {}, info() {}, log() {}, warn: console.warn, error: console.error };
  const { code } = await bundleWorkflowCode({ workflowsPath: join(dist, 'workflows/index.js'), logger: quiet });
  writeFileSync(join(dist, 'workflows/bundle.js'), code);
}
