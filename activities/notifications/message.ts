/** A story as text: the subject line and the body that every reader can show. */
import { answerCommand, shellQuoted } from '../../domain/shell.js';
import { oneLine } from '../mail.js';
import type { Story, StoryQuestion, StoryTable } from './story.js';

/** Longer ones are cut by some servers. */
const SUBJECT_LENGTH = 250;

export function subjectOf({ model, headline }: Pick<Story, 'model' | 'headline'>): string {
  return oneLine(`[aftercare] ${model}: ${headline}`).slice(0, SUBJECT_LENGTH);
}

/** @param link where this reader may answer; null: nowhere but by command and signal */
export function textOf(story: Story, link: string | null): string {
  const facts = [{ label: 'Model', value: story.model }, ...story.facts];
  const width = Math.max(...facts.map(({ label }) => label.length)) + 2;
  return [
    oneLine(story.sentence), '',
    ...facts.map(({ label, value }) => `${`${label}:`.padEnd(width)} ${oneLine(value)}`),
    ...story.tables.flatMap((table) => ['', `${oneLine(table.caption)}:`, ...tableLines(table)]),
    ...(story.closing === null ? [] : ['', oneLine(story.closing)]),
    ...(story.question === null ? [] : questionLines(story.question, link)),
    ...story.commands.flatMap(({ purpose, command }) => ['', `${oneLine(purpose)}:`, '', `  ${oneLine(command)}`]),
    '',
  ].join('\n');
}

function tableLines({ columns, rows }: StoryTable): string[] {
  const cells = [columns, ...rows].map((row) => row.map(oneLine));
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  return cells.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd());
}

function questionLines(question: StoryQuestion, link: string | null): string[] {
  return [
    '', `Waits until ${minuteOf(question.deadlineAt)} UTC. Answer with one of: ${question.options.join(', ')}`,
    ...(question.approvers.length === 0 ? [] : [`May be answered by: ${question.approvers.map(oneLine).join(', ')}`]),
    ...(link === null ? [] : ['', 'Here, on a page that asks once more before anything is done:', '', `  ${link}`]),
    '', `${link === null ? 'By' : 'or by'} command:`, '', `  ${commandOf(question)}`,
    '', 'or by a Temporal signal:', '', `  ${signalOf(question)}`,
  ];
}

export function commandOf({ decisionId, options, approvers }: StoryQuestion): string {
  return oneLine(`${answerCommand(decisionId, options[0])} --as ${shellQuoted(approvers[0] ?? 'YOUR NAME')}`);
}

export function signalOf({ workflowId, options, approvers }: StoryQuestion): string {
  const input = JSON.stringify({ answer: options[0], by: approvers[0] ?? 'YOUR NAME' });
  return oneLine(`temporal workflow signal --workflow-id ${shellQuoted(workflowId)} --name aftercareAnswerSignal --input ${shellQuoted(input)}`);
}

/** `2030-01-02 03:04`, UTC */
export function minuteOf(moment: Date | string): string {
  return new Date(moment).toISOString().slice(0, 16).replace('T', ' ');
}
