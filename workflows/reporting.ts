/** Children outlive an execution of their lifecycle that continues as new; so they report back by signal, not by result. */
import { CancellationScope, getExternalWorkflowHandle, log, type SignalDefinition } from '@temporalio/workflow';
import { lifecycleId } from '../domain/names.js';

/** Tells the model's lifecycle; a lifecycle that has ended (archived, deleted) needs no report. Also goes out when the reporter was cancelled. */
export async function reportTo<T>(modelId: number, signal: SignalDefinition<[T]>, report: T): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    try {
      await getExternalWorkflowHandle(lifecycleId(modelId)).signal(signal, report);
    } catch (error) {
      log.info('no lifecycle to report to', { modelId, signal: signal.name, reason: String(error) });
    }
  });
}

/** The innermost reason of a failure, without Temporal's wrapping ("Activity task failed"). */
export function reasonOf(error: unknown): string {
  let current: unknown = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return current instanceof Error ? current.message : String(current);
}

/** The kind of a failure (domain/errors.ts), as activities/failure.ts named it; null for anything else. */
export function kindOf(error: unknown): string | null {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if ('type' in current && typeof current.type === 'string') return current.type;
  }
  return null;
}
