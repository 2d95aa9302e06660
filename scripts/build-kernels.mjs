// Compiles the engine's kernels (kernels.as in engine/boosting and engine/kernels, AssemblyScript) into the kernels.wasm.ts beside them, which are committed:
// an installation needs no compiler. With --check it only compares; test/engine/boosting/kernels.test.ts does the same.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ROOMS = ['engine/boosting', 'engine/kernels'];

/** The text of kernels.wasm.ts as the source gives it now. */
export async function compileKernels(room = ROOMS[0]) {
  const folder = mkdtempSync(join(tmpdir(), 'aftercare-kernels-'));
  try {
    // The compiler wants .ts, which the project's own compiler and linter would take for theirs.
    writeFileSync(join(folder, 'kernels.ts'), readFileSync(join(root, room, 'kernels.as')));
    const { error, stderr } = await asc.main([
      'kernels.ts', '--baseDir', folder, '--outFile', 'kernels.wasm', '--optimizeLevel', '3', '--shrinkLevel', '0', '--runtime', 'stub', '--importMemory', '--use', 'abort=',
      '--enable', 'simd', '--enable', 'bulk-memory',
    ]);
    if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
    const bytes = readFileSync(join(folder, 'kernels.wasm'));
    const lines = bytes.toString('base64').match(/.{1,160}/g).map((line) => `  '${line}',`);
    return `/** Made by scripts/build-kernels.mjs from kernels.as: ${bytes.length} bytes of WebAssembly, base64. */\nexport const KERNELS_WASM = [\n${lines.join('\n')}\n].join('');\n`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const room of ROOMS) {
    const target = join(root, room, 'kernels.wasm.ts');
    const text = await compileKernels(room);
    if (!process.argv.includes('--check')) writeFileSync(target, text);
    else if (readFileSync(target, 'utf8') !== text) {
      console.error(`${target} is not what kernels.as gives: run node scripts/build-kernels.mjs`);
      process.exitCode = 1;
    }
  }
}
