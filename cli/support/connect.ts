/** How every command that talks to a stack finds it: flags, then the environment, then the stack that `aftercare up` started in the data folder. */
import type { Command } from 'commander';
import { Aftercare } from '../../client/index.js';

export interface StackOptions {
  data?: string;
  databaseUrl?: string;
  temporalAddress?: string;
  namespace?: string;
  as?: string;
  json?: boolean;
}

/** Adds the options that all such commands share. */
export function withStackOptions(command: Command): Command {
  return command
    .option('--data <folder>', 'data folder of the running stack (default: AFTERCARE_DATA, else this user\'s)')
    .option('--database-url <url>', 'PostgreSQL 14 or newer (default: DATABASE_URL, else the running stack)')
    .option('--temporal-address <host:port>', 'Temporal server (default: Temporal\'s own environment, else the running stack)')
    .option('--namespace <name>', 'Temporal namespace')
    .option('--as <name>', 'who acts, for the audit trail (unverified)')
    .option('--json', 'answer as JSON');
}

/** Opens a client, hands it to `work`, closes it again. */
export async function withClient<T>(options: StackOptions, work: (client: Aftercare) => Promise<T>): Promise<T> {
  const client = await Aftercare.connect({
    ...(options.databaseUrl === undefined ? {} : { databaseUrl: options.databaseUrl }),
    ...(options.data === undefined ? {} : { data: options.data }),
    ...(options.as === undefined ? {} : { by: options.as }),
    temporal: { ...(options.temporalAddress === undefined ? {} : { address: options.temporalAddress }), ...(options.namespace === undefined ? {} : { namespace: options.namespace }) },
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
