/** The workflows of user-workflows.ts, bundled once per process. */
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';

let bundle: Promise<WorkflowBundle> | undefined;
const nothing = (): void => undefined;
const quiet = { trace: nothing, debug: nothing, info: nothing, log: nothing, warn: console.warn, error: console.error };

export function userBundle(): Promise<WorkflowBundle> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./user-workflows.ts', import.meta.url)), logger: quiet,
    webpackConfigHook: (config) => ({ ...config, resolve: { ...config.resolve, extensionAlias: { '.js': ['.ts', '.js'] } } }),
  });
  return bundle;
}
