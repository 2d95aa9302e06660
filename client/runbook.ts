/** `aftercare.runbook`: what people do about incidents: acknowledge, snooze, resolve, act; and the story of each. */
import { randomUUID } from 'node:crypto';
import type { Decision } from '../domain/decision.js';
import { Conflict, InvalidInput, isFinal, NotFound } from '../domain/errors.js';
import type { Incident, IncidentActRecord, Resolution } from '../domain/incident.js';
import { lifecycleSettings } from '../domain/lifecycle-settings.js';
import { incidentWorkflowId, WORKFLOW } from '../domain/names.js';
import { recordAudit } from '../store/audit.js';
import { readDecisions } from '../store/decisions.js';
import { findModel, requireActive } from '../store/find-model.js';
import { announceIncident } from '../store/incident-attention.js';
import { readIncidentActs } from '../store/incident-acts.js';
import { readToldOf, type ToldOfIncident } from '../store/incident-notices.js';
import { readIncident } from '../store/incidents.js';
import { findIncidentByText, readAlertingValues, type AlertingValue } from '../store/notifications.js';
import { actOnIncident, type IncidentAct, type IncidentInput } from '../workflows/messages.js';
import type { WriteContext } from './append.js';
import type { Lifecycles } from './lifecycle.js';
import type { RequestedRetraining, Retrainings } from './retraining.js';

/** Its number, or its text within a model (Incident.identity). */
export type IncidentRef = number | { model: string; incident: string };

export interface IncidentActOptions {
  note?: string | undefined;
  /** Default: the client's. */
  by?: string | undefined;
}

/** Everything that is known of one incident. */
export interface IncidentStory {
  incident: Incident;
  /** What was done about it, in order. */
  acts: IncidentActRecord[];
  /** Questions about it. */
  decisions: Decision[];
  /** What people were told, and whether it arrived. */
  notices: ToldOfIncident[];
  /** Values outside their thresholds, 20 at most. */
  values: AlertingValue[];
}

export class Runbook {
  readonly #context: WriteContext;
  readonly #lifecycles: Lifecycles;
  readonly #retraining: Pick<Retrainings, 'request'>;

  constructor(context: WriteContext, lifecycles: Lifecycles, retraining: Pick<Retrainings, 'request'>) {
    this.#context = context;
    this.#lifecycles = lifecycles;
    this.#retraining = retraining;
  }

  /** @throws NotFound */
  async show(ref: IncidentRef): Promise<IncidentStory> {
    const { pool } = this.#context;
    const { modelId, ...incident } = await this.#find(ref);
    const [acts, decisions, values] = await Promise.all([readIncidentActs(pool, incident.id), readDecisions(pool, modelId), readAlertingValues(pool, incident.id)]);
    const asked = decisions.filter(({ incidentId }) => incidentId === incident.id);
    const notices = await readToldOf(pool, modelId, [incident.identity, ...asked.map(({ id }) => id)]);
    return { incident, acts, decisions: asked, notices, values };
  }

  /** Somebody has seen it and cares. Answers its question as well, if one waits. @throws NotFound; Conflict when it is acknowledged or over; InvalidInput */
  acknowledge(ref: IncidentRef, options: IncidentActOptions = {}): Promise<Incident> {
    return this.#act(ref, { act: 'acknowledge', ...this.#said(options) });
  }

  /** Not now: it is open again at that moment, and told again. @throws NotFound; Conflict when it is over; InvalidInput for a moment that is past, or more than a year away */
  snooze(ref: IncidentRef, options: IncidentActOptions & { until: Date }): Promise<Incident> {
    return this.#act(ref, { act: 'snooze', untilMs: options.until.getTime(), ...this.#said(options) });
  }

  /** It is over for people, whatever the data go on saying: it stays resolved while it goes on. Withdraws its question. @throws NotFound; Conflict when it is over */
  resolve(ref: IncidentRef, options: IncidentActOptions = {}): Promise<Incident> {
    return this.#act(ref, { act: 'resolve', ...this.#said(options) });
  }

  /**
   * An action of the runbook is taken, or its outcome is recorded. Beginning with `retrain` also asks for the retraining.
   *
   * @throws NotFound; Conflict when the incident is over, or nothing can be trained: that is recorded as failed; InvalidInput
   */
  async act(ref: IncidentRef, resolution: Resolution, { state = 'begun', ...options }: IncidentActOptions & { state?: 'begun' | 'done' | 'failed' | undefined } = {}): Promise<{ incident: Incident; retraining: RequestedRetraining | null }> {
    const said = this.#said(options);
    const incident = await this.#act(ref, { act: 'resolution', resolution, state, ...said });
    if (resolution !== 'retrain' || state !== 'begun') return { incident, retraining: null };
    try {
      const retraining = await this.#retraining.request(incident.model, { reason: said.note ?? incident.text, by: said.by, incident: incident.identity });
      return { incident, retraining };
    } catch (error) {
      if (isFinal(error)) await this.#act(incident.id, { act: 'resolution', resolution, state: 'failed', by: said.by, note: (error as Error).message.slice(0, 2_000) });
      throw error;
    }
  }

  /** By its workflow, which is started if nobody attends it. What is refused goes into the audit trail as well. */
  async #act(ref: IncidentRef, act: IncidentAct): Promise<Incident> {
    const { pool } = this.#context;
    const incident = await this.#find(ref);
    try {
      const model = await findModel(pool, incident.modelId);
      requireActive(model);
      const attended = await announceIncident(pool, incident.id);
      if (!attended) throw new Conflict(`incident ${incident.id} of model '${incident.model}' is ${incident.state}${incident.resolvedBy ? ` by ${incident.resolvedBy}` : ''}: nothing can be done about it any more`);
      const input: IncidentInput = { modelId: model.modelId, name: model.name, incident: attended, settings: lifecycleSettings(model.settings).incidents, onDemand: true };
      await this.#lifecycles.askStarting(
        { type: WORKFLOW.incident, workflowId: incidentWorkflowId(model.modelId, attended.incident), input, summary: attended.text },
        actOnIncident, act, `act:${randomUUID()}`);
    } catch (error) {
      if (isFinal(error)) await recordAudit(pool, { modelId: incident.modelId, by: act.by || 'unknown', action: 'incident act refused', detail: { incident: incident.id, act: act.act, why: (error as Error).message } });
      throw error;
    }
    return this.#standing(incident.id);
  }

  async #standing(incidentId: number): Promise<Incident> {
    const { modelId: _, ...incident } = await this.#find(incidentId);
    return incident;
  }

  async #find(ref: IncidentRef): Promise<Incident & { modelId: number }> {
    const { pool } = this.#context;
    if (typeof ref === 'number') {
      const incident = Number.isSafeInteger(ref) && ref > 0 ? await readIncident(pool, ref) : null;
      if (!incident) throw new NotFound(`there is no incident ${ref}: aftercare incidents list shows them`);
      return incident;
    }
    const { modelId, name } = await findModel(pool, ref.model);
    const id = await findIncidentByText(pool, modelId, ref.incident);
    const incident = id === null ? null : await readIncident(pool, id);
    if (!incident) throw new NotFound(`model '${name}' has no incident '${ref.incident}': aftercare incidents list shows them`);
    return incident;
  }

  #said({ by = this.#context.by, note }: IncidentActOptions): { by: string; note?: string } {
    if (by.trim() === '') throw new InvalidInput('whoever acts on an incident is named (by)');
    return { by, ...(note === undefined ? {} : { note }) };
  }
}
