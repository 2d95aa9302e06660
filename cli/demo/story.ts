/**
 * The demo's story, step by step. Every step may be taken again: deliveries carry keys, the model is created once, a run by hand has a key of its own.
 * So a demo that was killed in the middle goes on where it was.
 */
import type { Aftercare } from '../../client/index.js';
import type { Answer, Decision } from '../../domain/decision.js';
import { NotFound } from '../../domain/errors.js';
import type { Receipt } from '../../domain/batch.js';
import type { RunSummary } from '../../domain/run.js';
import type { DemoDataset, Delivery } from './deliveries.js';

/** What the story tells while it goes on. */
export interface Listener {
  step(title: string): void;
  detail(text: string): void;
  /** A long step's progress, in rows or parts. */
  progress(label: string, done: number, of: number | null): void;
  /** The moment to show what the first run found. */
  firstResults(): Promise<void>;
}

export interface Story {
  receipts: Receipt[];
  /** True: the story had been told before, nothing was done anew. */
  repeated: boolean;
}

/** @param notify e-mail addresses that are told of a decision that waits */
export async function tellStory(client: Aftercare, data: DemoDataset, listener: Listener, notify: string[] = []): Promise<Story> {
  const receipts: Receipt[] = [];
  const { model } = data;
  const before = await exists(client, model);

  if (data.before.length > 0) listener.step('What happened before');
  for (const sentence of data.before) listener.detail(sentence);

  listener.step(`A model, from what it is known to do well on (${data.headline})`);
  if (before) {
    listener.detail(`${model} is there from an earlier start: going on with it`);
  } else {
    const created = await client.models.create({
      name: model,
      reference: data.reference,
      ...(typeof data.reference === 'string' ? {} : { format: 'csv' }),
      columns: data.columns,
      settings: { chunking: { kind: 'size', size: data.chunkSize }, targets: { arrival: 'delayed', expectedDelayMs: 30 * 86_400_000 }, runs: { everyRows: null, onTargets: true }, ...data.settings },
      onProgress: (rows) => listener.progress('reference', rows, null),
    });
    listener.detail(`${created.referenceRows.toLocaleString('en')} reference rows; ${created.schema.columns.length} columns understood, the target '${data.target}' comes late`);
  }

  if (notify.length > 0) await client.models.settings(model, { decisions: { notify } });

  listener.step(`The first ${count(data.firstHalf.rows)} inferences, and a run by hand`);
  receipts.push(await append(client, model, data.firstHalf, listener));
  const first = await client.run(model, { key: 'demo-first-run', onProgress: (p) => listener.progress(`run: ${p.step}`, p.done, p.of) });
  listener.detail(runLine(first));
  await listener.firstResults();

  listener.step(`${count(data.analysisRows - data.firstHalf.rows)} more in ten deliveries; from now on the lifecycle starts a run after every ${count(data.chunkSize)} rows`);
  await client.models.settings(model, { runs: { everyRows: data.chunkSize } });
  let known = first.number;
  for (const delivery of data.later) {
    receipts.push(await append(client, model, delivery, listener));
    await client.idle(model);
    for (const run of await runsAfter(client, model, known)) {
      listener.detail(runLine(run));
      known = run.number;
    }
  }

  listener.step('The targets arrive');
  receipts.push(await append(client, model, data.targets, listener));
  await client.idle(model);
  for (const run of await runsAfter(client, model, known)) listener.detail(runLine(run));

  return { receipts, repeated: before && receipts.every((receipt) => receipt.duplicate) };
}

/** Answers the decision that waits, if one does. */
export async function answerWaiting(client: Aftercare, model: string, answer: Answer, by: string): Promise<Decision | null> {
  const waiting = (await client.decisions({ model })).find((decision) => decision.state === 'waiting');
  return waiting ? client.decide(waiting.id, { answer, note: `answered by ${by}` }) : null;
}

export async function exists(client: Aftercare, model: string): Promise<boolean> {
  try {
    await client.models.get(model);
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}

async function append(client: Aftercare, model: string, delivery: Delivery, listener: Listener): Promise<Receipt> {
  const options = { key: delivery.key, format: 'csv', onProgress: (p: { rows: number }) => listener.progress(delivery.key, p.rows, delivery.rows) };
  const bytes = Buffer.from(delivery.csv);
  const receipt = delivery.key === 'demo-targets' ? await client.targets(model, bytes, options) : await client.append(model, bytes, options);
  listener.detail(receiptLine(receipt, delivery));
  return receipt;
}

export async function runsAfter(client: Aftercare, model: string, number: number): Promise<RunSummary[]> {
  return (await client.runs(model, { limit: 100 })).filter((run) => run.number > number).sort((a, b) => a.number - b.number);
}

function count(rows: number): string {
  return rows.toLocaleString('en');
}

function receiptLine(receipt: Receipt, delivery: Delivery): string {
  const parts = [`${receipt.rowsAccepted.toLocaleString('en')} of ${receipt.rowsRead.toLocaleString('en')} ${receipt.kind === 'target' ? 'targets' : 'rows'} accepted`];
  if (receipt.rowsDuplicate > 0) parts.push(`${receipt.rowsDuplicate} were there already`);
  if (receipt.targets) parts.push(`${receipt.targets.matched.toLocaleString('en')} matched, ${receipt.targets.unmatched} wait for an inference`);
  if (receipt.duplicate) parts.push('known since an earlier start');
  if (delivery.remark !== '') parts.push(`(${delivery.remark})`);
  return parts.join(', ');
}

export function runLine(run: RunSummary): string {
  return `run ${run.number} (${run.trigger}): ${run.chunksComputed} of ${run.chunks} chunks computed, ${run.rowsRead.toLocaleString('en')} rows read, ${run.alerts} alerts${run.elapsedMs === null ? '' : `, ${(run.elapsedMs / 1000).toFixed(1)} s`}`;
}
