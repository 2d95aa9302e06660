/**
 * What a person waits for, Temporal included: a run is asked for through the client → its results are committed, with the workers of a running stack, warm.
 *
 *   aftercare up --data DIR &   node scripts/bench.mjs request --data DIR [--rows 1000000] [--reference 100000] [--more 5] [--chunk 10000]
 */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Aftercare } from '../client/index.js';
import { writeCsv } from './generate.js';

const { values: args } = parseArgs({ options: {
  data: { type: 'string' }, rows: { type: 'string', default: '1000000' }, reference: { type: 'string', default: '100000' }, more: { type: 'string', default: '5' }, chunk: { type: 'string', default: '10000' },
} });
const [rows, reference, chunk] = [Number(args.rows), Number(args.reference), Number(args.chunk)];
const folder = join(tmpdir(), `aftercare-bench-request-${rows}`);
mkdirSync(folder, { recursive: true });
const name = `bench-${process.pid}`;
const client = await Aftercare.connect({ ...(args.data ? { data: args.data } : {}), by: 'bench' });

async function file(label: string, firstRow: number, count: number, target: boolean): Promise<string> {
  const path = join(folder, `${label}.csv`);
  await writeCsv(path, { rows: count, firstRow, target, seed: firstRow + 1 });
  return path;
}

async function timed(label: string): Promise<void> {
  const startedAt = performance.now();
  const run = await client.run(name);
  const ms = performance.now() - startedAt;
  console.log(`${label.padEnd(18)} ${(ms / 1000).toFixed(2)} s (the run itself ${((run.elapsedMs ?? 0) / 1000).toFixed(2)} s), ${run.chunksComputed} of ${run.chunks} chunks, rowsRead ${run.rowsRead.toLocaleString('en')}, ${run.state}`);
}

const off = null;
await client.models.create({
  name, reference: await file('reference', 0, reference, true), columns: { target: 'target', identifier: 'id', timestamp: 'at' },
  settings: {
    chunking: { kind: 'size', size: chunk }, runs: { everyRows: null, onTargets: false }, decisions: { on: [] },
    calculators: { reconstruction_error: off, unseen_values: off, numerical_range: off, realized_performance: off },
  },
});
await timed('warming up');
await client.append(name, await file('analysis', reference, rows, false));
await timed('first run');
for (let i = 0; i < Number(args.more); i++) {
  await client.append(name, await file(`more-${i}`, reference + rows + i * chunk, chunk, false));
  await timed(`${chunk.toLocaleString('en')} rows more`);
}
await client.models.delete(name);
await client.close();
