/** A worker that only answers for workflows: none of their activities is done. So workflows can be asked while everything else stands still. */
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { MAIN_QUEUE } from '../domain/names.js';
import { workflowBundlePath } from './bundle-path.js';
import { connectTemporal } from './connecting.js';
import type { WorkersOptions } from './create-workers.js';

/** Works as long as `work` takes, and says nothing but errors. */
export async function whileAnswering<T>({ temporal = {}, mainQueue = MAIN_QUEUE, workflowBundle, onNotice = () => undefined, signal }: Omit<WorkersOptions, 'databaseUrl'>, work: () => Promise<T>): Promise<T> {
  beQuiet();
  const { connection, namespace } = await connectTemporal(temporal, { onNotice, ...(signal ? { signal } : {}) });
  try {
    const worker = await Worker.create({
      connection, namespace, taskQueue: mainQueue, workflowBundle: workflowBundle ?? { codePath: workflowBundlePath() }, maxCachedWorkflows: 100, stickyQueueScheduleToStartTimeout: '1 s',
      ...(temporal.dataConverter ? { dataConverter: temporal.dataConverter } : {}),
    });
    return await worker.runUntil(work);
  } finally {
    await connection.close();
  }
}

function beQuiet(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR' } }, shutdownSignals: [] });
  } catch {
    // A process that has workers of its own has chosen already.
  }
}
