/** How far rows lie from a space: lengths of their projections on the unit vectors outside it. WebAssembly with vectors where there is some, else JavaScript with the same bits. */
import { KERNELS_WASM } from './kernels.wasm.js';

/** A column as it is kept: numbers with a value for the missing ones, or codes into values. */
export type ColumnSource =
  | { kind: 'numbers'; values: Float64Array; fill: number }
  | { kind: 'codes'; codes: Int32Array; values: Float64Array; fill: number };

/** z = (value − mean) / scale */
interface Scaling {
  mean: number;
  scale: number;
}

export interface Residuals {
  columns: readonly ColumnSource[];
  scalings: readonly Scaling[];
  /** Unit vectors over the columns. */
  vectors: readonly ArrayLike<number>[];
}

/** A block of rows: the columns' doubles one after the other, each `stride` apart. */
type Kernel = (columns: number, stride: number, width: number, terms: number, vectors: number, count: number, scratch: number, rows: number, out: number) => void;

/** What of the WebAssembly interface is used here; neither Node's types nor the language's know it. */
interface WasmMemory { readonly buffer: ArrayBuffer }
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => WasmMemory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: { env: { memory: WasmMemory } }) => { readonly exports: unknown };
  validate(bytes: Uint8Array): boolean;
} | undefined;

const BLOCK_ROWS = 1_024;
const PAGE_BYTES = 65_536;
let compiled: object | null | undefined;

function compiledModule(): object | null {
  if (compiled === undefined) {
    const bytes = Uint8Array.from(atob(KERNELS_WASM), (character) => character.charCodeAt(0));
    compiled = typeof WebAssembly !== 'undefined' && WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
  }
  return compiled;
}

/**
 * @param rows of every column
 * @param options.webAssembly false: JavaScript even where WebAssembly is there
 * Cost O(rows · columns · vectors); memory: a block of rows.
 */
export function residualLengths({ columns, scalings, vectors }: Residuals, rows: number, { webAssembly = true } = {}): Float64Array {
  const width = columns.length;
  const terms = width * BLOCK_ROWS;
  const weights = terms + 3 * width;
  const scratch = weights + vectors.length * width;
  const out = scratch + 8 * width;
  const { memory, kernel } = openKernel(8 * (out + BLOCK_ROWS), webAssembly);
  columns.forEach((column, a) => memory.set([column.fill, scalings[a]!.mean, scalings[a]!.scale], terms + 3 * a));
  vectors.forEach((vector, k) => memory.set(vector, weights + k * width));
  const lengths = new Float64Array(rows);
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - start);
    columns.forEach((column, a) => copyBlock(column, start, count, memory, a * BLOCK_ROWS));
    kernel(0, BLOCK_ROWS, width, 8 * terms, 8 * weights, vectors.length, 8 * scratch, (count + 7) & ~7, 8 * out);
    lengths.set(memory.subarray(out, out + count), start);
  }
  return lengths;
}

function openKernel(bytes: number, webAssembly: boolean): { memory: Float64Array; kernel: Kernel } {
  const module = webAssembly ? compiledModule() : null;
  if (module === null || typeof WebAssembly === 'undefined') {
    const memory = new Float64Array(Math.ceil(bytes / 8));
    return { memory, kernel: javaScriptKernel(memory) };
  }
  const wasm = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
  const { residualLengths: kernel } = new WebAssembly.Instance(module, { env: { memory: wasm } }).exports as { residualLengths: Kernel };
  return { memory: new Float64Array(wasm.buffer), kernel };
}

function copyBlock(column: ColumnSource, start: number, count: number, memory: Float64Array, at: number): void {
  if (column.kind === 'numbers') {
    memory.set(column.values.subarray(start, start + count), at);
    return;
  }
  const { codes, values } = column;
  for (let i = 0; i < count; i++) {
    const code = codes[start + i]!;
    memory[at + i] = code < 0 ? NaN : values[code]!;
  }
}

function javaScriptKernel(memory: Float64Array): Kernel {
  return (columns, stride, width, terms, vectors, count, scratch, rows, out) => {
    const [first, term, weight, z, target] = [columns / 8, terms / 8, vectors / 8, scratch / 8, out / 8];
    for (let row = 0; row < rows; row++) {
      for (let a = 0; a < width; a++) {
        const value = memory[first + a * stride + row]!;
        memory[z + a] = ((value === value ? value : memory[term + 3 * a]!) - memory[term + 3 * a + 1]!) / memory[term + 3 * a + 2]!;
      }
      let squares = 0;
      for (let k = 0; k < count; k++) {
        let projection = 0;
        for (let a = 0; a < width; a++) projection += memory[weight + k * width + a]! * memory[z + a]!;
        squares += projection * projection;
      }
      memory[target + row] = Math.sqrt(squares);
    }
  };
}
