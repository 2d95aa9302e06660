import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMailer, type Mailer } from '../../../activities/mail.js';
import { buryNotification } from '../../../activities/notifications/bury.js';
import { deliverNotification } from '../../../activities/notifications/deliver.js';
import { planNotification } from '../../../activities/notifications/plan.js';
import type { SendDeps } from '../../../activities/notifications/index.js';
import { checkSettings } from '../../../client/settings-check.js';
import { NotFound } from '../../../domain/errors.js';
import type { NotificationSettings } from '../../../domain/lifecycle-settings.js';
import type { Notice } from '../../../domain/notice.js';
import { defaultSettings } from '../../../domain/settings.js';
import { isSigned } from '../../../domain/signature.js';
import { readToken } from '../../../domain/signed-token.js';
import { readNotifications } from '../../../store/deliveries.js';
import { signingKey, writeSecret } from '../../../store/secrets.js';
import { Inbox } from '../../support/inbox.js';
import { Receiver } from '../../support/receiver.js';
import { createDatabase, type TestDatabase } from '../../support/stack.js';

const inbox = new Inbox();
const receiver = new Receiver();
let database: TestDatabase;
let mailer: Mailer;
let deps: SendDeps;
let models = 0;
let modelId: number;

beforeAll(async () => {
  database = await createDatabase();
  await Promise.all([inbox.open(), receiver.open()]);
  mailer = openMailer({ url: inbox.url, from: 'Aftercare <aftercare@example.org>' });
  deps = { pool: database.pool, mailer, publicUrl: 'https://care.example.org/' };
  await writeSecret(database.pool, 'ops-key', Buffer.from('a key of somebody else'), 'test');
});
beforeEach(async () => {
  modelId = await addModel({
    channels: [{ name: 'ops', kind: 'webhook', url: `${receiver.url}/ops`, secret: 'ops-key', headers: { 'x-team': 'ops' } }, { name: 'chat', kind: 'slack', urlSecret: 'chat-address' }, { name: 'science', kind: 'email', to: ['ada@example.org', 'grace@example.org'] }],
    routes: [{ channels: ['ops'], topics: ['failure'] }, { channels: ['chat'], topics: ['gate'] }, { channels: ['science'], topics: ['drift', 'performance'] }, { channels: ['science', 'ops'], topics: ['targets'], digest: true }],
  });
});
afterEach(() => {
  inbox.received.length = 0;
  receiver.posted.length = 0;
  receiver.answers = [];
});
afterAll(async () => {
  mailer.close();
  await Promise.all([inbox.close(), receiver.close()]);
  await database.drop();
});

async function addModel(notifications: Partial<NotificationSettings>, name = `loans ${++models}`): Promise<number> {
  const { rows: [model] } = await database.pool.query<{ id: number }>(`insert into aftercare.model (name, problem_type, settings, created_by) values ($1, 'classification_binary', $2, 'test') returning id`, [name, JSON.stringify({ zone: 'Europe/Berlin', notifications })]);
  await database.pool.query(`with v as (insert into aftercare.version (model_id, number, schema, created_by) values ($1, 1, '{}', 'test') returning id) update aftercare.model set champion_version_id = v.id from v where model.id = $1`, [model!.id]);
  return model!.id;
}

const AT_MS = Date.UTC(2030, 2, 5, 10);
const notice = (id: string, more: Partial<Notice>): Notice => ({ id, modelId, kind: 'incident-opened', topic: 'failure', severity: 'critical', subject: { type: 'none', id: '' }, text: 'No inferences for two hours.', atMs: AT_MS, ...more });
const deliver = async (given: Notice) => {
  const { deliveries } = await planNotification(deps, { notice: given });
  const states = await Promise.all(deliveries.map(async ({ id, digest, dueAtMs }) => (await deliverNotification(deps, { modelId: given.modelId, id, digest, atMs: dueAtMs })).state));
  return { deliveries, states };
};
const records = () => readNotifications(database.pool, modelId);

