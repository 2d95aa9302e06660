/** What a challenge says to people: its question, its notices, its details in Temporal's pages. */
import type { ChallengeProgress } from '../domain/challenge-policy.js';
import { probationEndsAtMs } from '../domain/challenge-policy.js';
import type { Notice } from '../domain/notice.js';
import type { ChallengeInput } from './messages.js';

export function promotionQuestion({ name, version, mode, by, reason }: ChallengeInput, { against, note }: ChallengeProgress): string {
  return `Put version ${version} of ${name} in charge, instead of version ${against}? ${note ?? (mode === 'challenge' ? '' : `${by} wants it: ${reason}`)}`.trim();
}

/** Each event of a challenge is told once: its id is natural. @returns null when there is nothing to tell */
export function challengeNotice(input: ChallengeInput, progress: ChallengeProgress, event: 'challenge-verdict' | 'promotion-done' | 'end', atMs: number): Notice | null {
  const { modelId, number, name, version } = input;
  const { state, against, judgement, note, promoter, promotedAtMs } = progress;
  const of = (kind: string, topic: Notice['topic'], severity: Notice['severity'], text: string): Notice =>
    ({ id: `${kind}/${number}${kind === 'challenge-verdict' && against !== null ? `/${against}/${progress.horizon}` : ''}`, modelId, kind, topic, severity, subject: { type: 'challenge', id: String(number) }, text, atMs });
  if (event === 'challenge-verdict') return of('challenge-verdict', 'challenge', 'info', `Version ${version} of ${name} is ${judgement}: ${note ?? ''}`);
  if (event === 'promotion-done') return of('promotion-done', 'promotion', 'info', `Version ${version} of ${name} is in charge instead of version ${against}, by ${promoter?.by ?? 'policy'}; it is on probation.`);
  const said = note ?? '';
  switch (state) {
    case 'kept': return of('probation-ended', 'promotion', 'info', `${name}: ${said}.`);
    case 'rolled_back': return of('rolled-back', 'promotion', 'critical', `${name} was rolled back: ${said}.`);
    case 'failed': return promotedAtMs === null && input.mode !== 'rollback' ? of('promotion-failed', 'promotion', 'warning', `${name}: ${said}.`) : of('rollback-failed', 'promotion', 'critical', `${name}: ${said}.`);
    // One that could not begin was nobody's wish: a version whose rows still come, say.
    case 'closed': return (input.mode === 'challenge' && !progress.begun) || judgement === 'worse' || judgement === 'equivalent' ? null : of('challenge-closed', 'challenge', 'info', `${name}: the challenge of version ${version} has ended. ${said}`);
    default: return null;
  }
}

/** Markdown. */
export function describeChallenge(input: ChallengeInput, progress: ChallengeProgress): string {
  const { name, version, mode } = input;
  const { state, against, judgement, horizon, note, checkpoints, rollback } = progress;
  const what = mode === 'challenge' ? `Version ${version} of ${name} challenges version ${against ?? '…'}` : `${mode} of version ${version} of ${name}`;
  const lines = [`${what}: **${state.replace('_', ' ')}**`];
  if (judgement !== null) lines.push(`Verdict at batch ${horizon}: ${judgement}`);
  if (note !== null) lines.push(note);
  if (checkpoints.length > 0) lines.push(`${checkpoints.length} verdicts are due`);
  const endsAtMs = probationEndsAtMs(progress, input);
  if (endsAtMs !== null) lines.push(`Probation until ${new Date(endsAtMs).toISOString()}`);
  if (rollback !== null) lines.push(`Going back, wanted by ${rollback.by}: ${rollback.note ?? ''}`);
  return lines.join('\n\n');
}
