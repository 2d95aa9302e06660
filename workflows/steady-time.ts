/** Keeps a workflow from acting at a moment that a replay would not see. */
import { CancellationScope, condition, getExternalWorkflowHandle, log, workflowInfo } from '@temporalio/workflow';

/** Longer than any server takes. */
const NO_WORKFLOW_ID = 'time-stands-still/'.repeat(1_000);

/**
 * A worker that is asked (a query) about a workflow which it does not have in memory, while a task of that workflow waits elsewhere, is given the task's events before the task has begun:
 * timers fire and signals come, and the clock still shows the task before. What is done then is sent with the task, and a replay, at the task's own time, may do something else: the
 * execution could not be replayed any more, and would stand still until somebody resets it (decision record 90).
 *
 * At such a moment there are more events than before, and the size of the history, which is told with each task's beginning, is the same. Then this adds a command that no server takes. The
 * question is answered all the same; the task is refused as a whole, the worker forgets the execution, and the next attempt begins it anew at the right time. It costs one failed task.
 *
 * Called first thing in every workflow that looks at the time or waits.
 */
export function guardTime(): void {
  let { historyLength: length, historySize: size } = workflowInfo();
  // Never true: it is asked after whatever happens, and outlives a cancellation. It is no event of the history.
  void CancellationScope.nonCancellable(() => condition(() => {
    const now = workflowInfo();
    const stands = size > 0 && now.historyLength > length && now.historySize === size;
    ({ historyLength: length, historySize: size } = now);
    if (stands) refuseTask();
    return false;
  }));
}

function refuseTask(): void {
  log.info('asked before its task had begun: the task is done again');
  void CancellationScope.nonCancellable(() => getExternalWorkflowHandle(NO_WORKFLOW_ID).signal('none')).catch(() => undefined);
}
