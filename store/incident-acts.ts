/** What is done about incidents, by people and by time: each act once, in order, with its effect on the incident and its line in the audit trail. */
import { NotFound } from '../domain/errors.js';
import type { IncidentActRecord, IncidentState, Resolution } from '../domain/incident.js';
import { recordAudit } from './audit.js';
import { inTransaction, type Pool, type Queryable } from './pool.js';

export interface NewIncidentAct {
  modelId: number;
  incidentId: number;
  /** The same again is no second act. */
  key: string;
  act: IncidentActRecord['act'];
  by: string;
  note: string | null;
  untilMs: number | null;
  resolution?: { resolution: Resolution; state: 'begun' | 'done' | 'failed' };
  atMs: number;
}

/** What an act changes. The state is as the judgements and the acts together have it: what the judgements ended stays ended. */
const EFFECTS: Record<IncidentActRecord['act'], string | null> = {
  opened: 'attended_at = coalesce(i.attended_at, act.at)',
  acknowledged: `handling = 'acknowledged', state = case when i.state in ('open', 'snoozed') then 'acknowledged' else i.state end,
    acknowledged_by = act.by, acknowledged_at = act.at, snoozed_until = null, note = coalesce(act.note, i.note)`,
  snoozed: `handling = 'snoozed', state = case when i.state in ('open', 'acknowledged') then 'snoozed' else i.state end, snoozed_until = act.until, note = coalesce(act.note, i.note)`,
  reopened: `handling = 'open', state = case when i.state in ('snoozed', 'acknowledged') then 'open' else i.state end, snoozed_until = null`,
  escalated: 'escalated_at = act.at',
  resolved: `handling = 'resolved', state = case when i.state = 'withdrawn' then i.state else 'resolved' end, resolved_by = act.by, resolved_at = act.at, closed_at = act.at, snoozed_until = null,
    note = coalesce(act.note, i.note)`,
  ended: `closed_at = case when i.state in ('resolved', 'withdrawn') then act.at end`,
  resolution: null,
  refused: null,
};

/** Nothing judges an archived model any more: what is told to end there ends. */
const END_OF_MODEL = `state = case when i.state in ('open', 'acknowledged', 'snoozed') then 'resolved' else i.state end, note = coalesce(act.note, i.note)`;

/** @throws NotFound no such incident */
export async function noteIncident(pool: Pool, act: NewIncidentAct): Promise<{ state: IncidentState; waiting: string[] }> {
  const { modelId, incidentId, key, act: what, by, note, untilMs, resolution, atMs } = act;
  return inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<{ model: string }>(
      'select m.state as model from aftercare.incident i join aftercare.model m on m.id = i.model_id where i.id = $1 and i.model_id = $2 for update of i', [incidentId, modelId]);
    if (!rows[0] || rows[0].model === 'deleted') throw new NotFound(`there is no incident ${incidentId}`);
    const { rowCount } = await tx.query(
      `insert into aftercare.incident_act (incident_id, key, act, by, note, until, resolution, resolution_state, at)
       values ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000), $7, $8, to_timestamp($9::float8 / 1000)) on conflict (key) do nothing`,
      [incidentId, `${incidentId}/${key}`, what, by, note, untilMs, resolution?.resolution ?? null, resolution?.state ?? null, atMs]);
    if (rowCount === 1) {
      if (what === 'ended' && rows[0].model === 'archived') await change(tx, act, END_OF_MODEL);
      const effect = EFFECTS[what];
      if (effect !== null) await change(tx, act, effect);
      await recordAudit(tx, {
        modelId, by, action: actionOf(act), key: `incident:${incidentId}/${key}`,
        detail: { incident: incidentId, note, ...(untilMs === null ? {} : { until: new Date(untilMs).toISOString() }), ...resolution },
      });
    }
    return standing(tx, incidentId);
  });
}

async function change(tx: Queryable, { incidentId, atMs, by, note, untilMs }: NewIncidentAct, effect: string): Promise<void> {
  await tx.query(
    `update aftercare.incident i set ${effect}, changed_at = act.at
     from (select to_timestamp($2::float8 / 1000) as at, $3::text as by, $4::text as note, to_timestamp($5::float8 / 1000) as until) act where i.id = $1`,
    [incidentId, atMs, by, note, untilMs]);
}

function actionOf({ act, resolution }: NewIncidentAct): string {
  if (act === 'resolution' && resolution) return `${resolution.resolution.replace('_', ' ')} ${resolution.state}`;
  return act === 'refused' ? 'incident act refused' : `incident ${act}`;
}

async function standing(tx: Queryable, incidentId: number): Promise<{ state: IncidentState; waiting: string[] }> {
  const { rows } = await tx.query<{ state: IncidentState; waiting: string[] }>(
    `select i.state, array(select d.id from aftercare.decision d where d.incident_id = i.id and d.state = 'waiting' order by d.n) as waiting from aftercare.incident i where i.id = $1`, [incidentId]);
  return rows[0]!;
}

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** In the order in which they happened. */
export async function readIncidentActs(db: Queryable, incidentId: number): Promise<IncidentActRecord[]> {
  const { rows } = await db.query<IncidentActRecord>(
    `select ${utc('at')} as at, act, by, note, ${utc('until')} as until, resolution, resolution_state as "resolutionState" from aftercare.incident_act where incident_id = $1 order by id`, [incidentId]);
  return rows;
}
