/** A segment: the rows in which a categorical column has one value. A population of its own. */
import { quoted, type ModelSchema, type SchemaColumn } from './schema.js';
import { SEGMENT_DEFAULTS, type ModelSettings, type SegmentSettings } from './settings.js';

/** What stands for all rows together, wherever a segment is named. */
export const ALL_ROWS = '';

export interface Segment {
  column: string;
  value: string;
}

/** As it stands in results, settings and commands: `column=value`. */
export function segmentText(segment: Segment | null): string {
  return segment === null ? ALL_ROWS : `${segment.column}=${segment.value}`;
}

/** How the rows of a segment become chunks. */
export function chunkingOf(settings: ModelSettings, segment: Segment | null): ModelSettings['chunking'] {
  return (segment === null ? null : settings.segments?.chunking) ?? settings.chunking;
}

/** The settings under which a segment is computed: those of the model, chunked in its own way. */
export function settingsOf(settings: ModelSettings, segment: Segment | null): ModelSettings {
  const chunking = chunkingOf(settings, segment);
  return chunking === settings.chunking ? settings : { ...settings, chunking };
}

/** Columns that rows can be told apart by: categories that stand beside the features. A target comes late and is none. */
export function segmentColumns(schema: ModelSchema): SchemaColumn[] {
  return schema.columns.filter(({ role, kind }) => kind === 'categorical' && role !== 'ignored' && role !== 'target' && role !== 'identifier');
}

/** How often a column's values stand in the reference. */
export interface ValueCounts {
  column: string;
  /** Most frequent first, those of equal number in the order of their text; the most frequent ones only where there are very many. */
  values: [value: string, rows: number][];
  /** Different values there are. */
  distinct: number;
  /** Rows without a value. */
  missing: number;
}

/** Sentences about values that only the analysis has. @param found of several parts of a run */
export function newValueNotes(found: readonly { column: string; value: string; rows: number }[]): string[] {
  const columns = new Map<string, Map<string, number>>();
  for (const { column, value, rows } of found) {
    const values = columns.get(column) ?? new Map<string, number>();
    columns.set(column, values.set(value, (values.get(value) ?? 0) + rows));
  }
  return [...columns].map(([column, values]) => {
    const sorted = [...values].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
    const shown = sorted.slice(0, SHOWN).map(([value, rows]) => `${quoted(value)} (${rows} ${rows === 1 ? 'row' : 'rows'})`).join(', ');
    return `segments by ${quoted(column)}: ${shown}${sorted.length > SHOWN ? ` and ${sorted.length - SHOWN} more` : ''} ${sorted.length === 1 ? 'is' : 'are'} not in the reference: there is nothing to compare ${sorted.length === 1 ? 'it' : 'them'} with`;
  });
}

/** Longer values are no names of anything. */
const MAX_VALUE_LENGTH = 200;
/** Values that a note names. */
const SHOWN = 5;

/**
 * Which segments are computed, in the order of the columns, the most frequent value first; and what is left out, in sentences for people.
 * A pure function of the reference and the settings: rows that come later change nothing of it.
 */
export function chooseSegments(counts: readonly ValueCounts[], settings: SegmentSettings): { segments: (Segment & { referenceRows: number })[]; notes: string[] } {
  const maxValues = settings.maxValues ?? SEGMENT_DEFAULTS.maxValues;
  const minRows = settings.minReferenceRows ?? SEGMENT_DEFAULTS.minReferenceRows;
  const segments: (Segment & { referenceRows: number })[] = [];
  const notes: string[] = [];
  for (const { column, values, distinct, missing } of counts) {
    const usable = values.filter(([value]) => value.length <= MAX_VALUE_LENGTH);
    const enough = usable.filter(([, rows]) => rows >= minRows);
    segments.push(...enough.slice(0, maxValues).map(([value, rows]) => ({ column, value, referenceRows: rows })));
    const say = (left: readonly [string, number][], count: number, why: string): void => {
      if (count > 0) notes.push(`segments by ${quoted(column)}: ${count} ${count === 1 ? 'value is' : 'values are'} left out, ${why}: ${left.slice(0, SHOWN).map(([value, rows]) => `${quoted(value)} (${rows})`).join(', ')}${count > Math.min(left.length, SHOWN) ? ' …' : ''}`);
    };
    say(enough.slice(maxValues), enough.slice(maxValues).length, `only the ${maxValues} most frequent are looked at (segments.maxValues; rows of the reference in brackets)`);
    const few = usable.filter(([, rows]) => rows < minRows);
    say(few, few.length + distinct - values.length, `with fewer than ${minRows} rows in the reference (segments.minReferenceRows)`);
    const long = values.filter(([value]) => value.length > MAX_VALUE_LENGTH);
    say(long, long.length, `longer than ${MAX_VALUE_LENGTH} characters`);
    if (missing > 0) notes.push(`segments by ${quoted(column)}: ${missing} rows of the reference have no value there and belong to no segment`);
    if (distinct === 0) notes.push(`segments by ${quoted(column)}: the reference has no value there`);
  }
  return { segments, notes };
}
