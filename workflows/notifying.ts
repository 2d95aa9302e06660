/** How a workflow tells people: by starting a notification, which goes on by itself. */
import { CancellationScope, ChildWorkflowCancellationType, ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { notificationId, WORKFLOW } from '../domain/names.js';
import type { Notice } from '../domain/notice.js';
import type { aftercareNotification } from './notification.js';

/** Of a summary, in characters: the server takes 400 bytes. */
const SUMMARY_LENGTH = 120;

/**
 * Comes back as soon as the server has taken it; the sending waits for nobody and nobody for it. The same notice again is the first one. Also goes out when the
 * teller was cancelled.
 *
 * @param name the model's, for people who read the list of workflows
 */
export async function tellPeople(notice: Notice, name?: string): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    try {
      await startChild<typeof aftercareNotification>(WORKFLOW.notification, {
        workflowId: notificationId(notice.modelId, notice.id),
        args: [{ notice }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        staticSummary: `${name === undefined ? '' : `${name}: `}${notice.text}`.slice(0, SUMMARY_LENGTH),
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  });
}
