/**
 * Looks for earlier rows under the identifiers of a batch while the batch is still being read.
 *
 * Asked beside the copying, of another connection, portion by portion: the batch's own rows are not visible there, so that what is found is earlier.
 * Most portions of most models are answered by one look at the index: their hashes lie together (store/identifier-hash.ts) and nothing stands between
 * the smallest and the largest. What is committed after the first look is asked for again under the lock.
 */
import type { HashBlock } from './copy-encode.js';
import { inferenceTable } from './model-tables.js';
import { inTransaction, type Pool, type Transaction } from './pool.js';

/** Hashes per probe of the index. */
export const PORTION = 20_000;

export class EarlierRows {
  readonly #pool: Pool;
  readonly #table: string;
  readonly #versionId: number;
  readonly #suspects = new Set<string>();
  #gathered: BigInt64Array[] = [];
  #gatheredCount = 0;
  #asking: Promise<void> | null = null;
  #asked = false;
  #complete = true;

  constructor(pool: Pool, modelId: number, versionId: number) {
    this.#pool = pool;
    this.#table = inferenceTable(modelId);
    this.#versionId = versionId;
  }

  /** Asks once enough hashes are gathered; at most one question is under way. A small batch is not asked about at all: that is done under the lock. */
  async add(hashes: HashBlock, rowCount: number, skip: Uint8Array): Promise<void> {
    const taken = hashesOf(hashes, rowCount, skip);
    this.#gathered.push(taken);
    this.#gatheredCount += taken.length;
    if (this.#gatheredCount > PORTION) await this.#ask();
  }

  /** @returns hashes that earlier rows have; null when it was not asked about all of them */
  async finish(): Promise<Set<string> | null> {
    if (this.#asked) await this.#ask();
    await this.#asking;
    return this.#asked && this.#complete ? this.#suspects : null;
  }

  async #ask(): Promise<void> {
    await this.#asking;
    this.#asked = true;
    const hashes = new BigInt64Array(this.#gatheredCount);
    let at = 0;
    for (const part of this.#gathered) {
      hashes.set(part, at);
      at += part.length;
    }
    this.#gathered = [];
    this.#gatheredCount = 0;
    // Appenders that wait for one another's connections would wait forever: without a free one the question is put under the lock.
    const { idleCount, totalCount, waitingCount, options } = this.#pool;
    if (!this.#complete || waitingCount > 0 || (idleCount === 0 && totalCount >= options.max)) {
      this.#complete = false;
      return;
    }
    if (hashes.length > 0) this.#asking = this.#look(hashes.sort()).catch(() => { this.#complete = false; });
  }

  /** @param hashes sorted: neighbours in the index are asked for one after the other */
  async #look(hashes: BigInt64Array): Promise<void> {
    await inTransaction(this.#pool, async (tx) => {
      await preferIndexes(tx);
      const { rows: [between] } = await tx.query<{ exists: boolean }>(
        `select exists (select 1 from ${this.#table} where identifier_hash between $1 and $2)`, [String(hashes[0]), String(hashes.at(-1))]);
      if (!between!.exists) return;
      const texts = Array.from(hashes, String);
      for (let from = 0; from < texts.length; from += PORTION) {
        for (const hash of await probeInferences(tx, this.#table, this.#versionId, texts.slice(from, from + PORTION))) this.#suspects.add(hash);
      }
    });
  }
}

/**
 * `version_id + 0`: without statistics the planner would take the index that begins with the version, and read all of it for every hash
 * (2,500 hashes in 25,000 rows: 7 s instead of 20 ms).
 *
 * @param notBatch the asking transaction's own batch, where it copied one
 * @returns which of the hashes current rows of the version have
 */
export async function probeInferences(tx: Transaction, table: string, versionId: number, hashes: readonly string[], notBatch?: number, onlyBatches?: readonly number[]): Promise<string[]> {
  const { rows } = await tx.query<{ hash: string }>(
    `select h::text as hash from unnest($1::bigint[]) h
     where exists (select 1 from ${table} i where i.identifier_hash = h and i.version_id + 0 = $2 and i.removed_by is null and i.batch <> $3 and ($4::bigint[] is null or i.batch = any($4)) offset 0)`,
    [hashes, versionId, notBatch ?? 0, onlyBatches ?? null],
  );
  return rows.map(({ hash }) => hash);
}

/**
 * From here to the end of the transaction nothing reads a whole table that an index leads to, and nothing is joined row by row. Without statistics
 * (rows were just copied) the planner takes each hash for a two-hundredth of the table and would read all of it (280 ms instead of 30 ms per 20,000 hashes
 * in 2,000,000 rows); and it expects a row or two of a batch, whose 20,000 it would compare each with each.
 */
export async function preferIndexes(tx: Transaction): Promise<void> {
  await tx.query('set local enable_seqscan = off; set local enable_nestloop = off');
}

/** The hashes of the rows that are taken. */
function hashesOf({ hi, lo }: HashBlock, rowCount: number, skip: Uint8Array): BigInt64Array {
  const words = new Int32Array(2 * rowCount);
  let taken = 0;
  for (let i = 0; i < rowCount; i++) {
    if (skip[i] !== 0) continue;
    words[2 * taken + LOW_WORD] = lo[i]!;
    words[2 * taken + 1 - LOW_WORD] = hi[i]!;
    taken += 1;
  }
  return new BigInt64Array(words.buffer, 0, taken);
}

/** Where the lower half of a 64-bit number lies on this machine. */
const LOW_WORD = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