describe('a webhook', () => {
  it('brings the notice as JSON, signed, with an id by which a repeat is known, and the headers that were asked for', async () => {
    const { deliveries, states } = await deliver(notice('incident/silence/1/opened', {}));
    expect(states).toEqual(['sent']);
    const [{ headers, body, text, path }] = receiver.posted as [typeof receiver.posted[0]];
    expect(path).toBe('/ops');
    expect(body).toEqual({ id: deliveries[0]!.id, kind: 'incident-opened', topic: 'failure', severity: 'critical', model: `loans ${models}`, text: 'No inferences for two hours.', at: '2030-03-05T10:00:00.000Z', subject: { type: 'none', id: '' } });
    expect(headers['x-team']).toBe('ops');
    const signed = { id: String(headers['aftercare-id']), timestamp: Number(headers['aftercare-timestamp']), body: text };
    expect(decodeURIComponent(signed.id)).toBe(deliveries[0]!.id);
    expect(await isSigned(Buffer.from('a key of somebody else'), signed, String(headers['aftercare-signature']), Date.now())).toBe(true);
    expect(await isSigned(Buffer.from('another key'), signed, String(headers['aftercare-signature']), Date.now())).toBe(false);
    expect(await isSigned(Buffer.from('a key of somebody else'), { ...signed, body: text.replace('critical', 'info') }, String(headers['aftercare-signature']), Date.now())).toBe(false);
  });

  it('is checked by what the documentation tells receivers to do', async () => {
    const page = readFileSync(new URL('../../../docs/how-it-works/notifications.md', import.meta.url), 'utf8');
    const code = /```js\n([\s\S]*?)```/.exec(page)![1]!;
    const { isFromAftercare } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { isFromAftercare: (key: string, headers: object, body: string, nowSeconds?: number) => boolean };
    await deliver(notice('x', {}));
    const [{ headers, text }] = receiver.posted as [typeof receiver.posted[0]];
    expect(isFromAftercare('a key of somebody else', headers, text)).toBe(true);
    expect(isFromAftercare('another key', headers, text)).toBe(false);
    expect(isFromAftercare('a key of somebody else', headers, `${text} `)).toBe(false);
    expect(isFromAftercare('a key of somebody else', headers, text, Date.now() / 1000 + 301)).toBe(false);

    const settings = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)![1]!) as object;
    expect(checkSettings({ ...defaultSettings('classification_binary', { kind: 'size', size: 100 }), ...settings })).toMatchObject(settings);
  });

  it('is tried again after 500, with the same id, and not again once it is recorded', async () => {
    receiver.answers = [500];
    const { deliveries: [planned] } = await planNotification(deps, { notice: notice('x', {}) });
    const request = { modelId, id: planned!.id, digest: null, atMs: AT_MS };
    await expect(deliverNotification(deps, request)).rejects.toThrow('answered 500');
    expect(await records()).toMatchObject([{ state: 'intended', attempts: 1 }]);
    expect(await deliverNotification(deps, request)).toEqual({ state: 'sent' });
    expect(await deliverNotification(deps, request)).toEqual({ state: 'sent' });
    expect(receiver.posted.map(({ headers }) => decodeURIComponent(String(headers['aftercare-id'])))).toEqual([planned!.id, planned!.id]);
    expect(await records()).toMatchObject([{ state: 'sent', attempts: 2, lastError: null }]);
    expect((await planNotification(deps, { notice: notice('x', {}) })).deliveries).toEqual([]);
  });

  it('is a dead letter at once after 400, and can be sent again by hand', async () => {
    receiver.answers = [400];
    const { deliveries: [planned], states } = await deliver(notice('x', {}));
    expect(states).toEqual(['dead']);
    expect(receiver.posted.length).toBe(1);
    const [dead] = await readNotifications(database.pool, modelId, { dead: true });
    expect(dead).toMatchObject({ state: 'dead', attempts: 1, medium: 'webhook', recipient: 'ops' });
    expect(dead!.lastError).toMatch(/^127\.0\.0\.1:\d+ answered 400$/);
    const again = await planNotification(deps, { notice: notice('x', {}), again: planned!.id, atMs: AT_MS + 60_000 });
    expect(again.deliveries).toMatchObject([{ id: planned!.id, dueAtMs: AT_MS + 60_000 }]);
    expect(await deliverNotification(deps, { modelId, id: planned!.id, digest: null, atMs: AT_MS + 60_000 })).toEqual({ state: 'sent' });
    await expect(planNotification(deps, { notice: notice('x', {}), again: planned!.id })).rejects.toThrow('is no notification that was given up');
  });

  it('whose channel left the settings, or whose secret is missing, is a dead letter that says so', async () => {
    const { states } = await deliver(notice('chat', { topic: 'gate' }));
    expect(states).toEqual(['dead']);
    const { deliveries: [planned] } = await planNotification(deps, { notice: notice('gone', {}) });
    await database.pool.query(`update aftercare.model set settings = settings - 'notifications' where id = $1`, [modelId]);
    expect(await deliverNotification(deps, { modelId, id: planned!.id, digest: null, atMs: AT_MS })).toEqual({ state: 'dead' });
    expect((await records()).map(({ lastError }) => lastError).sort()).toEqual(["the model's settings have no webhook channel 'ops' any more", "there is no secret 'chat-address': set it with aftercare secret set chat-address"]);
    expect(receiver.posted).toEqual([]);
  });
});

