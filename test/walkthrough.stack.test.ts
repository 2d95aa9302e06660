/**
 * Makes the stops of docs/walkthrough.md and compares the tables that stand there with those that are found.
 * `WALKTHROUGH=write npx vitest run --project stack test/walkthrough.stack.test.ts` writes them anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Aftercare } from '../client/index.js';
import { predict, trainClassifier, type TableRow } from '../examples/retraining/src/classifier.js';
import { createDatabase, type TestDatabase } from './support/stack.js';
import { startWorkerProcess, type WorkerProcess } from './worker/support/worker-process.js';
import { createNamespace } from './workflows/support/namespace.js';

const DOCUMENT = new URL('../docs/walkthrough.md', import.meta.url);
const lines = (file: string): string[] => gunzipSync(readFileSync(new URL(`../datasets/${file}`, import.meta.url))).toString('utf8').trimEnd().split('\n');

let database: TestDatabase;
let worker: WorkerProcess;
let client: Aftercare;

beforeAll(async () => {
  database = await createDatabase();
  const temporal = await createNamespace('walkthrough');
  worker = startWorkerProcess({ databaseUrl: database.url, temporalAddress: temporal.address, namespace: temporal.namespace });
  client = await Aftercare.connect({ databaseUrl: database.url, temporal: { address: temporal.address, namespace: temporal.namespace }, by: 'ada' });
  await worker.ready();
});

afterAll(async () => {
  await client?.close();
  worker?.signal('SIGTERM');
  await worker?.ended;
  await database?.drop();
});

const csv = (rows: string[]): Buffer => Buffer.from(`${rows.join('\n')}\n`);

/** The rows of stop 2, without the broken one. */
const [FROM, TO] = [36_000, 36_500];
const FEATURES = ['car_value', 'salary_range', 'debt_to_income_ratio', 'loan_length', 'repaid_loan_on_prev_car', 'size_of_downpayment', 'driver_tenure'];

/** Trained on the changed world, before the rows of stop 2. */
function secondVersion(): { reference: TableRow[]; answers: TableRow[] } {
  const [header, ...rows] = lines('synthetic_car_loan_analysis.csv.gz');
  const truths = lines('synthetic_car_loan_analysis_target.csv.gz').slice(1).map((line) => Number(line.split(',')[1]));
  const names = header!.split(',');
  const all = rows.slice(0, TO).map((line): TableRow => Object.fromEntries(line.split(',').map((cell, i) => [names[i]!, cell === '' || Number.isNaN(Number(cell)) ? cell || null : Number(cell)])));
  const kindOf = (name: string): 'continuous' | 'categorical' => (typeof all[0]![name] === 'number' ? 'continuous' : 'categorical');
  const classifier = trainClassifier(all.slice(25_000, 33_000), Float64Array.from(truths.slice(25_000, 33_000)), FEATURES.map((name) => ({ name, kind: kindOf(name) })));
  const answered = (part: readonly TableRow[]): TableRow[] => {
    const scores = predict(classifier, part);
    return part.map((row, i) => ({ ...row, y_pred_proba: scores[i]!, y_pred: scores[i]! >= 0.5 ? 1 : 0 }));
  };
  return {
    reference: answered(all.slice(33_000, FROM)).map((row, i) => ({ ...row, repaid: truths[33_000 + i]! })),
    answers: answered(all.slice(FROM, TO)).map(({ id, timestamp, y_pred_proba, y_pred }) => ({ id, timestamp, y_pred_proba, y_pred })),
  };
}

async function eventually(is: () => Promise<boolean>): Promise<void> {
  for (const until = Date.now() + 30_000; !(await is()) && Date.now() < until;) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** What workflows do beside the one that was waited for comes a moment later. */
const audited = (action: string, times = 1): Promise<void> => eventually(async () => (await client.audit('walk', { action })).length >= times);

/** What happens before the queries of a stop are run. */
const STOPS: Record<string, () => Promise<unknown>> = {
  created: () => client.models.create({
    name: 'walk', reference: csv(lines('synthetic_car_loan_reference.csv.gz').slice(0, 5_001)), columns: { target: 'repaid' },
    settings: { chunking: { kind: 'size', size: 500 }, runs: { everyRows: 500, onTargets: true } },
  }),
  appended: async () => {
    const [header, ...rows] = lines('synthetic_car_loan_analysis.csv.gz');
    const batch = rows.slice(FROM, TO + 1);
    batch[500] = batch[500]!.replace(/^(\d+),[^,]*/, '$1,unknown');
    await client.append('walk', csv([header!, ...batch]), { key: 'batch-1' });
  },
  computed: () => client.idle('walk'),
  asked: async () => {
    await eventually(async () => (await client.decisions({ model: 'walk' })).length > 0);
    await audited('incident opened');
  },
  answered: async () => {
    const [decision] = await client.decisions({ model: 'walk' });
    await client.decide(decision!.id, { answer: 'acknowledge', by: 'maria', note: 'spring campaign' });
    await audited('incident acknowledged');
  },
  truths: async () => {
    const [header, ...rows] = lines('synthetic_car_loan_analysis_target.csv.gz');
    await client.targets('walk', csv([header!, ...rows.slice(FROM, TO)]), { key: 'outcomes-1' });
    await client.idle('walk');
    await audited('incident opened', 2);
  },
  shadowed: async () => {
    const { reference, answers } = secondVersion();
    await client.challengers.add('walk', { reference, by: 'grace' });
    await client.append('walk', answers, { key: 'shadow-1', version: 2 });
    await audited('challenge begun');
    await client.idle('walk');
  },
  judged: () => client.verdict('walk', { version: 2, compute: true }),
  promoted: async () => {
    const { challenge } = await client.promote('walk', 2, { by: 'maria', note: 'the spring campaign needs it' });
    await client.challenges.wait('walk', challenge, { states: ['probation'] });
    await eventually(async () => (await client.runs('walk')).length === 3);
    await client.idle('walk');
    await audited('incident ended', 2);
  },
};

describe('docs/walkthrough.md', () => {
  it('shows the rows that stand in the tables at every stop', async () => {
    const written = readFileSync(DOCUMENT, 'utf8');
    const found = await walk(written);
    if (process.env.WALKTHROUGH === 'write') writeFileSync(DOCUMENT, found);
    else expect(found).toBe(written);
  });
});

/** The document with its tables as they are found now. */
async function walk(document: string): Promise<string> {
  const parts = document.split(/(?<=^<!-- stop: \w+ -->\n|^```\n)/m);
  const out: string[] = [];
  for (const part of parts) {
    const stop = /<!-- stop: (\w+) -->\n$/.exec(part)?.[1];
    const query = /^```sql\n([\s\S]*?)^```\n$/m.exec(part)?.[1];
    // A table below a query is the one of an earlier walk.
    out.push(out.length > 0 && out.at(-1)!.endsWith('|\n') ? part.replace(/^\n(\|.*\n)+/, '') : part);
    if (stop) await STOPS[stop]!();
    if (query) out.push(`\n${table((await database.pool.query<Record<string, unknown>>(query)).rows)}`);
  }
  return out.join('');
}

function table(rows: Record<string, unknown>[]): string {
  const headings = Object.keys(rows[0] ?? { 'no row': null });
  const line = (cells: unknown[]): string => `| ${cells.map((cell) => (cell === null ? '' : String(cell).replaceAll('|', '\\|'))).join(' | ')} |\n`;
  return line(headings) + line(headings.map(() => '---')) + rows.map((row) => line(headings.map((heading) => row[heading]))).join('');
}
