/** store/schema.sql is what the migrations make; migrations may be run by many at once. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeSchema } from '../../store/describe-schema.js';
import { migrate } from '../../store/migrate.js';
import { openPool } from '../../store/pool.js';
import { createDatabase } from '../support/stack.js';

it('store/schema.sql is what the migrations make (npm run schema:dump writes it)', async () => {
  const database = await createDatabase();
  try {
    const committed = await readFile(new URL('../../store/schema.sql', import.meta.url), 'utf8');
    expect(committed.split('\n').filter((line) => !line.startsWith('--')).join('\n').trim()).toBe((await describeSchema(database.pool)).trim());
  } finally {
    await database.drop();
  }
});

it('migrate() applies every migration once, however many processes run it at the same time', async () => {
  const database = await createDatabase({ migrated: false });
  const pools = Array.from({ length: 6 }, () => openPool(database.url, { max: 1 }));
  try {
    const applied = (await Promise.all(pools.map((pool) => migrate(pool)))).filter((names) => names.length > 0);
    expect(applied).toHaveLength(1);
    const { rows } = await database.pool.query<{ name: string }>('select name from aftercare.migration order by name');
    expect(rows.map(({ name }) => name)).toEqual(applied[0]);
  } finally {
    await Promise.all(pools.map((pool) => pool.end()));
    await database.drop();
  }
});
