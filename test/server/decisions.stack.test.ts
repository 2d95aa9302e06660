/** Links in mails: the page behind them answers once, for the person whom the link was sent to. */
import type { FastifyInstance } from 'fastify';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, launchChromium } from '../plots/chromium.js';
import { form, openServedStack, type ServedStack } from './support.js';

let stack: ServedStack;
let app: FastifyInstance;
let modelId: number;
let questions = 0;

beforeAll(async () => {
  stack = await openServedStack();
  modelId = await stack.addModel('loans <b>& co</b>');
  app = await stack.server();
});
afterAll(() => stack?.close());

const LATER = Date.now() + 7_200_000;
const open = (token: string) => app.inject({ method: 'GET', url: `/decisions/${token}` });
const post = (token: string, fields: Record<string, string>, headers: Record<string, string> = {}) => app.inject({ method: 'POST', url: `/decisions/${token}`, ...form(fields, headers) });

async function asked(person = 'ada@example.org', options: { approvers?: string[]; untilMs?: number } = {}): Promise<{ decision: string; token: string }> {
  const decision = await stack.ask(modelId, ++questions, options);
  return { decision, token: await stack.link({ use: 'answer', decision, person, untilMs: options.untilMs ?? LATER }) };
}
const stateOf = async (decision: string) => (await stack.client.decisions({ all: true })).find(({ id }) => id === decision)!;

