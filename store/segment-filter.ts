/** Only the rows of one segment, in queries that take no parameters (COPY) as in those that do. */
import type { Queryable } from './pool.js';

/** A column by its physical name (c001 …), and the value that its rows have. */
export interface SegmentFilter {
  physical: string;
  value: string;
}

/** Binds the value for the transaction at hand: `segmentSql` finds it there. */
export async function bindSegment(db: Queryable, segment: SegmentFilter | null): Promise<void> {
  if (segment) await db.query(`select set_config('aftercare.segment', $1, true)`, [segment.value]);
}

/** SQL: a row of `alias` belongs to the segment. In brackets, so that the setting is looked up once and not for every row. */
export function segmentSql(segment: SegmentFilter | null, alias: string): string {
  if (!segment) return '';
  if (!/^c\d+$/.test(segment.physical)) throw new Error(`'${segment.physical}' is no column of values`);
  return ` and ${alias}.${segment.physical} = (select current_setting('aftercare.segment'))`;
}
