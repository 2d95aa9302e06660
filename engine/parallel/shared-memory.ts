/** Frames whose columns all threads can read: over shared memory, never copied from thread to thread. */
import type { Column, Frame } from '../frame.js';

/** What was copied into shared memory already, by the array that it was copied from. */
const copies = new WeakMap<object, Float64Array | Int32Array>();

/** The frame with only the columns named that it has, over shared memory. A column that is not over shared memory is copied into it, once. */
export function shareFrame(frame: Frame, names: Iterable<string> = frame.columns.keys()): Frame {
  const columns = new Map<string, Column>();
  for (const name of names) {
    const column = frame.columns.get(name);
    if (column) columns.set(name, shareColumn(column));
  }
  return { rowCount: frame.rowCount, columns };
}

function shareColumn(column: Column): Column {
  switch (column.kind) {
    case 'continuous': return { ...column, values: shared(column.values) };
    case 'timestamp': return { ...column, micros: shared(column.micros) };
    case 'categorical': return { ...column, codes: shared(column.codes) };
  }
}

function shared<A extends Float64Array | Int32Array>(array: A): A {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const known = copies.get(array) as A | undefined;
  if (known) return known;
  const memory = new SharedArrayBuffer(array.byteLength);
  const copy = (array instanceof Float64Array ? new Float64Array(memory) : new Int32Array(memory)) as A;
  copy.set(array);
  copies.set(array, copy);
  return copy;
}
