/** What `up` does to a database before workers use it, and what `doctor` asks it. */
import { readDatabaseHealth, type DatabaseHealth } from '../store/database-health.js';
import { migrate } from '../store/migrate.js';
import { openPool, type Pool } from '../store/pool.js';

export type { DatabaseHealth } from '../store/database-health.js';

async function withPool<T>(databaseUrl: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool(databaseUrl, { max: 1, applicationName: 'aftercare setup' });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/**
 * Brings the database to this version's schema; harmless when it is there already, and when many do it at once.
 *
 * @returns names of the migrations that were applied
 */
export const prepareDatabase = (databaseUrl: string): Promise<string[]> => withPool(databaseUrl, migrate);

export const databaseHealth = (databaseUrl: string): Promise<DatabaseHealth> => withPool(databaseUrl, readDatabaseHealth);