describe('a link in a mail', () => {
  it('opens a page that asks, and answers nothing by being opened', async () => {
    const { decision, token } = await asked();
    for (const method of ['GET', 'HEAD', 'GET'] as const) expect((await app.inject({ method, url: `/decisions/${token}` })).statusCode).toBe(200);
    const { body, headers } = await open(token);
    for (const part of ['Shall loans be trained anew?', 'loans &lt;b&gt;&amp; co&lt;/b&gt;', 'ada@example.org', '(Europe/Berlin)', 'value="approve"', 'value="reject"']) expect(body).toContain(part);
    expect(body).not.toContain('<b>&');
    expect(body).not.toContain('<script');
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' });
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'/);
    expect((await stateOf(decision)).state).toBe('waiting');
  });

  it('takes one answer, under the name that it was sent to, with its note', async () => {
    const { decision, token } = await asked();
    const answered = await post(token, { answer: 'approve', note: ' new season ' });
    expect([answered.statusCode, answered.body.includes('Recorded: approve')]).toEqual([200, true]);
    expect(await stateOf(decision)).toMatchObject({ state: 'answered', answer: 'approve', answeredBy: 'ada@example.org', note: 'new season' });
    for (const again of [await post(token, { answer: 'reject' }), await open(token)]) {
      expect(again.statusCode).toBe(410);
      expect(again.body).toContain('&#39;approve&#39;, by ada@example.org');
    }
    expect((await stack.trail()).filter(({ action, detail }) => action === 'link refused' && detail['subject'] === decision).map(({ by, detail }) => [by, detail['why']])).toEqual([['ada@example.org', 'used']]);
  });

  it('of two people who answer at once, one wins and the other is told', async () => {
    const { decision, token } = await asked('ada@example.org');
    const other = await stack.link({ use: 'answer', decision, person: 'grace@example.org', untilMs: LATER });
    const answers = await Promise.all([post(token, { answer: 'approve' }), post(other, { answer: 'reject' })]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
    const { answer, answeredBy } = await stateOf(decision);
    expect(answers.find(({ statusCode }) => statusCode === 409)!.body).toContain(`&#39;${answer}&#39;, by ${answeredBy}`);
    expect((await open(answeredBy === 'ada@example.org' ? other : token)).statusCode).toBe(409);
  });

  it('is refused when it was changed, is of another use, has expired, or its person may not answer; each refusal is written down once, without the link', async () => {
    const { decision, token } = await asked('ada@example.org', { approvers: ['grace@example.org'] });
    const changed = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
    const callback = await stack.link({ use: 'callback', model: modelId, retraining: 1, untilMs: LATER });
    const expired = await stack.link({ use: 'answer', decision, person: 'grace@example.org', untilMs: Date.now() - 1 });
    const gone = await stack.link({ use: 'answer', decision: `${modelId}/retraining/999/1`, person: 'ada@example.org', untilMs: LATER });
    for (const [link, status] of [[changed, 403], [callback, 403], ['x', 403], ['%00', 403], [expired, 410], [token, 403], [gone, 404]] as const) {
      expect((await open(link)).statusCode, link).toBe(status);
      expect((await post(link, { answer: 'approve' })).statusCode, link).toBe(status);
    }
    expect((await stateOf(decision)).state).toBe('waiting');
    const refused = (await stack.trail()).filter(({ action, detail }) => action === 'link refused' && [decision, `${modelId}/retraining/999/1`].includes(String(detail['subject'])));
    expect(refused.map(({ detail }) => detail['why']).sort()).toEqual(['expired', 'not among approvers', 'unknown']);
    const whole = JSON.stringify(await stack.trail());
    for (const secret of [token, changed, expired]) expect(whole).not.toContain(secret);
  });

  it('takes no answer that another site sends, none that is not offered, and nothing that is too large', async () => {
    const { decision, token } = await asked();
    expect((await post(token, { answer: 'approve' }, { 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
    const old = form({ answer: 'approve' }, { origin: 'https://evil.example' });
    delete (old.headers as Record<string, string | undefined>)['sec-fetch-site'];
    expect((await app.inject({ method: 'POST', url: `/decisions/${token}`, ...old })).statusCode).toBe(403);
    expect((await post(token, { answer: 'release' })).statusCode).toBe(400);
    expect((await post(token, {})).statusCode).toBe(400);
    expect((await post(token, { answer: 'approve', note: 'x'.repeat(3_000) })).statusCode).toBe(400);
    expect((await post(token, { answer: 'approve', note: 'x'.repeat(20_000) })).statusCode).toBe(413);
    expect((await app.inject({ method: 'POST', url: `/decisions/${token}`, headers: { 'content-type': 'application/json' }, payload: '{"answer":"approve"}' })).statusCode).toBe(415);
    expect((await stateOf(decision)).state).toBe('waiting');
  });

  it('is opened 3 times a minute where no more is allowed', async () => {
    const slow = await stack.server({ requestsPerMinute: 3 });
    const { token } = await asked();
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await slow.inject({ method: 'GET', url: `/decisions/${token}` })).statusCode);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect((await slow.inject({ method: 'GET', url: '/healthz' })).statusCode).toBe(200);
  });

  it('never stands in the log', async () => {
    expect(stack.logged.some((line) => line.includes('"path":"/decisions/:token"'))).toBe(true);
    const { token } = await asked();
    await open(token);
    await post(token, { answer: 'approve', note: 'a secret note' });
    for (const line of stack.logged) {
      expect(line).not.toContain(token.slice(0, 24));
      expect(line).not.toContain('secret note');
    }
  });
});

describe('readiness', () => {
  it('says yes when both servers answer, and names what does not', async () => {
    expect((await app.inject({ method: 'GET', url: '/readyz' })).json()).toEqual({ ready: true, reasons: [] });
    const lonely = await stack.server({ askTemporal: () => Promise.reject(new Error('connect ECONNREFUSED secret-host')) });
    const answer = await lonely.inject({ method: 'GET', url: '/readyz' });
    expect([answer.statusCode, answer.json()]).toEqual([503, { ready: false, reasons: ['Temporal: does not answer'] }]);
  });
});

const chromium = findChromium();
describe.skipIf(!chromium)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(chromium!);
  });
  afterAll(() => browser?.close());

  it('a telephone opens the link, the person clicks, and the decision is answered; a second click is refused', async () => {
    const real = await stack.server();
    const address = await real.listen({ host: '127.0.0.1', port: 0 });
    const { decision, token } = await asked('grace@example.org');
    const page = await browser.newPage({ viewport: { width: 375, height: 700 }, isMobile: true });
    const complaints: string[] = [];
    page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
    await page.goto(`${address}/decisions/${token}`);
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    const button = page.getByRole('button', { name: 'Approve' });
    expect((await button.boundingBox())!.height).toBeGreaterThanOrEqual(44);
    await page.getByLabel('Note').fill('looks right');
    await button.click();
    await page.getByText('Recorded: approve').waitFor();
    expect(await stateOf(decision)).toMatchObject({ state: 'answered', answer: 'approve', answeredBy: 'grace@example.org', note: 'looks right' });
    expect(complaints).toEqual([]);
    await page.goto(`${address}/decisions/${token}`);
    await page.getByText('This link was used').waitFor();
    await page.close();
  });
});
