/** The engine as JavaScript, for tests that start threads: a thread cannot run TypeScript, and dist/ may be older than the sources. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface CompiledEngine {
  threadFile: URL;
  remove(): void;
}

/** Below node_modules, so that the libraries are found; each caller has a folder of its own. */
export function compileEngine(name: string): CompiledEngine {
  const folder = join(root, 'node_modules/.cache', `aftercare-${name}-${process.pid}`);
  for (const room of ['engine', 'domain']) {
    for (const file of readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.ts'))) {
      const { outputText } = ts.transpileModule(readFileSync(join(root, room, file), 'utf8'), { compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true } });
      const target = join(folder, room, file.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, outputText);
    }
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return { threadFile: pathToFileURL(join(folder, 'engine/parallel/thread.js')), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
