/** What is known of a retraining, a challenge, a gate. */
import type { Challenge, MetricComparison, Verdict } from '../../domain/challenge.js';
import type { Gate } from '../../domain/gate.js';
import type { NoticeSubject } from '../../domain/notice.js';
import type { Retraining } from '../../domain/retraining.js';
import { chance, digits, signed } from '../../domain/verdict-text.js';
import { formatCount, formatMoment, formatValue } from '../../plots/format.js';
import { metricName } from '../../plots/names.js';
import { readChallenges } from '../../store/challenges.js';
import { findGate } from '../../store/gates.js';
import type { DecisionStory } from '../../store/notifications.js';
import type { Pool } from '../../store/pool.js';
import { readRetraining } from '../../store/retrainings.js';
import { readVerdicts } from '../../store/verdicts.js';
import { plainStory, type Story } from './story.js';

type Known = Pick<Story, 'facts' | 'tables' | 'details' | 'chart'>;

/** Of a verdict; a mail is no report. */
const MOST_SEGMENTS = 20;

/** What an approval is about: `<model>/<subject>/<which>/<n>`. */
export function subjectFacts(pool: Pool, { subject, decisionId, modelId }: Pick<DecisionStory, 'subject' | 'decisionId' | 'modelId'>): Promise<Known | null> {
  const which = decisionId.split('/').slice(2, -1).join('/');
  switch (subject) {
    case 'retraining': return retrainingKnown(pool, modelId, which);
    case 'promotion': return challengeKnown(pool, modelId, which);
    case 'gate': return gateKnown(pool, modelId, which);
    case 'incident': return Promise.resolve(null);
  }
}

export async function subjectStory(pool: Pool, model: string, modelId: number, { type, id }: NoticeSubject & { type: 'retraining' | 'challenge' | 'gate' }, text: string): Promise<Story> {
  const known = type === 'retraining' ? await retrainingKnown(pool, modelId, id) : type === 'challenge' ? await challengeKnown(pool, modelId, id) : await gateKnown(pool, modelId, id);
  return { ...plainStory(model, text), headline: headlineOf(model, text), ...known };
}

/** `Version 2 is better: version 2 is better than version 1, roc_auc …` is too long for a subject line: what comes before the colon will do. */
export function headlineOf(model: string, text: string): string {
  const said = text.startsWith(`${model}: `) ? text.slice(model.length + 2) : text;
  return said.split(': ')[0]!.replace(/\.$/, '');
}

async function retrainingKnown(pool: Pool, modelId: number, id: string): Promise<Known | null> {
  const found = await readRetraining(pool, modelId, Number(id));
  return found && { facts: retrainingFacts(found), tables: [], details: { retraining: found }, chart: null };
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

async function challengeKnown(pool: Pool, modelId: number, id: string): Promise<Known | null> {
  const [challenge] = await readChallenges(pool, modelId, { number: Number(id) });
  if (!challenge) return null;
  const verdict = (await readVerdicts(pool, modelId, { challenger: challenge.version })).find((one) => one.challenge === challenge.number) ?? null;
  return { facts: challengeFacts(challenge, verdict), tables: verdict ? [comparisonTable(verdict)] : [], details: { challenge, ...(verdict ? { verdict } : {}) }, chart: verdict && verdict.comparison.difference ? { verdict } : null };
}

function challengeFacts({ number, mode, state, version, against, judgement, note }: Challenge, verdict: Verdict | null): Story['facts'] {
  return [
    { label: mode === 'challenge' ? 'Challenge' : mode === 'promotion' ? 'Promotion' : 'Rollback', value: `${number}, ${state.replace('_', ' ')}` },
    { label: 'Version', value: `${version}, against ${against}` },
    ...(judgement === null ? [] : [{ label: 'Verdict', value: judgement }]),
    ...(note === null ? [] : [{ label: 'Note', value: note }]),
    ...(verdict?.guardrails ?? []).map(({ guardrail, kept, text }) => ({ label: guardrail.replace('_', ' '), value: `${kept === null ? 'not known' : kept ? 'kept' : 'NOT KEPT'}: ${text}` })),
  ];
}

function comparisonTable({ comparison, segments }: Verdict): Story['tables'][number] {
  const row = (where: string, { metric, pairs, basis, champion, challenger, difference, probability }: MetricComparison): string[] => [
    where, metricName(metric), `${formatCount(pairs)} ${basis}`, champion === null ? '' : digits(champion), challenger === null ? '' : digits(challenger),
    difference === null ? '' : `${signed(difference.mean)} (${signed(difference.lower)} to ${signed(difference.upper)})`, probability === null ? '' : chance(probability.better),
  ];
  return {
    caption: 'Both versions on the same rows; a positive difference is good for the challenger',
    columns: ['rows', 'metric', 'pairs', 'champion', 'challenger', 'difference (95 %)', 'probability of better'],
    rows: [row('all', comparison), ...Object.entries(segments).slice(0, MOST_SEGMENTS).map(([segment, one]) => row(segment, one))],
  };
}

async function gateKnown(pool: Pool, modelId: number, batch: string): Promise<Known | null> {
  const gate = await findGate(pool, modelId, batch);
  return gate && { facts: gateFacts(gate), tables: [], details: { gate }, chart: null };
}

function gateFacts({ batch, state, rule, value, samplingError, lower, upper, rows, decidedBy }: Gate): Story['facts'] {
  return [
    { label: 'Batch', value: `${batch}, ${formatCount(rows)} rows, ${state}` },
    { label: 'Estimate', value: `${metricName(rule.metric)} ${formatValue(value)}${samplingError === null ? '' : ` ± ${formatValue(samplingError)}`}` },
    { label: 'Allowed', value: `${lower === null ? 'any' : formatValue(lower)} to ${upper === null ? 'any' : formatValue(upper)}` },
    ...(decidedBy === null ? [] : [{ label: 'Decided by', value: decidedBy }]),
  ];
}
