/**
 * Makes the stops of docs/walkthrough.md and compares the tables that stand there with those that are found.
 * `WALKTHROUGH=write npx vitest run --project stack test/walkthrough.stack.test.ts` writes them anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Aftercare } from '../client/index.js';
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

/** What happens before the queries of a stop are run. */
const STOPS: Record<string, () => Promise<unknown>> = {
  created: () => client.models.create({
    name: 'walk', reference: csv(lines('synthetic_car_loan_reference.csv.gz').slice(0, 5_001)), columns: { target: 'repaid' },
    settings: { chunking: { kind: 'size', size: 500 }, runs: { everyRows: 500, onTargets: true } },
  }),
  appended: async () => {
    const [header, ...rows] = lines('synthetic_car_loan_analysis.csv.gz');
    const batch = rows.slice(36_000, 36_501);
    batch[500] = batch[500]!.replace(/^(\d+),[^,]*/, '$1,unknown');
    await client.append('walk', csv([header!, ...batch]), { key: 'batch-1' });
  },
  computed: () => client.idle('walk'),
  asked: async () => {
    for (const until = Date.now() + 30_000; (await client.decisions({ model: 'walk' })).length === 0 && Date.now() < until;) await new Promise((resolve) => setTimeout(resolve, 100));
  },
  answered: async () => {
    const [decision] = await client.decisions({ model: 'walk' });
    await client.decide(decision!.id, { answer: 'acknowledge', by: 'maria', note: 'spring campaign' });
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
