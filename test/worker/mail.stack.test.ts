import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NotifyRequest } from '../../activities/contract.js';
import { addressFault, checkMailSettings, mailSettings, messageIdOf, oneLine, openMailer, type Mailer } from '../../activities/mail.js';
import { notify } from '../../activities/notify.js';
import { InvalidInput } from '../../domain/errors.js';
import { Inbox, type Received } from '../support/inbox.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';

const ID = '1/estimated_performance/roc_auc/000005/1';

async function addDecision(database: TestDatabase, model: string): Promise<number> {
  const { rows: [row] } = await database.pool.query<{ id: number }>(`insert into aftercare.model (name, problem_type, settings, created_by) values ($1, 'classification_binary', '{}', 'test') returning id`, [model]);
  const modelId = row!.id;
  const { rows: [version] } = await database.pool.query<{ id: number }>(`insert into aftercare.version (model_id, number, schema, created_by) values ($1, 1, '{}', 'test') returning id`, [modelId]);
  await database.pool.query('update aftercare.model set champion_version_id = $2 where id = $1', [modelId, version!.id]);
  const { rows: [incident] } = await database.pool.query<{ id: number }>(
    `insert into aftercare.incident (model_id, version_id, kind, cause, opening_chunk, last_chunk, chunk_count, ongoing, opened_by_run, opened_at, changed_at)
     values ($1, $2, 'estimated_performance', 'roc_auc', '000005', '000006', 2, true, 1, now(), now()) returning id`, [modelId, version!.id]);
  await database.pool.query(
    `insert into aftercare.decision (id, model_id, incident_id, question, options, workflow_id, asked_at, deadline_at)
     values ($1, $2, $3, $4, '{acknowledge,retrain,ignore}', $5, now(), '2031-05-06T07:08:09Z')`,
    [ID.replace(/^1/, String(modelId)), modelId, incident!.id, `Model '${model}': the estimated roc_auc left its thresholds.`, `aftercare/model/${modelId}/decision/estimated_performance/roc_auc/000005/1`]);
  return modelId;
}

