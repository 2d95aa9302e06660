/**
 * What must be the same after a storm as after a calm: results, incidents, decisions, versions, and every row in the tables. Sorted lines without ids (of runs too: a run by
 * hand and one by count at the same place in the ledger are one or two, as it happens), clocks and revisions.
 */
import { createHash } from 'node:crypto';
import { Aftercare } from '../../client/index.js';
import { openPool, type Pool } from '../../store/pool.js';
import type { ReadyLine } from '../support/up.js';

export interface Digest {
  /** SHA-256 of all lines. */
  hash: string;
  lines: string[];
}

/** One line for each row: the label and the row as JSON. `$1` is the model's id. */
export async function linesOf(pool: Pool, label: string, sql: string, modelId: number): Promise<string[]> {
  const { rows } = await pool.query<Record<string, unknown>>(sql, [modelId]);
  return rows.map((row) => `${label} ${JSON.stringify(row)}`);
}

/** Every row of a table of the model, as one number of rows and one hash. `batch` is an id: it stands for its number in the ledger. */
async function content(pool: Pool, modelId: number, table: 'reference' | 'inference' | 'target'): Promise<string> {
  const relation = `aftercare_data.m${modelId}_${table}`;
  const { rows } = await pool.query<{ count: number; hash: string }>(`
    with shown as (
      select (to_jsonb(t) - 'version_id' - 'batch' - 'removed_by' - 'superseded_by'
              || jsonb_build_object('batch', b.number, 'gone', (select g.number from aftercare.batch g where g.id = (to_jsonb(t) ->> $1)::bigint)))::text as line
      from ${relation} t left join aftercare.batch b on b.id = (to_jsonb(t) ->> 'batch')::bigint)
    select count(*) as count, coalesce(md5(string_agg(line, '|' order by line)), '') as hash from shown`, [table === 'target' ? 'superseded_by' : 'removed_by']);
  return `rows ${table} ${rows[0]!.count} ${rows[0]!.hash}`;
}

export async function digestOf(stack: ReadyLine, model: string): Promise<Digest> {
  const client = await Aftercare.connect({ databaseUrl: stack.databaseUrl, temporal: { address: stack.temporalAddress, namespace: stack.namespace }, by: 'digest' });
  const pool = openPool(stack.databaseUrl, { max: 1 });
  try {
    const { modelId } = await client.models.get(model);
    const all = [
      ...(await client.canonicalResults(model)).map((line) => `result ${line.replaceAll(model, 'MODEL')}`),
      ...(await linesOf(pool, 'incident', 'select segment, kind, cause, opening_chunk, last_chunk, chunk_count, ongoing, state from aftercare.incident where model_id = $1', modelId)),
      ...(await linesOf(pool, 'decision', `select substr(id, length(model_id::text) + 2) as id, replace(question, (select name from aftercare.model where id = model_id), 'MODEL') as question, options, state, answer, answered_by, regexp_replace(note, '^run \\d+', 'run N') as note
                                         from aftercare.decision where model_id = $1`, modelId)),
      ...(await linesOf(pool, 'version', 'select number, role, reference_revision, reference_rows from aftercare.version where model_id = $1', modelId)),
      ...(await linesOf(pool, 'batch', `select number, case when kind = 'reference' then '' else key end as key, kind, rows_read, rows_accepted, rows_duplicate, rows_quarantined,
                                             (select count(*) from aftercare.quarantine q where q.batch_id = b.id) as kept from aftercare.batch b where model_id = $1`, modelId)),
      await content(pool, modelId, 'reference'),
      await content(pool, modelId, 'inference'),
      await content(pool, modelId, 'target'),
    ].sort();
    return { hash: createHash('sha256').update(all.join('\n')).digest('hex'), lines: all };
  } finally {
    await pool.end();
    await client.close();
  }
}

/** What differs, in at most `limit` lines: `-` only calm, `+` only storm. */
export function difference(calm: Digest, storm: Digest, limit = 20): string {
  const before = new Set(calm.lines);
  const after = new Set(storm.lines);
  const differing = [...calm.lines.filter((line) => !after.has(line)).map((line) => `- ${line}`), ...storm.lines.filter((line) => !before.has(line)).map((line) => `+ ${line}`)];
  return differing.length > limit ? [...differing.slice(0, limit), `… and ${differing.length - limit} more`].join('\n') : differing.join('\n');
}
