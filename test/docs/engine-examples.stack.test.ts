/** The engine's examples in docs/how-it-works, run as they stand against the built package: they print what the page says. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** A block of code, and the block of text behind it. */
async function examplesOf(page: string): Promise<{ code: string; prints: string }[]> {
  const text = await readFile(join(root, 'docs/how-it-works', page), 'utf8');
  return [...text.matchAll(/^```ts\n((?:(?!^```)[\s\S])*)^```\n\n```text\n((?:(?!^```)[\s\S])*)^```/gm)].map(([, code, prints]) => ({ code: code!, prints: prints! }));
}

async function outputOf(code: string): Promise<string> {
  // Within the package, so that `aftercare/engine` is found by its own name.
  const place = join(root, '.aftercare');
  await mkdir(place, { recursive: true });
  const file = join(place, `engine-example-${process.pid}.mjs`);
  await writeFile(file, code);
  try {
    return (await run(process.execPath, [file])).stdout;
  } finally {
    await rm(file);
  }
}

describe('examples of the engine', () => {
  it.each(['direct-loss-estimation', 'custom-metrics', 'boosting', 'chunks-and-thresholds', 'comparisons', 'distributions', 'ranking', 'segments', 'threads'].map((page) => `${page}.md`))('of %s print what the page says', async (page) => {
    const examples = await examplesOf(page);
    expect(examples.length).toBeGreaterThan(0);
    for (const { code, prints } of examples) expect(await outputOf(code)).toBe(prints);
  }, 60_000);

  it('the metrics of custom-metrics.md are well defined', async () => {
    const [block] = (await readFile(join(root, 'docs/how-it-works/custom-metrics.md'), 'utf8')).match(/^```ts\n\/\/ metrics\.js\n[\s\S]*?^```/m)!;
    const code = block.replace(/^```ts\n/, '').replace(/```$/, '');
    expect(await outputOf(`${code}\nconsole.log(profit.name, impatience.loss({ targets: Float64Array.of(5, 5), predictions: Float64Array.of(4, 7) }).join());\n`)).toBe('profit 3,2\n');
  });
});
