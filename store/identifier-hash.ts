/**
 * A 64-bit hash of identifiers that keeps neighbours together.
 *
 * Equal hashes are always told apart by the text, so the hash decides about speed only. A trailing number of up to nine digits is added to the
 * hash of what stands before it: `loan-000017` and `loan-000018` are neighbours in the index, and a day's new identifiers go to one place of it
 * instead of to a random page each (docs/decisions/0020-append-path.md has the figures). Text without trailing digits is spread evenly.
 */

const MAX_DIGITS = 9;
const ZERO = 48;
const NINE = 57;

/** Upper and lower half of a hash, each a signed 32-bit integer; never both 0. */
export interface HashPair {
  hi: number;
  lo: number;
}

/** Hash of bytes[start … end), UTF-8; written into `out` so that a million rows allocate nothing. */
export function hashIdentifier(bytes: Uint8Array, start: number, end: number, out: HashPair): void {
  let number = 0;
  let scale = 1;
  let at = end;
  while (at > start && end - at < MAX_DIGITS) {
    const digit = bytes[at - 1]!;
    if (digit < ZERO || digit > NINE) break;
    number += (digit - ZERO) * scale;
    scale *= 10;
    at -= 1;
  }
  // The number of digits goes in as well: '7' and '007' are different identifiers.
  let h1 = 0xdeadbeef ^ (end - at);
  let h2 = 0x41c6ce57 ^ (end - start);
  for (let i = start; i < at; i++) {
    h1 = Math.imul(h1 ^ bytes[i]!, 2654435761);
    h2 = Math.imul(h2 ^ bytes[i]!, 1597334677);
  }
  const m1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  const m2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  out.hi = m1 | 0;
  out.lo = (m2 + number) | 0;
  if (out.hi === 0 && out.lo === 0) out.lo = 1;
}

/** The hash as Postgres' bigint in decimal. */
export function hashText(hi: number, lo: number): string {
  return ((BigInt(hi) << 32n) | BigInt(lo >>> 0)).toString();
}

/** Hash of one identifier as bigint in decimal: for queries about single rows. */
export function identifierHash(identifier: string): string {
  const bytes = Buffer.from(identifier);
  const pair: HashPair = { hi: 0, lo: 0 };
  hashIdentifier(bytes, 0, bytes.length, pair);
  return hashText(pair.hi, pair.lo);
}

const FIRST_SLOTS = 1 << 10;

/** The hashes of one batch: which stand more than once, and all of them once. About 16 to 24 bytes per row. */
export class IdentifierIndex {
  #hi = new Int32Array(FIRST_SLOTS);
  #lo = new Int32Array(FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  #size = 0;
  /** Hashes that were added more than once, as bigint in decimal. */
  readonly repeated = new Set<string>();

  get size(): number {
    return this.#size;
  }

  add(hi: number, lo: number): void {
    let slot = slotOf(hi, lo) & this.#mask;
    while (this.#hi[slot] !== 0 || this.#lo[slot] !== 0) {
      if (this.#hi[slot] === hi && this.#lo[slot] === lo) {
        this.repeated.add(hashText(hi, lo));
        return;
      }
      slot = (slot + 1) & this.#mask;
    }
    this.#hi[slot] = hi;
    this.#lo[slot] = lo;
    this.#size += 1;
    if (this.#size * 2 > this.#mask) this.#grow();
  }

  /** All distinct hashes, in portions, as bigints in decimal. */
  *portions(size: number): Generator<string[]> {
    let portion: string[] = [];
    for (let slot = 0; slot <= this.#mask; slot++) {
      if (this.#hi[slot] === 0 && this.#lo[slot] === 0) continue;
      portion.push(hashText(this.#hi[slot]!, this.#lo[slot]!));
      if (portion.length === size) {
        yield portion;
        portion = [];
      }
    }
    if (portion.length > 0) yield portion;
  }

  /** All distinct hashes, or null when there are more than `most`. */
  ifAtMost(most: number): string[] | null {
    return this.#size <= most ? [...this.portions(most)].flat() : null;
  }

  #grow(): void {
    const [oldHi, oldLo] = [this.#hi, this.#lo];
    const slots = oldHi.length * 2;
    this.#hi = new Int32Array(slots);
    this.#lo = new Int32Array(slots);
    this.#mask = slots - 1;
    for (let i = 0; i < oldHi.length; i++) {
      const hi = oldHi[i]!;
      const lo = oldLo[i]!;
      if (hi === 0 && lo === 0) continue;
      let slot = slotOf(hi, lo) & this.#mask;
      while (this.#hi[slot] !== 0 || this.#lo[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#hi[slot] = hi;
      this.#lo[slot] = lo;
    }
  }
}

/** Neighbouring hashes get neighbouring slots, which the processor's cache likes. */
function slotOf(hi: number, lo: number): number {
  return lo ^ Math.imul(hi, 0x9e3779b1);
}
