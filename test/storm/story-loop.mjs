/**
 * The storm's second story: the loop after the alert. Drift → incident attended → mails → decision answered → retraining approved by the link in a mail → trained by a workflow of
 * the team's own → challenger in the shadow → verdict → approved → switched → probation → kept; and telemetry, an upsert, corrected targets. Each step may be taken again after a
 * crash, and waits for states, never for a time.
 *
 * As a program: `node story-loop.mjs MODEL`, with DATABASE_URL, TEMPORAL_ADDRESS, and what the people's side is (AFTERCARE_STORM_RECEIVED, AFTERCARE_STORM_WEBHOOK). Prints the
 * number of each step as it begins, and `done`.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Aftercare, Conflict } from '../../dist/client/index.js';
import { after, BATCH, calm, csvOf, drift, reference, rowsOf, TRAINING_QUEUE, truthsOf } from './loop-data.mjs';

const DAY_MS = 86_400_000;
const BOSS = 'boss@example.org';
const POLL_MS = 100;

export function buildLoopStory() {
  const append = (key, rows, options = {}) => ({ name: key, do: (client, model) => client.append(model, csvOf(rows), { key, format: 'csv', ...options }) });
  const truths = (key, rows) => ({ name: key, do: (client, model) => client.targets(model, csvOf(rows), { key, format: 'csv' }) });
  const step = (name, work) => ({ name, do: (client, model) => work(client, model).then(() => undefined) });
  const corrected = rowsOf(after, 2).slice(20, 30).map((row) => ({ ...row, age: 0, y_pred_proba: 0.5 }));
  const flipped = truthsOf(drift[2]).slice(0, 20).map(({ id, y }) => ({ id, y: 1 - y }));
  return [
    step('create', create),
    append('calm', rowsOf(calm, 1)),
    truths('targets-calm', truthsOf(calm)),
    step('calm-settled', told),
    append('drift-0', rowsOf(drift[0], 1)),
    step('alarmed', alarmed),
    step('acted-on', actOnIncident),
    step('approved-by-link', approveByLink),
    step('trained', (client, model) => until(async () => (await client.retraining.list(model)).some(({ state }) => state === 'completed') && (await client.challenges.list(model)).length > 0)),
    step('trained-settled', told),
    step('served', serve),
    truths('targets-0', truthsOf(drift[0])),
    append('drift-1', rowsOf(drift[1], 1)),
    append('shadow-1', rowsOf(drift[1], 2), { version: 2 }),
    truths('targets-1', truthsOf(drift[1])),
    append('drift-2', rowsOf(drift[2], 1)),
    append('shadow-2', rowsOf(drift[2], 2), { version: 2 }),
    truths('targets-2', truthsOf(drift[2])),
    step('judged', (client, model) => until(async () => (await client.challenges.list(model)).some(({ state }) => state !== 'shadow'))),
    step('judged-settled', told),
    step('answered', (client, model) => answer(client, model, ({ subject }) => subject === 'incident', 'acknowledge')),
    step('promotion-approved', (client, model) => answer(client, model, ({ subject }) => subject === 'promotion', 'approve')),
    step('kept', (client, model) => until(async () => (await client.challenges.list(model)).some(({ state }) => ['kept', 'rolled_back', 'failed', 'closed'].includes(state)))),
    step('kept-settled', told),
    append('after', rowsOf(after, 2)),
    append('corrected', corrected, { upsert: true }),
    truths('targets-after', truthsOf(after)),
    truths('targets-changed', flipped),
    step('run-by-hand', (client, model) => client.run(model, { key: 'by-hand' })),
    step('settled', told),
    step('answered-all', (client, model) => answer(client, model, () => true, 'ignore')),
    step('told', told),
  ];
}

async function create(client, model) {
  const approval = { approvers: [BOSS], notify: [BOSS], remindAfterMs: 0, escalateAfterMs: 0, deadlineMs: 30 * DAY_MS };
  await client.models.create({
    name: model, reference: csvOf(rowsOf(reference, 1, true)), format: 'csv', creationKey: `create-${model}`,
    columns: { target: 'y', timestamp: 'at', identifier: 'id' },
    settings: {
      chunking: { kind: 'size', size: BATCH },
      targets: { arrival: 'delayed', expectedDelayMs: 365 * DAY_MS },
      runs: { everyRows: BATCH, onTargets: true },
      decisions: { on: ['drift', 'realized_performance'], notify: ['team@example.org'], remindAfterMs: 0, escalateAfterMs: 0, deadlineMs: 30 * DAY_MS },
      segments: { by: ['region'], minReferenceRows: 100 },
      watch: { silenceAfterMs: null, staleAfterMs: null, errorRate: null },
      incidents: { attend: ['drift', 'estimated_performance', 'realized_performance'], escalateAfterMs: 0 },
      notifications: {
        channels: [{ name: 'team', kind: 'email', to: ['team@example.org'] }, { name: 'hook', kind: 'webhook', url: process.env.AFTERCARE_STORM_WEBHOOK }],
        routes: [{ channels: ['hook'] }, { channels: ['team'], topics: ['performance', 'retraining', 'challenge', 'promotion'] }], quietHours: null,
      },
      retraining: { mode: 'ask', on: ['drift'], training: { kind: 'workflow', taskQueue: TRAINING_QUEUE, workflowType: 'trainLoans' }, restMs: 365 * DAY_MS, approval },
      challenge: { everyRows: 2 * BATCH, minPairs: BATCH + 1, deadlineMs: 90 * DAY_MS },
      promotion: { mode: 'ask', approval, switch: { kind: 'workflow', taskQueue: TRAINING_QUEUE, workflowType: 'serveVersion' }, probationMs: 1_500, rollbackOn: ['realized_performance'] },
    },
  });
}

async function until(isSo) {
  while (!(await isSo())) await delay(POLL_MS);
}

/** Everything that follows by itself has followed, and everybody has been told of it. */
async function told(client, model) {
  for (;;) {
    const { openDecisions, attended } = await client.idle(model);
    const waiting = await client.decisions({ model });
    const notes = await client.notifications.list(model, { limit: 10_000 });
    const heard = (kind, what) => notes.some(({ id }) => id.includes(kind === 'incident-opened' ? `/${kind}/${what}/` : `${what}/${kind}/`));
    const rounds = (await client.incidents(model)).filter(({ identity }) => attended.includes(identity));
    const all = notes.every(({ state }) => state !== 'intended') && waiting.every(({ id }) => heard('decision-asked', id)) && rounds.every(({ identity }) => heard('incident-opened', identity))
      && openDecisions.every((id) => waiting.some((one) => one.id === id));
    if (all) return;
    await delay(POLL_MS);
  }
}

