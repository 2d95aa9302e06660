/** The one module that the worker bundles: this team's workflows, and aftercare's. */
import { proxyActivities } from '@temporalio/workflow';
import type * as activities from './activities.js';

export * from 'aftercare/workflows';

const { scoreApplication } = proxyActivities<typeof activities>({ startToCloseTimeout: '10 s' });

export async function loanApplication(application: { id: string; income: number }): Promise<string> {
  const { score, approved } = await scoreApplication(application);
  return `${application.id}: ${approved ? 'approved' : 'declined'} (${score})`;
}
