/** Models as people ask for them: list, show, change settings, archive, delete. */
import { isDeepStrictEqual } from 'node:util';
import { Conflict } from '../domain/errors.js';
import type { ModelSchema, ProblemType } from '../domain/schema.js';
import type { ModelSettings } from '../domain/settings.js';
import { inheritedTags } from '../domain/tags.js';
import { recordAudit } from './audit.js';
import { findModel, type ModelRef, type ModelState } from './find-model.js';
import { dropSql, inferenceTable, targetTable } from './model-tables.js';
import { inTransaction, type Pool, type Queryable } from './pool.js';

export interface ModelOverview {
  modelId: number;
  name: string;
  state: ModelState;
  problemType: ProblemType;
  /** The champion's number. */
  version: number;
  /** Of the model, and of the champion: what its results carry. */
  tags: string[];
  rows: RowCounts;
  /** Ledger number of the newest batch. */
  lastBatch: number;
  lastRun: number;
  openIncidents: number;
  waitingDecisions: number;
  createdAt: string;
  createdBy: string;
}

/** Rows that are current: accepted, and neither removed nor replaced. */
export interface RowCounts {
  reference: number;
  analysis: number;
  targets: number;
}

export interface ModelDetails extends ModelOverview {
  schema: ModelSchema;
  settings: ModelSettings;
  settingsRevision: number;
  /** Of the model alone. */
  modelTags: string[];
  versions: { number: number; role: 'champion' | 'challenger' | 'archived'; tags: string[]; referenceRows: number; createdAt: string; createdBy: string }[];
  rows: RowCounts & {
    /** Rows of versions that were not in charge when they came. */
    shadow: number;
    /** Targets whose inference has not come. */
    targetsUnmatched: number;
    /** Inferences whose target has come; without shadow rows, as all of `analysis`. */
    labelled: number;
    /** Rows of all batches that were quarantined. */
    quarantined: number;
  };
  /** Null where there are no timestamps or no rows. */
  firstAt: string | null;
  lastAt: string | null;
}

interface OverviewRow {
  id: number;
  name: string;
  state: ModelState;
  problem_type: ProblemType;
  version: number;
  tags: string[];
  version_tags: string[];
  reference_rows: number;
  analysis_rows: number;
  target_rows: number;
  last_batch: number;
  last_run: number;
  open_incidents: number;
  waiting_decisions: number;
  created_at: Date;
  created_by: string;
}

// Counts come from receipts, not from rows: a list of a thousand models reads no data table.
const OVERVIEW = `
  select m.id, m.name, m.state, m.problem_type, v.number as version, m.tags, v.tags as version_tags, m.last_batch, m.last_run, m.created_at, m.created_by,
    v.reference_rows,
    coalesce(b.analysis, 0)::bigint as analysis_rows, coalesce(b.targets, 0)::bigint as target_rows,
    (select count(*)::int from aftercare.incident i where i.model_id = m.id and i.state in ('open', 'acknowledged', 'snoozed')) as open_incidents,
    (select count(*)::int from aftercare.decision d where d.model_id = m.id and d.state = 'waiting') as waiting_decisions
  from aftercare.model m
  join aftercare.version v on v.id = m.champion_version_id
  left join lateral (
    select sum(case kind when 'analysis' then rows_accepted - coalesce((receipt ->> 'rowsReplaced')::bigint, 0)
                         when 'removal' then case when receipt ->> 'removed' = 'rows' then -rows_accepted else 0 end else 0 end) filter (where not shadow) as analysis,
           sum(case kind when 'removal' then case when receipt ->> 'removed' = 'targets' then -rows_accepted else 0 end
                         when 'reference' then 0
                         else coalesce((receipt -> 'targets' ->> 'matched')::bigint + (receipt -> 'targets' ->> 'unmatched')::bigint - (receipt -> 'targets' ->> 'changed')::bigint, 0) end) as targets
    from aftercare.batch where model_id = m.id) b on true`;

/** Newest last. @param all archived ones as well @param tags only models that have all of these, by themselves or by their champion */
export async function listModels(db: Queryable, { all = false, tags = [] }: { all?: boolean; tags?: readonly string[] } = {}): Promise<ModelOverview[]> {
  const { rows } = await db.query<OverviewRow>(`${OVERVIEW} where (m.state = 'active' or (m.state = 'archived' and $1)) and (m.tags || v.tags) @> $2::text[] order by m.id`, [all, tags]);
  return rows.map(toOverview);
}

