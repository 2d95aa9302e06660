/** What a question's messages tell: the question, what it is about, how to answer, how it ended. */
import { readDecisionStory, type DecisionStory } from '../../store/notifications.js';
import type { Pool } from '../../store/pool.js';
import { aboutOf, detailsOf, factsOf, incidentChart, valuesTable } from './story-incident.js';
import { subjectFacts } from './story-subjects.js';
import { plainStory, type Story } from './story.js';

const HEADLINES: Record<string, string> = {
  'decision-asked': 'a decision waits', 'decision-reminder': 'reminder: a decision waits', 'decision-escalated': 'ESCALATED: a decision still waits', 'decision-closed': 'a decision is closed',
};

/** @param kind of the notice */
export async function decisionStory(pool: Pool, { model, id, kind, text }: { model: string; id: string; kind: string; text: string }): Promise<Story> {
  const story = await readDecisionStory(pool, id);
  if (!story) return { ...plainStory(model, text), obsolete: 'there is no such decision' };
  const { incident, values, decisionId, workflowId, options, approvers, deadlineAt } = story;
  const waits = story.state === 'waiting';
  const asks = kind !== 'decision-closed';
  const about = incident ? aboutOf(incident) : decisionId.split('/').slice(1, -1).join(' ');
  const more = incident ? null : await subjectFacts(pool, story);
  return {
    ...plainStory(model, story.question),
    headline: `${HEADLINES[kind] ?? kind.replaceAll('-', ' ')} (${about})`,
    facts: incident ? factsOf(incident) : [{ label: 'About', value: about }, ...(more?.facts ?? [])],
    tables: values.length > 0 ? [valuesTable(values)] : more?.tables ?? [],
    closing: waits ? null : closingOf(story),
    question: asks && waits ? { decisionId, workflowId, options, approvers, deadlineAt: new Date(deadlineAt) } : null,
    chart: incident ? await incidentChart(pool, story.modelId, incident, versionOf(decisionId), values) : more?.chart ?? null,
    details: {
      decision: { id: decisionId, subject: story.subject, question: story.question, options, approvers, state: story.state, answer: story.answer, answeredBy: story.answeredBy, note: story.note, deadlineAt: new Date(deadlineAt).toISOString(), workflowId },
      ...(values.length > 0 ? { values: detailsOf(values) } : {}), ...more?.details,
    },
    obsolete: asks && !waits ? `the decision is ${story.state}` : null,
  };
}

/** `7/v2/drift/income/000003/1` → 2; without a version: 1 */
function versionOf(decisionId: string): number {
  return Number(/^\d+\/v(\d+)\//.exec(decisionId)?.[1] ?? 1);
}

function closingOf({ state, answer, answeredBy, note }: DecisionStory): string {
  if (state === 'withdrawn') return `Nobody needs to answer any more: ${note ?? 'withdrawn'}.`;
  if (state === 'defaulted') return `Nobody answered in time; the fallback '${answer}' counts.`;
  return `Answer: ${answer}, by ${answeredBy ?? 'unknown'}${note ? ` (${note})` : ''}.`;
}
