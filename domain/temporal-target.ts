/** Which Temporal server is meant: what a caller gave, completed by Temporal's own configuration (TEMPORAL_… variables, its configuration file). */

/** What a caller gives. */
export interface TemporalTarget {
  /** host:port */
  address?: string | undefined;
  namespace?: string | undefined;
}

/** What Temporal's own configuration says: @temporalio/envconfig's answer. */
export interface TemporalProfile<Options extends { address?: string | undefined }> {
  connectionOptions: Options;
  namespace?: string | undefined;
}

/**
 * What was given wins. Credentials of a profile that names another server stay at home: an API key for a cluster must not be sent to whatever listens on
 * this machine's port.
 */
export function resolveTarget<Options extends { address?: string | undefined }>(given: TemporalTarget, profile: TemporalProfile<Options>): { connectionOptions: Options | { address: string }; namespace: string } {
  const known = profile.connectionOptions.address || undefined;
  const foreign = given.address !== undefined && known !== undefined && known !== given.address;
  const namespace = given.namespace ?? (foreign ? undefined : profile.namespace) ?? 'default';
  if (given.address === undefined) return { connectionOptions: profile.connectionOptions, namespace };
  return { connectionOptions: foreign ? { address: given.address } : { ...profile.connectionOptions, address: given.address }, namespace };
}
