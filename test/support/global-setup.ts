/**
 * One PostgreSQL and one Temporal server for the whole run of project `stack`; each test file takes a database of its own from a migrated template.
 * AFTERCARE_TEST_DATABASE_URL and AFTERCARE_TEST_TEMPORAL_ADDRESS use running servers instead.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startTestStack } from '../../embedded/testing.js';
import { migrate } from '../../store/migrate.js';
import { openPool } from '../../store/pool.js';
import { atDatabase } from './database-url.js';

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string;
    templateDatabase: string;
    temporalAddress: string;
    namespace: string;
  }
}

/** Two runs on one server must not meet, nor an older schema be taken for this one. */
function templateName(): string {
  const folder = new URL('../../store/migrations/', import.meta.url).pathname;
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, name)));
  return `aftercare_template_${hash.digest('hex').slice(0, 8)}_${process.pid}`;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startTestStack({
    ...(process.env.AFTERCARE_TEST_DATABASE_URL ? { databaseUrl: process.env.AFTERCARE_TEST_DATABASE_URL } : {}),
    ...(process.env.AFTERCARE_TEST_TEMPORAL_ADDRESS ? { temporalAddress: process.env.AFTERCARE_TEST_TEMPORAL_ADDRESS } : {}),
    onLog: (line) => process.stderr.write(`test servers: ${line}\n`),
  });
  const template = templateName();
  const admin = openPool(stack.databaseUrl, { max: 1 });
  try {
    await admin.query(`create database ${template}`);
    const pool = openPool(atDatabase(stack.databaseUrl, template), { max: 1 });
    await migrate(pool).finally(() => pool.end());
  } catch (error) {
    await admin.end();
    await stack.stop();
    throw error;
  }
  project.provide('databaseUrl', stack.databaseUrl);
  project.provide('templateDatabase', template);
  project.provide('temporalAddress', stack.temporalAddress);
  project.provide('namespace', stack.namespace);
  return async () => {
    await admin.query(`drop database if exists ${template} with (force)`).catch(() => undefined);
    await admin.end();
    await stack.stop();
  };
}
