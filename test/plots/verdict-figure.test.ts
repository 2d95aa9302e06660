/** The figure of a verdict. */
import { expect, it } from 'vitest';
import type { MetricComparison, Verdict } from '../../domain/challenge.js';
import { verdictText } from '../../domain/verdict-text.js';
import { drawVerdict } from '../../plots/verdict-figure.js';

const part = (mean: number | null, judgement: MetricComparison['judgement'], pairs = 1_000): MetricComparison => ({
  metric: 'roc_auc', pairs, basis: 'realized', champion: mean === null ? null : 0.8, challenger: mean === null ? null : 0.8 + mean, judgement, reason: mean === null ? '12 pairs' : null,
  difference: mean === null ? null : { mean, lower: mean - 0.01, upper: mean + 0.01 }, rope: mean === null ? null : 0.01, probability: mean === null ? null : { better: 1, worse: 0, equivalent: 0 },
});
const verdict = (segments: Record<string, MetricComparison>): Verdict => {
  const whole: Omit<Verdict, 'text'> = { model: 'loans', challenge: 1, champion: 1, challenger: 2, horizon: 9, judgement: 'better', comparison: part(0.03, 'better'), segments, guardrails: [] };
  return { ...whole, text: verdictText(whole) };
};
const numbers = (svg: string, pattern: RegExp): number[] => [...svg.matchAll(pattern)].map((match) => Number(match[1]));

it('drawVerdict draws an interval for all rows and each segment on one scale, says the judgement in words, and escapes what people wrote', () => {
  const svg = drawVerdict(verdict({ 'branch=<north>': part(-0.02, 'worse'), 'branch=south': part(null, 'not yet', 12) }), { id: 'v', style: 'light' }).markup;
  expect(svg).toContain('Version 2 against version 1: better');
  expect(svg).toContain('branch=&lt;north&gt;');
  expect(svg).toContain('nothing can be said');
  const [all, north] = numbers(svg, /<circle[^>]* cx="([\d.]+)"/g);
  const zero = numbers(svg, /class="ac-axis" x1="([\d.]+)"/g)[0]!;
  // Better is to the right, and equally far is equally long.
  expect(all! - zero).toBeCloseTo(1.5 * (zero - north!), 0);
  expect(svg).not.toMatch(/NaN|undefined/);
});

it('drawVerdict keeps the worst segments when there are very many', () => {
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`branch=${String(i).padStart(2, '0')}`, part(i === 41 ? -0.2 : 0.001 * i, 'not yet')]));
  const svg = drawVerdict(verdict(many), { id: 'v' }).markup;
  expect(svg).toContain('branch=41');
  expect(numbers(svg, /<circle[^>]* cx="([\d.]+)"/g)).toHaveLength(21);
});