/** The drift is found, its retraining is asked for, and the mail with the link has come. */
async function alarmed(client, model) {
  await told(client, model);
  await until(async () => (await retrainingQuestion(client, model)) !== undefined);
  await told(client, model);
  await until(async () => (await linkOf(client, model)) !== undefined);
}

/** What is refused was done before we were killed. */
async function once(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
}

async function actOnIncident(client, model) {
  const found = (await client.incidents(model)).find(({ kind, segment, cause }) => kind === 'drift' && segment === '' && cause === 'amount');
  await once(() => client.runbook.acknowledge(found.id, { by: 'ada', note: 'seen' }));
  await once(() => client.runbook.act(found.id, 'ask_expert', { by: 'ada', state: 'done', note: 'the world has changed' }));
}

/** Answers what waits and is meant until nothing of it waits any more. */
async function answer(client, model, isMeant, choice) {
  for (;;) {
    await client.idle(model);
    const waiting = (await client.decisions({ model })).filter(isMeant);
    for (const { id, subject } of waiting) await once(() => client.decide(id, { answer: choice, by: subject === 'incident' ? 'ada' : BOSS, note: 'answered by the storm' }));
    if (waiting.length === 0) return;
    await delay(POLL_MS);
  }
}

async function retrainingQuestion(client, model) {
  return (await client.decisions({ model, all: true })).find(({ subject }) => subject === 'retraining');
}

/** In the mail to the one who may approve. */
async function linkOf(client, model) {
  const { id } = await retrainingQuestion(client, model);
  for (const line of readFileSync(process.env.AFTERCARE_STORM_RECEIVED, 'utf8').split('\n')) {
    if (!line.includes(id)) continue;
    const { kind, to, text } = JSON.parse(line);
    const link = kind === 'mail' && to.includes(BOSS) && text.includes(`decide ${id} `) ? /https?:\/\/\S+\/decisions\/\S+/.exec(text)?.[0] : undefined;
    if (link) return link;
  }
  return undefined;
}

/** As a browser sends the page's form. A server that is away is asked again, as a person would; a link that has done its work says so. */
async function approveByLink(client, model) {
  for (;;) {
    if ((await retrainingQuestion(client, model)).state === 'answered') return;
    try {
      const link = await linkOf(client, model);
      const page = await fetch(link, { signal: AbortSignal.timeout(30_000) });
      if (page.ok) await fetch(link, { method: 'POST', body: new URLSearchParams({ answer: 'approve', note: 'by link' }), signal: AbortSignal.timeout(60_000) });
    } catch {
      // Nobody listens there just now.
    }
    await delay(POLL_MS);
  }
}

/** Calls of both versions, each call by itself, all of long ago. */
async function serve(client, model) {
  const calls = [1, 2].flatMap((version) => Array.from({ length: 200 }, (_, i) => ({ at: new Date(Date.UTC(2024, 1, 1) + i * 10_000).toISOString(), version, durationMs: 10 + (i % 40) + version, error: i % 100 === 0 })));
  await client.telemetry.file(model, csvOf(calls), { key: 'calls', format: 'csv' });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const model = process.argv[2];
  const client = await Aftercare.connect({ by: 'storm' });
  for (const [number, step] of buildLoopStory().entries()) {
    process.stdout.write(`${number}\n`);
    const receipt = await step.do(client, model);
    if (receipt) process.stdout.write(`receipt ${JSON.stringify(receipt)}\n`);
  }
  process.stdout.write('done\n');
  await client.close();
}
