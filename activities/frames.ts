/** Frames out of decoded rows: each calculator sees the columns it asked for, as the kind it expects. */
import { compareText, toCategorical, type CategoricalColumn, type Column, type Frame } from '../engine/frame.js';
import type { CalculatorRequest } from '../engine/catalogue.js';
import type { Cells } from '../store/copy-decode.js';
import type { ReadColumn } from '../store/read-rows.js';
import type { PlacedColumn } from '../store/model-tables.js';

/** A column that is read, under the name that people gave it. */
export interface NamedColumn extends ReadColumn {
  name: string;
}

/** Columns that these calculators need, each once. */
export function columnsToRead(requests: readonly CalculatorRequest[], placed: readonly PlacedColumn[]): NamedColumn[] {
  const names = new Set(requests.flatMap(({ columns }) => [...columns.continuous, ...columns.categorical, columns.target, columns.prediction, columns.probability, ...columns.classProbabilities.map(({ column }) => column), ...(columns.further ?? [])]));
  return placed.filter(({ name }) => names.has(name)).map(({ name, physical, kind }) => ({ name, physical, kind: kind === 'continuous' ? 'continuous' : 'categorical' }));
}

/**
 * Rows [0, rowCount) of decoded columns as a frame. Numbers share the decoder's memory: the frame is good until the next row is decoded.
 * Categories are the chunk's own in ascending order, whatever came before it: so a chunk gives the same bits wherever it is computed.
 */
export function frameOf(columns: readonly NamedColumn[], cells: readonly Cells[], rowCount: number): Frame {
  return {
    rowCount,
    columns: new Map(columns.map(({ name }, i): [string, Column] => {
      const column = cells[i]!;
      if (column.kind !== 'categorical') return [name, { kind: 'continuous', values: column.values.subarray(0, rowCount) }];
      return [name, ownCategories(column.codes.subarray(0, rowCount), column.dictionary.texts)];
    })),
  };
}

/** @param codes positions in `texts`, −1 missing; not changed */
function ownCategories(codes: Int32Array, texts: readonly string[]): CategoricalColumn {
  const seen = new Uint8Array(texts.length);
  for (const code of codes) if (code >= 0) seen[code] = 1;
  const present: number[] = [];
  for (let code = 0; code < seen.length; code++) if (seen[code] === 1) present.push(code);
  present.sort((a, b) => compareText(texts[a]!, texts[b]!));
  const place = new Int32Array(texts.length);
  present.forEach((code, i) => { place[code] = i; });
  const own = new Int32Array(codes.length);
  for (let i = 0; i < codes.length; i++) own[i] = codes[i]! < 0 ? -1 : place[codes[i]!]!;
  return { kind: 'categorical', codes: own, categories: present.map((code) => texts[code]!) };
}

/** The frame as one calculator asked for it: numbers that it wants as categories (0 and 1 of a binary outcome) are turned into them. */
export function frameFor(request: CalculatorRequest, frame: Frame): Frame {
  const turned = request.columns.categorical.filter((name) => frame.columns.get(name)?.kind === 'continuous');
  if (turned.length === 0) return frame;
  const columns = new Map(frame.columns);
  for (const name of turned) {
    const column = columns.get(name);
    if (column?.kind === 'continuous') columns.set(name, toCategorical(column));
  }
  return { rowCount: frame.rowCount, columns };
}
