/** A child that is cancelled while it starts: the request that comes too soon is lost, and must not be. */
import { Client, Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { NativeConnection, Worker } from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { bundleOf } from './support/bundle.js';
import { createNamespace } from './support/namespace.js';
import { cancelWhenTold, enough } from './support/child-workflows.js';
import { silenceWorkers } from './support/stage.js';

const CHILDREN = 30;
const TRIES = 60;

it('ends all the same', async () => {
  silenceWorkers();
  const { address, namespace } = await createNamespace();
  const [connection, native, workflowBundle] = await Promise.all([Connection.connect({ address }), NativeConnection.connect({ address }), bundleOf(new URL('./support/child-workflows.ts', import.meta.url))]);
  const { workflow } = new Client({ connection, namespace });
  const worker = await Worker.create({ connection: native, namespace, taskQueue: 'children', workflowBundle });
  await worker.runUntil(async () => {
    for (let tries = 1; ; tries++) {
      const handle = await workflow.start(cancelWhenTold, { workflowId: `soon-${tries}`, taskQueue: 'children', args: [CHILDREN], workflowExecutionTimeout: '20 s' });
      // A signal that comes during the task which starts them is handled right after it, when the server has not started them all.
      await delay(5 * (tries % 12));
      await handle.signal(enough);
      await handle.result();
      const { events } = await handle.fetchHistory();
      const counted = (type: temporal.api.enums.v1.EventType): number => events!.filter(({ eventType }) => eventType === type).length;
      expect(counted(temporal.api.enums.v1.EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED)).toBe(counted(temporal.api.enums.v1.EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED));
      const lost = counted(temporal.api.enums.v1.EventType.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED);
      if (lost > 0) return;
      if (tries === TRIES) throw new Error(`in ${tries} tries no request to cancel came before the start of one of ${CHILDREN} children: the moment was not met`);
    }
  });
  await connection.close();
  await native.close();
}, 120_000);
