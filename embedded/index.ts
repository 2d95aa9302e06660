/** Embedded servers: start and keep a stack, find one that runs. */
import { checkoutName, dataFolder } from './paths.js';
import { packageRoot } from './package-root.js';

export { findServers, locateStack, temporalFromEnvironment, type LocatedStack, type LocateOptions } from './locate.js';
export { dataFolder } from './paths.js';
export { readRunningStack } from './stack-file.js';
export { startStack, type Stack, type StackOptions } from './supervisor.js';
export { startProgram, type WorkerQueue } from './program-process.js';

/** Where the demo keeps its data: as given, else $AFTERCARE_DATA, else one folder per checkout. */
export function demoDataFolder(options: { data?: string | undefined } = {}): string {
  return dataFolder(options.data, checkoutName(packageRoot()));
}
