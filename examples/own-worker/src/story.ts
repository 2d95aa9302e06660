/** What a service of this team does: works as ever, and has its model monitored. Prints one JSON line. */
import { Client, Connection } from '@temporalio/client';
import { Aftercare } from 'aftercare';
import { encrypted } from './encryption.js';
import { settings, TASK_QUEUE } from './settings.js';

const dataConverter = encrypted();

const connection = await Connection.connect({ address: settings.temporalAddress });
const temporal = new Client({ connection, namespace: settings.namespace, dataConverter });
const loan: unknown = await temporal.workflow.execute('loanApplication', { workflowId: `loan-${Date.now()}`, taskQueue: TASK_QUEUE, args: [{ id: 'loan-1', income: 45_000 }] });

const aftercare = await Aftercare.connect({
  databaseUrl: settings.databaseUrl,
  temporal: { address: settings.temporalAddress, namespace: settings.namespace, dataConverter },
  mainQueue: TASK_QUEUE,
  by: 'loans team',
});
await aftercare.models.create({ name: 'loans', reference: rows(0, 1_000, true), columns: { target: 'repaid' }, settings: { chunking: { kind: 'size', size: 250 }, runs: { everyRows: 500 } } });
await aftercare.append('loans', rows(1_000, 1_500, false));
await aftercare.idle('loans');
const run = await aftercare.run('loans');
const estimated = await aftercare.results('loans', { calculators: ['estimated_performance'], metrics: ['roc_auc'], period: 'analysis' });
console.log(JSON.stringify({ loan, runs: (await aftercare.runs('loans')).length, state: run.state, estimated: estimated.map((result) => result.value) }));
await aftercare.close();
await connection.close();

/** Invented applications, the same every time. */
function rows(from: number, to: number, known: boolean): Record<string, unknown>[] {
  return Array.from({ length: to - from }, (_, i) => {
    const n = from + i;
    const income = 10_000 + ((n * 7_919) % 50_000);
    const score = Number((0.02 + (income / 60_000) * 0.95).toFixed(4));
    const luck = ((n * 104_729) % 1_000) / 1_000;
    return {
      id: `loan-${n}`, timestamp: new Date(Date.UTC(2030, 0, 1) + n * 60_000).toISOString(), income, region: ['north', 'south'][n % 2],
      y_pred_proba: score, y_pred: score > 0.5 ? 1 : 0, ...(known ? { repaid: luck < score ? 1 : 0 } : {}),
    };
  });
}
