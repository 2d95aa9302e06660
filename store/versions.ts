/** The versions of a model, and what is known of them without reading their rows. */
import type { ModelVersion } from '../domain/version.js';
import type { DataColumn } from './model-tables.js';
import { referenceTable } from './model-tables.js';
import type { Queryable } from './pool.js';

/** By number. */
export async function readVersions(db: Queryable, modelId: number): Promise<ModelVersion[]> {
  const { rows } = await db.query<ModelVersion>(
    `select m.name as model, v.number, v.role, v.schema, v.reference_rows::float8 as "referenceRows", v.provenance, v.tags,
       to_char(v.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt", v.created_by as "createdBy"
     from aftercare.version v join aftercare.model m on m.id = v.model_id where v.model_id = $1 order by v.number`, [modelId]);
  return rows;
}

/** Rows of a reference that are looked at. */
const SAMPLE = 10_000;

/** Which of these categorical columns hold texts that are no numbers, in the reference of a version. */
export async function columnsWithTexts(db: Queryable, modelId: number, versionId: number, columns: readonly DataColumn[]): Promise<Set<string>> {
  if (columns.length === 0) return new Set();
  const { rows: [found] } = await db.query<{ texts: (boolean | null)[] }>(
    `select array[${columns.map(({ physical }) => `bool_or(${physical} !~ '^\\s*[-+]?[0-9.]+([eE][-+]?[0-9]+)?\\s*$')`).join(', ')}] as texts
     from (select ${columns.map(({ physical }) => physical).join(', ')} from ${referenceTable(modelId)} where version_id = $1 limit ${SAMPLE}) sample`, [versionId]);
  return new Set(columns.filter((_, i) => found!.texts[i] === true).map(({ name }) => name));
}
