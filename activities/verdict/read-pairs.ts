/** Both versions' columns of the rows that both answered, as frames. */
import { CopyDecoder } from '../../store/copy-decode.js';
import type { Horizon } from '../../store/horizon.js';
import type { ModelState } from '../../store/model-state.js';
import { placeColumns, type DataColumn } from '../../store/model-tables.js';
import { pairCells, readPairs } from '../../store/paired-rows.js';
import type { Transaction } from '../../store/pool.js';
import type { Column, Frame } from '../../engine/frame.js';
import type { Both } from '../../engine/verdict/pairs.js';
import { frameOf, type NamedColumn } from '../frames.js';

/** Pairs that a verdict looks at: the newest ones where there are more. */
export const MOST_PAIRS = 200_000;
/** Cells that are held at once. */
const MOST_CELLS = 20_000_000;

export interface PairedRows {
  rows: number;
  frames: Both<Frame>;
  target: Column | null;
  /** There may be older pairs. */
  capped: boolean;
}

export interface PairReading {
  champion: ModelState;
  challenger: ModelState;
  columns: readonly DataColumn[];
  horizon: Horizon;
  /** Names of both versions' columns. */
  names: ReadonlySet<string>;
  /** Only of the champion's rows: by what they are told apart. */
  segments: readonly string[];
  withTargets: boolean;
}

export async function readPairedRows(tx: Transaction, { champion, challenger, columns: places, horizon, names, segments, withTargets }: PairReading): Promise<PairedRows> {
  const columnsOf = (version: ModelState, wanted: (name: string) => boolean): NamedColumn[] => placeColumns(version.schema, places)
    .filter(({ name, role }) => role !== 'target' && wanted(name)).map(({ name, physical, kind }) => ({ name, physical, kind: kind === 'continuous' ? 'continuous' : 'categorical' }));
  const columns = { champion: columnsOf(champion, (name) => names.has(name) || segments.includes(name)), challenger: columnsOf(challenger, (name) => names.has(name)) };
  const target = !withTargets ? null : champion.schema.problemType === 'classification_multiclass' ? 'categorical' : 'continuous';
  const width = columns.champion.length + columns.challenger.length + Number(withTargets);
  const limit = Math.min(MOST_PAIRS, Math.floor(MOST_CELLS / width));
  const asked = { ...columns, target } as const;
  const decoder = new CopyDecoder(pairCells(asked), 8_192, (row) => row + 1);
  const rows = await readPairs(tx, { modelId: champion.id, championId: champion.versionId, challengerId: challenger.versionId, horizon, withTargets, limit }, asked, decoder);
  const cells = decoder.columns;
  const split = columns.champion.length;
  const ofTarget: NamedColumn[] = target === null ? [] : [{ name: 'target', physical: 'target', kind: target }];
  return {
    rows,
    frames: { champion: frameOf(columns.champion, cells.slice(0, split), rows), challenger: frameOf(columns.challenger, cells.slice(split, split + columns.challenger.length), rows) },
    target: frameOf(ofTarget, cells.slice(split + columns.challenger.length), rows).columns.get('target') ?? null,
    capped: rows === limit,
  };
}
