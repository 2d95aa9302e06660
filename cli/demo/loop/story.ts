/**
 * The loop after the alert, step by step: drift, incident, e-mail, approval, training, challenger in shadow, verdict, approval, promotion, probation.
 * Every step may be taken again: deliveries carry keys, and what the lifecycle has done stands in the store. So a story that was interrupted goes on where it was.
 */
import type { Aftercare } from '../../../client/index.js';
import type { Challenge, Verdict } from '../../../domain/challenge.js';
import type { Decision, DecisionSubject } from '../../../domain/decision.js';
import type { Receipt } from '../../../domain/batch.js';
import type { Incident } from '../../../domain/incident.js';
import type { Retraining } from '../../../domain/retraining.js';
import { isFinalState } from '../../../domain/challenge-policy.js';
import { readModel, type KeptModel } from '../../../examples/retraining/src/models.js';
import { scoreShadow } from '../../../examples/retraining/src/training.js';
import type { Delivery } from '../deliveries.js';
import { exists, runLine, runsAfter, type Listener } from '../story.js';
import type { Door } from './questions.js';
import type { LoopRows, Part } from './rows.js';
import { modelsFolder, readServing } from './serving.js';
import { STORY_MODEL, storySettings } from './settings.js';
import { until } from './until.js';

export interface Telling {
  client: Aftercare;
  listener: Omit<Listener, 'firstResults'>;
  dataFolder: string;
  /** Resolves when the question is answered. */
  settle: (asked: Decision, door: Door) => Promise<Decision>;
  signal: AbortSignal;
}

export interface Told {
  /** True: nothing was done anew. */
  repeated: boolean;
  /** Where it ended: `kept`, or why it went no further. */
  end: string;
}

const model = STORY_MODEL;

export async function tellLoop(telling: Telling, rows: LoopRows): Promise<Told> {
  const receipts: Receipt[] = [];
  const end = await tell(telling, rows, receipts);
  return { repeated: receipts.length > 0 && receipts.every(({ duplicate }) => duplicate), end };
}

async function tell(telling: Telling, rows: LoopRows, receipts: Receipt[]): Promise<string> {
  const { client, listener } = telling;
  const post = poster(telling, receipts);

  listener.step('1  A model goes into production');
  await createModel(telling, rows);
  await post('append', rows.known);

  listener.step('2  The world changes');
  for (const drifted of rows.drifted) await post('append', drifted);
  listener.detail(await columnsThatDrift(client));
  await showIncidents(telling, 'estimated_performance');

  listener.step('3  The targets of those rows come, and say the same');
  await post('targets', rows.driftedTargets);
  await showIncidents(telling, 'realized_performance');

  listener.step('4  May it be trained anew?');
  const retraining = await until<Retraining>(async () => (await client.retraining.list(model, { limit: 1 }))[0] ?? null, telling.signal);
  listener.detail(`retraining ${retraining.number}, wanted by ${retraining.requestedBy}: ${retraining.reason}`);
  const asked = await questionOf(telling, 'retraining', `/retraining/${retraining.number}/`, async () => (await client.retraining.get(model, retraining.number)).state !== 'asked');
  if (asked) await telling.settle(asked, 'client');

  listener.step('5  The training: gradient boosting, on rows whose targets have come, in a worker of the team\'s own');
  const trained = await client.retraining.wait(model, retraining.number, { signal: telling.signal, onState: (state) => listener.detail(`retraining ${retraining.number}: ${state}`) });
  if (trained.state !== 'completed' || trained.version === null) return `retraining ${trained.number} is ${trained.state}: ${trained.failure ?? 'no reason given'}`;
  const versions = await client.challengers.list(model);
  listener.detail(`version ${trained.version}: ${versions.find(({ number }) => number === trained.version)?.provenance.note ?? ''}`);

  listener.step(`6  Version ${trained.version} answers in the shadow: computed now, heard by nobody`);
  const { modelId } = await client.models.get(model);
  const kept = await readModel(modelsFolder(telling.dataFolder), modelId, trained.number);
  const { version } = trained;
  for (const part of rows.shadow) {
    await post('append', part.delivery, 1);
    await post('append', shadowOf(part, kept), version);
  }
  await showVerdict(telling, version, 1);
  await post('targets', rows.shadowTargets);
  await showVerdict(telling, version, 2);

  listener.step('7  May it take over?');
  const challenge = await until<Challenge>(async () => (await client.challenges.list(model, { version })).find(({ mode }) => mode === 'challenge') ?? null, telling.signal);
  const decided = await client.challenges.wait(model, challenge.number, { states: ['deciding', 'switching', 'probation'], signal: telling.signal });
  const question = await questionOf(telling, 'promotion', `/promotion/${challenge.number}/`, () => Promise.resolve(decided.state !== 'deciding'));
  if (question) await telling.settle(question, 'link');
  const promoted = await client.challenges.wait(model, challenge.number, { states: ['probation'], signal: telling.signal });
  if (promoted.promotedAt === null) return `challenge ${challenge.number} is ${promoted.state}: ${promoted.note ?? ''}`;

  listener.step(`8  Version ${version} is in charge, on probation`);
  const serving = await readServing(telling.dataFolder);
  if (serving) listener.detail(`what serves is version ${serving.version}, by the team's own switch (${serving.action})`);
  await post('append', serving?.retraining === null || !serving ? rows.later.delivery : answered(rows.later, kept));
  await post('targets', rows.laterTargets);
  if (!isFinalState(promoted.state)) listener.detail('the probation goes on …');
  const ended = await client.challenges.wait(model, challenge.number, { signal: telling.signal });
  listener.detail(ended.note ?? ended.state);
  return ended.state;
}

