// Compiles the benches and what they measure, and runs one of them: node scripts/bench.mjs append --rows 1000000
// Compiled, because type stripping in the process would be part of what is measured.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name, ...args] = process.argv.slice(2);
if (!name || !/^[a-z-]+$/.test(name)) {
  console.error('name a bench: node scripts/bench.mjs append|sources|run … (files bench/<name>.ts)');
  process.exit(2);
}
// Inside the package, so that its dependencies are found; in node_modules, so that Git and the tarball do not see it.
const out = join(root, 'node_modules/.cache/aftercare-bench');
mkdirSync(out, { recursive: true });
const project = join(root, `tsconfig.bench-${process.pid}.json`);
writeFileSync(project, JSON.stringify({ extends: './tsconfig.json', compilerOptions: { noEmit: false, declaration: false, outDir: out, rootDir: '.' }, include: [`bench/${name}.ts`] }));
const require = createRequire(import.meta.url);
const compiled = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', project], { cwd: root, stdio: 'inherit' });
rmSync(project);
if (compiled.status !== 0 && !process.env.AFTERCARE_BENCH_LENIENT) process.exit(compiled.status ?? 1);
writeFileSync(join(out, 'package.json'), '{"type":"module"}');
mkdirSync(join(out, 'store'), { recursive: true });
cpSync(join(root, 'store/migrations'), join(out, 'store/migrations'), { recursive: true });
const run = spawnSync(process.execPath, [join(out, 'bench', `${name}.js`), ...args], { cwd: root, stdio: 'inherit' });
process.exit(run.status ?? 1);
