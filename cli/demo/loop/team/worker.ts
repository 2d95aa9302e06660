/** The team's worker, a process of its own beside aftercare's: DATABASE_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and STORY_FOLDER say where. Ends with whoever started it. */
import { NativeConnection, Worker } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import { Aftercare } from '../../../../client/index.js';
import { TEAM_QUEUE } from '../settings.js';
import { createTeamActivities } from './activities.js';

const given = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: this worker is started by the demo`);
  return value;
};
const [databaseUrl, address, namespace, dataFolder] = [given('DATABASE_URL'), given('TEMPORAL_ADDRESS'), given('TEMPORAL_NAMESPACE'), given('STORY_FOLDER')];

const connection = await NativeConnection.connect({ address });
const aftercare = await Aftercare.connect({ databaseUrl, temporal: { address, namespace }, by: 'training' });
const worker = await Worker.create({
  connection, namespace, taskQueue: TEAM_QUEUE,
  // Bundled when the package is built: this worker starts without a bundler.
  workflowBundle: { codePath: fileURLToPath(new URL('./bundle.js', import.meta.url)) },
  activities: createTeamActivities(aftercare, dataFolder),
  maxConcurrentActivityTaskExecutions: 1,
  shutdownGraceTime: '1 second',
});
const end = (): void => { if (worker.getState() === 'RUNNING') worker.shutdown(); };
for (const event of ['disconnect', 'SIGTERM', 'SIGINT'] as const) process.once(event, end);
const running = worker.run();
process.send?.({ ready: true });
await running;
await aftercare.close();
await connection.close();
if (process.connected) process.disconnect();
