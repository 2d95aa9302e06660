/** What is known of a retraining, a challenge, a gate. */
import type { Retraining } from '../../domain/retraining.js';
import { formatMoment } from '../../plots/format.js';
import type { DecisionStory } from '../../store/notifications.js';
import type { Pool } from '../../store/pool.js';
import { readRetraining } from '../../store/retrainings.js';
import { plainStory, type Story } from './story.js';

type Known = Pick<Story, 'facts' | 'tables' | 'details'>;

/** What an approval is about: `<model>/<subject>/<which>/<n>`. */
export async function subjectFacts(pool: Pool, { subject, decisionId, modelId }: Pick<DecisionStory, 'subject' | 'decisionId' | 'modelId'>): Promise<Known | null> {
  const which = decisionId.split('/').slice(2, -1).join('/');
  switch (subject) {
    case 'retraining': return retrainingKnown(pool, modelId, which);
    case 'promotion':
    case 'gate':
    case 'incident': return null;
  }
}

export async function subjectStory(pool: Pool, model: string, modelId: number, { type, id }: { type: 'retraining'; id: string }, text: string): Promise<Story> {
  const known = type === 'retraining' ? await retrainingKnown(pool, modelId, id) : null;
  return { ...plainStory(model, text), ...known };
}

async function retrainingKnown(pool: Pool, modelId: number, id: string): Promise<Known | null> {
  const found = await readRetraining(pool, modelId, Number(id));
  return found && { facts: retrainingFacts(found), tables: [], details: { retraining: found } };
}

function retrainingFacts({ number, state, trigger, requestedBy, reason, approvedBy, version, failure, startedAt, finishedAt }: Retraining): Story['facts'] {
  return [
    { label: 'Retraining', value: `${number}, ${state}` },
    { label: 'Wanted by', value: `${requestedBy} (${trigger})` },
    { label: 'Reason', value: reason },
    ...(approvedBy === null ? [] : [{ label: 'Approved by', value: approvedBy }]),
    ...(startedAt === null ? [] : [{ label: 'Began', value: formatMoment(startedAt) }]),
    ...(finishedAt === null ? [] : [{ label: 'Ended', value: formatMoment(finishedAt) }]),
    ...(version === null ? [] : [{ label: 'New version', value: String(version) }]),
    ...(failure === null ? [] : [{ label: 'Failure', value: failure }]),
  ];
}
