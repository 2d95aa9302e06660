/** What the story came to, read from the store alone: the same whether it was told in one go or in ten. */
import type { Aftercare, AuditRecord } from '../../../client/index.js';
import type { MetricComparison, Verdict } from '../../../domain/challenge.js';
import type { Answer, Decision } from '../../../domain/decision.js';
import { table } from '../../terminal/table.js';
import type { Mail } from './mailbox.js';
import { readServing, type Serving } from './serving.js';
import { STORY_MODEL } from './settings.js';

export interface StoryStep {
  /** ISO 8601; null: not known to the store. */
  at: string | null;
  step: string;
  who: string;
  /** With its numbers. */
  what: string;
}

export interface LoopSummary {
  model: string;
  /** `kept`, or why it went no further. */
  end: string;
  steps: StoryStep[];
  /** On the rows that both versions answered; null: no verdict yet. */
  rocAuc: Pick<MetricComparison, 'pairs' | 'basis' | 'champion' | 'challenger' | 'difference' | 'probability'> | null;
  verdicts: Pick<Verdict, 'judgement' | 'text' | 'horizon'>[];
  mails: Omit<Mail, 'text'>[];
  serving: Serving | null;
  audit: AuditRecord[];
  report: string;
  elapsedMs: number;
}

export interface Sources {
  client: Aftercare;
  mails: readonly Mail[];
  dataFolder: string;
  report: string;
  end: string;
  elapsedMs: number;
}

export async function summarizeLoop({ client, mails, dataFolder, report, end, elapsedMs }: Sources): Promise<LoopSummary> {
  const model = STORY_MODEL;
  const [audit, verdicts, serving] = await Promise.all([client.audit(model, { limit: 1_000 }), client.verdicts(model), readServing(dataFolder)]);
  const given = verdicts.filter(({ challenge }) => challenge > 0).reverse();
  const last = given.at(-1)?.comparison;
  return {
    model, end, steps: await stepsOf(client, given),
    rocAuc: last ? { pairs: last.pairs, basis: last.basis, champion: last.champion, challenger: last.challenger, difference: last.difference, probability: last.probability } : null,
    verdicts: given.map(({ judgement, text, horizon }) => ({ judgement, text, horizon })),
    mails: mails.map(({ text: _, ...mail }) => mail),
    serving, audit: audit.reverse(), report, elapsedMs,
  };
}

async function stepsOf(client: Aftercare, verdicts: readonly Verdict[]): Promise<StoryStep[]> {
  const model = STORY_MODEL;
  const [incidents, runs, retrainings, decisions, challenges, versions] = await Promise.all([
    client.incidents(model), client.runs(model, { limit: 1_000 }), client.retraining.list(model), client.decisions({ model, all: true }), client.challenges.list(model), client.challengers.list(model),
  ]);
  const steps: StoryStep[] = [];
  const first = runs.at(-1);
  steps.push({ at: versions[0]?.createdAt ?? null, step: 'model created', who: versions[0]?.createdBy ?? '', what: `${(versions[0]?.referenceRows ?? 0).toLocaleString('en')} reference rows` });
  if (first) steps.push({ at: first.finishedAt, step: 'first run', who: 'aftercare', what: `${first.chunks} chunks, ${first.alerts} alerts` });
  for (const { openedAt, text, kind, version } of incidents) if (version === 1 && kind.endsWith('_performance')) steps.push({ at: openedAt, step: 'incident', who: 'aftercare', what: text });
  for (const { askedAt, requestedBy, reason, startedAt, finishedAt, state, version, failure } of retrainings) {
    steps.push({ at: askedAt, step: 'retraining wanted', who: requestedBy, what: reason });
    if (startedAt) steps.push({ at: startedAt, step: 'training begun', who: 'the team\'s worker', what: '' });
    if (finishedAt) steps.push({ at: finishedAt, step: `training ${state}`, who: 'the team\'s worker', what: failure ?? `version ${version}: ${versions.find(({ number }) => number === version)?.provenance.note ?? ''}` });
  }
  for (const { startedAt, promotedAt, finishedAt, version, against, state, note, number } of challenges) {
    steps.push({ at: startedAt, step: 'challenge begun', who: 'aftercare', what: `version ${version} in the shadow of version ${against}` });
    if (promotedAt) steps.push({ at: promotedAt, step: 'promoted', who: decisions.find(({ id }) => id.includes(`/promotion/${number}/`))?.answeredBy ?? 'aftercare', what: `version ${version} is in charge instead of version ${against}` });
    if (finishedAt) steps.push({ at: finishedAt, step: state.replace('_', ' '), who: 'aftercare', what: note ?? '' });
  }
  for (const decision of decisions) steps.push(...asked(decision, verdicts));
  return steps.sort((a, b) => (a.at ?? '').localeCompare(b.at ?? ''));
}

const ANSWERED: Record<Answer, string> = { acknowledge: 'acknowledged', retrain: 'answered by retrain', ignore: 'ignored', approve: 'approved', reject: 'rejected', release: 'released' };

/** A promotion is asked for when its verdict is given. */
function asked({ askedAt, answeredAt, subject, state, answer, answeredBy, note, approvers }: Decision, verdicts: readonly Verdict[]): StoryStep[] {
  const better = subject === 'promotion' ? verdicts.findLast(({ judgement }) => judgement === 'better') : undefined;
  return [
    ...(better ? [{ at: askedAt, step: 'verdict: better', who: 'aftercare', what: numbersOf(better.comparison) }] : []),
    { at: askedAt, step: `${subject} asked for`, who: 'aftercare', what: `of ${approvers.join(', ')}` },
    ...(answeredAt ? [{ at: answeredAt, step: `${subject} ${answer === null ? state : ANSWERED[answer]}`, who: answeredBy ?? 'aftercare', what: note ?? '' }] : []),
  ];
}

function numbersOf({ metric, champion, challenger, difference, pairs, basis, probability }: MetricComparison): string {
  const write = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : value.toFixed(4));
  return `${metric} ${write(champion)} → ${write(challenger)} (${write(difference?.lower)} to ${write(difference?.upper)} more) on ${pairs.toLocaleString('en')} rows, ${basis}; better with probability ${write(probability?.better)}`;
}

/** @param where flags by which later commands find this stack */
export function renderLoop({ steps, verdicts, mails, serving, audit, end, model }: LoopSummary, where: string): string {
  return [
    table(steps.map(({ at, step, who, what }) => ({ 'at (UTC)': at?.slice(11, 19) ?? '', step, who, what: what.replace(`Model '${model}': `, '') }))), '',
    'Verdicts', ...verdicts.map(({ text }) => `  ${text}`), '',
    'E-mails', table(mails.map(({ to, subject, html }) => ({ to, subject, file: html.split('/').at(-1) ?? html }))), '',
    `Serving: ${serving ? `version ${serving.version} since ${serving.since.slice(11, 19)} (${serving.action})` : 'version 1'}`, '',
    `Audit trail (npx aftercare audit ${model}${where})`,
    table(audit.map(({ at, by, action, detail }) => ({ 'at (UTC)': at.slice(11, 19), by, action, detail: detailOf(detail) }))), '',
    end === 'kept' ? 'The loop is closed: drift, incident, approval, training, shadow, verdict, approval, promotion, probation kept.' : `The story ended early: ${end}`,
  ].join('\n');
}

function detailOf(detail: Record<string, unknown>): string {
  return Object.entries(detail).filter(([, value]) => value !== null && value !== '').map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ');
}
