/** Where a client's servers are: as given, else the environment, else the stack that `aftercare up` runs for this user. */
import { userInfo } from 'node:os';
import { findServers } from '../embedded/locate.js';
import { InvalidInput } from '../domain/errors.js';

export interface ServerAddresses {
  databaseUrl: string;
  /** Null: nobody told where Temporal is. Appending and reading work without it. */
  temporal: { address: string; namespace: string } | null;
}

/** @throws InvalidInput when no database is to be found */
export function resolveServers(options: { databaseUrl?: string | undefined; temporal?: { address?: string | undefined; namespace?: string | undefined } | undefined; data?: string | undefined }): ServerAddresses {
  const found = findServers({ data: options.data, databaseUrl: options.databaseUrl, temporalAddress: options.temporal?.address, namespace: options.temporal?.namespace });
  if (found.databaseUrl === undefined) {
    throw new InvalidInput(`found no database: give databaseUrl, set DATABASE_URL, or start a stack with 'aftercare up' (looked in ${found.dataFolder})`);
  }
  return { databaseUrl: found.databaseUrl, temporal: found.temporalAddress === undefined ? null : { address: found.temporalAddress, namespace: found.namespace } };
}

/** Who acts, when nobody says: the user that runs the process. */
export function defaultActor(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';   // a user id without an entry in the password file
  }
}
