/** A story in the form that Slack and those who understand it take: a text for notifications, and blocks. */
import type { Notice } from '../../domain/notice.js';
import { commandOf, minuteOf, subjectOf } from './message.js';
import { oneLine } from '../mail.js';
import type { Story } from './story.js';

/** Of one block's text, in characters. */
const BLOCK_LENGTH = 2_900;
const MOST_ROWS = 10;

export interface SlackMessage {
  text: string;
  blocks: { type: 'section' | 'context'; text?: { type: 'mrkdwn'; text: string }; elements?: { type: 'mrkdwn'; text: string }[] }[];
}

export function slackOf(story: Story, { severity, topic, atMs }: Pick<Notice, 'severity' | 'topic' | 'atMs'>): SlackMessage {
  const section = (text: string): SlackMessage['blocks'][number] => ({ type: 'section', text: { type: 'mrkdwn', text: text.slice(0, BLOCK_LENGTH) } });
  const facts = [{ label: 'Model', value: story.model }, ...story.facts];
  return {
    text: escaped(subjectOf(story)),
    blocks: [
      section(`*${escaped(oneLine(story.sentence))}*`),
      section(facts.map(({ label, value }) => `${escaped(label)}: ${escaped(oneLine(value))}`).join('\n')),
      ...story.tables.map(({ caption, columns, rows }) => section([`${escaped(caption)}:`, ...rows.slice(0, MOST_ROWS).map((row) => `• ${row.map((value, i) => `${escaped(columns[i] ?? '')} ${escaped(oneLine(value))}`).join(', ')}`), ...(rows.length > MOST_ROWS ? [`… and ${rows.length - MOST_ROWS} more`] : [])].join('\n'))),
      ...(story.closing === null ? [] : [section(escaped(oneLine(story.closing)))]),
      ...(story.question === null ? [] : [section(`Waits until ${minuteOf(story.question.deadlineAt)} UTC (${story.question.options.join(', ')}):\n${code(commandOf(story.question))}`)]),
      ...story.commands.map(({ purpose, command }) => section(`${escaped(purpose)}:\n${code(command)}`)),
      { type: 'context', elements: [{ type: 'mrkdwn', text: `${severity}, ${topic.replaceAll('_', ' ')}, ${minuteOf(new Date(atMs))} UTC` }] },
    ],
  };
}

/** The three characters that begin something in a message: no name becomes a link, or calls a whole channel. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function code(text: string): string {
  return `\`\`\`${escaped(text).replaceAll('```', "'''")}\`\`\``;
}
