/** How the story's model is watched, trained and promoted. Times are those of a story: probations of a week are for real life. */
import type { CreateModelInput } from '../../../client/models.js';
import { STORY_CHUNK } from './rows.js';

export const STORY_MODEL = 'car-loan-story';
/** The task queue of the story's team: its training and its switch. */
export const TEAM_QUEUE = 'aftercare-demo-training';
/** The one who may approve, and a colleague who is told as well. */
export const APPROVER = 'maria@example.org';
const COLLEAGUE = 'grace@example.org';
const DAY_MS = 86_400_000;
const PROBATION_MS = 10_000;

/** Watched closely: a fall of one and a half standard deviations counts, a rise does not. */
const rocAuc = { metric: 'roc_auc', rule: { type: 'standard_deviation', lowerMultiplier: 1.5, upperMultiplier: 1.5 }, alertOn: 'worse' } as const;
const approval = { approvers: [APPROVER], notify: [APPROVER] };

/** @param shadowRows that both versions answer: a verdict after as many new rows, and after as many targets */
export function storySettings(shadowRows: number): NonNullable<CreateModelInput['settings']> {
  return {
    chunking: { kind: 'size', size: STORY_CHUNK },
    targets: { arrival: 'delayed', expectedDelayMs: 30 * DAY_MS },
    runs: { everyRows: STORY_CHUNK, onTargets: true },
    thresholds: [{ calculator: 'estimated_performance', ...rocAuc }, { calculator: 'realized_performance', ...rocAuc }],
    // The story has two questions: may it be trained anew, and may the new version take over.
    decisions: { on: [] },
    notifications: {
      channels: [{ name: 'science', kind: 'email', to: [APPROVER, COLLEAGUE] }],
      routes: [{ channels: ['science'], topics: ['performance', 'retraining', 'challenge', 'promotion'] }],
    },
    retraining: { mode: 'ask', on: ['realized_performance'], training: { kind: 'workflow', taskQueue: TEAM_QUEUE, workflowType: 'trainCarLoan' }, approval },
    // At a ROC AUC of 0.96 two thousandths are worth having.
    challenge: { rope: 0.002, everyRows: shadowRows },
    promotion: { mode: 'ask', approval, switch: { kind: 'workflow', taskQueue: TEAM_QUEUE, workflowType: 'switchCarLoan' }, probationMs: PROBATION_MS },
  };
}
