/** Where the bundle of the workflows is: built once with the package, so that a worker starts without a bundler. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @throws Error when the package was not built */
export function workflowBundlePath(): string {
  const path = fileURLToPath(new URL('../workflows/bundle.js', import.meta.url));
  if (!existsSync(path)) throw new Error(`the workflow bundle ${path} is missing: run 'npm run build'`);
  return path;
}
