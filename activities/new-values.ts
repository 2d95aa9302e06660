/** Values of the segments' columns that stand in the analysis and not in the reference: they have no segment, because there is nothing to compare them with. */
import type { ValueCounts } from '../domain/segment.js';
import type { Frame } from '../engine/frame.js';
import type { NewValue } from '../store/runs.js';

/** Of each column; more of them are a sign that it is no column of categories. */
const MOST_VALUES = 50;

export class NewValues {
  /** Columns that are looked at: those whose values of the reference are all known. */
  readonly columns: string[];
  private readonly known = new Map<string, Set<string>>();
  private readonly rows = new Map<string, Map<string, number>>();

  constructor(counts: readonly ValueCounts[]) {
    for (const { column, values, distinct } of counts) {
      if (values.length === distinct) this.known.set(column, new Set(values.map(([value]) => value)));
    }
    this.columns = [...this.known.keys()];
  }

  look(frame: Frame): void {
    for (const [name, known] of this.known) {
      const column = frame.columns.get(name);
      if (column?.kind !== 'categorical') continue;
      column.categories.forEach((value, code) => {
        if (known.has(value)) return;
        const found = this.rows.get(name) ?? new Map<string, number>();
        this.rows.set(name, found);
        if (!found.has(value) && found.size >= MOST_VALUES) return;
        let rows = 0;
        for (const cell of column.codes) if (cell === code) rows += 1;
        found.set(value, (found.get(value) ?? 0) + rows);
      });
    }
  }

  found(): NewValue[] {
    return [...this.rows].flatMap(([column, values]) => [...values].map(([value, rows]) => ({ column, value, rows })));
  }
}
