/** The database's schema as text, from the catalogue: what store/schema.sql shows to readers and a test compares with the migrations. */
import { inTransaction, type Pool, type Transaction } from './pool.js';

interface Line {
  relation: string;
  text: string;
}

/** Tables, columns, constraints, indexes and sequences of schema aftercare, in an order that does not depend on how they came to be. */
export async function describeSchema(pool: Pool): Promise<string> {
  return inTransaction(pool, async (tx) => {
    // Otherwise names would stand with or without their schema, depending on what the account is called.
    await tx.query('set local search_path = pg_catalog');
    return describe(tx);
  });
}

async function describe(db: Transaction): Promise<string> {
  const { rows: columns } = await db.query<Line>(
    `select c.relname as relation, format('  %I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
       case when a.attidentity = 'a' then ' generated always as identity' when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end,
       case when a.attnotnull then ' not null' else '' end) as text
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
     where c.relnamespace = 'aftercare'::regnamespace and c.relkind = 'r' order by c.relname, a.attnum`);
  // NOT NULL is a constraint of its own from PostgreSQL 18 on; it stands with its column.
  const { rows: constraints } = await db.query<Line>(
    `select c.relname as relation, format('  constraint %I %s', k.conname, pg_get_constraintdef(k.oid)) as text
     from pg_constraint k join pg_class c on c.oid = k.conrelid where c.relnamespace = 'aftercare'::regnamespace and k.contype <> 'n' order by c.relname, k.conname`);
  const { rows: indexes } = await db.query<Line>(
    `select tablename as relation, indexdef || ';' as text from pg_indexes i
     where schemaname = 'aftercare' and not exists (select 1 from pg_constraint k where k.conname = i.indexname and k.connamespace = 'aftercare'::regnamespace) order by tablename, indexname`);
  const { rows: sequences } = await db.query<Line>(
    `select c.relname as relation, format('create sequence aftercare.%I;', c.relname) as text from pg_class c
     where c.relnamespace = 'aftercare'::regnamespace and c.relkind = 'S' and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'i') order by c.relname`);
  const { rows: views } = await db.query<Line>(
    `select viewname as relation, format('create view aftercare.%I as%s', viewname, E'\\n' || definition) as text from pg_views where schemaname = 'aftercare' order by viewname`);
  const tables = [...new Set(columns.map(({ relation }) => relation))];
  const of = (lines: readonly Line[], table: string): string[] => lines.filter(({ relation }) => relation === table).map(({ text }) => text);
  return [
    ...sequences.map(({ text }) => text),
    ...tables.map((table) => [`create table aftercare.${table} (`, [...of(columns, table), ...of(constraints, table)].join(',\n'), ');', ...of(indexes, table)].join('\n')),
    ...views.map(({ text }) => text),
  ].join('\n\n') + '\n';
}