/** @throws NotFound */
export async function showModel(db: Queryable, model: ModelRef): Promise<ModelDetails> {
  const found = await findModel(db, model);
  const [{ rows: [overview] }, { rows: versions }, counts] = [
    await db.query<OverviewRow>(`${OVERVIEW} where m.id = $1`, [found.modelId]),
    await db.query<{ number: number; role: 'champion' | 'challenger' | 'archived'; tags: string[]; reference_rows: number; created_at: Date; created_by: string }>(
      'select number, role, tags, reference_rows, created_at, created_by from aftercare.version where model_id = $1 order by number', [found.modelId]),
    await countRows(db, found.modelId),
  ];
  const base = toOverview(overview!);
  return {
    ...base,
    schema: found.schema,
    settings: found.settings,
    settingsRevision: found.settingsRevision,
    modelTags: overview!.tags,
    versions: versions.map((v) => ({ number: v.number, role: v.role, tags: v.tags, referenceRows: v.reference_rows, createdAt: v.created_at.toISOString(), createdBy: v.created_by })),
    rows: { reference: base.rows.reference, analysis: counts.analysis, shadow: counts.shadow, targets: counts.targets, targetsUnmatched: counts.targets_unmatched, labelled: counts.labelled, quarantined: counts.quarantined },
    firstAt: counts.first_at?.toISOString() ?? null,
    lastAt: counts.last_at?.toISOString() ?? null,
  };
}

interface CountRow {
  analysis: number;
  shadow: number;
  targets: number;
  targets_unmatched: number;
  labelled: number;
  quarantined: number;
  first_at: Date | null;
  last_at: Date | null;
}

/** Counted from the rows themselves: what the tables hold, to compare receipts with. */
async function countRows(db: Queryable, modelId: number): Promise<CountRow> {
  const { rows: [counted] } = await db.query<CountRow>(
    `select i.analysis, i.shadow, i.labelled, i.first_at, i.last_at, t.targets, t.targets_unmatched,
       (select coalesce(sum(rows_quarantined), 0)::bigint from aftercare.batch where model_id = $1) as quarantined
     from (select count(*) filter (where s.id is null) as analysis, count(s.id) as shadow, count(t.identifier) filter (where s.id is null) as labelled,
             nullif(min(i.at), '-infinity') as first_at, nullif(max(i.at), '-infinity') as last_at
           from ${inferenceTable(modelId)} i left join (select id from aftercare.batch where model_id = $1 and shadow) s on s.id = i.batch left join ${targetTable(modelId)} t on t.identifier_hash = i.identifier_hash and t.identifier = i.identifier and t.superseded_by is null
           where i.removed_by is null) i,
          (select count(*) as targets, count(*) filter (where not exists (
             select 1 from ${inferenceTable(modelId)} i where i.identifier_hash = t.identifier_hash and i.identifier = t.identifier and i.removed_by is null)) as targets_unmatched
           from ${targetTable(modelId)} t where t.superseded_by is null) t`,
    [modelId],
  );
  return counted!;
}

function toOverview(row: OverviewRow): ModelOverview {
  return {
    modelId: row.id, name: row.name, state: row.state, problemType: row.problem_type, version: row.version, tags: inheritedTags(row.tags, row.version_tags),
    rows: { reference: row.reference_rows, analysis: row.analysis_rows, targets: row.target_rows },
    lastBatch: row.last_batch, lastRun: row.last_run, openIncidents: row.open_incidents, waitingDecisions: row.waiting_decisions,
    createdAt: row.created_at.toISOString(), createdBy: row.created_by,
  };
}

export interface ChangedSettings {
  modelId: number;
  settings: ModelSettings;
  settingsRevision: number;
  previous: ModelSettings;
}

/**
 * @param change gets the settings as they are and gives them as they shall be, checked; nothing is written when it throws or changes nothing
 * @throws NotFound, Conflict unknown or archived model
 */
export async function updateSettings(pool: Pool, model: ModelRef, change: (current: ModelSettings, schema: ModelSchema) => ModelSettings, by: string): Promise<ChangedSettings> {
  return inTransaction(pool, async (tx) => {
    const { modelId } = await findModel(tx, model);
    await tx.query('select 1 from aftercare.model where id = $1 for update', [modelId]);
    const found = await findModel(tx, modelId);
    if (found.state === 'archived') throw new Conflict(`model '${found.name}' is archived: its settings stay as they are`);
    const settings = change(found.settings, found.schema);
    if (isDeepStrictEqual(settings, found.settings)) return { modelId, settings, settingsRevision: found.settingsRevision, previous: found.settings };
    const { rows: [changed] } = await tx.query<{ settings_revision: number }>(
      'update aftercare.model set settings = $2, settings_revision = settings_revision + 1 where id = $1 returning settings_revision', [modelId, JSON.stringify(settings)]);
    await recordAudit(tx, { modelId, by, action: 'settings changed', detail: { before: found.settings, after: settings } });
    return { modelId, settings, settingsRevision: changed!.settings_revision, previous: found.settings };
  });
}

