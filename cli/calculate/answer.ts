/** Answers one request of `aftercare calculate`: construct, fit on the reference, calculate the analysis. */
import { isFinal } from '../../domain/errors.js';
import { calculateOn, fitOn } from './compute.js';
import { construct } from './constructors.js';
import type { DataShelf } from './data.js';
import { recordsOf, type ResultRecord } from './records.js';
import { checkRequest } from './request.js';

/** Where a request was refused. */
export type Stage = 'construct' | 'fit' | 'calculate';

export type Answer = { results: ResultRecord[] } | { error: { stage: Stage; message: string } };

/** Never throws for what a request or its data says; faults of the program go through. */
export async function answer(request: unknown, shelf: DataShelf): Promise<Answer> {
  let stage: Stage = 'construct';
  try {
    const { calculator, parameters, columnTypes, reference, analysis, targets } = checkRequest(request);
    const construction = construct(calculator, parameters);
    const common = { columnTypes, timestamp: construction.chunking.timestamp };
    stage = 'fit';
    const run = fitOn(construction, await shelf.prepare({ ...reference, ...common, targets: null, without: [] }));
    stage = 'calculate';
    const calculated = calculateOn(run, await shelf.prepare({ ...analysis, ...common, targets }));
    return { results: [...run.reference, ...calculated].flatMap((result) => recordsOf(run.fitted, run.thresholds, result)) };
  } catch (error) {
    if (!isFinal(error) && !isMissingFile(error)) throw error;
    return { error: { stage, message: (error as Error).message } };
  }
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'EACCES', 'EISDIR'].includes(String(error.code));
}
