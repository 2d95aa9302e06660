/** `aftercare.telemetry`: how a model is served, as whoever serves it logs it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Conflict, InvalidInput } from '../domain/errors.js';
import { addMinutes, ServingTally, type ServingCall, type ServingCounts, type ServingMinute, type ServingSummary } from '../domain/telemetry.js';
import { findModel, type ModelRef } from '../store/find-model.js';
import { readServingOfAll, recordServing, type RecordedServing } from '../store/telemetry.js';
import { keepTrying, type RowInput, type WriteContext } from './append.js';

export interface TelemetryOptions {
  /** Calls are added up for so long before they are written. */
  gatherMs?: number;
  /** How long to keep trying while the database is away. */
  patienceMs?: number;
}

export interface CountsOptions {
  /** The same key never counts twice. Default: a new one. */
  key?: string | undefined;
}

export interface ServingTime {
  /** ms since 1970; default: a day ago. */
  sinceMs?: number | undefined;
  /** Default: all that there is after. */
  untilMs?: number | undefined;
}

const DAY_MS = 24 * 60 * 60_000;
const KEY_MAX = 500;
/** Minutes that may wait in memory per model and version: an import of old calls does not fill it. */
const MINUTES_MAX = 5_000;

export class Telemetry {
  readonly #context: WriteContext;
  readonly #tell: (modelId: number) => void;
  readonly #options: Required<TelemetryOptions>;
  readonly #queues = new Map<string, CallQueue>();
  #closed = false;

  /** @param tell the lifecycle has something to look after; must neither throw nor wait */
  constructor(context: WriteContext, tell: (modelId: number) => void, { gatherMs = 250, patienceMs = 60_000 }: TelemetryOptions = {}) {
    this.#context = context;
    this.#tell = tell;
    this.#options = { gatherMs, patienceMs };
  }

  /**
   * One call, or several. They are added up in memory and written a few times a second; the promise resolves when these are kept. A service need not await it: a failure that
   * nobody waits for goes unheard.
   *
   * @throws InvalidInput naming what is wrong with a call; NotFound, Conflict unknown or archived model, unknown version
   */
  log(model: ModelRef, calls: ServingCall | readonly ServingCall[]): Promise<void> {
    const kept = this.#log(model, Array.isArray(calls) ? calls as readonly ServingCall[] : [calls as ServingCall]);
    kept.catch(() => undefined);
    return kept;
  }

  async #log(model: ModelRef, calls: readonly ServingCall[]): Promise<void> {
    if (this.#closed) throw new Conflict('this client was closed: it logs no more calls');
    const nowMs = Date.now();
    const byVersion = new Map<number | null, ServingTally>();
    for (const call of calls) {
      if (typeof call !== 'object' || call === null) throw new InvalidInput('a call is an object: { durationMs, error?, version?, atMs? }');
      const version = call.version ?? null;
      let tally = byVersion.get(version);
      if (!tally) byVersion.set(version, tally = new ServingTally());
      tally.addCall(call, nowMs);
    }
    await Promise.all([...byVersion].map(([version, tally]) => this.#queue(model, version).add(tally.take())));
  }

  /**
   * Many calls at once, counted by the caller per minute.
   *
   * @returns counted: false where the key counted before
   * @throws InvalidInput, NotFound, Conflict as above; nothing is counted then
   */
  async counts(model: ModelRef, counts: readonly ServingCounts[], { key = randomUUID() }: CountsOptions = {}): Promise<{ counted: boolean }> {
    const tally = new ServingTally();
    for (const one of counts) tally.addCounts(one);
    return this.#once(model, tally.take(), key);
  }

  /**
   * Calls or counts from a file, a stream or rows (client/telemetry-file.ts says which columns). Default key: the hash of what was read, so the same file counts once.
   *
   * @throws InvalidInput naming row and column; NotFound, Conflict as above; nothing is counted then
   */
  async file(model: ModelRef, input: RowInput, { key, format }: CountsOptions & { format?: string | undefined } = {}): Promise<{ counted: boolean; rows: number; calls: number; ignored: string[] }> {
    const { readServingFile } = await import('./telemetry-file.js');   // readers of files are loaded when one is read
    const { minutes, rows, calls, ignored, key: ofContent } = await readServingFile(input, { format, nowMs: Date.now() });
    return { ...await this.#once(model, minutes, key ?? ofContent), rows, calls, ignored };
  }

  /** Versions that were called within the time, by number. @throws NotFound */
  async read(model: ModelRef, { sinceMs = Date.now() - DAY_MS, untilMs }: ServingTime = {}): Promise<ServingSummary[]> {
    const { modelId } = await findModel(this.#context.pool, model);
    return readServingOfAll(this.#context.pool, modelId, Math.floor(sinceMs / 60_000) * 60_000, untilMs ?? 253_402_300_800_000);
  }

  /** Resolves when everything that was logged so far is written, or has failed. */
  async flush(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
  }

  /** Writes what was logged, refuses what comes later. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  async #once(model: ModelRef, minutes: ServingMinute[], key: string): Promise<{ counted: boolean }> {
    if (key.length === 0 || key.length > KEY_MAX) throw new InvalidInput(`a key of ${key.length} characters: 1 to ${KEY_MAX}`);
    return { counted: (await this.#write(model, minutes, key)).counted };
  }

  #queue(model: ModelRef, version: number | null): CallQueue {
    const name = JSON.stringify([model, version]);
    let queue = this.#queues.get(name);
    if (!queue) this.#queues.set(name, queue = new CallQueue((minutes, key) => this.#write(model, minutes, key), this.#options.gatherMs));
    return queue;
  }

  /** The key makes a repeat harmless, whose first attempt may have been kept. */
  async #write(model: ModelRef, minutes: readonly ServingMinute[], key: string): Promise<RecordedServing> {
    const recorded = await keepTrying(true, { patienceMs: this.#options.patienceMs }, () => recordServing(this.#context.pool, model, minutes, { key, nowMs: Date.now() }));
    if (recorded.due) this.#tell(recorded.modelId);
    return recorded;
  }
}

interface Group {
  minutes: Map<number, ServingMinute>;
  written: Promise<void>;
}

/** Calls of one model and version on their way to the store: gathered in one group while the one before is written. Memory grows with minutes, not with calls. */
class CallQueue {
  readonly #write: (minutes: ServingMinute[], key: string) => Promise<unknown>;
  readonly #gatherMs: number;
  #gathering: Group | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(write: (minutes: ServingMinute[], key: string) => Promise<unknown>, gatherMs: number) {
    this.#write = write;
    this.#gatherMs = gatherMs;
  }

  async add(minutes: readonly ServingMinute[]): Promise<void> {
    while (this.#gathering && this.#gathering.minutes.size >= MINUTES_MAX) await this.#gathering.written.catch(() => undefined);
    this.#gathering ??= this.#begin();
    const group = this.#gathering;
    for (const minute of minutes) {
      const known = group.minutes.get(minute.minuteMs);
      group.minutes.set(minute.minuteMs, known ? addMinutes(known, minute) : minute);
    }
    return group.written;
  }

  async idle(): Promise<void> {
    while (this.#gathering) await this.#gathering.written.catch(() => undefined);
    await this.#last.catch(() => undefined);
  }

  #begin(): Group {
    const minutes = new Map<number, ServingMinute>();
    const written = Promise.all([this.#last.catch(() => undefined), delay(this.#gatherMs)]).then(async () => {
      this.#gathering = null;
      await this.#write([...minutes.values()], randomUUID());
    });
    written.catch(() => undefined);
    this.#last = written;
    return { minutes, written };
  }
}
