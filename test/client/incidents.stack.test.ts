/** What people do about incidents, through the client and the command line, over a real database and real workflows. */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLightActivities } from '../../activities/index.js';
import { buildProgram } from '../../cli/program.js';
import { Aftercare, Conflict, InvalidInput, NotFound, type Incident } from '../../client/index.js';
import { decisionWorkflowId, MAIN_QUEUE, WORKFLOW } from '../../domain/names.js';
import { appendRows } from '../../store/append-rows.js';
import type { DecisionInput } from '../../workflows/messages.js';
import { createSmallModel, runModel, smallRow, smallSettings } from '../activities/run-model.js';
import { memorySource } from '../store/memory-source.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { workflowBundle } from '../workflows/support/bundle.js';
import { createNamespace } from '../workflows/support/namespace.js';
import { eventually, silenceWorkers } from '../workflows/support/stage.js';

let database: TestDatabase;
let place: { address: string; namespace: string };
let client: Aftercare;
let temporal: Client;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  silenceWorkers();
  const [made, at, bundle] = await Promise.all([createDatabase(), createNamespace('incidents'), workflowBundle()]);
  database = made;
  place = at;
  const [connection, native] = await Promise.all([Connection.connect({ address: at.address }), NativeConnection.connect({ address: at.address })]);
  temporal = new Client({ connection, namespace: at.namespace });
  const worker = await Worker.create({ connection: native, namespace: at.namespace, taskQueue: MAIN_QUEUE, workflowBundle: bundle, activities: createLightActivities({ pool: database.pool, mailer: null }) });
  const working = worker.run();
  client = await Aftercare.connect({ databaseUrl: database.url, temporal: at, by: 'ada' });
  closing.push(async () => { worker.shutdown(); await working; }, () => client.close(), () => connection.close(), () => native.close(), () => database.drop());
});
afterAll(async () => {
  for (const close of closing) await close();
});

/** A model whose amounts have drifted: its incident is attended by nobody. */
async function drifted(name: string): Promise<{ modelId: number; incident: Incident }> {
  const settings = smallSettings({ kind: 'size', size: 50 });
  const modelId = await createSmallModel(database.pool, name, {
    ...settings,
    calculators: { univariate_drift: { columns: ['amount'], continuousMethods: ['wasserstein'], categoricalMethods: ['chi2'], thresholds: { wasserstein: { type: 'constant', lower: null, upper: 200 } } } },
    runs: { everyRows: null, onTargets: false, everyMs: null, schedule: null }, decisions: { ...settings.decisions, on: ['drift'] },
  });
  await appendRows(database.pool, modelId, memorySource(Array.from({ length: 200 }, (_, n) => smallRow(n))), { by: 'test' });
  await runModel(database.pool, modelId);
  return { modelId, incident: (await client.incidents(name))[0]! };
}

async function ask(modelId: number, { id, identity }: Incident): Promise<string> {
  const decisionId = `${modelId}/${identity}/1`;
  const input: DecisionInput = { modelId, question: { decisionId, incidentId: id, text: 'Acknowledge, retrain or ignore?' }, settings: { remindAfterMs: 0, escalateAfterMs: 0, deadlineMs: 3_600_000, fallback: 'acknowledge', notify: [] } };
  await temporal.workflow.start(WORKFLOW.decision, { workflowId: decisionWorkflowId(decisionId), taskQueue: MAIN_QUEUE, args: [input] });
  await eventually(() => client.decisions(), (open) => open.some((one) => one.id === decisionId));
  return decisionId;
}

const actions = async (model: string): Promise<string[]> => (await client.audit(model)).map(({ action, by }) => `${action}: ${by}`).reverse();

