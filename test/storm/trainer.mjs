/**
 * A team's own worker, on its own task queue: trains, and switches what serves. As a program: `node trainer.mjs BUNDLE CALLS_FILE`, with DATABASE_URL and TEMPORAL_ADDRESS. Every
 * call of the switch is a line of the file. Says `ready` over IPC.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Aftercare, Conflict, InvalidInput } from '../../dist/client/index.js';
import { csvOf, newReference, rowsOf, TRAINING_QUEUE } from './loop-data.mjs';

const [bundle, callsFile] = process.argv.slice(2);
const { DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = process.env;

const activities = (aftercare) => ({
  async registerVersion({ model, retraining, champion }) {
    const { heartbeat, cancellationSignal } = Context.current();
    const beating = setInterval(heartbeat, 500);
    try {
      const { version } = await aftercare.challengers.add(model, { reference: csvOf(rowsOf(newReference, 2, true)), format: 'csv', retraining, provenance: { commit: `after-${champion}` }, signal: cancellationSignal });
      return { state: 'completed', version, note: 'always the same' };
    } catch (error) {
      if (error instanceof InvalidInput || error instanceof Conflict) throw ApplicationFailure.nonRetryable(error.message, error.name);
      throw error;
    } finally {
      clearInterval(beating);
    }
  },
  async switchServing(order) {
    appendFileSync(callsFile, `${JSON.stringify(order)}\n`);
    await delay(100);   // what it takes to load a model: killed in here, the call is made once more
  },
});

/** The servers may be away while we begin. */
async function untilThere(connect) {
  for (;;) {
    try {
      return await connect();
    } catch {
      await delay(200);
    }
  }
}

Runtime.install({ logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} } });
const connection = await untilThere(() => NativeConnection.connect({ address }));
const aftercare = await untilThere(() => Aftercare.connect({ databaseUrl, temporal: { address, namespace }, by: 'training' }));
const worker = await Worker.create({ connection, namespace, taskQueue: TRAINING_QUEUE, workflowBundle: { codePath: bundle }, activities: activities(aftercare) });
process.on('disconnect', () => process.exit(0));
process.send('ready');
await worker.run();
