/** A server over a real database and real decision workflows, without a port. */
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { FastifyInstance } from 'fastify';
import { createLightActivities } from '../../activities/index.js';
import { Aftercare } from '../../client/index.js';
import type { DecisionSubject } from '../../domain/decision.js';
import { LIFECYCLE_DEFAULTS, type RetrainingSettings } from '../../domain/lifecycle-settings.js';
import { decisionWorkflowId, retrainingId, WORKFLOW } from '../../domain/names.js';
import { mintToken, type Claims } from '../../domain/signed-token.js';
import { createServer, type ServerOptions } from '../../server/index.js';
import { signingKey } from '../../store/secrets.js';
import type { DecisionInput, RetrainingInput } from '../../workflows/messages.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { workflowBundle } from '../workflows/support/bundle.js';
import { createNamespace } from '../workflows/support/namespace.js';
import { eventually, silenceWorkers } from '../workflows/support/stage.js';

const QUEUE = 'served';
export const PUBLIC_URL = 'https://aftercare.example.org/door';
const HOUR_MS = 3_600_000;

export interface ServedStack {
  database: TestDatabase;
  client: Aftercare;
  place: { address: string; namespace: string };
  /** Lines that the server has logged. */
  logged: string[];
  server(options?: Partial<ServerOptions>): Promise<FastifyInstance>;
  addModel(name: string, settings?: object): Promise<number>;
  /** A retraining that needs no approval, on a model that was created. */
  retrain(modelId: number, name: string, number: number, settings: Partial<RetrainingSettings>): Promise<WorkflowHandle>;
  /** A question that waits. */
  ask(modelId: number, n: number, options?: { subject?: DecisionSubject; approvers?: string[]; text?: string }): Promise<string>;
  link(claims: Claims): Promise<string>;
  /** The trail of refusals and answers, oldest first. */
  trail(): Promise<{ action: string; by: string; detail: Record<string, unknown> }[]>;
  close(): Promise<void>;
}

export async function openServedStack(): Promise<ServedStack> {
  silenceWorkers();
  const [database, place, bundle] = await Promise.all([createDatabase(), createNamespace('server'), workflowBundle()]);
  const [connection, native] = await Promise.all([Connection.connect({ address: place.address }), NativeConnection.connect({ address: place.address })]);
  const temporal = new Client({ connection, namespace: place.namespace });
  const worker = await Worker.create({ connection: native, namespace: place.namespace, taskQueue: QUEUE, workflowBundle: bundle, activities: createLightActivities({ pool: database.pool, mailer: null, publicUrl: PUBLIC_URL }) });
  const working = worker.run();
  const client = await Aftercare.connect({ databaseUrl: database.url, temporal: place, by: 'test' });
  const servers: FastifyInstance[] = [];
  const logged: string[] = [];
  const log = (fields: Record<string, unknown>, message: string): void => void logged.push(JSON.stringify({ ...fields, message }));
  return {
    database, client, place, logged,
    async server(options = {}) {
      const app = await createServer({ pool: database.pool, client, log: { info: log, error: log }, ...options });
      servers.push(app);
      return app;
    },
    async addModel(name, settings = { zone: 'Europe/Berlin' }) {
      const { rows } = await database.pool.query<{ id: number }>(
        `with model as (insert into aftercare.model (name, problem_type, settings, created_by) values ($1, 'classification_binary', $2, 'test') returning id),
              version as (insert into aftercare.version (model_id, number, schema, created_by) select id, 1, '{"problemType":"classification_binary","columns":[]}', 'test' from model returning id, model_id)
         select model_id as id from version`, [name, JSON.stringify(settings)]);
      await database.pool.query('update aftercare.model m set champion_version_id = v.id from aftercare.version v where v.model_id = m.id and m.id = $1', [rows[0]!.id]);
      return rows[0]!.id;
    },
    retrain: (modelId, name, number, settings) => temporal.workflow.start(WORKFLOW.retraining, {
      workflowId: retrainingId(modelId, number), taskQueue: QUEUE,
      args: [{ modelId, name, number, request: { key: `r${number}`, trigger: 'manual', by: 'ada', reason: 'new season', approvedBy: 'ada' }, settings: { ...LIFECYCLE_DEFAULTS.retraining, ...settings } } satisfies RetrainingInput],
    }),
    async ask(modelId, n, { subject = 'retraining', approvers = [], text = 'Shall loans be trained anew?' } = {}) {
      const decisionId = `${modelId}/${subject}/${n}/1`;
      const input: DecisionInput = {
        modelId, question: { decisionId, subject, incidentId: null, approvers, text }, settings: { remindAfterMs: HOUR_MS, escalateAfterMs: 0, deadlineMs: 2 * HOUR_MS, fallback: 'reject', notify: [] },
      };
      await temporal.workflow.start(WORKFLOW.decision, { workflowId: decisionWorkflowId(decisionId), taskQueue: QUEUE, args: [input] });
      await eventually(() => client.decisions(), (open) => open.some(({ id }) => id === decisionId));
      return decisionId;
    },
    async link(claims) {
      return mintToken(await signingKey(database.pool), claims);
    },
    async trail() {
      const { rows } = await database.pool.query<{ action: string; by: string; detail: Record<string, unknown> }>('select action, by, detail from aftercare.audit order by id');
      return rows;
    },
    async close() {
      for (const app of servers) await app.close();
      await client.close();
      worker.shutdown();
      await working;
      await connection.close();
      await native.close();
      await database.drop();
    },
  };
}

/** A form as a browser sends it. */
export function form(fields: Record<string, string>, headers: Record<string, string> = {}): { payload: string; headers: Record<string, string> } {
  return { payload: new URLSearchParams(fields).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin', origin: 'null', ...headers } };
}
