/** How a lifecycle is started, by the client that creates a model or by the worker that finishes an interrupted creation: the same way, so that both may. */
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy, type SearchAttributePair } from '@temporalio/common';
import { lifecycleId, SEARCH_ATTRIBUTES } from '../domain/names.js';
import type { LifecycleInput } from './messages.js';
import { tagsOf } from './tags.js';

export interface LifecycleStart {
  workflowId: string;
  taskQueue: string;
  args: [LifecycleInput];
  workflowIdReusePolicy: WorkflowIdReusePolicy;
  workflowIdConflictPolicy: WorkflowIdConflictPolicy;
  staticSummary: string;
  typedSearchAttributes?: SearchAttributePair[];
}

/** Starting it twice is starting it once. */
export function lifecycleStart(input: LifecycleInput, taskQueue: string): LifecycleStart {
  return {
    workflowId: lifecycleId(input.modelId),
    taskQueue,
    args: [input],
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    staticSummary: `Monitoring of ${input.name}`,
    ...tagsOf(input, 'lifecycle'),
  };
}

/** The part of a connection that is needed here; both the client's and the worker's have it. */
export interface OperatorConnection {
  operatorService: {
    listSearchAttributes(request: { namespace: string }): Promise<{ customAttributes?: Record<string, unknown> | null }>;
    addSearchAttributes(request: { namespace: string; searchAttributes: Record<string, number> }): Promise<unknown>;
  };
}

const KEYWORD = 2;   // temporal.api.enums.v1.IndexedValueType
const PATIENCE_MS = 10_000;

/**
 * Registers our search attributes where they are missing. Harmless when repeated, or done by many at once.
 *
 * @returns false when they are not there and may not be added (a managed service, a restricted account): everything works without, lists are not filterable
 */
export async function ensureSearchAttributes({ operatorService }: OperatorConnection, namespace: string): Promise<boolean> {
  const wanted = Object.values(SEARCH_ATTRIBUTES);
  const missing = async (): Promise<string[]> => {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    return wanted.filter((name) => !Object.hasOwn(customAttributes ?? {}, name));
  };
  try {
    const before = await missing();
    if (before.length === 0) return true;
    await operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(before.map((name) => [name, KEYWORD])) }).catch((error: unknown) => {
      if (!/already exist/i.test(String(error))) throw error;
    });
    for (const until = Date.now() + PATIENCE_MS; (await missing()).length > 0;) {
      if (Date.now() > until) return false;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return true;
  } catch (error) {
    const code = (error as { code?: number }).code;
    if (code === 12 || code === 7 || code === 16 || code === 3) return false;   // unimplemented, permission denied, unauthenticated, invalid (full)
    throw error;
  }
}
