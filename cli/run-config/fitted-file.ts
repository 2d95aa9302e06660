/**
 * `store`: what a calculator learnt, kept in a file and used again by the next run. NannyML keeps a pickled Python object there; ours is JSON,
 * so that neither reads the other's.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { InvalidInput } from '../../domain/errors.js';
import { ENGINE_VERSION, fromFittedJson, rawThresholdsOf, toFittedJson, type EngineKind, type EngineRequest } from '../../engine/index.js';
import type { FittedRun } from '../calculate/compute.js';
import type { CalculatorConstruction } from '../calculate/construction.js';
import type { LabelSpelling } from '../calculate/labels.js';
import type { ChunkResult } from '../calculate/records.js';

const FORMAT = 'aftercare fitted calculator';

/** As it stands in the file. Numbers that JSON lacks are texts in `reference`. */
interface FittedFile {
  format: typeof FORMAT;
  engineVersion: string;
  calculator: string;
  parameters: Record<string, unknown>;
  spelling: LabelSpelling;
  request: EngineRequest;
  /** Of the reference's chunks, without their points, which `fitted` has. */
  reference: { chunk: ChunkResult['chunk']; targetsMissingRate?: number; realized?: [string, number | string][]; failed?: string[] }[];
  /** JSON of the engine. */
  fitted: string;
}

/** What was found in the place of a stored calculator. */
export type StoredCalculator = { kind: 'usable'; file: FittedFile } | { kind: 'none' } | { kind: 'outdated'; why: string };

/** @throws InvalidInput when there is a file that is not one of ours */
export async function readFittedFile(path: string, calculator: string, parameters: Record<string, unknown>): Promise<StoredCalculator> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' };
    throw new InvalidInput(`'${path}' cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
  const file = parse(text);
  if (file === null) throw new InvalidInput(`'${path}' holds no calculator of ours (NannyML's own are pickled Python objects, which cannot be read): name another file, or set invalidate: true to write over it`);
  if (file.calculator !== calculator) throw new InvalidInput(`'${path}' holds a ${file.calculator}, a ${calculator} is asked for: name another file, or set invalidate: true`);
  if (file.engineVersion !== ENGINE_VERSION) return { kind: 'outdated', why: 'another version of the engine made it' };
  if (!isDeepStrictEqual(file.parameters, asJson(parameters))) return { kind: 'outdated', why: "its 'params' were others" };
  return { kind: 'usable', file };
}

function parse(text: string): FittedFile | null {
  try {
    const value = JSON.parse(text) as unknown;
    return value !== null && typeof value === 'object' && 'format' in value && value.format === FORMAT ? (value as FittedFile) : null;
  } catch {
    return null;
  }
}

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

/** The calculator as it was after its fit. */
export function restore(construction: CalculatorConstruction, { spelling, request, reference, fitted: text }: FittedFile): FittedRun {
  const fitted = fromFittedJson<EngineKind>(text);
  return {
    construction, request, fitted, spelling,
    thresholds: rawThresholdsOf(fitted, request.settings),
    reference: reference.map(({ chunk, targetsMissingRate, realized, failed }, i) => ({
      chunk, period: 'reference', points: fitted.referencePoints[i]!,
      ...(targetsMissingRate === undefined ? {} : { targetsMissingRate }),
      ...(realized === undefined ? {} : { realized: new Map(realized.map(([metric, value]) => [metric, Number(value)])) }),
      ...(failed === undefined ? {} : { failed: new Set(failed) }),
    })),
  };
}

/** Written beside its place first, so that no half file is ever there. */
export async function writeFittedFile(path: string, { construction, request, fitted, spelling, reference }: FittedRun, parameters: Record<string, unknown>): Promise<void> {
  const file: FittedFile = {
    format: FORMAT, engineVersion: ENGINE_VERSION, calculator: construction.calculator, parameters, spelling, request,
    reference: reference.map(({ chunk, targetsMissingRate, realized, failed }) => ({
      chunk,
      ...(targetsMissingRate === undefined ? {} : { targetsMissingRate }),
      ...(realized === undefined ? {} : { realized: [...realized].map(([metric, value]): [string, number | string] => [metric, Number.isFinite(value) ? value : String(value)]) }),
      ...(failed === undefined ? {} : { failed: [...failed] }),
    })),
    fitted: toFittedJson(fitted),
  };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, JSON.stringify(file));
  await rename(`${path}.part`, path);
}
