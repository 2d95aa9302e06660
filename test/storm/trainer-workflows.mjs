/** What this team brings along: a training that always comes to the same version, and a switch. Bundled by the test. */
import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities } from '@temporalio/workflow';

const { registerVersion, switchServing } = proxyActivities({ startToCloseTimeout: '1 minute', heartbeatTimeout: '3 s', retry: { initialInterval: '200 ms', maximumInterval: '2 s' } });

export async function trainLoans(order) {
  try {
    return await registerVersion(order);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const cause = error instanceof ActivityFailure ? error.cause : error;
    if (cause instanceof ApplicationFailure) return { state: 'failed', reason: cause.message };
    throw error;
  }
}

export async function serveVersion(order) {
  await switchServing(order);
}
