/** The shell lines of the pages about the loop, run by a shell as they stand, against real servers; one model lives through them all. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Aftercare } from '../../client/index.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { loans, outcomes, withOutcome } from '../worker/support/loans.js';
import { startWorkerProcess, type WorkerProcess } from '../worker/support/worker-process.js';
import { eventually } from '../workflows/support/stage.js';
import { createNamespace } from '../workflows/support/namespace.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

let database: TestDatabase;
let worker: WorkerProcess;
let client: Aftercare;
let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  database = await createDatabase();
  const temporal = await createNamespace('pages');
  folder = await mkdtemp(join(tmpdir(), 'aftercare-pages-'));
  await mkdir(join(folder, 'bin'));
  await script('bin/aftercare', `exec '${process.execPath}' '${join(root, 'dist/cli/main.js')}' "$@"`);
  await script('use-predictions.sh', 'echo used');
  env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace };
  worker = startWorkerProcess({ databaseUrl: database.url, temporalAddress: temporal.address, namespace: temporal.namespace });
  client = await Aftercare.connect({ databaseUrl: database.url, temporal: { address: temporal.address, namespace: temporal.namespace }, by: 'ada' });
  await client.models.create({ name: 'loans', reference: withOutcome(loans(0, 2_000)), columns: { target: 'repaid' }, settings: { chunking: { kind: 'size', size: 250 } } });
  await client.append('loans', loans(10_000, 11_000), { key: 'before' });
  await client.targets('loans', outcomes(loans(10_000, 10_400)));
  await worker.ready();
  await client.run('loans');
});

afterAll(async () => {
  await client?.close();
  worker?.signal('SIGTERM');
  await worker?.ended;
  await database?.drop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function script(name: string, line: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${line}\n`);
  await chmod(join(folder, name), 0o755);
}

async function write(name: string, rows: object[]): Promise<void> {
  const columns = Object.keys(rows[0]!);
  await writeFile(join(folder, name), `${[columns.join(','), ...rows.map((row) => Object.values(row).map(String).join(','))].join('\n')}\n`);
}

/** What the page's shell lines that hold this print, to the very end. */
async function shell(page: string, containing: string): Promise<string> {
  const text = await readFile(join(root, 'docs/how-it-works', `${page}.md`), 'utf8');
  const block = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1]!).find((code) => code.includes(containing));
  if (!block) throw new Error(`${page}.md has no shell lines with '${containing}'`);
  return (await run('sh', ['-e', '-c', block], { cwd: folder, env, timeout: 120_000 })).stdout;
}

/** A table's heading as the page shows it. */
async function heading(page: string, containing: string): Promise<RegExp> {
  const line = (await readFile(join(root, 'docs/how-it-works', `${page}.md`), 'utf8')).split('\n').find((one) => one.startsWith(containing))!;
  return new RegExp(line.trim().split(/ {2,}/).map((word) => word.replace(/[.*+?^${}()|[\]\\%]/g, '\\$&')).join(' +'));
}

it('delayed targets', async () => {
  const shown = await shell('delayed-targets', 'model show loans');
  expect(shown).toMatch(await heading('delayed-targets', 'chunks  '));
  expect(shown).toMatch(/final +1 +250 +250 +100\.0 %/);
  expect(shown).toMatch(/waiting less than a day +3 +750 +150 +20\.0 %/);
  expect(shown).toContain('next due: a reminder for');
  await write('outcomes.csv', outcomes(loans(10_000, 11_000)));
  const told = await shell('delayed-targets', 'revisions loans');
  expect(told).toMatch(/000003 +realized_performance +roc_auc .*provisional/);
  expect(told).toContain('600 of 1,000 targets accepted');
  expect(told).toContain('400 were there already and count once');
});

it('failing to predict', async () => {
  await write('calls.csv', Array.from({ length: 200 }, (_, n) => ({ at: new Date(Date.now() - n * 1_000).toISOString(), durationMs: 5 + (n % 20), error: n % 50 === 0 })));
  const shown = await shell('failing-to-predict', 'telemetry log');
  expect(shown).toMatch(await heading('failing-to-predict', 'version  role'));
  expect(shown).toMatch(/1 +main +200 +4 +2\.00 %/);
});

it('challengers, and a promotion that is taken back', async () => {
  await write('reference-v2.csv', withOutcome(loans(5_000, 6_000)));
  expect(await shell('challengers', 'challenger add')).toMatch(/2 +challenger +1,?000 .*3f2a91c.*lightgbm/);
  await write('shadow-today.csv', loans(10_000, 10_500));
  expect(await shell('challengers', '--model-version 2')).toContain('500 of 500');
  await client.run('loans');
  expect((await shell('challengers', '--model-version all')).split('\n').length).toBeGreaterThan(10);
  await client.challenges.wait('loans', 1, { states: ['shadow'] });
  // The realized performance of its shadow rows is poor: whoever promotes it knew, and goes back by hand.
  const promoted = await shell('promotion', 'promote loans 2');
  expect(promoted).toMatch(/version 2/);
  expect((await client.models.get('loans')).version).toBe(1);
  expect((await client.audit('loans', { action: 'version rolled back' })).map(({ by, detail }) => [by, detail['to']])).toEqual([['maria', 1]]);
});

it('gate', async () => {
  await write('today.csv', loans(12_000, 12_400));
  const used = shell('gate', '--wait');
  const held = eventually(() => client.gates('loans'), (gates) => gates.length > 0, 60_000).then(async ([gate]) => {
    if (gate!.state !== 'held') return;
    await eventually(() => client.decisions({ model: 'loans' }), (waiting) => waiting.some(({ id }) => id === gate!.decisionId));
    await client.decide(gate!.decisionId!, { answer: 'release', by: 'maria' });
  });
  await held;
  expect(await used).toContain('used');
});

it('retraining: what is set, by whom it is wanted, and how it is stopped', async () => {
  const page = await readFile(join(root, 'docs/how-it-works/retraining.md'), 'utf8');
  expect(page).toContain('retraining.on=["realized_performance"]');
  await run('sh', ['-e', '-c', page.split('```sh\n').find((block) => block.includes('retrainings loans'))!.split('```')[0]!.split('\n').filter((line) => !/retrain loans/.test(line)).join('\n')], { cwd: folder, env });
  const { settings } = await client.models.get('loans');
  expect(settings.retraining).toMatchObject({ mode: 'ask', approval: { approvers: ['maria'] }, schedule: { unit: 'month' } });
  await expect(shell('retraining', 'aftercare secret set training-key')).resolves.toContain('training-key');
});
