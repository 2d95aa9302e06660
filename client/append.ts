/** Rows from a file, a stream or code into the store, kept trying while the database is away. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Receipt } from '../domain/batch.js';
import { appendRows, findReceipt, type AppendOptions } from '../store/append-rows.js';
import { appendTargets } from '../store/append-targets.js';
import type { ModelRef } from '../store/find-model.js';
import { isPassingFault } from '../store/passing-fault.js';
import type { Pool } from '../store/pool.js';
import { removeRows } from '../store/remove-rows.js';
import { openSource, type OpenSourceOptions, type Row, type SourceFormat } from './sources/index.js';

/** A file's path, `-` for standard input, bytes, a stream of bytes or rows, or rows. */
export type RowInput = string | Uint8Array | AsyncIterable<unknown> | Iterable<Row>;

/** What every write of one client shares. */
export interface WriteContext {
  pool: Pool;
  /** Who writes, for the record. */
  by: string;
  /** After each commit: the lifecycle may be told. Must neither throw nor wait. */
  onCommitted?: (modelId: number, batchNumber: number) => void;
  /** An append opened or ended an incident: likewise. */
  onIncident?: (modelId: number) => void;
}

export interface AppendInputOptions {
  /** The same key never counts twice. Default: a hash of the rows of a file or stream; for rows given in code a new one. */
  key?: string | undefined;
  format?: string | undefined;
  /** Version number; default: the champion. */
  version?: number | undefined;
  /** `share` of the input's bytes, in [0, 1]; null where the length is not known. Never goes back, also when the work is begun again. */
  onProgress?: ((progress: { rows: number; share: number | null }) => void) | undefined;
  /** Cancelling leaves no trace. */
  signal?: AbortSignal | undefined;
  /** How long to keep trying while the database is away; only inputs that can be read again. Default 60 s. */
  patienceMs?: number | undefined;
}

export interface AppendAnalysisOptions extends AppendInputOptions {
  /** A row under a known identifier replaces the earlier one instead of being quarantined. */
  upsert?: boolean | undefined;
}

export interface RemoveOptions extends AppendInputOptions {
  what?: 'rows' | 'targets' | undefined;
}

/** Appends inferences. @throws InvalidInput, NotFound, Conflict as the store's appendRows */
export function appendInferences(context: WriteContext, model: ModelRef, input: RowInput, options: AppendAnalysisOptions = {}): Promise<Receipt> {
  return write(context, model, input, options, (source, attempt) => appendRows(context.pool, model, source, { ...attempt, upsert: options.upsert }));
}

/** Appends targets, matched by identifier. @throws as above */
export function appendTruths(context: WriteContext, model: ModelRef, input: RowInput, options: AppendInputOptions = {}): Promise<Receipt> {
  return write(context, model, input, options, (source, attempt) => appendTargets(context.pool, model, source, attempt));
}

/** Removes inferences or targets by identifier. @throws as above */
export function removeByIdentifier(context: WriteContext, model: ModelRef, input: RowInput, options: RemoveOptions = {}): Promise<Receipt> {
  return write(context, model, input, options, (source, attempt) => removeRows(context.pool, model, source, { ...attempt, what: options.what }));
}

type Write = (source: Awaited<ReturnType<typeof openSource>>, options: AppendOptions) => Promise<Receipt>;

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;
const DEFAULT_PATIENCE_MS = 60_000;

async function write(context: WriteContext, model: ModelRef, input: RowInput, options: AppendInputOptions, append: Write): Promise<Receipt> {
  const attempt: AppendOptions = {
    by: context.by, version: options.version, signal: options.signal, onCommitted: context.onCommitted, onIncident: context.onIncident, attempts: new Set(),
    key: options.key ?? (isRows(input) ? randomUUID() : undefined), keyIsNew: options.key === undefined,
    onProgress: options.onProgress && forwardOnly(options.onProgress),
  };
  return keepTrying(canBeReadAgain(input), options, async () => {
    if (options.key !== undefined) {
      const known = await findReceipt(context.pool, model, { ...attempt, key: options.key });
      if (known) return known;
    }
    const source = await openInput(input, options.format);
    try {
      return await append(source, attempt);
    } finally {
      await source.close();
    }
  });
}

/** Passing faults are waited out, with pauses that grow; everything else, and what lasts too long, is thrown. */
export async function keepTrying<T>(repeatable: boolean, { signal, patienceMs = DEFAULT_PATIENCE_MS }: { signal?: AbortSignal | undefined; patienceMs?: number | undefined }, work: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + patienceMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!repeatable || !isPassingFault(error) || Date.now() + pauseMs > giveUpAt) throw error;
      await delay(pauseMs, undefined, signal ? { signal } : {});
    }
  }
}

/** Opens what callers give. Bytes are a stream of one piece. */
export function openInput(input: RowInput, format?: string): ReturnType<typeof openSource> {
  const options: OpenSourceOptions = format === undefined ? {} : { format: format as SourceFormat };
  return openSource(input instanceof Uint8Array ? onePiece(input) : input, options);
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** Rows given in code: equal ones are legitimate, so their key is not their content. */
function isRows(input: RowInput): boolean {
  return typeof input !== 'string' && !(input instanceof Uint8Array) && Symbol.iterator in input;
}

function canBeReadAgain(input: RowInput): boolean {
  return typeof input === 'string' ? input !== '-' : input instanceof Uint8Array || Array.isArray(input);
}

function forwardOnly(onProgress: NonNullable<AppendInputOptions['onProgress']>): NonNullable<AppendOptions['onProgress']> {
  let rows = 0;
  let share: number | null = null;
  return ({ rowsRead, bytesRead, bytesTotal }) => {
    rows = Math.max(rows, rowsRead);
    if (bytesTotal !== null && bytesTotal > 0) share = Math.max(share ?? 0, Math.min(1, bytesRead / bytesTotal));
    onProgress({ rows, share });
  };
}
