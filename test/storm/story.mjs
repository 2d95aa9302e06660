/**
 * The storm's story: the demo's in small, told through the client as a user's program would. Every 12th of the car loans (4,166 reference and 4,166 analysis
 * rows), chunks of 500. Each step may be taken again after a crash: appends carry keys, runs by hand have keys, the model is created once.
 *
 * As a program: `node story.mjs MODEL`, with DATABASE_URL and TEMPORAL_ADDRESS. Prints the number of each step as it begins, and `done`.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Aftercare, Conflict } from '../../dist/client/index.js';

const EVERY = 12;
const CHUNK = 500;
const DELIVERIES = 8;

function table(name) {
  const [header, ...rows] = gunzipSync(readFileSync(fileURLToPath(new URL(`../../datasets/${name}`, import.meta.url)))).toString('utf8').trimEnd().split('\n');
  return { header, rows: rows.filter((_, i) => i % EVERY === 0) };
}

const idOf = (line) => line.slice(0, line.indexOf(','));

/** All that is sent, fixed: only the moments of the kills differ from storm to storm. */
export function buildStory() {
  const reference = table('synthetic_car_loan_reference.csv.gz');
  const analysis = table('synthetic_car_loan_analysis.csv.gz');
  const targets = table('synthetic_car_loan_analysis_target.csv.gz');
  const names = analysis.header.split(',');
  if (names[0] !== 'id' || targets.header.split(',')[0] !== 'id') throw new Error('the car-loan files no longer begin with the identifier');
  const csv = (header, rows) => Buffer.from([header, ...rows, ''].join('\n'));

  const half = Math.floor(analysis.rows.length / 2);
  const later = analysis.rows.slice(half);
  const size = Math.ceil(later.length / DELIVERIES);
  const deliveries = Array.from({ length: DELIVERIES }, (_, i) => later.slice(i * size, (i + 1) * size));
  deliveries[4] = [...deliveries[4], ...deliveries[2].splice(50, 15)];                    // late rows
  deliveries[6] = [...deliveries[5].slice(0, 40), ...deliveries[6]];                      // rows that come twice
  const score = names.indexOf('y_pred_proba');
  const corrected = deliveries[1].slice(0, 20).map((line) => line.split(',').map((cell, i) => (i === score ? '0.5' : cell)).join(','));
  const bad = deliveries[0].slice(0, 5).map((line, i) => line.split(',').map((cell, column) => (column === 0 ? `bad-${i}` : column === score ? '7' : cell)).join(','));
  deliveries[7] = [...deliveries[7], ...bad];                                             // scores outside [0, 1]: quarantine
  const flipped = targets.rows.slice(10, 20).map((line) => `${idOf(line)},${line.endsWith('1') || line.endsWith('1.0') ? 0 : 1}`);
  const unknown = Array.from({ length: 25 }, (_, i) => `${9_000_000 + i},1`);
  const column = targets.header.split(',')[1];

  const append = (key, rows, options = {}) => ({ name: key, do: (client, model) => client.append(model, csv(analysis.header, rows), { key, format: 'csv', ...options }) });
  const truths = (key, rows) => ({ name: key, do: (client, model) => client.targets(model, csv(targets.header, rows), { key, format: 'csv' }) });
  return [
    { name: 'create', do: (client, model) => create(client, model, csv(reference.header, reference.rows), column) },
    append('first-half', analysis.rows.slice(0, half)),
    { name: 'run-by-hand', do: (client, model) => client.run(model, { key: 'by-hand' }).then(() => undefined) },
    ...deliveries.map((rows, i) => append(`delivery-${i + 1}`, rows)),
    append('corrected', corrected, { upsert: true }),
    { name: 'removed', do: (client, model) => client.remove(model, csv('id', deliveries[3].slice(0, 5).map(idOf)), { key: 'removed', format: 'csv' }) },
    truths('targets-first', [...targets.rows.slice(0, half), ...unknown]),
    { name: 'settled', do: settle },
    truths('targets-all', targets.rows),
    truths('targets-changed', flipped),
    { name: 'answered', do: answerAll },
    { name: 'run-again', do: (client, model) => client.run(model, { key: 'again' }).then(() => undefined) },
    { name: 'answered-all', do: answerAll },
  ];
}

/** The creation key makes a second call after a crash answer with what the first one made. */
async function create(client, model, reference, target) {
  await client.models.create({
    name: model,
    reference,
    format: 'csv',
    creationKey: `create-${model}`,
    columns: { target },
    settings: {
      chunking: { kind: 'size', size: CHUNK },
      targets: { arrival: 'delayed' },
      runs: { everyRows: CHUNK, onTargets: true },
      decisions: { on: ['drift', 'estimated_performance', 'realized_performance'] },
    },
  });
}

async function settle(client, model) {
  await client.idle(model);
}

/** Answers what waits until nothing waits any more, neither in the store nor in the lifecycle. */
async function answerAll(client, model) {
  for (;;) {
    await client.idle(model);
    const waiting = await client.decisions({ model });
    for (const decision of waiting) {
      try {
        await client.decide(decision.id, { answer: decision.id.includes('y_pred') ? 'retrain' : decision.id.includes('salary') ? 'ignore' : 'acknowledge', note: 'answered by the storm' });
      } catch (error) {
        // Answered before we were killed, or withdrawn meanwhile.
        if (!(error instanceof Conflict)) throw error;
      }
    }
    if (waiting.length === 0 && (await client.status(model)).openDecisions.length === 0) return;
    await new Promise((done) => setTimeout(done, 100));
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const model = process.argv[2];
  const client = await Aftercare.connect({ by: 'storm' });
  const steps = buildStory();
  for (const [number, step] of steps.entries()) {
    process.stdout.write(`${number}\n`);
    const receipt = await step.do(client, model);
    // What was acknowledged: the driver compares it with what the tables hold.
    if (receipt) process.stdout.write(`receipt ${JSON.stringify(receipt)}\n`);
  }
  process.stdout.write('done\n');
  await client.close();
}
