import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** As `paths` in tsconfig.json: the examples call this package by its name. */
const byName = Object.entries({ aftercare: 'client/index.ts', 'aftercare/engine': 'engine/index.ts', 'aftercare/worker': 'worker/index.ts', 'aftercare/workflows': 'workflows/index.ts' })
  .map(([name, file]) => ({ find: new RegExp(`^${name}$`), replacement: fileURLToPath(new URL(file, import.meta.url)) }));

/**
 * Two projects: `unit` needs nothing but Node; `stack` starts a real PostgreSQL and a real Temporal server once (test/support/stack.ts)
 * and gives each file a database and task queues of its own.
 */
export default defineConfig({
  resolve: { alias: byName },
  test: {
    testTimeout: 60_000,
    hookTimeout: 600_000,
    projects: [
      { extends: true, test: { name: 'unit', sequence: { groupOrder: 0 }, include: ['test/{domain,engine,plots,activities,client,cli,tidy,conformance,property}/**/*.test.ts'], exclude: ['test/**/*.stack.test.ts'] } },
      { extends: true, test: { name: 'stack', sequence: { groupOrder: 1 }, include: ['test/**/*.stack.test.ts'], globalSetup: ['test/support/global-setup.ts'], pool: 'forks', maxWorkers: 2, testTimeout: 180_000 } },
    ],
  },
});
