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

it('verdicts of before tell the region that they were judged by: their model\'s, or the usual one', async () => {
  const database = await createDatabase();
  const { pool } = database;
  try {
    const judged = (rope: Record<string, number> = {}) => ({ judgement: 'better', comparison: { metric: 'rmse', ...rope }, segments: { 'city=Bern': { metric: 'rmse', ...rope } } });
    for (const [name, settings, body] of [['chosen', { challenge: { rope: 5 } }, judged()], ['usual', {}, judged()], ['newer', {}, judged({ rope: 7.7 })]] as const) {
      const { rows: [model] } = await pool.query<{ id: number }>(`insert into aftercare.model (name, problem_type, settings, created_by) values ($1, 'regression', $2, 'test') returning id`, [name, JSON.stringify(settings)]);
      await pool.query(`insert into aftercare.verdict (model_id, challenge, challenger, champion, horizon, judgement, body) values ($1, 1, 2, 1, 9, 'better', $2)`, [model!.id, JSON.stringify(body)]);
    }
    await pool.query(`delete from aftercare.migration where name = '0021-verdict-rope.sql'`);
    expect(await migrate(pool)).toEqual(['0021-verdict-rope.sql']);
    const { rows } = await pool.query<{ name: string; body: unknown }>('select m.name, v.body from aftercare.verdict v join aftercare.model m on m.id = v.model_id order by m.id');
    expect(rows).toEqual([{ name: 'chosen', body: judged({ rope: 5 }) }, { name: 'usual', body: judged({ rope: 0.01 }) }, { name: 'newer', body: judged({ rope: 7.7 }) }]);
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
