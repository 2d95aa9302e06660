/** Coverage of targets in words: a table by age, and what is due next. */
import type { TargetCoverage } from '../../client/index.js';
import { table } from '../terminal/table.js';

const NEXT = { reminder: 'a reminder', escalated: 'an escalation', absent: 'the end of the wait' } as const;

export function describeCoverage({ ages, next }: TargetCoverage): string {
  if (ages.length === 0) return 'targets: no chunk yet (aftercare run)';
  const due = next === null ? 'nothing is due' : `next due: ${NEXT[next.stage]} for ${next.chunks} chunk${next.chunks === 1 ? '' : 's'}, ${new Date(next.atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return `\ntargets\n${table(ages.map((one) => ({ chunks: one.age, count: one.chunks, rows: one.rows, targets: one.targets, share: `${(100 * one.share).toFixed(1)} %` })))}\n${due}\n`;
}
