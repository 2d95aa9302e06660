/** What people see of a lifecycle: the answer to the status query, and the details in Temporal's UI. */
import type { LifecycleState } from '../domain/policy.js';
import { dueLoopSteps } from '../domain/loop.js';
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
    retraining: state.loop.retraining?.number ?? null,
    challenges: state.loop.challenges.map(({ number, version, mode, promoted }) => ({ number, version, mode, promoted })),
    attended: state.loop.attended,
    unsettledSteps: dueLoopSteps(state.loop, 0).length + (state.loop.tending ? 1 : 0),
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
  if (state.loop.retraining) lines.push(`- retraining ${state.loop.retraining.number}: ${state.loop.retraining.request.reason}`);
  for (const { number, version, mode, promoted } of state.loop.challenges) lines.push(`- challenge ${number}: version ${version}, ${promoted ? 'in charge, on probation' : mode}`);
  for (const id of state.loop.attended) lines.push(`- incident \`${id}\``);
  for (const id of state.openDecisions) lines.push(`- waits for people: \`${id}\``);
  return lines.join('\n');
}
