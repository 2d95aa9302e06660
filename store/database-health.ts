/** Is this a database that we can work with? */
import { readdir } from 'node:fs/promises';
import type { Pool } from './pool.js';

export interface DatabaseHealth {
  /** As the server writes it, e.g. '18.4'. */
  version: string;
  /** Major version, e.g. 18. */
  major: number;
  /** The database's clock minus this machine's, in ms; uncertain by half of `roundTripMs`. */
  clockSkewMs: number;
  roundTripMs: number;
  /** Migrations of this version that the database lacks. */
  migrationsDue: string[];
  /** Migrations that the database has and this version does not know: it was opened by a newer version. */
  migrationsUnknown: string[];
  /** May this account create schemas, as migrations do? */
  mayCreate: boolean;
}

export async function readDatabaseHealth(pool: Pool): Promise<DatabaseHealth> {
  const client = await pool.connect();
  try {
    await client.query('select 1');
    const before = Date.now();
    const { rows } = await client.query<{ version: string; number: number; now_ms: number; migrated: boolean; may_create: boolean }>(`
      select current_setting('server_version') as version,
             current_setting('server_version_num')::int as number,
             extract(epoch from clock_timestamp())::float8 * 1000 as now_ms,
             to_regclass('aftercare.migration') is not null as migrated,
             has_database_privilege(current_database(), 'create') as may_create`);
    const after = Date.now();
    const row = rows[0]!;
    const applied = row.migrated ? (await client.query<{ name: string }>('select name from aftercare.migration')).rows.map(({ name }) => name) : [];
    const ours = (await readdir(new URL('./migrations/', import.meta.url))).filter((name) => name.endsWith('.sql')).sort();
    return {
      version: row.version.split(' ')[0] ?? row.version,
      major: Math.floor(row.number / 10_000),
      clockSkewMs: row.now_ms - (before + after) / 2,
      roundTripMs: after - before,
      migrationsDue: ours.filter((name) => !applied.includes(name)),
      migrationsUnknown: applied.filter((name) => !ours.includes(name)),
      mayCreate: row.may_create,
    };
  } finally {
    client.release();
  }
}
