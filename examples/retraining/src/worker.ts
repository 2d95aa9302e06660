/** This team's worker: its own task queue, its own workflow and activity. aftercare's worker runs elsewhere. */
import { NativeConnection, Worker } from '@temporalio/worker';
import { Aftercare } from 'aftercare';
import { fileURLToPath } from 'node:url';
import { createActivities } from './activities.js';
import { settings, TASK_QUEUE } from './settings.js';

const { databaseUrl, temporalAddress, namespace, folder, choices } = settings;
const connection = await NativeConnection.connect({ address: temporalAddress });
const aftercare = await Aftercare.connect({ databaseUrl, temporal: { address: temporalAddress, namespace }, by: 'training' });
const worker = await Worker.create({
  connection, namespace, taskQueue: TASK_QUEUE,
  workflowsPath: fileURLToPath(new URL('./workflows.js', import.meta.url)),
  activities: createActivities({ aftercare, folder, choices }),
  maxConcurrentActivityTaskExecutions: 1,
});
console.log('training worker is there');
await worker.run();
await aftercare.close();
await connection.close();
