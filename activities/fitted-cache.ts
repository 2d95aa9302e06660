/** Fitted calculators by key, kept while there is room: keys never change their meaning, so nothing is ever invalidated. */
import type { FittedCalculator } from '../engine/catalogue.js';
import { fromFittedJson } from '../engine/fitted-json.js';
import { readFitted } from '../store/fitted.js';
import type { Queryable } from '../store/pool.js';

export interface LoadedFitted {
  id: number;
  key: string;
  /** null: the fit failed, for this reason. */
  calculator: FittedCalculator | null;
  failure: string | null;
}

const MAX_BYTES = 64 * 1024 * 1024;

export class FittedCache {
  private readonly held = new Map<string, { loaded: LoadedFitted; bytes: number }>();
  private bytes = 0;

  /** @returns those that are in the store, in the order of `keys` */
  async load(db: Queryable, keys: readonly string[]): Promise<LoadedFitted[]> {
    const missing = keys.filter((key) => !this.held.has(key));
    const found = new Map<string, LoadedFitted>();
    for (const row of missing.length > 0 ? await readFitted(db, missing) : []) {
      const loaded = { id: row.id, key: row.key, calculator: row.failure === null ? fromFittedJson(row.body) : null, failure: row.failure };
      found.set(row.key, loaded);
      this.hold(loaded, row.body.length * 2);
    }
    return keys.map((key) => found.get(key) ?? this.held.get(key)?.loaded).filter((loaded) => loaded !== undefined);
  }

  private hold(loaded: LoadedFitted, bytes: number): void {
    this.held.set(loaded.key, { loaded, bytes });
    this.bytes += bytes;
    // The oldest go first; the one that was just asked for stays.
    for (const [key, entry] of this.held) {
      if (this.bytes <= MAX_BYTES || key === loaded.key) break;
      this.held.delete(key);
      this.bytes -= entry.bytes;
    }
  }
}
