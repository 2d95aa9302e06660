/** Event times that a batch touched: what tells the planner which chunks to look at again. */

const DAY_MICROS = 86_400_000_000;
const MOST_DAYS = 4_096;

/** How a ledger entry keeps it. All null: nothing was touched. */
export interface TouchedColumns {
  firstAt: string | null;
  lastAt: string | null;
  days: string[] | null;
}

/** Counts rows per UTC day, in microseconds since 1970; −∞ is the time of models without timestamps. */
export class TouchedTimes {
  readonly #days = new Map<number, number>();
  #first = Infinity;
  #last = -Infinity;
  #rows = 0;
  #edgeGone = false;
  #dayNumber = NaN;
  #dayRows = 0;

  add(micros: number): void {
    const day = Math.floor(micros / DAY_MICROS);
    if (day === this.#dayNumber) this.#dayRows += 1;
    else {
      this.#flush();
      this.#dayNumber = day;
      this.#dayRows = 1;
    }
    if (micros < this.#first) this.#first = micros;
    if (micros > this.#last) this.#last = micros;
    this.#rows += 1;
  }

  /** Rows of one day at once, as a query grouped them. */
  addDay(firstMicros: number, lastMicros: number, rows: number): void {
    if (rows === 0) return;
    this.add(firstMicros);
    this.add(lastMicros);
    this.#flush();
    const day = Math.floor(firstMicros / DAY_MICROS);
    this.#days.set(day, (this.#days.get(day) ?? 0) + rows - 2);
    this.#rows += rows - 2;
  }

  /** Takes back a row that was added and then not accepted. */
  remove(micros: number): void {
    this.#flush();
    const day = Math.floor(micros / DAY_MICROS);
    const left = (this.#days.get(day) ?? 0) - 1;
    if (left > 0) this.#days.set(day, left);
    else this.#days.delete(day);
    this.#rows -= 1;
    if (micros === this.#first || micros === this.#last) this.#edgeGone = true;
  }

  /** True: the first or last row was taken back, so `narrow` must be called with what is left. */
  get needsNarrowing(): boolean {
    return this.#edgeGone && this.#rows > 0;
  }

  get rows(): number {
    return this.#rows;
  }

  get range(): [firstMicros: number, lastMicros: number] {
    return [this.#first, this.#last];
  }

  narrow(firstMicros: number, lastMicros: number): void {
    this.#first = firstMicros;
    this.#last = lastMicros;
    this.#edgeGone = false;
  }

  /** Adds the times of another. */
  merge(other: TouchedTimes): void {
    other.#flush();
    this.#flush();
    for (const [day, rows] of other.#days) this.#days.set(day, (this.#days.get(day) ?? 0) + rows);
    if (other.#rows === 0) return;
    this.#first = this.#rows === 0 ? other.#first : Math.min(this.#first, other.#first);
    this.#last = this.#rows === 0 ? other.#last : Math.max(this.#last, other.#last);
    this.#rows += other.#rows;
  }

  columns(): TouchedColumns {
    this.#flush();
    if (this.#rows === 0) return { firstAt: null, lastAt: null, days: null };
    const days = [...this.#days.keys()].sort((a, b) => a - b);
    const exact = days.length <= MOST_DAYS && Number.isFinite(days[0]);
    return {
      firstAt: microsText(this.#first),
      lastAt: microsText(this.#last),
      days: exact ? days.map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10)) : null,
    };
  }

  #flush(): void {
    if (this.#dayRows > 0) this.#days.set(this.#dayNumber, (this.#days.get(this.#dayNumber) ?? 0) + this.#dayRows);
    this.#dayRows = 0;
    this.#dayNumber = NaN;
  }
}

/** Microseconds since 1970 as Postgres reads a timestamptz. */
export function microsText(micros: number): string {
  if (micros === -Infinity) return '-infinity';
  const millis = Math.floor(micros / 1000);
  return new Date(millis).toISOString().replace('Z', `${String(micros - millis * 1000).padStart(3, '0')}Z`);
}

/** SQL that gives a timestamptz as text of microseconds since 1970, which `Number` reads exactly; `-Infinity` where it is −∞. */
export const microsSql = (column: string): string => `(extract(epoch from ${column}) * 1000000)::text`;
