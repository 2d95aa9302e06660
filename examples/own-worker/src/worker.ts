/** This team's worker. One line makes it aftercare's as well. */
import { NativeConnection, Worker } from '@temporalio/worker';
import { AftercarePlugin } from 'aftercare/worker';
import { fileURLToPath } from 'node:url';
import * as activities from './activities.js';
import { encrypted } from './encryption.js';
import { settings, TASK_QUEUE } from './settings.js';

const connection = await NativeConnection.connect({ address: settings.temporalAddress });
const worker = await Worker.create({
  connection,
  namespace: settings.namespace,
  taskQueue: TASK_QUEUE,
  workflowsPath: fileURLToPath(new URL('./workflows.js', import.meta.url)),
  activities,
  dataConverter: encrypted(),
  plugins: [new AftercarePlugin({ databaseUrl: settings.databaseUrl, numeric: { threads: 1 }, onNotice: (line) => console.log(line) })],
});
console.log('worker is there');
await worker.run();
await connection.close();
