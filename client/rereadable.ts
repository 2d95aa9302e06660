/** Inputs that are read twice: for their schema, and for their rows. */
import type { RowInput } from './append.js';
import type { SourceInput } from './sources/index.js';

export function forInference(input: RowInput): SourceInput {
  return input instanceof Uint8Array ? again([input]) : input;
}

/** What can be read only once is kept. */
export async function rereadable(input: RowInput): Promise<() => RowInput> {
  if (typeof input === 'string' && input !== '-') return () => input;
  if (input instanceof Uint8Array || Array.isArray(input)) return () => input;
  if (typeof input !== 'string' && Symbol.iterator in input) {
    const rows = [...input];
    return () => rows;
  }
  const pieces: unknown[] = [];
  for await (const piece of typeof input === 'string' ? process.stdin : input) pieces.push(piece);
  return () => again(pieces);
}

async function* again(pieces: readonly unknown[]): AsyncGenerator<unknown> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}