describe('mail that tells of a decision', () => {
  const inbox = new Inbox();
  let database: TestDatabase;
  let modelId: number;
  let mailer: Mailer;
  beforeAll(async () => {
    database = await createDatabase();
    modelId = await addDecision(database, 'loans');
    await inbox.open();
    mailer = openMailer({ url: inbox.url, from: 'Aftercare <aftercare@example.org>' });
  });
  afterEach(() => {
    inbox.received.length = 0;
    inbox.refuse = null;
  });
  afterAll(async () => {
    mailer.close();
    await inbox.close();
    await database.drop();
  });
  const request = (more: Partial<NotifyRequest> = {}): NotifyRequest => ({ id: `${modelId}/asked`, modelId, kind: 'decision-asked', decisionId: ID.replace(/^1/, String(modelId)), recipients: ['ada@example.org'], atMs: 1_900_000_000_000, ...more });
  const rowsOf = async (id: string) => (await database.pool.query<{ recipient: string; state: string; attempts: number; lastError: string | null }>(
    `select recipient, state, attempts, last_error as "lastError" from aftercare.notification where starts_with(id, $1) order by id`, [id])).rows;

  it('says what, which model, and how to answer, by command and by signal', async () => {
    await notify({ pool: database.pool, mailer }, request());
    expect(inbox.received.length).toBe(1);
    const [{ to, headers, text: body }] = inbox.received as [Received];
    expect(to).toEqual(['ada@example.org']);
    expect(headers.get('subject')).toBe('[aftercare] loans: a decision waits (estimated performance, roc_auc)');
    expect(headers.get('from')).toBe('Aftercare <aftercare@example.org>');
    expect(headers.get('to')).toBe('ada@example.org');
    expect(headers.get('message-id')).toBe(`<${messageIdOf(`${modelId}/asked/ada@example.org`)}@example.org>`);
    expect(headers.get('auto-submitted')).toBe('auto-generated');
    for (const text of ['left its thresholds', 'chunks 000005 to 000006', '2031-05-06 07:08 UTC', `aftercare decide ${modelId}/estimated_performance/roc_auc/000005/1 acknowledge`,
      `temporal workflow signal --workflow-id aftercare/model/${modelId}/decision/estimated_performance/roc_auc/000005/1 --name aftercareAnswerSignal`]) expect(body).toContain(text);
    expect(await rowsOf(`${modelId}/asked`)).toEqual([{ recipient: 'ada@example.org', state: 'sent', attempts: 1, lastError: null }]);
  });

  it('is not sent again once it is recorded as sent', async () => {
    await notify({ pool: database.pool, mailer }, request());
    expect(inbox.received).toEqual([]);
  });

  it('carries the same Message-ID when a worker died before it could record', async () => {
    await notify({ pool: database.pool, mailer }, request({ id: `${modelId}/died` }));
    await database.pool.query(`update aftercare.notification set state = 'intended' where id = $1`, [`${modelId}/died/ada@example.org`]);
    await notify({ pool: database.pool, mailer }, request({ id: `${modelId}/died` }));
    expect(new Set(inbox.received.map(({ headers }) => headers.get('message-id'))).size).toBe(1);
    expect(inbox.received.length).toBe(2);
    expect(await rowsOf(`${modelId}/died`)).toMatchObject([{ state: 'sent', attempts: 2 }]);
  });

  it('goes to the others when one recipient is refused for good, and records why', async () => {
    inbox.refuse = { address: 'gone@example.org', code: 550, times: 9 };
    await notify({ pool: database.pool, mailer }, request({ id: `${modelId}/refused`, recipients: ['gone@example.org', 'ada@example.org', 'no address'] }));
    expect(inbox.received.map(({ to }) => to)).toEqual([['ada@example.org']]);
    const rows = await rowsOf(`${modelId}/refused`);
    expect(rows.map(({ recipient, state }) => [recipient, state])).toEqual([['ada@example.org', 'sent'], ['gone@example.org', 'dead'], ['no address', 'dead']]);
    expect(rows[1]!.lastError).toContain('550');
    expect(rows[2]!.lastError).toBe("'no address' is no e-mail address");
  });

  it('fails for now when the server defers, and the next attempt sends only what is still due', async () => {
    inbox.refuse = { address: 'grace@example.org', code: 451, times: 1 };
    const both = request({ id: `${modelId}/deferred`, recipients: ['grace@example.org', 'ada@example.org'] });
    await expect(notify({ pool: database.pool, mailer }, both)).rejects.toThrow('451');
    expect((await rowsOf(`${modelId}/deferred`)).map(({ state }) => state)).toEqual(['sent', 'intended']);
    await notify({ pool: database.pool, mailer }, both);
    expect(inbox.received.map(({ to }) => to)).toEqual([['ada@example.org'], ['grace@example.org']]);
    expect(await rowsOf(`${modelId}/deferred`)).toMatchObject([{ state: 'sent', attempts: 1 }, { state: 'sent', attempts: 2 }]);
  });

  it('is a dead letter, and fails nothing, without a mail server', async () => {
    await notify({ pool: database.pool, mailer: null }, request({ id: `${modelId}/none` }));
    expect(await rowsOf(`${modelId}/none`)).toEqual([{ recipient: 'ada@example.org', state: 'dead', attempts: 1, lastError: 'no mail server is configured: workers are given one by --mail or AFTERCARE_MAIL_URL' }]);
  });

  it('tells nobody of a decision that went with its model', async () => {
    await notify({ pool: database.pool, mailer }, request({ id: 'gone', decisionId: '999/x' }));
    expect(inbox.received).toEqual([]);
  });

  it('cannot be given a header by a model\'s name or a recipient', async () => {
    const evil = await addDecision(database, 'loans\r\nBcc: eve@example.org\r\n\r\nhello');
    await notify({ pool: database.pool, mailer }, request({ id: `${evil}/evil`, modelId: evil, decisionId: ID.replace(/^1/, String(evil)), recipients: ['ada@example.org', 'ada@example.org\r\nBcc: eve@example.org', 'ada@example.org, eve@example.org'] }));
    expect(inbox.received.length).toBe(1);
    const [{ to, headers, text: body }] = inbox.received as [Received];
    expect(to).toEqual(['ada@example.org']);
    expect([...headers.keys()]).not.toContain('bcc');
    expect(headers.get('subject')).toContain('loans Bcc: eve@example.org hello');
    expect(body).not.toMatch(/^Bcc:/m);
  });

  it('reminds, escalates and tells how it ended in words of their own', async () => {
    for (const kind of ['decision-reminder', 'decision-escalated'] as const) await notify({ pool: database.pool, mailer }, request({ id: `${modelId}/${kind}`, kind }));
    await database.pool.query(`update aftercare.decision set state = 'answered', answer = 'retrain', answered_by = 'ada', note = 'new season' where model_id = $1`, [modelId]);
    await notify({ pool: database.pool, mailer }, request({ id: `${modelId}/closed`, kind: 'decision-closed' }));
    expect(inbox.received.map(({ headers }) => headers.get('subject'))).toEqual([
      '[aftercare] loans: reminder: a decision waits (estimated performance, roc_auc)',
      '[aftercare] loans: ESCALATED: a decision still waits (estimated performance, roc_auc)',
      '[aftercare] loans: a decision is closed (estimated performance, roc_auc)',
    ]);
    expect(inbox.received[2]!.text).toContain('Answer: retrain, by ada (new season).');

    await notify({ pool: database.pool, mailer }, request({ id: `${modelId}/late-reminder`, kind: 'decision-reminder' }));
    expect(inbox.received.length).toBe(3);
    expect(await rowsOf(`${modelId}/late-reminder`)).toEqual([{ recipient: 'ada@example.org', state: 'withdrawn', attempts: 0, lastError: 'the decision is answered' }]);
    await database.pool.query(`update aftercare.decision set state = 'waiting', answer = null, answered_by = null, note = null where model_id = $1`, [modelId]);
  });

  it('tries again later when its credentials are refused or the server is away', async () => {
    const strict = new Inbox();
    await strict.open({ authOptional: false, onAuth: ({ password }, _session, done) => (password === 'right' ? done(null, { user: 'aftercare' }) : done(new Error('no'))) });
    const withPassword = (password: string) => openMailer({ url: strict.url.replace('smtp://', `smtp://aftercare:${password}@`), from: 'aftercare@example.org' });
    const again = request({ id: `${modelId}/credentials` });
    await expect(notify({ pool: database.pool, mailer: withPassword('wrong') }, again)).rejects.toThrow();
    await notify({ pool: database.pool, mailer: withPassword('right') }, again);
    expect(strict.received.length).toBe(1);
    await strict.close();
    await expect(notify({ pool: database.pool, mailer: withPassword('right') }, request({ id: `${modelId}/away` }))).rejects.toThrow('ECONNREFUSED');
    expect(await rowsOf(`${modelId}/away`)).toMatchObject([{ state: 'intended', attempts: 1 }]);
  });
});

