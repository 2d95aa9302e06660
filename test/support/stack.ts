/** What tests of project `stack` (files named *.stack.test.ts) ask for: a database of their own, and the address of a real Temporal server. */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { openPool, type Pool } from '../../store/pool.js';
import { atDatabase } from './database-url.js';

export interface TestDatabase {
  url: string;
  pool: Pool;
  /** Closes the pool, ends every other connection and removes the database. Call it in afterAll. */
  drop(): Promise<void>;
}

/** A database at this version's schema, empty, nobody else's. About 50 ms. */
export async function createDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const server = inject('databaseUrl');
  const name = `aftercare_test_${randomBytes(6).toString('hex')}`;
  await asAdmin(server, (admin) => admin.query(`create database ${name}${options.migrated === false ? '' : ` template ${inject('templateDatabase')}`}`));
  const url = atDatabase(server, name);
  const pool = openPool(url);
  return {
    url,
    pool,
    drop: async () => {
      await pool.end();
      await asAdmin(server, (admin) => admin.query(`drop database if exists ${name} with (force)`));
    },
  };
}

async function asAdmin(url: string, work: (admin: Pool) => Promise<unknown>): Promise<void> {
  const admin = openPool(url, { max: 1 });
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

/** host:port of the run's Temporal server. */
export const temporalAddress = (): string => inject('temporalAddress');
export const namespace = (): string => inject('namespace');

/** A name that no other test uses: for task queues and workflow ids. */
export const uniqueName = (prefix: string): string => `${prefix}-${randomBytes(4).toString('hex')}`;
