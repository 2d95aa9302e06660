/** Trained models as files: what serves them reads them from here. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { classifierFromText, classifierToText, type Classifier } from './classifier.js';
import type { Columns } from './training.js';

export interface KeptModel {
  classifier: Classifier;
  columns: Columns;
}

const pathOf = (folder: string, modelId: number, retraining: number): string => join(folder, `model-${modelId}-retraining-${retraining}.json`);

/** Whole or not at all. */
export async function keepModel(folder: string, modelId: number, retraining: number, { classifier, columns }: KeptModel): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = pathOf(folder, modelId, retraining);
  await writeFile(`${path}.part`, JSON.stringify({ columns, classifier: classifierToText(classifier) }));
  await rename(`${path}.part`, path);
}

export async function readModel(folder: string, modelId: number, retraining: number): Promise<KeptModel> {
  const { columns, classifier } = JSON.parse(await readFile(pathOf(folder, modelId, retraining), 'utf8')) as { columns: Columns; classifier: string };
  return { columns, classifier: classifierFromText(classifier) };
}
