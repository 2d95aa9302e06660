/** A verdict in one sentence with its numbers. */
import type { MetricComparison, Verdict } from './challenge.js';

export function verdictText({ challenger, champion, judgement, comparison, guardrails }: Pick<Verdict, 'challenger' | 'champion' | 'judgement' | 'comparison' | 'guardrails'>): string {
  const broken = guardrails.filter(({ kept }) => kept === false);
  const said = { better: 'is better than', worse: 'is worse than', equivalent: 'is as good as', 'not yet': 'cannot be told from' }[judgement];
  const held = broken.length > 0 ? `; a guardrail is not kept: ${broken.map(({ text }) => text).join('; ')}` : '';
  return `version ${challenger} ${said} version ${champion}${judgement === 'not yet' ? ' yet' : ''}: ${comparisonText(comparison)}${held}`;
}

export function comparisonText({ metric, pairs, basis, champion, challenger, difference, rope, probability, reason }: MetricComparison): string {
  const rows = `${basis === 'realized' ? 'on' : 'estimated on'} ${pairs.toLocaleString('en')} ${pairs === 1 ? 'row' : 'rows'} that both answered${basis === 'realized' ? ', with targets' : ''}`;
  if (difference === null || probability === null || rope === null) return `${metric} ${rows}: ${reason ?? 'nothing can be said'}`;
  const likely = (Object.keys(probability) as (keyof typeof probability)[]).reduce((a, b) => (probability[b] > probability[a] ? b : a));
  const region = { better: `better by more than ${digits(rope)}`, worse: `worse by more than ${digits(rope)}`, equivalent: `within ±${digits(rope)}` }[likely];
  return `${metric} ${digits(challenger!)} against ${digits(champion!)}, ${signed(difference.mean)} (95 %: ${signed(difference.lower)} to ${signed(difference.upper)}; positive is better) ${rows}; ${region} with probability ${chance(probability[likely])}${reason === null ? '' : `; ${reason}`}`;
}

/** Four digits that count, without trailing zeros. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const short = Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(4)));
  return short.replace('-', '−');
}

export function signed(value: number): string {
  return value > 0 ? `+${digits(value)}` : digits(value);
}

/** Draws do not tell 1 from nearly 1. */
export function chance(probability: number): string {
  return probability >= 0.9995 ? '> 0.999' : probability < 0.0005 ? '< 0.001' : probability.toFixed(3);
}
