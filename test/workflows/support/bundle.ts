/** The workflows as they stand in the sources, bundled once per process (about 2 s). */
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';

let bundle: Promise<WorkflowBundle> | undefined;

const quiet = { trace: noop, debug: noop, info: noop, log: noop, warn: console.warn, error: console.error };
function noop(): void {}

/** Sources name their neighbours with `.js`, as they are called once compiled. */
export function workflowBundle(): Promise<WorkflowBundle> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../../workflows/index.ts', import.meta.url)),
    logger: quiet,
    webpackConfigHook: (config) => ({ ...config, resolve: { ...config.resolve, extensionAlias: { '.js': ['.ts', '.js'] } } }),
  });
  return bundle;
}
