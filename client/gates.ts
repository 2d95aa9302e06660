/** Gates: whether a batch's predictions may be used, asked before they are. */
import { WorkflowExecutionAlreadyStartedError, WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import { InvalidInput, isFinal, NotFound } from '../domain/errors.js';
import type { Gate, GateRule } from '../domain/gate.js';
import { gateId, WORKFLOW } from '../domain/names.js';
import { recordAudit } from '../store/audit.js';
import { findModel, requireActive } from '../store/find-model.js';
import { findGate, readGates } from '../store/gates.js';
import { endGate, gateAnswer, type GateInput } from '../workflows/messages.js';
import type { WriteContext } from './append.js';
import type { Lifecycles } from './lifecycle.js';
import { asOurs } from './temporal-link.js';

/** Longer ones would not fit into what a workflow is called. */
const MOST_KEY = 200;

/**
 * Answers as soon as the answer is known: `pass`, `cannot know`, or `hold`; then somebody releases or rejects the batch, see `waitForGate`. A batch is asked
 * about once: later calls, whatever their rule, get the answer that stands.
 *
 * @throws NotFound no such model or batch; InvalidInput the rule is none; Conflict the model is archived. Refusals stand in the audit trail
 */
export async function askGate(context: WriteContext, lifecycles: Lifecycles, model: string, batch: string, rule: GateRule, by = context.by): Promise<Gate> {
  const found = await findModel(context.pool, model);
  try {
    checkRule(batch, rule);
    const known = await findGate(context.pool, found.modelId, batch);
    if (known) return known;
    requireActive(found);
    return await ask(context, lifecycles, { modelId: found.modelId, name: found.name, batch, rule, by });
  } catch (error) {
    const ours = asOurs(error, lifecycles.temporal);
    if (isFinal(ours)) await recordAudit(context.pool, { modelId: found.modelId, by, action: 'gate refused', detail: { batch: batch.slice(0, MOST_KEY), why: ours.message.slice(0, 500) } });
    throw ours;
  }
}

/** As it stands in the store. @throws NotFound when the batch was never asked about */
export async function readGate({ pool }: WriteContext, model: string, batch: string): Promise<Gate> {
  const { modelId } = await findModel(pool, model);
  const gate = await findGate(pool, modelId, batch);
  if (!gate) throw new NotFound(`batch '${batch}' of model '${model}' was never asked about`);
  return gate;
}

/** Until the gate is no longer held. @throws as readGate */
export async function waitForGate(context: WriteContext, model: string, batch: string, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<Gate> {
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.3, 1_000)) {
    const gate = await readGate(context, model, batch);
    if (gate.state !== 'held') return gate;
    await delay(pauseMs, undefined, signal ? { signal } : {});
  }
}

/** Newest first. @param held only those that wait for a person */
export async function listGates({ pool }: WriteContext, model: string, options: { held?: boolean | undefined } = {}): Promise<Gate[]> {
  return readGates(pool, (await findModel(pool, model)).modelId, { held: options.held ?? false });
}

/** Started and asked with one message: the workflow cannot end in between. */
async function ask({ pool }: WriteContext, lifecycles: Lifecycles, input: GateInput): Promise<Gate> {
  const { main, numeric } = lifecycles.queues;
  const startWorkflowOperation = new WithStartWorkflowOperation(WORKFLOW.gate, {
    workflowId: gateId(input.modelId, input.batch), taskQueue: main, args: [{ ...input, ...(numeric ? { numericQueue: numeric } : {}) } satisfies GateInput],
    workflowIdConflictPolicy: 'USE_EXISTING', workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY', staticSummary: `Gate of batch ${input.batch}`.slice(0, 120),
  });
  try {
    return await lifecycles.temporal.client.workflow.executeUpdateWithStart(gateAnswer, { args: [{ by: input.by }], startWorkflowOperation });
  } catch (error) {
    // It has just been answered for somebody else.
    const gate = error instanceof WorkflowExecutionAlreadyStartedError ? await findGate(pool, input.modelId, input.batch) : null;
    if (gate) return gate;
    throw error;
  }
}

function checkRule(batch: string, { metric, atLeast, atMost, minRows, approvers, deadlineMs }: GateRule): void {
  if (typeof batch !== 'string' || batch === '' || batch.length > MOST_KEY) throw new InvalidInput(`a batch's key has 1 to ${MOST_KEY} characters, this one has ${String(batch).length}`);
  if (typeof metric !== 'string' || metric === '') throw new InvalidInput('a gate goes by a metric, e.g. roc_auc');
  for (const [name, bound] of [['atLeast', atLeast], ['atMost', atMost]] as const) if (bound !== undefined && !Number.isFinite(bound)) throw new InvalidInput(`${name} is ${String(bound)}: a number is needed`);
  if (minRows !== undefined && !(Number.isInteger(minRows) && minRows >= 1)) throw new InvalidInput(`minRows is ${minRows}: a whole number from 1 is needed`);
  if (deadlineMs !== undefined && !(Number.isFinite(deadlineMs) && deadlineMs > 0)) throw new InvalidInput(`deadlineMs is ${deadlineMs}: more than 0 ms are needed`);
  if (approvers !== undefined && (!Array.isArray(approvers) || approvers.some((name) => typeof name !== 'string' || name.trim() === '' || name.length > 200) || approvers.length > 100)) throw new InvalidInput('approvers is a list of names, 100 at most');
}

/** A model that was archived or deleted needs no answer any more: what it holds is rejected. */
export async function endGates({ pool }: Pick<WriteContext, 'pool'>, lifecycles: Pick<Lifecycles, 'signalWorkflow'>, modelId: number, reason: string): Promise<void> {
  for (const { batch } of await readGates(pool, modelId, { held: true })) {
    await lifecycles.signalWorkflow(gateId(modelId, batch), endGate, { reason }).catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
  }
}
