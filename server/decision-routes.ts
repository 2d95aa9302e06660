/** Links by which people answer: GET shows the question and answers nothing (mail scanners open links), POST answers once. */
import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { setTimeout as delay } from 'node:timers/promises';
import type { Aftercare } from '../client/index.js';
import { mayAnswer, type Answer, type Decision } from '../domain/decision.js';
import { Conflict, InvalidInput, NotFound } from '../domain/errors.js';
import { readDecision } from '../store/decisions.js';
import type { Pool } from '../store/pool.js';
import { noteTokenUse } from '../store/token-use.js';
import { answeredPage, NOTE_LENGTH, questionPage, refusedPage } from './answer-page.js';
import { openLink } from './links.js';
import { auditRefusal, Refusal, type RefusalContext } from './refusal.js';
import { tellStory } from './story.js';

export interface DecisionDoor {
  pool: Pool;
  client: Pick<Aftercare, 'decide'>;
  /** Host names under which browsers know this server, beside the one that they ask for. */
  publicHost: string | null;
  nowMs: () => number;
  onFault: (error: unknown) => void;
}

const BODY_LIMIT = 16 * 1024;
type Linked = { Params: { token: string } };

export async function decisionRoutes(app: FastifyInstance, door: DecisionDoor): Promise<void> {
  app.removeAllContentTypeParsers();
  await app.register(formbody, { bodyLimit: BODY_LIMIT });
  app.setErrorHandler(async (error, request, reply) => {
    if (error instanceof Refusal) {
      await auditRefusal(door.pool, error, 'link', request.ip, door.nowMs()).catch(door.onFault);
      return html(reply, error.status, refusedPage(TITLES[error.status] ?? 'Refused', error.message));
    }
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== undefined && status >= 400 && status < 500) return html(reply, status, refusedPage('Not understood', status === 429 ? 'Too many requests: wait a minute and open the link again.' : 'This is not what the page sends. Open the link again and use its buttons.'));
    door.onFault(error);
    return html(reply, 503, refusedPage('Not now', 'The answer could not be recorded, or not with certainty, because a server is away for a moment. Open the link again in a minute: it shows whether your answer was taken.'));
  });

  app.get<Linked>('/decisions/:token', async (request, reply) => {
    const { decision, person } = await openQuestion(door, request.params.token);
    const story = await tellStory(door.pool, decision);
    return html(reply, 200, questionPage({ decision, person, zone: story.zone, figure: story.figure }));
  });

  app.post<Linked>('/decisions/:token', { bodyLimit: BODY_LIMIT }, async (request, reply) => {
    const { decision, person, context } = await openQuestion(door, request.params.token);
    refuseOtherSites(request, door.publicHost, context);
    const { answer, note } = readForm(request.body, decision, context);
    await take(door, decision, { answer, by: person, note }, context);
    await noteTokenUse(door.pool, context.tokenHash, { use: 'answer', subject: decision.id, modelId: decision.modelId, by: person, answer: null, outcome: { answer } });
    return html(reply, 200, answeredPage(decision, answer, person));
  });
}

const TITLES: Record<number, string> = { 400: 'Not understood', 403: 'Not allowed', 404: 'Not found', 409: 'Decided already', 410: 'This link has ended' };

function html(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page);
}

type Context = RefusalContext & { tokenHash: Buffer };

/** @throws Refusal why this link does not lead to a question that this person may answer now */
async function openQuestion({ pool, nowMs }: DecisionDoor, token: string): Promise<{ decision: Decision & { modelId: number }; person: string; context: Context }> {
  const { claims, tokenHash, use } = await openLink(pool, token, 'answer');
  const decision = await readDecision(pool, claims.decision);
  const context: Context = { by: claims.person, subject: claims.decision, tokenHash, ...(decision ? { modelId: decision.modelId } : {}) };
  if (!decision) throw new Refusal(404, 'unknown', 'The question that this link belongs to does not exist any more: its model was deleted.', context);
  if (use) throw new Refusal(410, 'used', `This link was used at ${use.usedAt}: ${outcomeOf(decision)}. A link answers once.`, context);
  if (decision.state !== 'waiting') throw new Refusal(409, 'closed', `This question is closed: ${outcomeOf(decision)}.`, context);
  if (nowMs() >= claims.untilMs) throw new Refusal(410, 'expired', 'This link has expired: the time to answer is over.', context);
  if (!mayAnswer(decision.approvers, claims.person)) throw new Refusal(403, 'not among approvers', `${claims.person} is not among those who may answer this question.`, context);
  return { decision, person: claims.person, context };
}

function outcomeOf({ state, answer, answeredBy, note }: Decision): string {
  if (state === 'waiting') return 'the answer is being recorded';
  if (state === 'withdrawn') return `nobody needs to answer any more${note ? ` (${note})` : ''}`;
  if (state === 'defaulted') return `nobody answered in time, so '${answer}' counts`;
  return `'${answer}', by ${answeredBy ?? 'unknown'}`;
}

/** The token in the address is what another site lacks; this refuses it even if the address has leaked into somebody's form. Our pages send no referrer, so an origin may be 'null'. */
function refuseOtherSites({ headers }: FastifyRequest, publicHost: string | null, context: Context): void {
  const site = headers['sec-fetch-site'];
  const refused = site !== undefined ? site !== 'same-origin' && site !== 'none' : headers.origin !== undefined && headers.origin !== 'null' && !isOurs(headers.origin, [headers.host, publicHost]);
  if (refused) throw new Refusal(403, 'other site', 'This answer was sent by another site than the page that the link opens, and is not taken.', context);
}

function isOurs(origin: string, hosts: readonly (string | null | undefined)[]): boolean {
  return URL.canParse(origin) && hosts.includes(new URL(origin).host);
}

function readForm(body: unknown, decision: Decision, context: Context): { answer: Answer; note: string | undefined } {
  const { answer, note } = (body ?? {}) as Record<string, unknown>;
  const chosen = decision.options.find((option) => option === answer);
  if (chosen === undefined) throw new Refusal(400, 'wrong answer', `The answer must be one of ${decision.options.join(', ')}.`, context);
  const text = typeof note === 'string' ? note.trim() : '';
  if (text.length > NOTE_LENGTH) throw new Refusal(400, 'not understood', `The note has ${text.length} characters; ${NOTE_LENGTH} are kept at most.`, context);
  return { answer: chosen, note: text === '' ? undefined : text };
}

const RECORDED_WITHIN_MS = 5_000;

/** The answer that won is taken a moment before it is recorded. */
async function settled(pool: Pool, decision: Decision): Promise<Decision> {
  for (const giveUpAt = Date.now() + RECORDED_WITHIN_MS; ; await delay(50)) {
    const now = (await readDecision(pool, decision.id)) ?? decision;
    if (now.state !== 'waiting' || Date.now() > giveUpAt) return now;
  }
}

/** Of two who answer at once one wins here, and the other is told. */
async function take({ pool, client }: DecisionDoor, decision: Decision, given: { answer: Answer; by: string; note: string | undefined }, context: Context): Promise<void> {
  try {
    await client.decide(decision.id, given);
  } catch (error) {
    if (error instanceof NotFound) throw new Refusal(404, 'unknown', 'The question that this link belongs to does not exist any more.', context);
    if (error instanceof Conflict) throw new Refusal(409, 'closed', `Your answer came too late, and was not taken: ${outcomeOf(await settled(pool, decision))}.`, context);
    if (error instanceof InvalidInput) throw new Refusal(400, 'wrong answer', error.message, context);
    throw error;
  }
}
