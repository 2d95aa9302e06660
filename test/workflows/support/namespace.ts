/** A Temporal namespace of one's own: workflow ids hang on model ids, and every test file's first model has id 1. */
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { setTimeout as delay } from 'node:timers/promises';
import { namespace, temporalAddress, uniqueName } from '../../support/stack.js';

export interface TestNamespace {
  address: string;
  namespace: string;
}

export async function createNamespace(prefix = 'test'): Promise<TestNamespace> {
  const address = temporalAddress();
  const name = uniqueName(`${namespace()}-${prefix}`);
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({ namespace: name, workflowExecutionRetentionPeriod: msToTs('1 day') });
    // The server's parts learn of it one after the other; a workflow start that passes says that all have.
    for (const until = Date.now() + 30_000; ; await delay(100)) {
      try {
        await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.listWorkflowExecutions({ namespace: name }));
        await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.getWorkflowExecutionHistory({ namespace: name, execution: { workflowId: 'none' } })).catch((error: { code?: number }) => {
          if (error.code !== 5 || !/workflow/i.test(String(error))) throw error as Error;
        });
        return { address, namespace: name };
      } catch (error) {
        if (Date.now() > until) throw error;
      }
    }
  } finally {
    await connection.close();
  }
}
