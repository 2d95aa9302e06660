/** Where things are. */
export const TASK_QUEUE = 'loans';

export const settings = {
  databaseUrl: process.env.DATABASE_URL ?? 'postgres://localhost/aftercare',
  temporalAddress: process.env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233',
  namespace: process.env.TEMPORAL_NAMESPACE ?? 'default',
};
