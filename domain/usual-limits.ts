/** How large a difference between two versions must be to matter, where the settings do not say. The same whatever unit an error is in. */
import { hasUnit } from './metrics.js';

const SHARE_OF_NOTHING = 0.01;
const SHARE_OF_LOSS = 0.05;

/** Half the width of the region of practical equivalence: 0.01 of what lies between 0 and 1, and 1 % of the larger of both values of what has a unit. */
export function usualRope(metric: string, { champion, challenger }: { champion: number; challenger: number }): number {
  return SHARE_OF_NOTHING * (hasUnit(metric) ? Math.max(Math.abs(champion), Math.abs(challenger)) : 1);
}

/** What a challenger may be worse by in one segment: 0.05 of what lies between 0 and 1, 5 % of the champion's value there of what has a unit. */
export function usualSegmentLoss(metric: string, champion: number): number {
  return SHARE_OF_LOSS * (hasUnit(metric) ? Math.abs(champion) : 1);
}
