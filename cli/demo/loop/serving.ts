/** Which version answers: a file, as a load balancer would have it. The team's switch writes it; the story's service reads it before it answers. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface Serving {
  model: string;
  version: number;
  /** Of which its trained model is kept; null: the first version, whose answers stand in the data. */
  retraining: number | null;
  /** Why: promote, rollback, compensate. */
  action: string;
  /** ISO 8601 */
  since: string;
}

export const servingFile = (dataFolder: string): string => join(dataFolder, 'story', 'serving.json');
export const modelsFolder = (dataFolder: string): string => join(dataFolder, 'story', 'models');
export const mailboxFolder = (dataFolder: string): string => join(dataFolder, 'story', 'mailbox');

/** null: nobody has switched yet. */
export async function readServing(dataFolder: string): Promise<Serving | null> {
  const text = await readFile(servingFile(dataFolder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : (JSON.parse(text) as Serving);
}

/** Whole or not at all. */
export async function writeServing(dataFolder: string, serving: Serving): Promise<void> {
  const file = servingFile(dataFolder);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.part`, `${JSON.stringify(serving, null, 2)}\n`);
  await rename(`${file}.part`, file);
}
