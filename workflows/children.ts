/** Children that end when whoever began them is cancelled. */
import type { WithWorkflowArgs, Workflow } from '@temporalio/common';
import { CancellationScope, getExternalWorkflowHandle, log, patched, startChild, type ChildWorkflowHandle, type ChildWorkflowOptions } from '@temporalio/workflow';

/**
 * Starts a child that heeds a cancellation of the current scope from its first moment. A request to cancel that overtakes the child's start finds no child and is lost; the child would go on,
 * and whoever waits for its end with it. So it is sent again once the child is there.
 *
 * @throws CancelledFailure when the scope was cancelled before, WorkflowExecutionAlreadyStartedError, as `startChild` does
 */
export async function startHeeding<T extends Workflow>(type: string, options: WithWorkflowArgs<T, ChildWorkflowOptions>): Promise<ChildWorkflowHandle<T>> {
  const child = await startChild<T>(type, options);
  if (CancellationScope.current().consideredCancelled && patched('cancelled-after-start')) {
    await CancellationScope.nonCancellable(() => getExternalWorkflowHandle(child.workflowId, child.firstExecutionRunId).cancel())
      .catch((error: unknown) => log.info('nothing to cancel any more', { workflowId: child.workflowId, reason: String(error) }));
  }
  return child;
}