describe('runbook', () => {
  it('acts on an incident that nobody attended, tells its story, and its question is answered with it', async () => {
    const { modelId, incident } = await drifted('loans');
    expect(incident).toMatchObject({ state: 'open', attended: false, severity: 'info', loudness: 'silent', identity: 'drift/amount/000003' });
    const decisionId = await ask(modelId, incident);
    expect(await client.runbook.acknowledge({ model: 'loans', incident: 'drift/amount/000003' }, { note: 'new product', by: 'grace' })).toMatchObject({ id: incident.id, state: 'acknowledged', acknowledgedBy: 'grace', note: 'new product', attended: true });
    await eventually(() => client.decisions({ model: 'loans', all: true }), ([decision]) => decision?.state === 'answered');
    expect(await client.runbook.act(incident.id, 'ask_expert', { note: 'sales' })).toMatchObject({ retraining: null, incident: { state: 'acknowledged' } });
    expect(await client.runbook.snooze(incident.id, { until: new Date(Date.now() + 3_600_000) })).toMatchObject({ state: 'snoozed' });
    expect(await client.runbook.resolve(incident.id)).toMatchObject({ state: 'resolved', resolvedBy: 'ada', attended: false });
    const story = await client.runbook.show(incident.id);
    expect(story.acts.map(({ act, by }) => `${act} ${by}`)).toEqual(['opened aftercare', 'acknowledged grace', 'resolution ada', 'snoozed ada', 'resolved ada']);
    expect(story.decisions).toMatchObject([{ id: decisionId, state: 'answered', answer: 'acknowledge', answeredBy: 'grace' }]);
    expect(story.values).toMatchObject([{ chunk: '000003', metric: 'wasserstein', upper: 200 }]);
    await expect(client.runbook.acknowledge(incident.id)).rejects.toThrow(/is resolved by ada/);
    expect(await actions('loans')).toEqual([
      'model created: test', 'incident opened: aftercare', 'incident acknowledged: grace', 'decision answered: grace', 'ask expert begun: ada', 'incident snoozed: ada', 'incident resolved: ada', 'incident act refused: ada',
    ]);
  });

  it('refuses with a reason, and the refusal is in the audit trail', async () => {
    const { incident } = await drifted('refusing');
    await expect(client.runbook.snooze(incident.id, { until: new Date(0) })).rejects.toThrow(InvalidInput);
    await client.runbook.acknowledge(incident.id);
    await expect(client.runbook.acknowledge(incident.id, { by: 'grace' })).rejects.toThrow(/was acknowledged by ada already/);
    await expect(client.runbook.act(incident.id, 'retrain')).rejects.toThrow(/nothing.*train|cannot be trained|no training/i);
    const { acts } = await client.runbook.show(incident.id);
    expect(acts.filter(({ resolution }) => resolution === 'retrain').map(({ resolutionState }) => resolutionState)).toEqual(['begun', 'failed']);
    await expect(client.runbook.show(999_999)).rejects.toThrow(NotFound);
    await expect(client.runbook.show({ model: 'refusing', incident: 'drift/none/000001' })).rejects.toThrow(NotFound);
    // Newest first; the retraining that was refused says what it was itself.
    expect((await client.audit('refusing', { action: 'refused' })).map(({ by, action, detail }) => [by, detail['act'] ?? action])).toEqual([['ada', 'retraining refused'], ['grace', 'acknowledge'], ['ada', 'snooze']]);
  });
});

describe('two who answer at once', () => {
  it('one wins, the other is told by whom, and both are in the audit trail', async () => {
    const { modelId, incident } = await drifted('contested');
    const decisionId = await ask(modelId, incident);
    const outcomes = await Promise.allSettled([client.decide(decisionId, { answer: 'retrain', by: 'ada' }), client.decide(decisionId, { answer: 'ignore', by: 'grace' })]);
    const won = outcomes.findIndex(({ status }) => status === 'fulfilled');
    const [winner, loser] = won === 0 ? ['ada', 'grace'] : ['grace', 'ada'];
    expect(outcomes[won]).toMatchObject({ value: { state: 'answered', answeredBy: winner } });
    expect((outcomes[1 - won] as PromiseRejectedResult).reason).toBeInstanceOf(Conflict);
    expect(String((outcomes[1 - won] as PromiseRejectedResult).reason)).toContain(`by ${winner}`);
    expect(await actions('contested')).toEqual(expect.arrayContaining([`decision answered: ${winner}`, `answer refused: ${loser}`]));
    await expect(client.decide(decisionId, { answer: 'maybe' as never, by: 'mallory' })).rejects.toThrow(InvalidInput);
    await expect(client.decide('9/none/1', { answer: 'retrain' })).rejects.toThrow(NotFound);
    expect(await client.audit(undefined, { by: 'mallory' })).toMatchObject([{ model: 'contested', action: 'answer refused', detail: { decision: decisionId, answer: 'maybe' } }]);
  });
});

