/** The kernels in WebAssembly, over a memory of their own. */
import { javaScriptKernels, type Kernels } from './kernels.js';
import { KERNELS_WASM } from './kernels.wasm.js';

/** What of the WebAssembly interface is used here; neither Node's types nor the language's know it. */
interface WasmMemory { readonly buffer: ArrayBuffer }
interface WasmModule { readonly brand?: 'WasmModule' }
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => WasmMemory;
  Module: new (bytes: Uint8Array) => WasmModule;
  Instance: new (module: WasmModule, imports: { env: { memory: WasmMemory } }) => { readonly exports: unknown };
  validate(bytes: Uint8Array): boolean;
} | undefined;

const PAGE_BYTES = 65_536;
let compiled: WasmModule | null | undefined;

/** The compiled kernels, once per thread; null where WebAssembly or its vectors are missing. */
export function compileKernels(): WasmModule | null {
  if (compiled === undefined) {
    const bytes = Uint8Array.from(atob(KERNELS_WASM), (character) => character.charCodeAt(0));
    compiled = typeof WebAssembly !== 'undefined' && WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
  }
  return compiled;
}

/** Memory of at least `size` bytes, and kernels that work on it. */
export function webAssemblyKernels(module: WasmModule, size: number): { buffer: ArrayBuffer; kernels: Kernels } {
  if (typeof WebAssembly === 'undefined') throw new TypeError('WebAssembly is gone');
  const memory = new WebAssembly.Memory({ initial: Math.ceil(size / PAGE_BYTES) });
  const wasm = new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels;
  const slow = javaScriptKernels(memory.buffer);
  return {
    buffer: memory.buffer,
    kernels: {
      ...wasm,
      logisticGradients(count, scores, labels, gradients, ...rest) {
        let done = wasm.logisticGradients(count, scores, labels, gradients, ...rest);
        while (done < count) {
          done += slow.logisticGradients(1, scores + 8 * done, labels + 4 * done, gradients + 8 * done, ...rest);
          done += wasm.logisticGradients(count - done, scores + 8 * done, labels + 4 * done, gradients + 8 * done, ...rest);
        }
        return done;
      },
    },
  };
}
