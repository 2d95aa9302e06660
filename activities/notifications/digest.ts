/** Many stories as one. */
import { SEVERITIES, type Notice, type Severity } from '../../domain/notice.js';
import { minuteOf } from './message.js';
import type { Story } from './story.js';

export interface Told {
  id: string;
  notice: Notice;
  story: Story;
}

/** In the order in which things happened. */
export function digestStory(model: string, told: readonly Told[]): { notice: Notice; story: Story } {
  const ordered = [...told].sort((a, b) => a.notice.atMs - b.notice.atMs || (a.id < b.id ? -1 : 1));
  const { notice: first } = ordered[0]!;
  const count = ordered.length === 1 ? 'one notice' : `${ordered.length} notices`;
  const severity = SEVERITIES[Math.max(...ordered.map(({ notice }) => SEVERITIES.indexOf(notice.severity)))] as Severity;
  const sentence = `${count} about model '${model}' since ${minuteOf(new Date(first.atMs))} UTC.`;
  return {
    notice: { ...first, kind: 'digest', severity, text: sentence, atMs: ordered.at(-1)!.notice.atMs, subject: { type: 'none', id: '' } },
    story: {
      model, headline: `digest, ${count}`, sentence, facts: [], closing: null, question: null, commands: [], chart: null, obsolete: null,
      tables: [{ caption: 'In the order of their time (UTC)', columns: ['when', 'severity', 'topic', 'what'], rows: ordered.map(({ notice, story }) => [minuteOf(new Date(notice.atMs)), notice.severity, notice.topic.replaceAll('_', ' '), story.sentence]) }],
      details: { notices: ordered.map(({ id, notice, story }) => ({ id, kind: notice.kind, topic: notice.topic, severity: notice.severity, text: story.sentence, at: new Date(notice.atMs).toISOString(), subject: notice.subject, ...story.details })) },
    },
  };
}