/** No more rows and no more runs; everything stays readable. Archiving twice is harmless. @throws NotFound */
export async function archiveModel(pool: Pool, model: ModelRef, by: string): Promise<{ modelId: number }> {
  return inTransaction(pool, async (tx) => {
    const { modelId } = await findModel(tx, model);
    const { rowCount } = await tx.query(`update aftercare.model set state = 'archived', archived_at = now() where id = $1 and state = 'active'`, [modelId]);
    if (rowCount === 1) await recordAudit(tx, { modelId, by, action: 'model archived' });
    return { modelId };
  });
}

/**
 * The name is free at once and the model is gone for every door; then its tables go, one object per transaction.
 * A deletion that was interrupted is completed by deleting again, by id, or by `dropLeftovers`.
 * @throws NotFound
 */
export async function deleteModel(pool: Pool, model: ModelRef, by: string): Promise<{ modelId: number }> {
  const modelId = await inTransaction(pool, async (tx) => {
    const found = await findModel(tx, model);
    await tx.query(`update aftercare.model set state = 'deleted', deleted_at = now() where id = $1`, [found.modelId]);
    await recordAudit(tx, { modelId: found.modelId, by, action: 'model deleted', detail: { name: found.name } });
    return found.modelId;
  });
  await dropTables(pool, modelId);
  return { modelId };
}

/** Results of a deleted model go with its tables, in portions that hold few locks and rows at a time. */
const RESULT_TABLES: readonly string[] = [
  `delete from aftercare.in_force_history where version_id in (select id from aftercare.version where model_id = $1)`,
  `delete from aftercare.schema_violation where model_id = $1`,
  `delete from aftercare.tending where model_id = $1`,
  `delete from aftercare.telemetry_key where (model_id, key) in (select model_id, key from aftercare.telemetry_key where model_id = $1 limit 20000)`,
  `delete from aftercare.telemetry where (version_id, minute) in (select t.version_id, t.minute from aftercare.telemetry t join aftercare.version v on v.id = t.version_id where v.model_id = $1 limit 20000)`,
  `delete from aftercare.in_force where version_id in (select id from aftercare.version where model_id = $1)`,
  `delete from aftercare.segment_values where version_id in (select id from aftercare.version where model_id = $1)`,
  `delete from aftercare.cut where version_id in (select id from aftercare.version where model_id = $1)`,
  `delete from aftercare.measurement where id in (select m.id from aftercare.measurement m join aftercare.chunk c on c.id = m.chunk_id join aftercare.version v on v.id = c.version_id where v.model_id = $1 limit 20000)`,
  `delete from aftercare.chunk where id in (select c.id from aftercare.chunk c join aftercare.version v on v.id = c.version_id where v.model_id = $1 limit 20000)`,
  `delete from aftercare.fitted where id in (select f.id from aftercare.fitted f join aftercare.version v on v.id = f.version_id where v.model_id = $1 limit 1000)`,
  `delete from aftercare.quarantine where (batch_id, row_number) in (select q.batch_id, q.row_number from aftercare.quarantine q join aftercare.batch b on b.id = q.batch_id where b.model_id = $1 limit 20000)`,
];

async function dropTables(pool: Pool, modelId: number): Promise<void> {
  for (const statement of dropSql(modelId)) await pool.query(statement);
  for (const statement of RESULT_TABLES) {
    let deleted: number | null;
    do {
      ({ rowCount: deleted } = await pool.query(statement, [modelId]));
    } while ((deleted ?? 0) > 0);
  }
}

/** Completes deletions that were interrupted. @param olderThanMs leaves those alone that may still be under way @returns the ids of the models whose tables went */
export async function dropLeftovers(pool: Pool, olderThanMs = 0): Promise<number[]> {
  const { rows } = await pool.query<{ id: number }>(
    `select id from aftercare.model
     where state = 'deleted' and deleted_at <= clock_timestamp() - make_interval(secs => $1::double precision / 1000) and to_regclass('aftercare_data.m' || id || '_reference') is not null order by id`,
    [olderThanMs]);
  for (const { id } of rows) await dropTables(pool, id);
  return rows.map(({ id }) => id);
}
