// Builds dist/: compiles the rooms, copies what is not TypeScript, and bundles the workflows once, so that a worker starts without webpack.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const require = createRequire(import.meta.url);

/** A packed tarball brings dist/ but neither the sources nor the compiler: then there is nothing to build. */
if (!existsSync(join(root, 'tsconfig.build.json'))) process.exit(0);

// Built beside and swapped in whole, so that a program that is running from dist/ never sees half of it. `--lenient` builds in spite of type errors.
const fresh = join(root, `dist.new-${process.pid}`);
const tsc = require.resolve('typescript/bin/tsc');
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh], { cwd: root, stdio: 'inherit' });
if (compiled.status !== 0 && !process.argv.includes('--lenient')) {
  rmSync(fresh, { recursive: true, force: true });
  process.exit(compiled.status ?? 1);
}

mkdirSync(join(fresh, 'store'), { recursive: true });
cpSync(join(root, 'store/migrations'), join(fresh, 'store/migrations'), { recursive: true });
if (existsSync(join(fresh, 'cli/main.js'))) chmodSync(join(fresh, 'cli/main.js'), 0o755);

// Ours, and those of the team that the demo plays.
for (const [workflows, bundle] of [['workflows/index.js', 'workflows/bundle.js'], ['cli/demo/loop/team/workflows.js', 'cli/demo/loop/team/bundle.js']]) {
  if (!existsSync(join(fresh, workflows))) continue;
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const quiet = { trace() {}, debug() {}, info() {}, log() {}, warn: console.warn, error: console.error };
  const { code } = await bundleWorkflowCode({ workflowsPath: join(fresh, workflows), logger: quiet });
  writeFileSync(join(fresh, bundle), code);
}

const old = join(root, `dist.old-${process.pid}`);
if (existsSync(dist)) renameSync(dist, old);
renameSync(fresh, dist);
rmSync(old, { recursive: true, force: true });
