/** Answers one request of `aftercare calculate`: construct, fit on the reference, calculate the analysis. */
import { isFinal } from '../../domain/errors.js';
import { EngineThreads } from '../support/engine-threads.js';
import { calculateOn, fitOn } from './compute.js';
import { construct } from './constructors.js';
import type { Construction } from './construction.js';
import type { DataShelf, PreparedData } from './data.js';
import { distributionsOn } from './distributions.js';
import { inOneTable, lossesOf } from './nannyml-losses.js';
import { distributionRecords, recordsOf, type ChunkResult, type ResultRecord } from './records.js';
import { checkRequest } from './request.js';

/** Where a request was refused. */
export type Stage = 'construct' | 'fit' | 'calculate';

export type Answer = { results: ResultRecord[] } | { error: { stage: Stage; message: string } };

/** Never throws for what a request or its data says; faults of the program go through. */
export async function answer(request: unknown, shelf: DataShelf, threads: EngineThreads = new EngineThreads()): Promise<Answer> {
  let stage: Stage = 'construct';
  try {
    const { calculator, parameters, columnTypes, reference, analysis, targets } = checkRequest(request);
    const construction = construct(calculator, parameters);
    const common = { columnTypes, timestamp: construction.chunking.timestamp };
    stage = 'fit';
    const begun = await begin(construction, await shelf.prepare({ ...reference, ...common, period: 'reference', targets: null, without: [] }), threads);
    stage = 'calculate';
    const data = await shelf.prepare({ ...analysis, ...common, period: 'analysis', targets });
    return { results: inOneTable(begun.reference, await begun.calculate(data)) };
  } catch (error) {
    if (!isFinal(error) && !isMissingFile(error)) throw error;
    return { error: { stage, message: (error as Error).message } };
  }
}

/** Records of the reference, and how those of further data are had. */
interface Begun {
  reference: ResultRecord[];
  calculate(data: PreparedData): Promise<ResultRecord[]>;
}

async function begin(construction: Construction, reference: PreparedData, threads: EngineThreads): Promise<Begun> {
  if ('distribution' in construction) {
    return {
      reference: distributionsOn(construction, reference, 'reference').flatMap(distributionRecords),
      calculate: (data) => Promise.resolve(distributionsOn(construction, data, 'analysis').flatMap(distributionRecords)),
    };
  }
  const run = await fitOn(construction, reference, threads);
  const withLosses = lossesOf(run.fitted, run.reference);
  const records = (result: ChunkResult) => withLosses(recordsOf(run.fitted, run.thresholds, result), result);
  return { reference: run.reference.flatMap(records), calculate: async (data) => (await calculateOn(run, data, threads)).flatMap(records) };
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'EACCES', 'EISDIR'].includes(String(error.code));
}
