/** The link by which one person may answer one question, once, until its deadline. */
import { mayAnswer } from '../../domain/decision.js';
import { mintToken } from '../../domain/signed-token.js';
import { signingKey } from '../../store/secrets.js';
import type { SendDeps } from './send.js';
import type { StoryQuestion } from './story.js';

/** The same for the same person and question, so that a mail that is sent again holds the same. @returns null where there is nothing to answer, no page to answer on, or the person is not among those who may */
export async function linkFor({ pool, publicUrl }: SendDeps, question: StoryQuestion | null, person: string): Promise<string | null> {
  if (question === null || publicUrl === undefined || !mayAnswer(question.approvers, person)) return null;
  const token = await mintToken(await signingKey(pool), { use: 'answer', decision: question.decisionId, person, untilMs: question.deadlineAt.getTime() });
  return `${publicUrl.replace(/\/+$/, '')}/decisions/${token}`;
}
