/** Single predictions in groups: many calls, few transactions. Each call is answered once its group is committed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Receipt } from '../domain/batch.js';
import { Conflict, InvalidInput, NotFound } from '../domain/errors.js';
import { readQuarantined } from '../store/read-quarantined.js';
import { appendInferences, type WriteContext } from './append.js';
import type { Row } from './sources/index.js';

export interface PredictionLogOptions {
  /** Rows of one group at most. */
  groupRows?: number;
  /** How long the first call of a group waits for others, when nothing is under way. */
  gatherMs?: number;
  /** Rows that may wait in memory per model; further calls wait until there is room. */
  waitingRows?: number;
  /** How long a group keeps trying while the database is away. */
  patienceMs?: number;
}

interface Waiting {
  row: Row;
  resolve: (receipt: Receipt) => void;
  reject: (error: unknown) => void;
}

/**
 * `log` resolves on the receipt of the group that its row went with: what is acknowledged is kept. Awaiting it is the back-pressure.
 * Equal predictions without identifier are different predictions.
 */
export class PredictionLog {
  readonly #context: WriteContext;
  readonly #options: Required<PredictionLogOptions>;
  readonly #queues = new Map<string | number, ModelQueue>();
  #closed = false;

  constructor(context: WriteContext, options: PredictionLogOptions = {}) {
    this.#context = context;
    this.#options = { groupRows: options.groupRows ?? 1_000, gatherMs: options.gatherMs ?? 3, waitingRows: options.waitingRows ?? 10_000, patienceMs: options.patienceMs ?? 60_000 };
  }

  /**
   * @returns the receipt of the group
   * @throws InvalidInput why this row was quarantined, or that it is none
   * @throws NotFound, Conflict unknown or archived model; this log was closed
   */
  async log(model: string | number, row: Row): Promise<Receipt> {
    if (this.#closed) throw new Conflict('this client was closed: it logs no more predictions');
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new InvalidInput('a prediction is an object with a value per column');
    let queue = this.#queues.get(model);
    if (!queue) this.#queues.set(model, queue = new ModelQueue(this.#context, model, this.#options));
    return queue.add(row);
  }

  /** Resolves when every call so far has its answer. */
  async flush(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
  }

  /** Answers what was asked, refuses what comes later. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }
}

class ModelQueue {
  readonly #context: WriteContext;
  readonly #model: string | number;
  readonly #options: Required<PredictionLogOptions>;
  #waiting: Waiting[] = [];
  #forRoom: (() => void)[] = [];
  #working: Promise<void> | null = null;

  constructor(context: WriteContext, model: string | number, options: Required<PredictionLogOptions>) {
    this.#context = context;
    this.#model = model;
    this.#options = options;
  }

  async add(row: Row): Promise<Receipt> {
    while (this.#waiting.length >= this.#options.waitingRows) await new Promise<void>((resolve) => { this.#forRoom.push(resolve); });
    return new Promise<Receipt>((resolve, reject) => {
      this.#waiting.push({ row, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  async idle(): Promise<void> {
    while (this.#working || this.#forRoom.length > 0) await (this.#working ?? delay(1));
  }

  /** One group after the other; while one is under way the next one gathers. */
  async #work(): Promise<void> {
    await delay(this.#options.gatherMs);
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#options.groupRows);
      for (const wake of this.#forRoom.splice(0, group.length)) wake();
      await this.#send(group);
      // Callers that were just answered may have their next row ready: let it come along.
      await delay(0);
    }
    this.#working = null;
  }

  async #send(group: readonly Waiting[]): Promise<void> {
    try {
      const receipt = await appendInferences(this.#context, this.#model, group.map(({ row }) => row), { patienceMs: this.#options.patienceMs });
      const reasons = receipt.rowsQuarantined === 0 ? null : await readQuarantined(this.#context.pool, this.#model, receipt.number);
      group.forEach(({ resolve, reject }, i) => {
        const reason = reasons?.get(i + 1);
        if (reason === undefined) resolve(receipt);
        else reject(new InvalidInput(reason));
      });
    } catch (error) {
      // A row that makes the whole input unusable must not take the others with it.
      if (group.length > 1 && error instanceof InvalidInput && !(error instanceof NotFound)) for (const one of group) await this.#send([one]);
      else for (const { reject } of group) reject(error);
    }
  }
}