describe('a chat', () => {
  it('gets text and blocks at an address that is a secret, and no name in it becomes a link or calls everybody', async () => {
    await writeSecret(database.pool, 'chat-address', Buffer.from(`${receiver.url}/services/T0/B0/xyz`), 'test');
    const { states } = await deliver(notice('chat', { topic: 'gate', text: 'Batch <!channel> of *loans* is held & waits <https://evil.example.org|here>.' }));
    expect(states).toEqual(['sent']);
    const [{ path, text }] = receiver.posted as [typeof receiver.posted[0]];
    expect(path).toBe('/services/T0/B0/xyz');
    const body = JSON.parse(text) as { text: string; blocks: { type: string; text?: { text: string } }[] };
    expect(body.text).toBe(`[aftercare] loans ${models}: Batch &lt;!channel&gt; of *loans* is held &amp; waits &lt;https://evil.example.org|here&gt;.`);
    expect(body.blocks[0]).toEqual({ type: 'section', text: { type: 'mrkdwn', text: '*Batch &lt;!channel&gt; of *loans* is held &amp; waits &lt;https://evil.example.org|here&gt;.*' } });
    expect(text).not.toContain('<!channel>');
    expect((await records())[0]).toMatchObject({ recipient: 'chat', state: 'sent' });
    expect(JSON.stringify(await records())).not.toContain('services/T0');
  });
});

/** As a run leaves them: chunks with values of one series, a threshold of 0.7 in force, and the incident of the two that fell below it. */
async function addIncident(): Promise<number> {
  const { rows: [incident] } = await database.pool.query<{ id: number }>(
    `with version as (select champion_version_id as id from aftercare.model where id = $1),
          fitted as (insert into aftercare.fitted (version_id, key, calculator, body) select id, 'fitted ' || $1::int, 'estimated_performance', '{}' from version returning id),
          run as (insert into aftercare.run (model_id, version_id, number, state, trigger, requested_by, previous_horizon, horizon, settings, settings_revision)
            select $1, id, 1, 'completed', 'manual', 'test', 0, 1, '{}', 1 from version returning id),
          force as (insert into aftercare.in_force (version_id, segment, scheme, calculator, fitted_id, threshold_key, run_id) select v.id, '', 'size:100', 'estimated_performance', f.id, 'thresholds', r.id from version v, fitted f, run r),
          chunk as (insert into aftercare.chunk (version_id, scheme, period, key, ordinal, rows, start_at, end_at, complete, data_revision)
            select v.id, 'size:100', case when n < 4 then 'reference' else 'analysis' end, lpad((n % 4)::text, 6, '0'), n % 4, 100, '2030-01-01'::timestamptz + n * interval '1 day', '2030-01-01'::timestamptz + (n + 1) * interval '1 day', true, 1
            from version v, generate_series(0, 7) n returning id, key, period),
          measured as (insert into aftercare.measurement (chunk_id, fitted_id, calculator, metric, value, provisional, data_revision, run_id, engine_version)
            select c.id, f.id, 'estimated_performance', 'roc_auc', case when c.period = 'analysis' and c.key >= '000002' then 0.625 else 0.75 end, false, 1, 1, '1' from chunk c, fitted f returning id, value),
          judged as (insert into aftercare.judgement (measurement_id, threshold_key, lower, upper, alert) select id, 'thresholds', 0.7, 0.8, value < 0.7 from measured)
     insert into aftercare.incident (model_id, version_id, kind, cause, opening_chunk, last_chunk, chunk_count, ongoing, opened_by_run, opened_at, changed_at, text)
     select $1, v.id, 'estimated_performance', 'roc_auc', '000002', '000003', 2, true, 1, '2030-03-05', '2030-03-05', 'The estimated ROC AUC fell below its threshold.' from version v returning id`, [modelId]);
  return incident!.id;
}

