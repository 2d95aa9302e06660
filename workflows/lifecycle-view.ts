/** What people see of a lifecycle: the answer to the status query, and the details in Temporal's UI. */
import type { LifecycleState } from '../domain/policy.js';
import type { LifecycleStatus } from './messages.js';

export function statusOf(state: LifecycleState): LifecycleStatus {
  return {
    phase: state.phase,
    horizon: state.horizon,
    knownBatch: state.known,
    scannedBatch: state.scanned,
    activeRun: state.active?.runNumber ?? null,
    queuedRequests: state.requests.length,
    lastRun: state.lastRun,
    queue: state.queue.map(({ runNumber, horizon, trigger }) => ({ runNumber, horizon, trigger })),
    openDecisions: state.openDecisions,
    unsettledDecisions: [...state.asks.map((ask) => ask.decisionId), ...state.withdrawals.map((item) => item.decisionId), ...state.withdrawing],
  };
}

/** Markdown. */
export function describeLifecycle(state: LifecycleState): string {
  const lines = [`**${state.phase}** · results see batch ${state.horizon} of ${state.known}`];
  if (state.active) lines.push(`- run ${state.active.runNumber} is active (${state.active.trigger}, up to batch ${state.active.horizon})`);
  if (state.queue.length > 0) lines.push(`- ${state.queue.length} more due, next: run ${state.queue[0]!.runNumber} up to batch ${state.queue[0]!.horizon}`);
  if (state.requests.length > 0) lines.push(`- ${state.requests.length} requests wait for a look at the ledger`);
  const everyRows = state.settings?.runs.everyRows;
  if (everyRows) lines.push(`- ${state.rowsSince} of ${everyRows} rows towards the next run by count`);
  for (const id of state.openDecisions) lines.push(`- waits for people: \`${id}\``);
  return lines.join('\n');
}
