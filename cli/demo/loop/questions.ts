/** The story's two questions: put to whoever watches, with everything that is needed to answer, or answered by the story itself through the same doors. */
import type { Aftercare } from '../../../client/index.js';
import type { Answer, Decision } from '../../../domain/decision.js';
import { answerCommand, shellQuoted } from '../../../domain/shell.js';
import type { Mailbox } from './mailbox.js';
import { APPROVER } from './settings.js';
import { until } from './until.js';

export interface Doors {
  client: Aftercare;
  mailbox: Mailbox;
  dataFolder: string;
  temporalAddress: string;
  /** null: somebody at another terminal answers. */
  answer: Answer | null;
  say: (line: string) => void;
  signal: AbortSignal;
}

export type Door = 'link' | 'client';

/** @returns the decision when it is closed, however that came */
export async function settle(doors: Doors, asked: Decision, door: Door): Promise<Decision> {
  const { client, say, signal, answer } = doors;
  const state = async (): Promise<Decision | null> => (await client.decisions({ model: asked.model, all: true })).find(({ id, state }) => id === asked.id && state !== 'waiting') ?? null;
  const before = await state();
  if (before) {
    say(outcome(before));
    return before;
  }
  const link = await linkOf(doors, asked);
  say(asked.question);
  if (answer === null) howToAnswer(doors, asked, link).forEach(say);
  else if (door === 'link') await answerByLink(link, answer, say);
  else await client.decide(asked.id, { answer, by: APPROVER, note: 'by demo --answer' });
  const closed = await until(state, signal);
  say(outcome(closed));
  return closed;
}

function outcome({ answer, answeredBy, state }: Decision): string {
  return state === 'answered' ? `${answeredBy} answered: ${answer}` : `${state}${answer === null ? '' : `: ${answer}`}`;
}

function howToAnswer({ dataFolder, temporalAddress }: Doors, { id, options, workflowId }: Decision, link: string): string[] {
  const input = JSON.stringify({ answer: options[0], by: APPROVER });
  return [
    `The story waits for an answer (${options.join(' or ')}), for example in another terminal:`,
    `  npx ${answerCommand(id, options[0])} --as ${APPROVER} --data ${shellQuoted(dataFolder)}`,
    `or on the page behind the link in ${APPROVER}'s mail:`,
    `  ${link}`,
    'or by a Temporal signal:',
    `  temporal workflow signal --address ${temporalAddress} --workflow-id ${shellQuoted(workflowId)} --name aftercareAnswerSignal --input ${shellQuoted(input)}`,
  ];
}

/** As it stands in the approver's mail, which is on its way. */
function linkOf({ mailbox, signal }: Doors, { id }: Decision): Promise<string> {
  return until(() => {
    const mail = mailbox.mails.findLast(({ to, text }) => to === APPROVER && text.includes(` decide ${shellQuoted(id)} `));
    return Promise.resolve(/https?:\/\/\S+\/decisions\/[\w.-]+/.exec(mail?.text ?? '')?.[0] ?? null);
  }, signal);
}

/** As a browser does it: the page first, then its button. */
async function answerByLink(link: string, answer: Answer, say: (line: string) => void): Promise<void> {
  const page = await fetch(link);
  if (!page.ok) throw new Error(`the page behind the link in the mail answers with status ${page.status}`);
  say(`opening the link in ${APPROVER}'s mail and pressing '${answer}'`);
  const taken = await fetch(link, { method: 'POST', body: new URLSearchParams({ answer, note: 'by demo --answer' }) });
  if (!taken.ok) throw new Error(`the answer was not taken: status ${taken.status}`);
}