async function addDecision(incidentId: number): Promise<string> {
  const id = `${modelId}/estimated_performance/roc_auc/000002/1`;
  await database.pool.query(
    `insert into aftercare.decision (id, model_id, incident_id, question, options, workflow_id, asked_at, deadline_at, approvers)
     values ($1, $2, $3, 'The estimated ROC AUC fell below its threshold. Acknowledge, retrain or ignore?', '{acknowledge,retrain,ignore}', $4, now(), '2031-05-06T07:08:09Z', '{}')`, [id, modelId, incidentId, `aftercare/model/${modelId}/decision/estimated_performance/roc_auc/000002/1`]);
  return id;
}

describe('a mail about an incident', () => {
  it('says it in text and in HTML, with the values, and has the plot inside', async () => {
    const incidentId = await addIncident();
    const { deliveries, states } = await deliver(notice('incident/1/opened', { topic: 'performance', severity: 'warning', text: 'The estimated ROC AUC fell below its threshold.', subject: { type: 'incident', id: 'estimated_performance/roc_auc/000002' } }));
    expect(states).toEqual(['sent', 'sent']);
    expect(inbox.received.map(({ to }) => to).sort()).toEqual([['ada@example.org'], ['grace@example.org']]);
    expect(new Set(inbox.received.map(({ mail }) => mail.messageId)).size).toBe(2);
    const { mail, text } = inbox.received[0]!;
    expect(mail.subject).toBe(`[aftercare] loans ${models}: incident (estimated performance, roc_auc)`);
    for (const told of ['The estimated ROC AUC fell below its threshold.', 'chunks 000002 to 000003', '0.625', `aftercare incidents acknowledge ${incidentId} --as`]) expect(text).toContain(told);
    expect(text).toMatch(/000002 +2030-01-07 00:00 +2030-01-08 00:00 +ROC AUC +0\.625 +0\.7 +0\.8/);
    expect(mail.html).toContain('<td style="padding:5px 10px 5px 0;border-bottom:1px solid #e3e8ee;font-size:13px;text-align:left;vertical-align:top">0.625</td>');
    const [plot] = mail.attachments;
    expect(plot).toMatchObject({ mimeType: 'image/png', disposition: 'inline', related: true });
    expect(mail.html).toContain(`<img src="cid:${plot!.contentId!.replace(/[<>]/g, '')}"`);
    expect(mail.html).toMatch(/alt="Estimated ROC AUC \(estimated performance\): 2 alerts in the analysis; last value 0\.625"/);
    expect(Buffer.from(plot!.content as ArrayBuffer).subarray(1, 4).toString()).toBe('PNG');
    expect(deliveries.length).toBe(2);
    expect((await records()).map(({ subject }) => subject)).toEqual([mail.subject, mail.subject]);
  });

  it('is not sent any more when late data took the incident back', async () => {
    const incidentId = await addIncident();
    await database.pool.query(`update aftercare.incident set state = 'withdrawn' where id = $1`, [incidentId]);
    const { states } = await deliver(notice('incident/1/opened', { topic: 'performance', subject: { type: 'incident', id: 'estimated_performance/roc_auc/000002' } }));
    expect(states).toEqual(['withdrawn', 'withdrawn']);
    expect(inbox.received).toEqual([]);
  });

  it('says the sentence alone where there is no such incident', async () => {
    const { states } = await deliver(notice('incident/9/opened', { topic: 'performance', text: 'Something fell.', subject: { type: 'incident', id: 'drift/no/such/000002' } }));
    expect(states).toEqual(['sent', 'sent']);
    expect(inbox.received[0]!.mail.attachments).toEqual([]);
  });
});

