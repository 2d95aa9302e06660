/** The examples of the README and of docs/python.md, run as they stand against real servers. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { loans, outcomes, withOutcome } from '../worker/support/loans.js';
import { startWorkerProcess, type WorkerProcess } from '../worker/support/worker-process.js';
import { createNamespace } from '../workflows/support/namespace.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const program = join(root, 'dist/cli/main.js');
const MINUTES = 60_000;

let database: TestDatabase;
let worker: WorkerProcess;
let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  database = await createDatabase();
  const temporal = await createNamespace('examples');
  env = { ...process.env, DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace };
  worker = startWorkerProcess({ databaseUrl: database.url, temporalAddress: temporal.address, namespace: temporal.namespace });
  folder = await mkdtemp(join(tmpdir(), 'aftercare-examples-'));
  await write('reference.csv', withOutcome(loans(0, 2_000)));
  await write('today.csv', loans(10_000, 11_000, 40_000));
  await write('outcomes.csv', outcomes(loans(10_000, 11_000)));
  await worker.ready();
});

afterAll(async () => {
  worker?.signal('SIGTERM');
  await worker?.ended;
  await database?.drop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function write(name: string, rows: Record<string, unknown>[]): Promise<void> {
  const columns = Object.keys(rows[0]!);
  await writeFile(join(folder, name), `${[columns.join(','), ...rows.map((row) => columns.map((column) => String(row[column])).join(','))].join('\n')}\n`);
}

async function block(file: string, language: string, containing: string): Promise<string> {
  const text = await readFile(join(root, file), 'utf8');
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1]!);
  const found = blocks.find((code) => code.includes(containing));
  if (!found) throw new Error(`${file} has no ${language} example that contains '${containing}'`);
  return found;
}

describe('the examples of the README', () => {
  it('work from a shell, line by line', async () => {
    const lines = (await block('README.md', 'sh', 'model create')).trim().split('\n').map((line) => line.replace(/\s+#.*$/, ''));
    expect(lines.length).toBeGreaterThan(5);
    const said: string[] = [];
    for (const line of lines) {
      expect(line).toMatch(/^npx aftercare /);
      const { stdout } = await run(process.execPath, [program, ...line.split(/\s+/).slice(2)], { cwd: folder, env });
      said.push(stdout);
    }
    expect(said.join('')).toContain('1,000 of 1,000 inferences accepted');
    expect(said.join('')).toContain('1,000 matched an inference');
    expect(await readFile(join(folder, 'aftercare-report-loans.html'), 'utf8')).toContain('</html>');
  });

  it('work from TypeScript', async () => {
    await run(process.execPath, [program, 'model', 'delete', 'loans', '--yes'], { cwd: folder, env });
    const code = await block('README.md', 'ts', 'Aftercare.connect');
    // Within the package, so that `aftercare` is found by its own name; the data is in the folder where it runs.
    const place = join(root, '.aftercare');
    await mkdir(place, { recursive: true });
    const file = join(place, `example-${process.pid}.mjs`);
    await writeFile(file, code);
    try {
      const { stdout } = await run(process.execPath, [file], { cwd: folder, env });
      expect(stdout).toContain('1000 rows are kept, 0 are in quarantine');
      expect(stdout).toMatch(/jensen_shannon income/);
      expect(stdout).toMatch(/\d+ of \d+ chunks were touched/);
    } finally {
      await rm(file, { force: true });
    }
  });
});

describe('the example of docs/python.md', () => {
  it('reads the results from Python, where Python is', async ({ skip }) => {
    const python = join(folder, 'venv/bin/python');
    try {
      await run('python3', ['-m', 'venv', join(folder, 'venv')]);
      await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'psycopg[binary]'], { timeout: 3 * MINUTES });
    } catch (error) {
      return skip(`no Python with psycopg here: ${(error as Error).message.split('\n')[0]!}`);
    }
    await writeFile(join(folder, 'example.py'), await block('docs/python.md', 'python', 'psycopg.connect'));
    const { stdout } = await run(python, ['example.py'], { cwd: folder, env });
    expect(stdout.trim().split('\n')[0]).toMatch(/^000000 {2}2030-01-\d\d {2}[01]\.\d{4} {2}\[/);
  }, 5 * MINUTES);
});
