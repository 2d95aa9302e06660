/** What aftercare starts on the team's task queue: the example's training, and the switch of what serves. */
import { proxyActivities } from '@temporalio/workflow';
import type { SwitchOrder } from '../../../../domain/challenge.js';
import type { TeamActivities } from './activities.js';

export { trainCarLoan } from '../../../../examples/retraining/src/workflows.js';

const { pointTrafficAt } = proxyActivities<TeamActivities>({ startToCloseTimeout: '1 minute' });

export async function switchCarLoan(order: SwitchOrder): Promise<void> {
  await pointTrafficAt(order);
}
