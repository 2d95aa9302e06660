/** One way to reach Postgres. Dates come as text, 64-bit integers as numbers (every one of ours stays below 2^53). */
import pg from 'pg';

export type Pool = pg.Pool;
/** A connection inside a transaction. */
export type Transaction = pg.PoolClient;
/** Whatever can run a query. */
export type Queryable = pg.Pool | pg.PoolClient;

const INT8_OID = 20;

/** @param databaseUrl postgres://… ; standard PG… variables fill what it lacks */
export function openPool(databaseUrl: string, options: { max?: number; applicationName?: string } = {}): Pool {
  const types: pg.CustomTypesConfig = {
    getTypeParser: ((oid: number, format?: 'text' | 'binary') => (oid === INT8_OID && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format as 'text'))) as pg.CustomTypesConfig['getTypeParser'],
  };
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: options.max ?? 8,
    application_name: options.applicationName ?? 'aftercare',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types,
  });
  // An idle connection that the server closes (restart, kill) is replaced by the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  // The same for a connection that is lost while a transaction holds it: whoever waits for its query gets the error.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Runs `work` in one transaction: committed when it returns, rolled back when it throws. */
export async function inTransaction<T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const tx = await pool.connect();
  let broken: Error | undefined;
  try {
    await tx.query('begin');
    const result = await work(tx);
    await tx.query('commit');
    return result;
  } catch (error) {
    await tx.query('rollback').catch((rollbackError: unknown) => { broken = rollbackError as Error; });
    throw error;
  } finally {
    tx.release(broken);
  }
}
