/** One block of memory for a training, laid out once; kernels get byte offsets into it. */
import { javaScriptKernels, type Kernels } from './kernels.js';
import { compileKernels, webAssemblyKernels } from './wasm-kernels.js';

const ALIGNMENT = 16;

/** Adds up regions before the memory exists. */
export class Layout {
  size = 1024;

  /** Offset of a new region, aligned for any type. */
  take(bytes: number): number {
    const offset = this.size;
    this.size += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return offset;
  }
}

/** Memory, and the kernels that work on it. */
export interface Workspace { buffer: ArrayBufferLike; kernels: Kernels }

/** Memory for a layout with kernels in JavaScript. */
export function javaScriptWorkspace(layout: Layout): Workspace {
  const buffer = new ArrayBuffer(layout.size);
  return { buffer, kernels: javaScriptKernels(buffer) };
}

/** Memory for a layout with kernels in WebAssembly; undefined where the machine has no WebAssembly with vectors. */
export function webAssemblyWorkspace(layout: Layout): Workspace | undefined {
  const module = compileKernels();
  return module === null ? undefined : webAssemblyKernels(module, layout.size);
}

/** WebAssembly where it is, else JavaScript. The numbers are the same. */
export function fastWorkspace(layout: Layout): Workspace {
  return webAssemblyWorkspace(layout) ?? javaScriptWorkspace(layout);
}