async function createModel({ client, listener }: Telling, rows: LoopRows): Promise<void> {
  if (await exists(client, model)) return listener.detail(`${model} is there from an earlier start: the story goes on where it was`);
  const shadowRows = rows.shadow.reduce((sum, { delivery }) => sum + delivery.rows, 0);
  const created = await client.models.create({
    name: model, reference: rows.reference, columns: { target: 'repaid' }, settings: storySettings(shadowRows), onProgress: (count) => listener.progress('reference', count, null),
  });
  listener.detail(`${created.referenceRows.toLocaleString('en')} reference rows: is a car loan paid back?`);
}

/** Appends, waits until the lifecycle has done what follows from it, and tells of the runs. */
function poster({ client, listener, signal }: Telling, receipts: Receipt[]): (door: 'append' | 'targets', delivery: Delivery, version?: number) => Promise<void> {
  return async (door, { key, rows, csv }, version) => {
    const last = (await client.runs(model, { limit: 1 }))[0]?.number ?? 0;
    const options = { key, format: 'csv', onProgress: (p: { rows: number }) => listener.progress(key, p.rows, rows) };
    const receipt = door === 'targets' ? await client.targets(model, Buffer.from(csv), options) : await client.append(model, Buffer.from(csv), { ...options, ...(version === undefined ? {} : { version }) });
    receipts.push(receipt);
    const what = door === 'targets' ? 'targets' : version === undefined ? 'inferences' : `answers of version ${version}`;
    listener.detail(`${receipt.rowsAccepted.toLocaleString('en')} ${what}${receipt.duplicate ? ', known from an earlier start' : ''}`);
    await client.idle(model, { signal });
    for (const run of await runsAfter(client, model, last)) listener.detail(runLine(run));
  };
}

/** The same rows of the world with the new version's answers: features need not come twice. */
function shadowOf({ delivery, rows }: Part, { classifier, columns }: KeptModel): Delivery {
  const lines = scoreShadow(classifier, columns, rows).map((row) => [row.id, row.timestamp, row.y_pred_proba, row.y_pred].join(','));
  return { key: `${delivery.key}-challenger`, rows: rows.length, remark: '', csv: ['id,timestamp,y_pred_proba,y_pred', ...lines, ''].join('\n') };
}

/** Rows that nobody else has answered. */
function answered({ delivery, rows }: Part, { classifier, columns }: KeptModel): Delivery {
  const names = Object.keys(rows[0]!);
  const lines = scoreShadow(classifier, columns, rows).map((row) => names.map((name) => row[name] ?? '').join(','));
  return { ...delivery, csv: [names.join(','), ...lines, ''].join('\n') };
}

async function columnsThatDrift(client: Aftercare): Promise<string> {
  const drifting = (await client.incidents(model)).filter(({ kind, ongoing, version }) => kind === 'drift' && ongoing && version === 1).map(({ cause }) => cause);
  return `drift: ${[...new Set(drifting)].join(', ')}`;
}

/** Tells of the first incident of a kind, and waits until people have been told. */
async function showIncidents({ client, listener, signal }: Telling, kind: Incident['kind']): Promise<void> {
  const incident = await until(async () => (await client.incidents(model)).filter((one) => one.kind === kind && one.version === 1).sort((a, b) => a.openingChunk.localeCompare(b.openingChunk))[0] ?? null, signal);
  listener.detail(`incident ${incident.id}: ${incident.text}`);
  await until(async () => ((await client.notifications.list(model, { limit: 1_000 })).some((one) => one.kind === 'incident-opened' && one.state === 'sent' && one.id.includes(incident.identity)) ? true : null), signal);
}

/** @param past nobody is asked any more. @returns null when nobody was */
async function questionOf({ client, signal }: Telling, subject: DecisionSubject, part: string, past: () => Promise<boolean>): Promise<Decision | null> {
  const [question] = await until(async () => {
    const over = await past();   // looked at first: a question comes before its answer
    const found = (await client.decisions({ model, all: true })).findLast((decision) => decision.subject === subject && decision.id.includes(part));
    return found ? [found] : over ? [null] : null;
  }, signal);
  return question ?? null;
}

/** @param n of the challenge: the first, the second … */
async function showVerdict({ client, listener, signal }: Telling, version: number, n: number): Promise<void> {
  const given = async (): Promise<Verdict[]> => (await client.verdicts(model, { version })).filter(({ challenge }) => challenge > 0).reverse();
  const verdict = await until(async () => (await given())[n - 1] ?? null, signal);
  listener.detail(`verdict: ${verdict.text}`);
}
