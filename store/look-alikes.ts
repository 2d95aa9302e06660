/** Whether a column that the schema does not know holds what a missing one would hold: a column that was renamed. */
import type { BlockColumn } from '../domain/row-block.js';
import type { SchemaColumn } from '../domain/schema.js';
import { referenceTable, type PlacedColumn } from './model-tables.js';
import type { Queryable } from './pool.js';
import { isMissing, textOf } from './row-check.js';

/** So many columns on each side, rows of the batch, and rows and values of the reference are looked at. */
const MOST_COLUMNS = 50;
const MOST_ROWS = 1_000;
const REFERENCE_ROWS = 10_000;
const MOST_VALUES = 1_000;
/** Share of a column's cells that must fit. */
const FITTING = 0.95;
/** Numbers that fill less of the reference's range than this fit many columns. */
const LEAST_SPREAD = 0.2;

/** What the reference says of a missing column. */
interface Known {
  name: string;
  min: number | null;
  max: number | null;
  values: Set<string> | null;
}

/** Watches unknown columns while a batch is read, and compares them afterwards. */
export class LookAlikes {
  /** What is asked of the source beside the columns of the schema. */
  readonly columns: SchemaColumn[];
  readonly #texts: string[][];
  #rows = 0;

  constructor(unknown: readonly string[]) {
    this.columns = unknown.slice(0, MOST_COLUMNS).map((name) => ({ name, role: 'ignored', kind: 'categorical' }));
    this.#texts = this.columns.map(() => []);
  }

  look(columns: readonly BlockColumn[], rowCount: number): void {
    const rows = Math.min(rowCount, MOST_ROWS - this.#rows);
    if (rows <= 0) return;
    this.#rows += rows;
    columns.forEach((column, i) => {
      if (column.kind !== 'text') return;
      for (let row = 0; row < rows; row++) if (!isMissing(column, row)) this.#texts[i]!.push(textOf(column, row));
    });
  }

  /** Missing column → unknown one that fits it and no other, and that no other fits. */
  async compare(db: Queryable, modelId: number, versionId: number, missing: readonly PlacedColumn[]): Promise<Map<string, string>> {
    const known = await readKnown(db, modelId, versionId, missing.filter(({ physical, kind }) => /^c\d+$/.test(physical) && (kind === 'continuous' || kind === 'categorical')).slice(0, MOST_COLUMNS));
    const fits = known.map((column) => this.columns.flatMap(({ name }, i) => (looksLike(column, this.#texts[i]!) ? [name] : [])));
    const pairs = new Map<string, string>();
    known.forEach(({ name }, i) => {
      const [only, other] = fits[i]!;
      if (only !== undefined && other === undefined && fits.filter((names) => names.includes(only)).length === 1) pairs.set(name, only);
    });
    return pairs;
  }
}

function looksLike({ min, max, values }: Known, texts: readonly string[]): boolean {
  if (texts.length === 0) return false;
  if (values) return texts.filter((text) => values.has(text)).length >= FITTING * texts.length;
  if (min === null || max === null || !(max > min)) return false;
  const numbers = texts.map(Number).filter((value) => value >= min && value <= max);
  const spread = numbers.reduce((most, value) => Math.max(most, value), -Infinity) - numbers.reduce((least, value) => Math.min(least, value), Infinity);
  return numbers.length >= FITTING * texts.length && spread >= LEAST_SPREAD * (max - min);
}

async function readKnown(db: Queryable, modelId: number, versionId: number, columns: readonly PlacedColumn[]): Promise<Known[]> {
  if (columns.length === 0) return [];
  const list = columns.map(({ physical, kind }) => (kind === 'continuous'
    ? `json_build_object('min', min(nullif(${physical}, 'NaN')), 'max', max(nullif(${physical}, 'NaN')))`
    : `json_build_object('values', (array_agg(distinct ${physical}) filter (where ${physical} is not null))[1:${MOST_VALUES}])`));
  const { rows: [found] } = await db.query<{ known: { min?: number | null; max?: number | null; values?: string[] | null }[] }>(
    `select json_build_array(${list.join(', ')}) as known from (select ${columns.map(({ physical }) => physical).join(', ')} from ${referenceTable(modelId)} where version_id = $1 limit ${REFERENCE_ROWS}) sample`, [versionId]);
  return columns.map(({ name, kind }, i) => {
    const { min = null, max = null, values = null } = found!.known[i]!;
    return { name, min, max, values: kind === 'continuous' ? null : new Set(values ?? []) };
  });
}
