/**
 * Tells people of a decision by e-mail. Idempotent by the notification's id: what is recorded as sent is not sent again; a worker that dies between the mail
 * server's yes and our record sends once more, with the same Message-ID. Usual duration: a few hundred milliseconds. Without a mail server the intent is
 * recorded and nothing fails.
 */
import { countAttempt, intendNotification, readDecisionStory, settleNotification, type DecisionStory } from '../store/notifications.js';
import type { Pool } from '../store/pool.js';
import type { NotifyRequest } from './contract.js';
import { messageIdOf, oneLine, type Mailer } from './mail.js';

export interface NotifyDeps {
  pool: Pool;
  /** null: this worker has no mail server. */
  mailer: Mailer | null;
}

export async function notify({ pool, mailer }: NotifyDeps, request: NotifyRequest): Promise<void> {
  const story = await readDecisionStory(pool, request.decisionId);
  if (!story) return;   // its model is gone: nobody to ask about it
  const subject = subjectOf(story, request.kind);
  const text = textOf(story, request.kind);
  const faults: unknown[] = [];
  for (const recipient of request.recipients) {
    const id = `${request.id}/${recipient}`;
    const state = await intendNotification(pool, { id, modelId: request.modelId, kind: request.kind, recipient, subject, atMs: request.atMs });
    if (state !== 'intended') continue;
    if (!mailer) {
      await settleNotification(pool, id, 'intended', 'no mail server is configured');
      continue;
    }
    await countAttempt(pool, id);
    try {
      const delivery = await mailer.send({ id: messageIdOf(id), to: recipient, subject, text });
      if (delivery.state === 'sent') await settleNotification(pool, id, 'sent', null);
      else await settleNotification(pool, id, 'failed', delivery.reason);
    } catch (error) {
      await settleNotification(pool, id, 'intended', (error as Error).message);
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];   // passing: Temporal tries again, for those that are still due
}

const SUBJECT: Record<NotifyRequest['kind'], string> = {
  'decision-asked': 'a decision waits',
  'decision-reminder': 'reminder: a decision waits',
  'decision-escalated': 'ESCALATED: a decision still waits',
  'decision-closed': 'a decision is closed',
};

export function subjectOf(story: DecisionStory, kind: NotifyRequest['kind']): string {
  return oneLine(`[aftercare] ${story.model}: ${SUBJECT[kind]} (${story.kind.replaceAll('_', ' ')}, ${story.cause}${story.segment === '' ? '' : `, segment ${story.segment}`})`).slice(0, 250);
}

export function textOf(story: DecisionStory, kind: NotifyRequest['kind']): string {
  const span = story.openingChunk === story.lastChunk ? `chunk ${story.openingChunk}` : `chunks ${story.openingChunk} to ${story.lastChunk}`;
  const lines = [
    oneLine(story.question), '',
    `Model:     ${oneLine(story.model)}`,
    ...(story.segment === '' ? [] : [`Segment:   ${oneLine(story.segment)}`]),
    `What:      ${story.kind.replaceAll('_', ' ')}, ${oneLine(story.cause)}, ${span}`,
  ];
  if (story.values.length > 0) lines.push('', 'Values outside their thresholds:', ...story.values.map(valueLine));
  if (kind === 'decision-closed') return [...lines, '', closedLine(story), ''].join('\n');
  const [options, signal] = ['acknowledge | retrain | ignore', '{"answer": "acknowledge", "by": "YOUR NAME"}'];
  return [
    ...lines, '',
    `Waits until ${new Date(story.deadlineAt).toISOString()}. Answer with one of: ${options}`, '',
    `  aftercare decide ${shellQuoted(story.decisionId)} acknowledge --as ${shellQuoted('YOUR NAME')}`, '',
    'or by a Temporal signal:', '',
    `  temporal workflow signal --workflow-id ${shellQuoted(story.workflowId)} --name aftercareAnswerSignal --input ${shellQuoted(signal)}`, '',
  ].join('\n');
}

function valueLine({ chunk, startAt, endAt, metric, value, lower, upper }: DecisionStory['values'][number]): string {
  const when = startAt && endAt ? ` (${minute(startAt)} to ${minute(endAt)} UTC)` : '';
  return `  chunk ${chunk}${when}: ${metric} ${shown(value)}, thresholds ${lower === null ? 'none' : shown(lower)} to ${upper === null ? 'none' : shown(upper)}`;
}

function closedLine(story: DecisionStory): string {
  if (story.state === 'withdrawn') return `Nobody needs to answer any more: ${oneLine(story.note ?? 'withdrawn')}.`;
  if (story.state === 'defaulted') return `Nobody answered in time; the fallback '${story.answer}' counts.`;
  return `Answer: ${story.answer}, by ${oneLine(story.answeredBy ?? 'unknown')}${story.note ? ` (${oneLine(story.note)})` : ''}.`;
}

const minute = (moment: Date): string => new Date(moment).toISOString().slice(0, 16).replace('T', ' ');
const shown = (value: number): string => Number(value.toPrecision(5)).toString();

/** For a shell: an id may hold any character of a column's name. */
function shellQuoted(text: string): string {
  return `'${oneLine(text).replaceAll("'", "'\\''")}'`;
}