describe('a mail about a decision', () => {
  const asked = (id: string, more: Partial<Notice> = {}): Notice => notice(`${id}/asked`, { kind: 'decision-asked', topic: 'decision', severity: 'warning', subject: { type: 'decision', id }, text: 'A question.', recipients: ['ada@example.org', 'linus@example.org'], ...more });

  it('has a link for each person, signed, that ends with the question', async () => {
    const id = await addDecision(await addIncident());
    await deliver(asked(id));
    const links = inbox.received.map(({ text, to }) => ({ to: to[0], token: /https:\/\/care\.example\.org\/decisions\/(\S+)/.exec(text)![1]! }));
    expect(new Set(links.map(({ token }) => token)).size).toBe(2);
    const untilMs = Date.parse('2031-05-06T07:08:09Z');
    for (const { to, token } of links) {
      expect(await readToken(await signingKey(database.pool), token, 'answer', untilMs - 1)).toEqual({ use: 'answer', decision: id, person: to, untilMs });
      expect(await readToken(await signingKey(database.pool), token, 'answer', untilMs)).toBeNull();
    }
    expect(inbox.received[0]!.mail.html).toContain(`href="https://care.example.org/decisions/`);
    expect(inbox.received[0]!.mail.attachments.length).toBe(1);
  });

  it('has the same link, and the same Message-ID, when it is sent again', async () => {
    const id = await addDecision(await addIncident());
    const { deliveries } = await deliver(asked(id, { recipients: ['ada@example.org'] }));
    await database.pool.query(`update aftercare.notification set state = 'intended' where id = $1`, [deliveries[0]!.id]);
    await deliverNotification(deps, { modelId, id: deliveries[0]!.id, digest: null, atMs: AT_MS });
    const [first, second] = inbox.received;
    expect(second!.mail.messageId).toBe(first!.mail.messageId);
    expect(second!.text).toBe(first!.text);
  });

  it('has no link where there is no page, nor in what others read', async () => {
    const id = await addDecision(await addIncident());
    const { deliveries: [planned] } = await planNotification(deps, { notice: asked(id, { recipients: ['ada@example.org'] }) });
    await deliverNotification({ pool: deps.pool, mailer }, { modelId, id: planned!.id, digest: null, atMs: AT_MS });
    expect(inbox.received[0]!.raw).not.toContain('/decisions/');
    await deliver(notice('hook', { topic: 'failure', kind: 'decision-asked', subject: { type: 'decision', id } }));
    expect(receiver.posted[0]!.text).not.toContain('/decisions/ey');
    expect(receiver.posted[0]!.body).toMatchObject({ decision: { id, state: 'waiting', options: ['acknowledge', 'retrain', 'ignore'] }, values: [{ chunk: '000002', value: 0.625, lower: 0.7 }, { chunk: '000003' }] });
  });

  it('tells of an approval, which has no incident', async () => {
    const id = `${modelId}/retraining/3/1`;
    await database.pool.query(
      `with asked as (insert into aftercare.retraining (model_id, number, key, trigger, requested_by, reason, asked_at) values ($2, 3, 'k', 'manual', 'ada', 'the new season began', now()))
       insert into aftercare.decision (id, model_id, subject, question, options, workflow_id, asked_at, deadline_at, approvers) values ($1, $2, 'retraining', 'Train it anew?', '{approve,reject}', 'w', now(), '2031-05-06T07:08:09Z', '{maria}')`, [id, modelId]);
    await deliver(asked(id, { recipients: ['ada@example.org'] }));
    const { mail, text } = inbox.received[0]!;
    expect(mail.subject).toBe(`[aftercare] loans ${models}: a decision waits (retraining 3)`);
    for (const told of ['Train it anew?', '3, asked', 'the new season began', 'May be answered by: maria', `aftercare decide ${id} approve --as maria`]) expect(text).toContain(told);
  });

  it('has a link only for those who may answer', async () => {
    const id = await addDecision(await addIncident());
    await database.pool.query(`update aftercare.decision set approvers = '{Linus@example.org}' where id = $1`, [id]);
    await deliver(asked(id));
    expect(inbox.received.map(({ to, text }) => [to[0], text.includes('/decisions/')]).sort()).toEqual([['ada@example.org', false], ['linus@example.org', true]]);
  });

  it('brings the numbers of a verdict to whoever decides on a promotion', async () => {
    const comparison = { metric: 'roc_auc', pairs: 2_000, basis: 'realized', champion: 0.7, challenger: 0.74, difference: { mean: 0.04, lower: 0.02, upper: 0.06 }, probability: { better: 0.99, worse: 0, equivalent: 0.01 }, judgement: 'better', reason: null };
    const verdict = { model: 'loans', challenge: 4, champion: 1, challenger: 2, horizon: 9, judgement: 'better', text: 'better', comparison, segments: { 'region=north': { ...comparison, pairs: 700 } }, guardrails: [{ guardrail: 'error_rate', kept: true, text: 'errors 0.1 % against 0.2 %' }] };
    const id = `${modelId}/promotion/4/1`;
    await database.pool.query(
      `with second as (insert into aftercare.version (model_id, number, schema, created_by) values ($2, 2, '{}', 'test') returning id),
            found as (insert into aftercare.verdict (model_id, challenge, challenger, champion, horizon, judgement, body) values ($2, 4, 2, 1, 9, 'better', $3)),
            challenge as (insert into aftercare.challenge (model_id, number, mode, state, version_id, against_version_id, judgement, requested_by, reason, started_at, changed_at) select $2, 4, 'challenge', 'deciding', s.id, m.champion_version_id, 'better', 'policy', '', now(), now() from second s, aftercare.model m where m.id = $2)
       insert into aftercare.decision (id, model_id, subject, question, options, workflow_id, asked_at, deadline_at) values ($1, $2, 'promotion', 'Put version 2 in charge?', '{approve,reject}', 'w', now(), '2031-05-06T07:08:09Z')`, [id, modelId, JSON.stringify(verdict)]);
    await deliver(asked(id, { recipients: ['ada@example.org'] }));
    const { text } = inbox.received[0]!;
    for (const told of ['Put version 2 in charge?', '2, against 1', 'kept: errors 0.1 % against 0.2 %', 'positive difference is good']) expect(text).toContain(told);
    expect(text).toMatch(/all +ROC AUC +2,000 realized +0\.7 +0\.74 +\+0\.04 \(\+0\.02 to \+0\.06\) +0\.990/);
    expect(text).toMatch(/region=north +ROC AUC +700 realized/);
    await deliver(notice('challenge-verdict/4/1/9', { topic: 'failure', kind: 'challenge-verdict', subject: { type: 'challenge', id: '4' }, text: 'Version 2 is better.' }));
    expect(receiver.posted[0]!.body).toMatchObject({ text: 'Version 2 is better.', challenge: { number: 4, version: 2 }, verdict: { comparison: { pairs: 2_000 } } });
  });

  it('says of a held batch what was estimated and what is allowed', async () => {
    await database.pool.query(
      `with gate as (insert into aftercare.gate (model_id, batch, answer, state, rule, value, sampling_error, lower, rows, text, asked_by, asked_at) values ($1::int, 'day/7', 'hold', 'held', '{"metric":"roc_auc"}', 0.61, 0.01, 0.7, 500, 'low', 'ada', now()))
       insert into aftercare.decision (id, model_id, subject, question, options, workflow_id, asked_at, deadline_at) values ($1::int || '/gate/day/7/1', $1::int, 'gate', 'Use it?', '{release,reject}', 'w', now(), '2031-05-06T07:08:09Z')`, [modelId]);
    await deliver(asked(`${modelId}/gate/day/7/1`, { recipients: ['ada@example.org'] }));
    for (const told of ['day/7, 500 rows, held', 'ROC AUC 0.61 ± 0.01', '0.7 to any', `aftercare decide ${modelId}/gate/day/7/1 release`]) expect(inbox.received[0]!.text).toContain(told);
  });

  it('cannot be given a header, an element or a command by what people named', async () => {
    modelId = await addModel({}, 'loans\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>');
    const { states } = await deliver(notice('evil', { text: 'Column \'a\r\nBcc: eve@example.org\' <img src=x onerror=alert(1)>', recipients: ['ada@example.org', 'ada@example.org\r\nBcc: eve@example.org', 'a@b, eve@example.org'] }));
    expect(states.sort()).toEqual(['dead', 'dead', 'sent']);
    expect(inbox.received.length).toBe(1);
    const { to, headers, mail, text } = inbox.received[0]!;
    expect(to).toEqual(['ada@example.org']);
    expect([...headers.keys()]).not.toContain('bcc');
    expect(mail.subject).toContain('loans Bcc: eve@example.org <script>');
    expect(text).not.toMatch(/^Bcc:/m);
    expect(mail.html).not.toMatch(/<script|<img/);
    expect(mail.html).toContain('&lt;script&gt;');
  });
});

