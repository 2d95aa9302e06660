/** How every command finds the servers: flags, then the environment, then the stack that runs on the data folder. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { InvalidInput } from '../domain/errors.js';
import { dataFolder } from './paths.js';
import { readRunningStack, type StackFile } from './stack-file.js';

export interface LocateOptions {
  data?: string | undefined;
  databaseUrl?: string | undefined;
  temporalAddress?: string | undefined;
  namespace?: string | undefined;
}

type Origin = 'flag' | 'environment' | 'stack';

export interface LocatedStack {
  databaseUrl: string;
  temporalAddress: string;
  namespace: string;
  /** Where the database's address and Temporal's came from. */
  from: { database: Origin; temporal: Origin };
}

/** What is known of the servers; undefined what nobody has given. */
export interface FoundServers {
  databaseUrl: string | undefined;
  databaseFrom: Origin | undefined;
  temporalAddress: string | undefined;
  temporalFrom: Origin | undefined;
  namespace: string;
  /** The stack that runs on the data folder, if one does. */
  stack: StackFile | null;
  dataFolder: string;
}

/** Temporal's own configuration: TEMPORAL_ADDRESS and its kin, or its configuration file. */
export function temporalFromEnvironment(): { address: string | undefined; namespace: string | undefined } {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig();
    return { address: connectionOptions.address || undefined, namespace: namespace || undefined };
  } catch (error) {
    throw new InvalidInput(`Temporal's configuration (TEMPORAL_… variables or its configuration file) cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** As locateStack, but without a complaint about what is missing. */
export function findServers(options: LocateOptions): FoundServers {
  const folder = dataFolder(options.data);
  let stack: StackFile | null = null;
  try {
    stack = readRunningStack(folder);
  } catch {
    throw new InvalidInput(`the stack in ${folder} belongs to another user: give --data, or --database-url and --temporal-address`);
  }
  const environment = temporalFromEnvironment();
  // A folder that was named on the command line means the stack in it, whatever the environment says.
  const named = options.data !== undefined && stack !== null;
  const database = pick(options.databaseUrl, named ? undefined : process.env.DATABASE_URL || undefined, stack?.databaseUrl);
  const temporal = pick(options.temporalAddress, named ? undefined : environment.address, stack?.temporalAddress);
  const namespace = options.namespace ?? (temporal?.from === 'stack' ? stack?.namespace : environment.namespace) ?? 'default';
  return { databaseUrl: database?.value, databaseFrom: database?.from, temporalAddress: temporal?.value, temporalFrom: temporal?.from, namespace, stack, dataFolder: folder };
}

function pick(flag: string | undefined, environment: string | undefined, stack: string | undefined): { value: string; from: Origin } | undefined {
  if (flag) return { value: flag, from: 'flag' };
  if (environment) return { value: environment, from: 'environment' };
  return stack ? { value: stack, from: 'stack' } : undefined;
}

/**
 * @throws InvalidInput when the database's or Temporal's address is nowhere to be found, or --data names a folder on which nothing runs
 */
export function locateStack(options: LocateOptions = {}): LocatedStack {
  const found = findServers(options);
  if (options.data !== undefined && found.stack === null && !(options.databaseUrl && options.temporalAddress)) {
    throw new InvalidInput(`no stack is running on ${found.dataFolder}: start it with 'aftercare up --data ${found.dataFolder}'`);
  }
  if (found.databaseUrl === undefined || found.temporalAddress === undefined || found.databaseFrom === undefined || found.temporalFrom === undefined) {
    const missing = [...(found.databaseUrl === undefined ? ['a database (--database-url, DATABASE_URL)'] : []), ...(found.temporalAddress === undefined ? ['Temporal (--temporal-address, TEMPORAL_ADDRESS)'] : [])];
    throw new InvalidInput(`found no address of ${missing.join(' nor of ')}, and no stack is running on ${found.dataFolder}: start one with 'aftercare up'`);
  }
  return { databaseUrl: found.databaseUrl, temporalAddress: found.temporalAddress, namespace: found.namespace, from: { database: found.databaseFrom, temporal: found.temporalFrom } };
}
