/** The form of a request of `aftercare calculate`. */
import { InvalidInput } from '../../domain/errors.js';
import type { FileRows } from './data.js';
import { objectOf } from './parameters.js';

export interface CalculateRequest {
  calculator: string;
  parameters: Record<string, unknown>;
  columnTypes: Record<string, string>;
  reference: FileRows;
  analysis: FileRows & { without: string[] };
  targets: { file: string; on: string } | null;
}

/** @throws InvalidInput when the request is not made as the command's help describes */
export function checkRequest(value: unknown): CalculateRequest {
  const fields = objectOf(value, 'a request');
  if (typeof fields['calculator'] !== 'string') throw new InvalidInput("a request names its 'calculator'");
  const analysis = objectOf(fields['analysis'], "'analysis'");
  return {
    calculator: fields['calculator'],
    parameters: objectOf(fields['parameters'] ?? {}, "'parameters'"),
    columnTypes: textsOf(fields['columnTypes'] ?? {}, "'columnTypes'"),
    reference: fileRows(fields['reference'], "'reference'"),
    analysis: { ...fileRows(analysis, "'analysis'"), without: textList(analysis['without'] ?? [], "'without' of 'analysis'") },
    targets: targetsOf(fields['targets'] ?? null),
  };
}

function fileRows(value: unknown, what: string): FileRows {
  const fields = objectOf(value, what);
  const rows = fields['rows'] ?? null;
  if (typeof fields['file'] !== 'string') throw new InvalidInput(`${what} names a 'file'`);
  const isRange = Array.isArray(rows) && rows.length === 2 && rows.every((row) => Number.isSafeInteger(row) && row >= 0);
  if (rows !== null && !isRange) throw new InvalidInput(`'rows' of ${what} must be null or [from, to], positions from 0`);
  return { file: fields['file'], rows: rows as [number, number] | null };
}

function targetsOf(value: unknown): { file: string; on: string } | null {
  if (value === null) return null;
  const fields = objectOf(value, "'targets'");
  if (typeof fields['file'] !== 'string' || typeof fields['on'] !== 'string') throw new InvalidInput("'targets' names a 'file' and the column 'on' which it is joined");
  return { file: fields['file'], on: fields['on'] };
}

function textList(value: unknown, what: string): string[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw new InvalidInput(`${what} must be a list of texts`);
  return value;
}

function textsOf(value: unknown, what: string): Record<string, string> {
  const fields = objectOf(value, what);
  for (const [name, type] of Object.entries(fields)) if (typeof type !== 'string') throw new InvalidInput(`${what}: the type of '${name}' must be a text`);
  return fields as Record<string, string>;
}