describe('a digest', () => {
  it('is one message for each recipient, whoever comes to its moment first', async () => {
    const told = ['a', 'b', 'c'].map((id, i) => notice(`targets/${id}`, { topic: 'targets', severity: i === 1 ? 'warning' : 'info', text: `Targets of chunk ${id} are late.`, atMs: AT_MS + i * 60_000 }));
    const planned = (await Promise.all(told.map((one) => planNotification(deps, { notice: one })))).flatMap(({ deliveries }) => deliveries);
    expect(planned.length).toBe(9);
    expect(new Set(planned.map(({ dueAtMs }) => new Date(dueAtMs).toISOString()))).toEqual(new Set(['2030-03-06T07:00:00.000Z']));   // 08:00 in Berlin
    expect(new Set(planned.map(({ digest }) => digest)).size).toBe(3);
    const attempt = () => Promise.allSettled(planned.map(({ id, digest, dueAtMs }) => deliverNotification(deps, { modelId, id, digest, atMs: dueAtMs })));
    for (let turn = 0; (await attempt()).some(({ status }) => status === 'rejected') && turn < 20;) turn += 1;
    expect((await records()).every(({ state }) => state === 'sent')).toBe(true);
    expect(inbox.received.map(({ to }) => to[0]).sort()).toEqual(['ada@example.org', 'grace@example.org']);
    const { mail, text } = inbox.received[0]!;
    expect(mail.subject).toBe(`[aftercare] loans ${models}: digest, 3 notices`);
    expect(['a', 'b', 'c'].map((id) => text.indexOf(`Targets of chunk ${id} are late.`))).toEqual(['a', 'b', 'c'].map((id) => text.indexOf(`Targets of chunk ${id} are late.`)).sort((x, y) => x - y));
    expect(text).toMatch(/2030-03-05 10:01 +warning +targets +Targets of chunk b are late\./);
    expect(receiver.posted.length).toBe(1);
    expect(receiver.posted[0]!.body).toMatchObject({ kind: 'digest', severity: 'warning', notices: [{ text: 'Targets of chunk a are late.', kind: 'incident-opened' }, { severity: 'warning' }, {}] });
  });

  it('whose sending failed is the same message the next time, with what came meanwhile in another', async () => {
    const planOf = async (id: string) => (await planNotification(deps, { notice: notice(`targets/${id}`, { topic: 'targets', text: `Targets of chunk ${id} are late.` }) })).deliveries.find(({ id: name }) => name.endsWith('/webhook/ops'))!;
    const [a, b] = [await planOf('a'), await planOf('b')];
    const send = ({ id, digest, dueAtMs }: typeof a) => deliverNotification(deps, { modelId, id, digest, atMs: dueAtMs });
    receiver.answers = [503];
    await expect(send(a)).rejects.toThrow('answered 503');
    const late = await planOf('c');
    expect(await send(b)).toEqual({ state: 'sent' });
    expect(await send(late)).toEqual({ state: 'sent' });
    const texts = receiver.posted.map(({ headers, body }) => [String(headers['aftercare-id']), (body.notices as { text: string }[]).length]);
    expect(texts.map(([, n]) => n)).toEqual([2, 2, 1]);
    expect(texts[0]![0]).toBe(texts[1]![0]);
    expect(texts[2]![0]).not.toBe(texts[0]![0]);
    expect(await send(a)).toEqual({ state: 'sent' });
    expect(receiver.posted.length).toBe(3);
  });
});

describe('what is given up', () => {
  it('is recorded with its reason, and stays sent where it was sent', async () => {
    const { deliveries: [planned] } = await planNotification(deps, { notice: notice('x', {}) });
    await buryNotification(deps, { id: planned!.id, reason: 'ops.example.org did not answer: ECONNREFUSED' });
    expect(await records()).toMatchObject([{ state: 'dead', lastError: 'ops.example.org did not answer: ECONNREFUSED' }]);
    await deliver(notice('y', {}));
    await buryNotification(deps, { id: `${modelId}/y/webhook/ops`, reason: 'too late' });
    expect((await records()).map(({ state }) => state).sort()).toEqual(['dead', 'sent']);
  });

  it('nobody is told of a model that is gone', async () => {
    const { deliveries: [planned] } = await planNotification(deps, { notice: notice('x', {}) });
    await database.pool.query(`update aftercare.model set state = 'deleted' where id = $1`, [modelId]);
    expect(await deliverNotification(deps, { modelId, id: planned!.id, digest: null, atMs: AT_MS })).toEqual({ state: 'withdrawn' });
    await expect(planNotification(deps, { notice: notice('y', {}) })).rejects.toThrow(NotFound);
    expect(receiver.posted).toEqual([]);
  });
});