describe('mail settings', () => {
  it('come from flags, else from the environment, else there are none', () => {
    expect(mailSettings({}, {})).toBeNull();
    expect(mailSettings({ url: 'smtp://h:25' }, { AFTERCARE_MAIL_FROM: 'a@b' })).toEqual({ url: 'smtp://h:25', from: 'a@b' });
    expect(mailSettings({}, { AFTERCARE_MAIL_URL: 'smtps://h' })).toEqual({ url: 'smtps://h', from: 'aftercare@localhost' });
  });

  it('are refused without repeating the password', () => {
    expect(() => checkMailSettings({ url: 'http://user:secret@h', from: 'a@b' })).toThrow(InvalidInput);
    expect(() => checkMailSettings({ url: 'http://user:secret@h', from: 'a@b' })).not.toThrow('secret');
    expect(() => checkMailSettings({ url: 'smtp://h', from: 'nobody' })).toThrow("'nobody' is no e-mail address");
  });

  it('take one plain address and nothing else', () => {
    expect(['a@b', 'ada.lovelace+x@mail.example.org', 'ü@exämple.org'].map(addressFault)).toEqual([null, null, null]);
    for (const wrong of ['', 'ada', 'a@b@c', 'a b@c', '<a@b>', 'a@b\n', 'a@b,c@d', '"a"@b', `${'a'.repeat(260)}@b`]) expect(addressFault(wrong), wrong).not.toBeNull();
    expect(oneLine('a\r\nb\u2028c')).toBe('a b c');
  });
});
