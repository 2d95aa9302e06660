/** The packed tarball, installed in an empty project, is the whole product. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const MINUTES = 60_000;

describe('the packed tarball', () => {
  let project: string;
  let files: string[];

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'aftercare-tarball-'));
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project], { cwd: root, maxBuffer: 1 << 26 });
    const packed = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[] | Record<string, { filename: string; files: { path: string }[] }>;
    const [pack] = Object.values(packed);
    files = pack!.files.map((file) => file.path);
    await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(project, pack!.filename)], { cwd: project, maxBuffer: 1 << 26 });
  }, 10 * MINUTES);

  afterAll(() => rm(project, { recursive: true, force: true }));

  it('carries the program, its migrations and the demo\'s data, and neither sources, tests nor other data', () => {
    expect(files).toEqual(expect.arrayContaining(['dist/cli/main.js', 'dist/workflows/bundle.js', 'dist/store/migrations/0001-models-and-data.sql', 'datasets/NOTICE.md', 'LICENSE']));
    expect(files.filter((file) => file.startsWith('datasets/')).sort()).toEqual([
      'datasets/NOTICE.md', 'datasets/diamonds.csv.gz', 'datasets/mc_analysis.csv.gz', 'datasets/mc_analysis_gt.csv.gz', 'datasets/mc_reference.csv.gz',
      'datasets/regression_synthetic_analysis.csv.gz', 'datasets/regression_synthetic_analysis_targets.csv.gz', 'datasets/regression_synthetic_reference.csv.gz',
      'datasets/synthetic_car_loan_analysis.csv.gz', 'datasets/synthetic_car_loan_analysis_target.csv.gz', 'datasets/synthetic_car_loan_reference.csv.gz',
    ]);
    expect(files.filter((file) => /^(test|bench|examples)\/|(?<!\.d)\.ts$/.test(file))).toEqual([]);
  });

  it('answers `npx aftercare --help`, and refuses wrong use with status 2', async () => {
    const { stdout } = await run('npx', ['--no-install', 'aftercare', '--help'], { cwd: project });
    expect(stdout).toContain('Exit status: 0 done, 1 the answer is no, 2 wrong use or input.');
    await expect(run('npx', ['--no-install', 'aftercare', 'nonsense'], { cwd: project })).rejects.toMatchObject({ code: 2 });
  });

  it('calculates without Temporal and PostgreSQL', async () => {
    const lines = ['x,y', ...Array.from({ length: 200 }, (_, i) => `${i % 17},${i % 2 === 0 ? 'a' : 'b'}`)];
    await writeFile(join(project, 'data.csv'), `${lines.join('\n')}\n`);
    const data = { file: join(project, 'data.csv'), rows: null };
    await writeFile(join(project, 'request.json'), JSON.stringify({
      calculator: 'MissingValuesCalculator', parameters: { column_names: ['x', 'y'], chunk_size: 50 }, columnTypes: {}, reference: data, analysis: { ...data, without: [] }, targets: null,
    }));
    const { stdout } = await run('npx', ['--no-install', 'aftercare', 'calculate', 'request.json'], { cwd: project });
    const answer = JSON.parse(stdout) as { results: { name: string; value: number }[] };
    expect(answer.results).toHaveLength(16);
    expect(new Set(answer.results.map((record) => record.value))).toEqual(new Set([0]));
  });

  it('is imported by its public names, and only by those', async () => {
    await writeFile(join(project, 'imports.mjs'), `
      const names = ['aftercare', 'aftercare/worker', 'aftercare/engine', 'aftercare/testing'];
      for (const name of names) console.log(name, Object.keys(await import(name)).length > 0);
      try { await import('aftercare/dist/store/pool.js'); console.log('inside: open'); } catch (error) { console.log('inside:', error.code); }`);
    const { stdout } = await run('node', ['imports.mjs'], { cwd: project });
    expect(stdout.trim().split('\n')).toEqual(['aftercare true', 'aftercare/worker true', 'aftercare/engine true', 'aftercare/testing true', 'inside: ERR_PACKAGE_PATH_NOT_EXPORTED']);
    const types = JSON.parse(await readFile(join(project, 'node_modules/aftercare/package.json'), 'utf8')) as { exports: Record<string, { types?: string }> };
    expect(Object.entries(types.exports).filter(([name, target]) => name !== './package.json' && !files.includes(target.types!.replace('./', '')))).toEqual([]);
  });
});
