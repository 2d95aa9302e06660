/** Workflows as they stand in the sources, bundled once per process and file (about 2 s). */
import { bundleWorkflowCode, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';

const bundles = new Map<string, Promise<WorkflowBundleWithSourceMap>>();

const quiet = { trace: noop, debug: noop, info: noop, log: noop, warn: console.warn, error: console.error };
function noop(): void {}

/** Sources name their neighbours with `.js`, as they are called once compiled. @param file of the module that exports the workflows */
export function bundleOf(file: URL): Promise<WorkflowBundleWithSourceMap> {
  const workflowsPath = fileURLToPath(file);
  const bundle = bundles.get(workflowsPath) ?? bundleWorkflowCode({
    workflowsPath, logger: quiet,
    webpackConfigHook: (config) => ({ ...config, resolve: { ...config.resolve, extensionAlias: { '.js': ['.ts', '.js'] } } }),
  });
  bundles.set(workflowsPath, bundle);
  return bundle;
}

/** Ours. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  return bundleOf(new URL('../../../workflows/index.ts', import.meta.url));
}