describe('the command line', () => {
  async function say(...args: string[]): Promise<string> {
    const written: string[] = [];
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => { written.push(String(chunk)); return true; });
    try {
      await (await buildProgram(args[0])).parseAsync(['node', 'aftercare', ...args, '--database-url', database.url, '--temporal-address', place.address, '--namespace', place.namespace, '--as', 'maria']);
    } finally {
      spy.mockRestore();
    }
    return written.join('');
  }

  it('lists, shows, acknowledges, snoozes, acts and resolves, and tells who did what', async () => {
    const { incident } = await drifted('cars');
    const id = String(incident.id);
    expect(await say('incidents', 'list', 'cars')).toMatch(/open\s+info\s+Model 'cars': column 'amount' drifted/);
    expect(await say('incidents', 'acknowledge', id, '--note', 'known campaign')).toBe(`incident ${id} of cars: acknowledged by maria\n`);
    expect(await say('incidents', 'act', id, 'engineer_features', '--note', 'per household')).toBe(`incident ${id} of cars: engineer_features begun\n`);
    expect(await say('incidents', 'snooze', id, '--for', '2d')).toMatch(/: snoozed until \d{4}-\d\d-\d\d \d\d:\d\d\n/);
    expect(JSON.parse(await say('incidents', 'resolve', 'drift/amount/000003', '--model', 'cars', '--json'))).toMatchObject({ id: incident.id, state: 'resolved', resolvedBy: 'maria' });
    expect(await say('incidents', 'list', 'cars')).toBe('cars: nothing stands out\n');
    const story = await say('incidents', 'show', id);
    for (const part of ['resolved, info, it predicts, perhaps badly', 'values outside their thresholds', 'known campaign', 'engineer_features begun', 'snoozed until 20', 'per household']) expect(story).toContain(part);
    const audit = await say('audit', 'cars', '--since', '1h', '--by', 'maria');
    expect(audit).toMatch(/incident resolved[^]*incident snoozed[^]*engineer features begun[^]*incident acknowledged/);
    await expect(say('incidents', 'show', 'drift/amount/000003')).rejects.toThrow(/its text and --model NAME/);
    await expect(say('incidents', 'act', id, 'pray')).rejects.toThrow(/is no resolution: rebalance/);
    await expect(say('incidents', 'snooze', id)).rejects.toThrow(/--for a duration or --until/);
    await expect(say('audit', '--since', 'yesterday')).rejects.toThrow(/duration/);
  });

  it('does what the page on incidents shows', async () => {
    const page = await readFile(new URL('../../docs/how-it-works/incidents.md', import.meta.url), 'utf8');
    const { incident } = await drifted('loans-of-the-page');
    const lines = [...page.matchAll(/^```sh\n([^]*?)^```/gm)].flatMap((block) => block[1]!.trim().split('\n'));
    expect(lines.length).toBeGreaterThan(8);
    for (const line of lines) {
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map((word) => word[1] ?? word[2]!).slice(1);
      expect((await say(...words.map((word) => (word === '12' ? String(incident.id) : word === 'loans' ? 'loans-of-the-page' : word)))).length, line).toBeGreaterThan(0);
    }
    expect((await client.runbook.show(incident.id)).acts.map(({ act }) => act)).toEqual(['opened', 'acknowledged', 'snoozed', 'resolution', 'resolution', 'resolved']);
  });
});
