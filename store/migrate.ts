/** Brings a database to this version's schema. Forward-only; safe to run by many processes at once. */
import { readdir, readFile } from 'node:fs/promises';
import { inTransaction, type Pool } from './pool.js';

/** Any constant will do, as long as nobody else takes an advisory lock of the same number in this database. */
const MIGRATION_LOCK = 4_711_021_965;

/** @returns the names of the migrations that this call applied, in order */
export async function migrate(pool: Pool): Promise<string[]> {
  const folder = new URL('./migrations/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name)).sort();
  return inTransaction(pool, async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await tx.query('create schema if not exists aftercare');
    await tx.query('create table if not exists aftercare.migration (name text primary key, applied_at timestamptz not null default now())');
    const { rows } = await tx.query<{ name: string }>('select name from aftercare.migration');
    const applied = new Set(rows.map((row) => row.name));
    const due = names.filter((name) => !applied.has(name));
    for (const name of due) {
      await tx.query(await readFile(new URL(name, folder), 'utf8'));
      await tx.query('insert into aftercare.migration (name) values ($1)', [name]);
    }
    return due;
  });
}
