/**
 * A small story on the car-loan data: a model in production, a retraining by hand, and the new version's first predictions beside those of the one in charge. Prints one JSON line.
 * node dist/story.js FOLDER, where FOLDER holds the synthetic_car_loan_*.csv.gz of the package.
 */
import { Aftercare } from 'aftercare';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { readModel } from './models.js';
import { settings, TASK_QUEUE } from './settings.js';
import { scoreShadow } from './training.js';
import { rocAuc, type TableRow } from './classifier.js';

const MODEL = 'car-loans';
const folder = process.argv[2] ?? 'datasets';
const { databaseUrl, temporalAddress, namespace } = settings;
const aftercare = await Aftercare.connect({ databaseUrl, temporal: { address: temporalAddress, namespace }, by: 'maria' });

// The world has changed at row 25,000; targets have come up to row 35,000.
const inferences = await read('analysis');
const truths = await read('analysis_target');
const [from, known, until] = [25_000, 35_000, 37_000];
await aftercare.models.create({
  name: MODEL, reference: (await read('reference')).slice(0, 5_000), columns: { target: 'repaid', prediction: 'y_pred', predictedProbability: 'y_pred_proba' },
  settings: { chunking: { kind: 'size', size: 1_000 }, runs: { everyRows: null, onTargets: false }, retraining: { mode: 'ask', training: { kind: 'workflow', taskQueue: TASK_QUEUE, workflowType: 'trainCarLoan' }, approval: { approvers: ['maria'] } } },
});
await aftercare.append(MODEL, inferences.slice(from, known));
await aftercare.targets(MODEL, truths.slice(from, known));

// Maria is an approver: whoever asks by hand has approved it.
const { number } = await aftercare.retraining.request(MODEL, { reason: 'ROC AUC has fallen since row 25,000' });
const retraining = await aftercare.retraining.wait(MODEL, number);
const { modelId } = await aftercare.models.get(MODEL);

// From now on both versions answer; only the one in charge is heard.
const later = inferences.slice(known, until);
const answered = { rows: 0, champion: NaN, challenger: NaN };
if (retraining.version !== null) {
  const { classifier, columns } = await readModel(settings.folder, modelId, number);
  const shadow = scoreShadow(classifier, columns, later);
  await aftercare.append(MODEL, later);
  const receipt = await aftercare.append(MODEL, shadow.map(({ id, timestamp, y_pred, y_pred_proba }) => ({ id, timestamp, y_pred, y_pred_proba })), { version: retraining.version });
  const truth = Float64Array.from(truths.slice(known, until), (row) => Number(row.repaid));
  const scores = (rows: readonly TableRow[]): Float64Array => Float64Array.from(rows, (row) => Number(row.y_pred_proba));
  Object.assign(answered, { rows: receipt.rowsAccepted, champion: rocAuc(scores(later), truth), challenger: rocAuc(scores(shadow), truth) });
}
const versions = (await aftercare.challengers.list(MODEL)).map(({ number, role, referenceRows, provenance }) => ({ number, role, referenceRows, note: provenance.note ?? null }));
console.log(JSON.stringify({ retraining, versions, answered }));
await aftercare.close();

async function read(part: string): Promise<TableRow[]> {
  const lines = createInterface({ input: createReadStream(join(folder, `synthetic_car_loan_${part}.csv.gz`)).pipe(createGunzip()) });
  const rows: TableRow[] = [];
  let names: string[] = [];
  for await (const line of lines) {
    const cells = line.split(',');
    if (names.length === 0) names = cells;
    else rows.push(Object.fromEntries(names.map((name, i) => [name, numberOrText(cells[i]!)])));
  }
  return rows;
}

function numberOrText(text: string): string | number | null {
  if (text === '') return null;
  return Number.isNaN(Number(text)) ? text : Number(text);
}
