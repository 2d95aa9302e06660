/** One block of memory for a training, laid out once; kernels get byte offsets into it. */
import { InvalidInput } from '../../domain/errors.js';
import { javaScriptKernels, type Kernels } from './kernels.js';
import { compileKernels, webAssemblyKernels } from './wasm-kernels.js';

const ALIGNMENT = 16;
/** Addresses have 32 bits. */
const MOST_BYTES = 2 ** 32 - 2 ** 16;

/** Adds up regions before the memory exists. */
export class Layout {
  size = 1024;

  /** Offset of a new region, aligned for any type. @throws InvalidInput when it would all be more than 4 GiB */
  take(bytes: number): number {
    const offset = this.size;
    this.size += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    if (this.size > MOST_BYTES) throw new InvalidInput(`boosting would need more than 4 GiB of memory: take fewer rows, features, leaves or bins`);
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
