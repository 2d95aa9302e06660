/** Looks up what a notice is about, as it is at the moment of sending. */
import type { Notice } from '../../domain/notice.js';
import type { Pool } from '../../store/pool.js';
import { decisionStory } from './story-decision.js';
import { incidentStory } from './story-incident.js';
import { subjectStory } from './story-subjects.js';
import { plainStory, type Story } from './story.js';

export function readStory(pool: Pool, model: string, { modelId, kind, text, subject }: Notice): Promise<Story> {
  const { type, id } = subject;
  switch (type) {
    case 'incident': return incidentStory(pool, { model, modelId, id, kind, text });
    case 'decision': return decisionStory(pool, { model, id, kind, text });
    case 'retraining':
    case 'challenge':
    case 'gate': return subjectStory(pool, model, modelId, { type, id }, text);
    case 'targets':
    case 'none': return Promise.resolve(plainStory(model, text));
  }
}
