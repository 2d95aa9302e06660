/** A difference with its interval, as a line of characters against the region of practical equivalence. */

const HALF = 16;

export interface DrawnDifference {
  mean: number;
  lower: number;
  upper: number;
}

/** The largest distance from 0 that must find room, for several bars on one scale. */
export function reachOf(differences: readonly DrawnDifference[], rope: number): number {
  return Math.max(1.5 * rope, ...differences.flatMap(({ lower, upper }) => [Math.abs(lower), Math.abs(upper)]), Number.MIN_VALUE);
}

/** `····▕░░│░░━━●━━···`: ░ is the region, ━ the 95 % interval, ● its mean, │ no difference. Better is to the right. */
export function differenceBar({ mean, lower, upper }: DrawnDifference, rope: number, reach: number): string {
  const place = (value: number): number => HALF + Math.round(Math.max(-1, Math.min(1, value / reach)) * HALF);
  const cells = Array.from({ length: 2 * HALF + 1 }, (_, at) => {
    if (at === place(mean)) return '●';
    if (at >= place(lower) && at <= place(upper)) return '━';
    if (at === HALF) return '│';
    return at >= place(-rope) && at <= place(rope) ? '░' : '·';
  });
  return cells.join('');
}
