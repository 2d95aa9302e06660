// Writes store/schema.sql from a database that all migrations were applied to: AFTERCARE_TEST_DATABASE_URL=postgres://… npm run schema:dump (after a build).
// The database is made for this and removed again; the test test/store/schema.stack.test.ts says when it is due.
import { writeFileSync } from 'node:fs';
import { describeSchema } from '../dist/store/describe-schema.js';
import { migrate } from '../dist/store/migrate.js';
import { openPool } from '../dist/store/pool.js';

const server = process.env.AFTERCARE_TEST_DATABASE_URL ?? process.env.DATABASE_URL;
if (!server) {
  console.error('AFTERCARE_TEST_DATABASE_URL says where a PostgreSQL is');
  process.exit(2);
}
const database = `aftercare_schema_${process.pid}`;
const admin = openPool(server, { max: 1 });
await admin.query(`create database ${database}`);
const pool = openPool(Object.assign(new URL(server), { pathname: `/${database}` }).href, { max: 1 });
try {
  await migrate(pool);
  const head = '-- Generated from store/migrations by npm run schema:dump: the whole at a glance, with what PostgreSQL itself names. Not run by anything.\n\n';
  writeFileSync(new URL('../store/schema.sql', import.meta.url), head + await describeSchema(pool));
} finally {
  await pool.end();
  await admin.query(`drop database ${database} with (force)`);
  await admin.end();
}
